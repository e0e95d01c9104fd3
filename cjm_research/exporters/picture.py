"""A drawn figure as SVG or PNG, the same bytes each time."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import matplotlib as mpl

from cjm_research.errors import UnknownNameError
from cjm_research.exporters.writing import write_whole
from cjm_research.safe_cells import clean_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 160
_OPENING = re.compile(r"<svg\b[^>]*>")


def export_figure(figure: Figure, path: Path, *, title: str = "", description: str = "") -> Path:
    """Write a figure as SVG or PNG.

    Parameters
    ----------
    figure : Figure
        Such as `figures.plot_journey_map` makes.
    path : Path
        Its suffix, `.svg` or `.png`, is the format. Replaced if it is there.
    title, description : str
        What the picture is, and what it shows: an SVG carries them for those who do not see it,
        a PNG in its text fields.

    Returns
    -------
    Path
        The file. It names neither a date nor a program, so that the same figure gives the same
        bytes. Letters of an SVG are outlines: they look the same where the font is missing, no
        font is asked for over the network, and the words stand in the description.

    Raises
    ------
    UnknownNameError
        If the suffix is another one.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("svg", "png"):
        raise UnknownNameError("format of a figure", kind, ("svg", "png"))
    title, description = clean_text(title), clean_text(description)
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "cjm_research", "svg.fonttype": "path"}):
        if kind == "svg":
            no_origin = {"Date": None, "Creator": None, "Format": None, "Type": None}
            figure.savefig(buffer, format="svg", metadata=no_origin)
            return write_whole(path, _describe(buffer.getvalue(), title, description))
        known = {"Title": title, "Description": description}
        fields = {name: value for name, value in known.items() if value}
        figure.savefig(
            buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None, **fields}
        )
    return write_whole(path, buffer.getvalue())


def _describe(svg: bytes, title: str, description: str) -> bytes:
    """Put the words at the start of the picture, where screen readers look for them."""
    drawing = svg.decode("utf-8")
    parts = {"title": title, "desc": description}
    words = "".join(
        f'\n <{tag} id="cjm-{tag}">{escape(said)}</{tag}>' for tag, said in parts.items() if said
    )
    if not words:
        return svg
    ids = " ".join(f"cjm-{tag}" for tag, said in parts.items() if said)
    return _OPENING.sub(
        lambda tag: f'{tag.group()[:-1]} role="img" aria-labelledby="{ids}">{words}',
        drawing,
        count=1,
    ).encode()
