"""Figures draw what the tables say."""

from __future__ import annotations

import warnings
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from cjm_research import cells, figures
from cjm_research.figures import palette, style

NAN = float("nan")
HOSTILE = "$\\href{javascript:x}$ $unclosed <script>\0\u202e{{7*7}} _^"


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def lane(figure, name):
    return next(axes for axes in figure.axes if axes.get_label() == name)


def said(figure):
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
        found += [label.get_text() for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]]
    return "\n".join(found).replace("\u202f", " ").replace("\u00a0", " ")


def test_journey_map_draws_stages_in_order_with_their_rates(sample):
    table = sample.journey_map()
    figure = figures.plot_journey_map(table, title="What one sees")
    axes = lane(figure, "What people do")
    assert [t.get_text() for t in axes.get_xticklabels()] == list(table["stage_name"])
    bars = next(c for c in axes.containers if c.get_label() == "drop-off")
    assert [bar.get_height() for bar in bars] == pytest.approx(list(table["drop_off_rate"]))
    intervals = [line.get_ydata() for line in axes.lines]
    assert [tuple(y) for y in intervals] == [
        pytest.approx(pair)
        for pair in zip(table["drop_off_low"], table["drop_off_high"], strict=True)
    ]
    shown = said(figure)
    for words in ("58 %", "410 → 172", "54–63 %", "12 of 14 heard", "not asked here", "10 of 13"):
        assert words in shown
    assert "What one sees" in shown


def test_journey_map_draws_a_dot_per_person_and_joins_the_means(sample):
    figure = figures.plot_journey_map(sample.journey_map())
    axes = lane(figure, "How it feels")
    people = [len(points.get_offsets()) for points in axes.collections]
    assert people == [12, 14, 13, 11]
    values = sorted(float(y) for _, y in axes.collections[2].get_offsets())
    assert values == pytest.approx(sorted(sample.VALENCES["order"]))
    colours = {to_hex(colour) for points in axes.collections for colour in points.get_facecolors()}
    assert colours <= {palette.LIGHT[name] for name in palette.TONES}
    curve = next(line for line in axes.lines if line.get_label() == "mean")
    means = curve.get_ydata()
    assert means[2] == pytest.approx(sum(sample.VALENCES["order"]) / 13)
    assert means[4] != means[4]
    assert "mean −0.5, n = 13" in said(figure)


def test_journey_map_hatches_only_where_nobody_was_asked(sample):
    figure = figures.plot_journey_map(sample.journey_map())
    patches = [p for axes in figure.axes for p in axes.patches if p.get_hatch()]
    assert patches and {int(patch.get_x()) for patch in patches} == {4}


def test_a_quote_is_short_and_whole(sample):
    table = sample.journey_map()
    shown = " ".join(said(figures.plot_journey_map(table)).split())
    assert "“It wanted an account before I knew the price. I closed it.”" in shown
    assert "meter thing" not in shown


def test_task_failure_and_nothing_measured(sample):
    shown = said(figures.plot_journey_map(sample.task_tables()["journey_map"]))
    assert "of first tries fail" in shown and "51 of 157" in shown and "leave" not in shown
    assert "not a task of the test" in shown


@pytest.mark.parametrize("empty", ["rows", "stages"])
def test_nothing_known_says_no_data(sample, empty, tmp_path):
    tables = sample.empty_tables()
    journey = tables["journey_map"] if empty == "stages" else tables["journey_map"].iloc[:0]
    for figure in (
        figures.plot_journey_map(journey),
        figures.plot_funnel(tables["funnel"]),
        figures.plot_emotions(tables["mentions"], source="x"),
        figures.plot_pain_points(tables["mentions"], source="x"),
        figures.plot_funnel(pd.DataFrame()),
    ):
        assert "no data" in said(figure)
        assert "nan" not in said(figure)
        figures.save_figure(figure, tmp_path / "f.png")
    assert figures.describe_journey_map(journey.iloc[:0]) == "Journey map: no data."


def test_funnel_bars_are_the_table(sample):
    table = sample.funnel()
    everybody = table[table["segment"] == ""]
    figure = figures.plot_funnel(table, stage_names={"set_up": "Set up"})
    (axes,) = figure.axes
    heights = {c.get_label(): [bar.get_height() for bar in c] for c in axes.containers}
    assert heights == {
        "entered": list(everybody["n_entered"]),
        "left": list(everybody["n_dropped"]),
    }
    names = [t.get_text() for t in axes.get_xticklabels()]
    assert names == ["discover", "compare", "order", "Set up", "recommend"]


