"""Told beside done: the most told pain of each source, the share lost, and what is not known."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from cjm_research import figures
from cjm_research.figures import palette

NAN = float("nan")


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def pain(source, label, n_said, n_heard, *, stage="order", code="x", low=NAN, high=NAN, segment=""):
    return {
        "stage": stage, "source": source, "code_group": "pain_point", "code": code, "label": label,
        "segment": segment, "segment_value": segment, "n_said": n_said, "n_heard": n_heard,
        "share": NAN if low != low else n_said / n_heard, "low": low, "high": high,
    }  # fmt: skip


def heard(source, n_heard, *, stage="order", asked=True):
    return {"stage": stage, "source": source, "source_label": source.title(), "asked": asked,
            "n_heard": n_heard}  # fmt: skip


def done(n, n_lost, *, stage="order", low=NAN, high=NAN, words="leave"):
    rate = n_lost / n if n else NAN
    return {"stage": stage, "n": n, "n_lost": n_lost, "rate": rate, "low": low, "high": high,
            "words": words}  # fmt: skip


def tables(*, pains=(), coverage=(), behaviour=(), stages=("order",)):
    verdicts = pd.DataFrame([{"stage": stage, "verdict": "sources agree"} for stage in stages])
    return {
        "verdicts": verdicts.reindex(columns=["stage", "verdict"]),
        "mentions": pd.DataFrame(list(pains)),
        "coverage": pd.DataFrame(list(coverage)),
        "stage_behaviour": pd.DataFrame(list(behaviour)),
    }


def draw(found, **options):
    options.setdefault("much_told", 0.25)
    options.setdefault("much_lost", 0.2)
    return figures.plot_joint_display(**found, **options)


def dots(figure, label):
    (axes,) = figure.axes
    return [
        (round(float(x), 3), to_hex(dots.get_facecolors()[0]))
        for dots in axes.collections
        if dots.get_label() == label
        for x, _ in dots.get_offsets()
    ]


def lines(figure, label):
    (axes,) = figure.axes
    return [
        [round(float(x), 3) for x in line.get_xdata()]
        for line in axes.lines
        if line.get_label() == label
    ]


def said(figure):
    texts = [text.get_text() for text in [*figure.texts, *figure.axes[0].texts]]
    return "\n".join(texts).replace("\u202f", " ").replace("\n", " ")


def test_dots_stand_at_the_most_told_share_and_at_the_share_lost():
    found = tables(
        pains=[
            pain("survey", "Late", 40, 100, low=0.31, high=0.5),
            pain("survey", "Dear", 10, 100, low=0.06, high=0.17, code="y"),
            pain("survey", "Rude", 99, 100, low=0.94, high=1.0, segment="device"),
        ],
        coverage=[heard("survey", 100)],
        behaviour=[done(200, 60, low=0.24, high=0.37)],
    )
    figure = draw(found)
    assert dots(figure, "told") == [(0.4, palette.RUST)]
    assert dots(figure, "done") == [(0.3, palette.BAR)]
    assert lines(figure, "interval") == [[0.31, 0.5], [0.24, 0.37]]
    assert lines(figure, "threshold") == [[0.25, 0.25], [0.2, 0.2]]
    words = said(figure)
    assert "Survey: Late" in words and "40 % (31–50 %), n = 100" in words
    assert "people leave" in words and "30 % (24–37 %), n = 200" in words


def test_trouble_without_a_name_gives_way_to_a_named_one():
    pains = [pain("talks", "No code yet", 9, 10, code="other"), pain("talks", "Late", 4, 10)]
    figure = draw(tables(pains=pains, coverage=[heard("talks", 10)]))
    assert dots(figure, "told") == [(0.4, palette.RUST)]
    assert "No code yet" not in said(figure)


def test_people_not_drawn_by_chance_have_counts_and_no_interval():
    found = tables(pains=[pain("talks", "Late", 6, 10)], coverage=[heard("talks", 10)])
    figure = draw(found)
    assert lines(figure, "interval") == []
    assert "6 of 10" in said(figure) and "60 %" not in said(figure)


def test_fewer_than_five_people_have_no_dot():
    found = tables(
        pains=[pain("talks", "Late", 3, 4)], coverage=[heard("talks", 4)], behaviour=[done(4, 1)]
    )
    figure = draw(found)
    assert dots(figure, "told") == dots(figure, "done") == []
    assert "3 of 4" in said(figure) and "1 of 4" in said(figure)


def test_a_source_that_may_not_be_compared_is_grey_and_says_so():
    found = tables(pains=[pain("june", "Late", 6, 10)], coverage=[heard("june", 10)])
    figure = draw(found, left_out={"june"})
    assert dots(figure, "told") == [(0.6, palette.NOTHING)]
    assert "not compared" in said(figure)


def test_nobody_asked_silence_and_no_trouble_are_not_the_same():
    found = tables(
        stages=("order", "wait", "use"),
        coverage=[
            heard("talks", 0, asked=False),
            heard("talks", 0, stage="wait"),
            heard("talks", 7, stage="use"),
        ],
    )
    words = figures.describe_joint_display(**found, stage_names={"wait": "Waiting"})
    order, waiting, use = (part for part in words.split(". ") if "sources agree" in part)
    assert "nobody was asked" in order
    assert waiting.startswith("Waiting") and "no pain point silent" in waiting
    assert "no pain point 0 of 7" in use
    assert words.count("no behaviour is measured") == 3
    figure = draw(found)
    assert dots(figure, "told") == dots(figure, "done") == []


def test_tries_that_fail_are_called_tries():
    found = tables(behaviour=[done(10, 3, words="of first tries fail")])
    assert "first tries fail" in said(draw(found))


def test_the_order_of_rows_does_not_matter():
    pains = [pain("a", "Late", 5, 10, code="x"), pain("a", "Dear", 5, 10, code="w")]
    one, other = (tables(pains=rows, coverage=[heard("a", 10)]) for rows in (pains, pains[::-1]))
    assert figures.describe_joint_display(**one) == figures.describe_joint_display(**other)
    assert "Dear" in figures.describe_joint_display(**one)


def test_no_verdicts_is_a_figure_that_says_so():
    found = tables(stages=())
    assert "no data" in said(draw(found))
    assert figures.describe_joint_display(**found) == "Pain points beside loss: no data."


@pytest.mark.parametrize(
    "text", ["x" * 300, "$x_1$ $unclosed", "<b>\0", "two\nlines", "\u202eא", ""]
)
def test_hostile_text_is_drawn_as_text(text, tmp_path):
    found = tables(
        pains=[pain("talks", text, 6, 10)], coverage=[heard("talks", 10)], behaviour=[done(9, 3)]
    )
    figure = draw(found, stage_names={"order": text})
    assert figures.save_figure(figure, tmp_path / "f.svg").read_bytes()
    assert figures.describe_joint_display(**found)
