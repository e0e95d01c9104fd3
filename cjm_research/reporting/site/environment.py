"""The one Jinja environment of the reports. Autoescape is always on."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cjm_research.markup import escape
from cjm_research.reporting.site.scripts import content_security_policy, json_block
from cjm_research.reporting.site.words import FILTERS

_HERE = Path(__file__).parent


def make_environment() -> Environment:
    """Return the environment that every page is rendered with.

    Whatever a template prints goes through `markup.escape`, which also drops NUL and
    bidirectional controls; autoescape stands behind it as a second wall.
    """
    environment = Environment(
        loader=FileSystemLoader([_HERE / "templates", _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(
        content_security_policy=content_security_policy, json_block=json_block
    )
    return environment


def _finalize(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    return Markup(escape(value))  # noqa: S704  (escaped in this very line)
