"""The little scripts of the pages: inline, and allowed by their hash alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cjm_research.errors import UnknownNameError

_FOLDER = Path(__file__).parent / "scripts"
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
_ENDS_EARLY = re.compile(r"</script|<script|<!--|[\r\0]", re.IGNORECASE)
"""What would end the element, or make a browser read another text than the one hashed."""


@dataclass(frozen=True)
class Script:
    """A script as it stands inline.

    Attributes
    ----------
    text : Markup
        Goes between `<script>` and `</script>` with nothing added, not even a line break.
    digest : str
        `sha256-...` of exactly that text, as a content security policy names it.
    """

    text: Markup
    digest: str


def load_script(name: str) -> Script:
    """Return a script of this package, such as "review".

    Raises
    ------
    UnknownNameError
        If there is no such script.
    """
    known = sorted(path.stem for path in _FOLDER.glob("*.js"))
    if name not in known:
        raise UnknownNameError("script", name, known)
    return as_script((_FOLDER / f"{name}.js").read_text("utf-8"))


def as_script(text: str) -> Script:
    """Return a script's text, safe to stand inline, with its hash.

    Parameters
    ----------
    text : str
        Our own code: never anything that came with a study.

    Raises
    ------
    ValueError
        If the text would not stay whole within a script element.
    """
    found = _ENDS_EARLY.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise ValueError(f"line {line}: {found[0]!r} cannot stand in an inline script")
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return Script(Markup(text), f"sha256-{digest}")  # noqa: S704 - packaged with us, checked above


def content_security_policy(scripts: Iterable[Script] = ()) -> Markup:
    """Return the whole policy of a page: nothing is fetched, and only these scripts run."""
    sources = " ".join(f"'{digest}'" for digest in sorted({script.digest for script in scripts}))
    # Nothing of a study is in it, and quotes written as entities would only be hard to read.
    return Markup(f"{_POLICY}; script-src {sources}" if sources else _POLICY)  # noqa: S704


def json_block(value: Any) -> Markup:
    r"""Return a value as JSON to stand within `<script type="application/json">`.

    `<`, `>`, `&` and every character beyond ASCII are written as `\uXXXX`, so that no text can
    end the element, open a comment in it, or reorder what is seen of it.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing is left in it that HTML reads
