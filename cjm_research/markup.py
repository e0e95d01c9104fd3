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


def table_html(frame: pd.DataFrame, *, caption: str) -> str:
    """Return a frame as an HTML table with a caption and scoped headers.

    Parameters
    ----------
    frame : DataFrame
        Shown without its index. Floats are shown as they are: round before.
    caption : str
        What the table shows; read first by screen readers.
    """
    numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in frame.columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="number">{_cell(value)}</td>' if is_number else f"<td>{_cell(value)}</td>"
            for value, is_number in zip(row, numeric, strict=True)
        )
        + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
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


def _cell(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else escape(value)
