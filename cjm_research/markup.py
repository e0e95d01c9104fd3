"""The one place where text becomes HTML.

Participants' words, file names and column headers are untrusted. Whatever reaches a
notebook or a page passes through here or through the autoescaping Jinja environment of
`reporting.site`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd


def escape(value: object) -> str:
    """Return `value` as text that is safe in HTML content and in quoted attributes.

    NUL and bidirectional controls are dropped: they cannot be seen, and reorder text.
    """
    text = str(value).translate(_INVISIBLE)
    return html.escape(text, quote=True)


_INVISIBLE = {0: None} | dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def table_html(frame: pd.DataFrame, *, caption: str, digits: int = 2) -> str:
    """Return a frame as an HTML table with a caption and scoped headers.

    Parameters
    ----------
    frame : DataFrame
        Shown without its index. Without rows the caption stands alone and says so.
    caption : str
        What the table shows; read first by screen readers.
    digits : int, default 2
        Decimals of columns that hold other than whole numbers.
    """
    if frame.empty:
        return f'<p class="none">{escape(caption)}: none in this study.</p>'
    columns = [_cells(str(name), values, digits) for name, values in frame.items()]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in frame.columns)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in zip(*columns, strict=True))
    return (
        f'<table class="data"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def quotes_html(quotes: Iterable[Mapping[str, Any]]) -> str:
    """Return quotes as block quotations that carry their address.

    Parameters
    ----------
    quotes : iterable of mappings
        With `text`, `document_id`, `start`, `end`, `alias` and `at` (where in the source).
    """
    return "".join(
        f'<blockquote class="quote" data-document="{escape(quote["document_id"])}" '
        f'data-start="{int(quote["start"])}" data-end="{int(quote["end"])}">'
        f"<p>{escape(quote['text'])}</p>"
        f"<footer>{escape(quote['alias'])}, {escape(quote['at'])}</footer></blockquote>"
        for quote in quotes
    )


_P_VALUES = {"p", "p adjusted", "p_adjusted"}


def _cells(name: str, values: pd.Series, digits: int) -> list[str]:
    """Return a column as table cells: numbers to the right, missing values empty."""
    if pd.api.types.is_bool_dtype(values):
        return [f"<td>{'yes' if value else 'no'}</td>" for value in values]
    if not pd.api.types.is_numeric_dtype(values):
        return [f"<td>{'' if pd.isna(value) else escape(value)}</td>" for value in values]
    whole = (values.dropna() % 1 == 0).all()
    places = 0 if whole else digits

    def said(value: float) -> str:
        if pd.isna(value):
            return ""
        if name in _P_VALUES:
            # No p value is 0, however many decimals it is shown with.
            return "&lt; 0.001" if value < 0.001 else f"{value:.3f}"
        return f"{value:z,.{places}f}"

    return [f'<td class="number">{said(float(value))}</td>' for value in values]
