"""Cut text to the room that a box on a slide has."""

from __future__ import annotations

import unicodedata

from cjm_research.safe_cells import clean_text, cut_text

LINE = 1.2
"""Height of a line, in letter sizes."""
_NARROW, _CAPITAL, _WIDE = 0.53, 0.66, 1.0
_RUNS_LEFT = ("R", "AL")
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])


def plain_line(text: str) -> str:
    """Return a text as one line, without what turns the direction of the text around it."""
    shown = clean_text(text).translate(_TURNING)
    for blank in "\t\r\n":
        shown = shown.replace(blank, " ")
    while "  " in shown:
        shown = shown.replace("  ", " ")
    return shown.strip()


def fit_text(text: str, *, width: float, height: float, size: float) -> str:
    """Return as much of a text as a box holds, cut at a word, with an ellipsis where it is.

    Parameters
    ----------
    text : str
    width, height : float
        Inches inside the box.
    size : float
        Height of the letters, in points.

    Returns
    -------
    str
        One line of text, which the program breaks. Letters are counted a little wider than most
        fonts have them, since it is not known which font will be there.
    """
    shown = plain_line(text)
    room = width * 72 / size
    n_lines = max(int(height * 72 / (size * LINE)), 1)
    if _count_lines(shown, room) <= n_lines:
        return shown
    low, high = 0, min(len(shown) - 1, int(room * n_lines / 0.4) + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if _count_lines(cut_text(shown, middle), room) <= n_lines:
            low = middle
        else:
            high = middle - 1
    return cut_text(shown, max(low, 1))


def runs_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction belongs to a script like Arabic.

    Examples
    --------
    >>> runs_right_to_left("1 שלום")
    True
    """
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", *_RUNS_LEFT):
            return direction in _RUNS_LEFT
    return False


def _count_lines(text: str, room: float) -> int:
    n_lines, used = 1, 0.0
    for word in text.split(" "):
        width = sum(_width(letter) for letter in word)
        gap = _NARROW if used else 0.0
        if used + gap + width <= room:
            used += gap + width
            continue
        # A word wider than the box is broken by the program.
        n_lines += (1 if used else 0) + int(width // room) - (0 if width % room else 1)
        used = width % room or room
    return n_lines


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return _WIDE
    if unicodedata.combining(letter):
        return 0.0
    return _CAPITAL if letter.isupper() or letter in "mwMW%@" else _NARROW
