"""What notebooks show: tables, quotes and figures, escaped and with a text for each picture."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Mapping
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
        return "<table, quotes or sentences, shown as HTML>"


def show_table(
    table: pd.DataFrame,
    *,
    caption: str,
    digits: int = 2,
    stage_names: Mapping[str, str] | None = None,
    source_names: Mapping[str, str] | None = None,
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
    source_names : mapping of str to str, optional
        Names to show for the source ids in columns that hold sources.
    """
    names = stage_names or {}
    for columns, known in ((_OF_STAGES, names), (_OF_SOURCES, source_names or {})):
        for column in columns & set(table.columns):
            table = table.assign(**{column: _named(table[column], known)})
    if "path" in table:
        steps = table["path"].map(lambda path: path.split(_ARROW))
        named = steps.map(lambda path: _ARROW.join(names.get(step, step) for step in path))
        table = table.assign(path=named)
    if "source_label" in table:
        table = table.drop(columns="source", errors="ignore")
    flat = table.loc[:, [not _holds_lists(values) for _, values in table.items()]]
    titled = flat.rename(columns={name: _title(name) for name in flat.columns})
    return Html(markup.table_html(titled, caption=caption, digits=digits))


def show_sentences(sentences: Iterable[str]) -> Html:
    """Return sentences to show: one as a paragraph, several as a list; commands in backticks."""
    lines = [_CODE.sub(r"<code>\1</code>", markup.escape(sentence)) for sentence in sentences]
    if not lines:
        return Html('<p class="none">None in this study.</p>')
    if len(lines) == 1:
        return Html(f"<p>{lines[0]}</p>")
    return Html(f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>")


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
_CODE = re.compile("`([^`]+)`")
_OF_STAGES = {"stage", "next_stage", "told_at", "step", "from", "to", "a", "b", "destination"}
_OF_SOURCES = {"source", "against"}


def _named(ids: pd.Series, names: Mapping[str, str]) -> pd.Series:
    return ids.astype("object").map(lambda value: names.get(value, value))


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
    "said": "is told",
    "done": "is done",
    "by": "decided by",
    "proposed": "by the rules",
    "against": "numbers of",
    "person_level": "person by person",
    "n_linked": "found in the record",
    "n_left": "lost here",
    "n_told_left": "of them, told",
    "n_quiet_left": "of them, silent",
    "told_at": "told at",
    "n_told_before": "told before",
    "n_told_after": "told after",
    "n_told_unknown": "told at a time not known",
    "rank_low": "rank, low",
    "rank_high": "rank, high",
    "weights_rank_low": "other weights, low",
    "weights_rank_high": "other weights, high",
    "first_share": "share of draws first",
    "n_known": "tell an outcome",
    "missed_share": "share missed",
    "missed_low": "low",
    "missed_high": "high",
    "n_only_rational": "reasons only",
    "n_only_emotional": "feelings only",
    "n_in_trouble": "in trouble too",
    "n_clear": "in none",
    "n_delight_and_need": "pleased, with a need",
    "n_labels": "coded by people",
    "kappa_low": "low",
    "kappa_high": "high",
    "machine_share": "share by machine",
    "corrected_share": "share corrected",
    "corrected_low": "low",
    "corrected_high": "high",
}
