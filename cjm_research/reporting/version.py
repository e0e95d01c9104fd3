"""The version of a report: a name for what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from cjm_research.reporting.keys import hash_code
from cjm_research.reporting.published import PUBLISHED
from cjm_research.reporting.site import Chapter
from cjm_research.study import Study
from cjm_research.study.cache import hash_parts

VERSION_LENGTH = 10


def make_version(
    study: Study,
    *,
    as_of: date | None,
    parameters: Mapping[str, object],
    chapters: Sequence[Chapter],
    findings: Sequence[object],
    reviews: Sequence[object],
) -> str:
    """Return the name of what a report says, which is printed on all its pages.

    The run key knows the bytes of every file, and decides whether a run is needed. A version
    knows what came of them: the same rows in another order are another key and the same
    version, as their pages are the same.

    Parameters
    ----------
    study : Study
        Its published tables, and what beside the data its pages show.
    as_of, parameters
        As the run was asked for.
    chapters, findings, reviews
        As the pages show them.
    """
    inputs = {name: digest for name, digest in study.inputs.items() if name != "data"}
    whole = hash_parts(
        inputs,
        *(
            getattr(study, name).to_json(orient="split", double_precision=9, date_format="iso")
            for name in PUBLISHED
        ),
        [str(chapter["body_html"]) for chapter in chapters],
        [repr(finding) for finding in findings],
        [repr(review) for review in reviews],
        str(as_of or ""),
        study.about,
        sorted(parameters.items()),
        hash_code("reporting", "figures", "exporters", "display.py", "markup.py"),
    )
    return whole[:VERSION_LENGTH]
