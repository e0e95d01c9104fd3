"""Colours, shared by the figures and by the site's stylesheet (a test compares the two).

A colour carries one meaning at a time: rust to blue for bad to good (told apart by
colour-blind people and in grey), ink for behaviour, one warm accent for uncertainty, grey
for nothing known.
"""

from __future__ import annotations

PAPER = "#fcfaf6"
INK = "#1f2d3d"
MUTED = "#5c6670"
HAIRLINE = "#dedad2"
TRACK = "#ebe7df"
NOTHING = "#b4b1aa"
BAR = "#1f2d3d"
UNCERTAIN = "#e2a63c"

RUST = "#b5431c"
ORANGE = "#d9873a"
SKY = "#6ba3c5"
BLUE = "#1f5b85"

GROUPS = (BAR, SKY, "#8c8f94", "#4d7a8f", "#c3c7cb", "#68707a")
"""Shades of the groups of an audience segment: told apart in grey, and without a meaning."""

LIGHT: dict[str, str] = {
    "paper": PAPER,
    "ink": INK,
    "muted": MUTED,
    "hairline": HAIRLINE,
    "track": TRACK,
    "nothing": NOTHING,
    "bar": BAR,
    "uncertain": UNCERTAIN,
    "rust": RUST,
    "orange": ORANGE,
    "sky": SKY,
    "blue": BLUE,
}

# The same meanings at night: ink turns light, and the bar is toned down so that the
# interval stays visible on it.
DARK: dict[str, str] = {
    "paper": "#14191f",
    "ink": "#e9e6e0",
    "muted": "#a5aeb7",
    "hairline": "#343c45",
    "track": "#2a323b",
    "nothing": "#7f868d",
    "bar": "#5f7d99",
    "uncertain": "#f0b44c",
    "rust": "#e8693c",
    "orange": "#d59a5f",
    "sky": "#7fb0cc",
    "blue": "#4aa0dc",
}

TONES: tuple[str, ...] = ("rust", "orange", "nothing", "sky", "blue")
"""Names of the five tones from bad to good."""


def tone(valence: float) -> str:
    """Return the name of the tone of a valence in [-1, 1]: five equal steps, bad to good."""
    step = int((min(max(valence, -1.0), 1.0) + 1.0) / 2.0 * len(TONES))
    return TONES[min(step, len(TONES) - 1)]
