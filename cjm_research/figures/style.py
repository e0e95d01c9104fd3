"""How every figure looks, and how it is written to a file. No global setting is changed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cjm_research.figures.palette import HAIRLINE, INK, MUTED, PAPER

SMALL, NORMAL, LARGE = 7.5, 9.0, 11.0
LONGEST_LABEL = 90
_SANS = ("Inter", "Segoe UI", "Helvetica Neue", "Arial", "DejaVu Sans")
_SERIF = ("Charter", "Georgia", "Liberation Serif", "DejaVu Serif")
_INVISIBLE = dict.fromkeys([*range(9), *range(11, 32), 127]) | dict.fromkeys(
    [*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)]
)


@contextmanager
def drawing() -> Iterator[None]:
    """Set the house style while a figure is made, and put everything back."""
    settings: dict[Any, Any] = {
        "font.family": _installed(_SANS),
        "font.size": NORMAL,
        "text.color": INK,
        # Labels come from people: a dollar sign is a dollar sign.
        "text.parse_math": False,
        "text.usetex": False,
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "axes.edgecolor": HAIRLINE,
        "axes.labelcolor": MUTED,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.titlesize": LARGE,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.unicode_minus": True,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "savefig.facecolor": PAPER,
        "hatch.linewidth": 0.5,
    }
    with mpl.rc_context(settings):
        yield


def serif() -> list[str]:
    """Return the installed serif fonts: people's words are set in them."""
    return _installed(_SERIF)


def tidy(label: str, longest: int = LONGEST_LABEL) -> str:
    """Return a label that can be drawn: one line, no invisible characters, not endless."""
    # Not str.split: a no-break space before a per cent sign has to stay.
    shown = re.sub(r"[ \t\r\n]+", " ", label.translate(_INVISIBLE)).strip()
    return shown if len(shown) <= longest else shown[: longest - 1].rstrip() + "…"


def wrapped(label: str, width: int) -> list[str]:
    """Return the lines of a label; words are cut only when longer than a line."""
    return textwrap.wrap(tidy(label, 10_000), max(width, 6)) or [""]


def make_figure(width: float, height: float) -> Figure:
    """Return a figure that pyplot does not know, so that nothing has to be closed."""
    return Figure(figsize=(width, height))


def quiet(axes: Axes) -> Axes:
    """Take away everything but the drawing."""
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def no_data(title: str = "", width: float = 6.0) -> Figure:
    """Return a figure that says that there is nothing to draw."""
    figure = make_figure(width, 1.6)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.text(0.5, 0.45, "no data", ha="center", va="center", color=MUTED)
    if title:
        axes.text(0.02, 0.95, tidy(title), ha="left", va="top", weight="bold")
    return figure


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG or SVG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        Made by one of the `plot_` functions.
    path : Path
        Its suffix, `.png` or `.svg`, is the format.

    Returns
    -------
    Path
        The file.
    """
    kind = path.suffix.lower()
    # No date, no version: neither belongs to the picture.
    metadata = {"Date": None, "Creator": None} if kind == ".svg" else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": "cjm_research", "svg.fonttype": "path"}):
        figure.savefig(path, dpi=160, metadata=metadata)
    return path


@cache
def _fonts() -> frozenset[str]:
    return frozenset(font_manager.get_font_names())


def _installed(wanted: tuple[str, ...]) -> list[str]:
    # Naming a font that is not there makes matplotlib warn at every label.
    return [name for name in wanted if name in _fonts()]