def test_funnel_of_a_segment(sample):
    table = sample.funnel()
    (axes,) = figures.plot_funnel(table, segment="device").axes
    drawn = {}
    for container in axes.containers:
        drawn.setdefault(container.get_label(), []).append(container[0].get_height())
    for value in ("desktop", "mobile"):
        rates = table.loc[table["segment_value"] == value, "drop_off_rate"]
        assert drawn[value] == pytest.approx(list(rates))


def test_emotions_and_pains_keep_sources_apart(sample):
    mentions = sample.mentions()
    interviews = said(figures.plot_emotions(mentions, source="interviews"))
    survey = said(figures.plot_emotions(mentions, source="survey"))
    assert "10 of 13" in interviews and "%" not in interviews
    assert "47 %" in survey
    (axes,) = figures.plot_pain_points(mentions, source="survey").axes
    rows = [t.get_text() for t in axes.get_yticklabels()]
    assert rows[3:6] == [
        "Forced to open an account", "Form loses what I typed", "No way to ask before paying",
    ]  # fmt: skip
    shares = [bars[0].get_width() for bars in axes.containers[1::2]]
    assert shares[3] == pytest.approx(133 / 296)
    (axes,) = figures.plot_pain_points(mentions, source="interviews", top=1).axes
    red = [sum(to_hex(c) == palette.RUST for c in p.get_facecolors()) for p in axes.collections]
    assert red == [4, 8, 12, 7]


def test_stages_follow_the_categorical_and_not_the_rows(sample):
    mentions = sample.mentions().iloc[::-1]
    order = [row[0] for row in sample.STAGES]
    mentions["stage"] = pd.Categorical(mentions["stage"], [*order, "unassigned"], ordered=True)
    (axes,) = figures.plot_emotions(mentions, source="interviews").axes
    assert [t.get_text() for t in axes.get_xticklabels()] == order[:4]


def test_alternative_texts_carry_the_main_numbers(sample):
    words = figures.describe_journey_map(sample.journey_map()).replace("\u202f", " ")
    assert "5 stages" in words and "Recommend: 74 % leave" in words
    assert "Forced to open an account (10 of 13)" in words and "Not asked: Recommend." in words
    assert "58 % of 410" in figures.describe_funnel(sample.funnel()).replace("\u202f", " ")
    assert "frustrated 10 of 13" in figures.describe_emotions(
        sample.mentions(), source="interviews"
    )
    assert "133" not in figures.describe_pain_points(sample.mentions(), source="interviews")


def test_settings_of_others_are_left_alone(sample):
    before = dict(mpl.rcParams)
    figures.plot_journey_map(sample.journey_map())
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_files_are_reproducible_and_carry_no_date(sample, tmp_path, suffix):
    files = []
    for name in ("a", "b"):
        figure = figures.plot_journey_map(sample.journey_map())
        files.append(figures.save_figure(figure, tmp_path / f"{name}{suffix}").read_bytes())
    assert files[0] == files[1]
    assert b"atplotlib version" not in files[0] and b"<dc:date>" not in files[0]


def test_hostile_labels_are_drawn_as_text(sample, tmp_path):
    journey = sample.journey_map()
    for column in journey.columns:
        if column not in sample.KEPT:
            journey[column] = [sample.with_text(value, HOSTILE) for value in journey[column]]
    mentions = sample.mentions()
    mentions["label"] += HOSTILE
    for place, figure in enumerate(
        (
            figures.plot_journey_map(journey, title=HOSTILE),
            figures.plot_emotions(mentions, source="interviews"),
            figures.plot_pain_points(mentions, source="survey", stage_names={"order": HOSTILE}),
            figures.plot_funnel(sample.funnel(), stage_names={"order": HOSTILE}),
        )
    ):
        path = figures.save_figure(figure, tmp_path / f"{place}.svg")
        # matplotlib repeats labels in comments; what counts is what a parser makes of them.
        for element in ElementTree.parse(path).iter():
            assert not element.tag.endswith("script")
            assert "javascript" not in " ".join(element.attrib.values())


def test_an_endless_label_is_shortened():
    assert len(style.tidy("x" * 1_000_000)) == style.LONGEST_LABEL
    assert style.tidy("58\u202f%") == "58\u202f%"


def test_cells_survive_what_tables_hold():
    import numpy as np

    assert cells.items(np.array([{"a": 1}], dtype=object)) == [{"a": 1}]
    assert cells.items(NAN) == [] and cells.items(None) == [] and cells.strings("abc") == []
    assert cells.number("7") is None and cells.number(np.float32(0.5)) == 0.5
    assert cells.number(pd.NA) is None and cells.text(pd.NaT) == ""


def test_tones_go_from_rust_to_blue():
    steps = [palette.tone(value) for value in (-1, -0.5, 0, 0.5, 1, 7)]
    assert steps == ["rust", "orange", "nothing", "sky", "blue", "blue"]
