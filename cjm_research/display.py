"""What notebooks show: tables, quotes and figures, escaped and with a text for each picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from cjm_research import markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Html:
    """HTML made by `markup`, shown by Jupyter."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return "<table or quotes, shown as HTML>"


def show_table(
    table: pd.DataFrame,
    *,
    caption: str,
    digits: int = 2,
    stage_names: Mapping[str, str] | None = None,
) -> Html:
    """Return a table to show, with a caption, numbers rounded and categories in order.

    Parameters
    ----------
    table : DataFrame
        Shown without its index; list columns are left out, and the source's id where its
        name is there.
    caption : str
        What it shows, with the denominator.
    digits : int, default 2
        Decimals of numbers that are not whole.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids in columns that hold stages.
    """
    names = stage_names or {}
    for column in _OF_STAGES & set(table.columns):
        named = table[column].astype("object").map(lambda stage: names.get(stage, stage))
        table = table.assign(**{column: named})
    if "path" in table:
        steps = table["path"].map(lambda path: path.split(_ARROW))
        named = steps.map(lambda path: _ARROW.join(names.get(step, step) for step in path))
        table = table.assign(path=named)
    if "source_label" in table:
        table = table.drop(columns="source", errors="ignore")
    flat = table.loc[:, [not _holds_lists(values) for _, values in table.items()]]
    titled = flat.rename(columns={name: _title(name) for name in flat.columns})
    return Html(markup.table_html(titled, caption=caption, digits=digits))


def show_quotes(quotes: pd.DataFrame) -> Html:
    """Return quotes to show, each with its speaker and its address in the source."""
    return Html(markup.quotes_html(quotes.to_dict("records")))


def show_figure(figure: Figure, *, alt: str) -> None:
    """Display a figure as PNG with its text alternative.

    Parameters
    ----------
    figure : matplotlib Figure
    alt : str
        What the picture says, for those who do not see it.
    """
    from IPython.display import display

    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=144, metadata={"Software": None})
    picture = {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": alt}
    display(picture, metadata={"image/png": {"alt": alt}}, raw=True)


_ARROW = " > "
_OF_STAGES = {"stage", "next_stage", "step", "from", "to", "a", "b", "destination"}


def _holds_lists(values: pd.Series) -> bool:
    return bool(values.map(lambda value: isinstance(value, list)).any())


def _title(name: str) -> str:
    """Return a column's name as a person would say it."""
    return _SAID.get(name, name.removeprefix("n_").replace("_", " "))


_SAID = {
    "n_participants": "people",
    "n_a": "people in a",
    "n_b": "people in b",
    "n_both": "people in both",
    "n_from": "left it",
    "n_other": "n of others",
    "n_compared": "comparisons",
    "n_channels": "number",
    "n_total": "of",
    "n_with": "n with",
    "n_without": "n without",
    "n_with_on": "went on with",
    "n_without_on": "went on without",
    "n_said": "said it",
    "n_heard": "heard",
    "n_continued": "went on",
    "n_dropped": "left",
    "drop_off_rate": "share leaving",
    "drop_off_low": "low",
    "drop_off_high": "high",
    "n_complete": "of them submitted",
    "n_partial": "of them not",
    "source_label": "source",
}
