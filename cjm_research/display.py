"""What notebooks show: tables, quotes and figures, escaped and with a text for each picture."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cjm_research import markup


class Html:
    """HTML made by `markup`, shown by Jupyter."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return "<table or quotes, shown as HTML>"


def show_table(table: pd.DataFrame, *, caption: str, digits: int = 2) -> Html:
    """Return a table to show, with a caption, numbers rounded and categories in order.

    Parameters
    ----------
    table : DataFrame
        Shown without its index; list columns are left out.
    caption : str
        What it shows, with the denominator.
    digits : int, default 2
        Decimals of numbers that are not whole.
    """
    flat = table[[name for name in table.columns if not _holds_lists(table[name])]]
    shown = pd.DataFrame({_title(name): _shown(flat[name], digits) for name in flat.columns})
    return Html(markup.table_html(shown, caption=caption))


def show_quotes(quotes: pd.DataFrame) -> Html:
    """Return quotes to show, each with its speaker and its address in the source."""
    return Html(markup.quotes_html(quotes.to_dict("records")))


def show_figure(figure: Any, *, alt: str) -> None:
    """Display a figure as PNG with its text alternative, and close it.

    Parameters
    ----------
    figure : matplotlib Figure
    alt : str
        What the picture says, for those who do not see it.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


def _holds_lists(values: pd.Series) -> bool:
    return bool(values.map(lambda value: isinstance(value, list)).any())


def _shown(values: pd.Series, digits: int) -> pd.Series:
    if not pd.api.types.is_float_dtype(values):
        return values
    if (values.dropna() % 1 == 0).all():
        return values.map(lambda value: "" if pd.isna(value) else f"{value:,.0f}")
    return values.map(lambda value: "" if pd.isna(value) else f"{value:,.{digits}f}")


def _title(name: str) -> str:
    """Return a column's name as a person would write it: `n_heard` becomes "n heard"."""
    return name.replace("_", " ")
