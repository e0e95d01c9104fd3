"""Figures of what people do draw what the tables say, and nothing else."""

from __future__ import annotations

import inspect
import warnings
from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from cjm_research import figures
from cjm_research.figures import palette
from cjm_research.figures.timing import duration_words

NAN = float("nan")
HOSTILE = (
    "x" * 300,
    "$x_1$ $\\href{javascript:x}$ $unclosed",
    "<b>bold</b><script>\0",
    "two\nlines",
    "\u202eשלום עולם",
    "",
)
MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def plain(words):
    return words.replace("\u202f", " ").replace("\u00a0", " ")


def said(figure):
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [axes.get_title(loc) for loc in ("left", "center")]
        found += [text.get_text() for text in axes.texts]
        found += [label.get_text() for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]]
    return plain("\n".join(found))


def axes_of(figure, label):
    return next(axes for axes in figure.axes if axes.get_label() == label)


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def patches(axes, label):
    return [patch for patch in axes.patches if patch.get_label() == label]


def funnel(**changed):
    row = {
        "stage": "order", "segment": "", "segment_value": "", "measure": "funnel_drop_off",
        "n_entered": 100, "n_started": 0, "n_continued": 40, "n_elsewhere": 10, "n_open": 20,
        "n_dropped": 30, "n_followed": 80, "drop_off_rate": 0.375, "drop_off_low": 0.275,
        "drop_off_high": 0.475,
    }  # fmt: skip
    return pd.DataFrame([row | changed])


def transitions(*steps, segment=""):
    return pd.DataFrame(
        [
            {"from": a, "to": b, "segment": segment, "segment_value": "x" if segment else "",
             "n_transitions": 2 * n, "n_participants": n, "share": 0.5, "n_from": 4 * n}
            for a, b, n in steps
        ]
    )  # fmt: skip


STEPS = (
    ("(start)", "a", 1000), ("a", "b", 600), ("b", "c", 300), ("a", "c", 50), ("b", "a", 100),
    ("c", "a", 40), ("a", "(end)", 350), ("c", "(end)", 250), ("b", "b", 80), ("c", "b", 19),
)  # fmt: skip


def timing(*rows):
    columns = ["stage", "next_stage", "segment", "segment_value", "n", "q25_s", "median_low_s",
               "median_s", "median_high_s", "q75_s"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


TIMING = timing(
    ["a", "b", "", "", 40, 30, 4 * MINUTE, 5 * MINUTE, 7 * MINUTE, 3 * DAY],
    ["b", "c", "", "", 7, 1 * HOUR, NAN, 2.5 * HOUR, NAN, 2 * WEEK],
    ["a", "b", "device", "mobile", 20, 30, 60, 90, 120, 3 * DAY],
    ["a", "b", "device", "desktop", 20, 30, 60, 90, 120, 3 * DAY],
)


def curve(shares, *, stage="a", segment="", value="", start=60):
    rows = [[stage, "z", segment, value, 0.0, 1.0, NAN, NAN, 100]]
    rows += [
        [stage, "z", segment, value, start * 10**place, share, share - 0.1, share + 0.1,
         100 - 10 * place]
        for place, share in enumerate(shares)
    ]  # fmt: skip
    return pd.DataFrame(
        rows,
        columns=["stage", "next_stage", "segment", "segment_value", "time_s", "still_there",
                 "low", "high", "n_at_risk"],
    )  # fmt: skip


def retention():
    """Three monthly cohorts; the last is too small for a rate, the triangle is not observed."""
    rows = [
        ["2024-01-01", 0, 50, 50, 50, 1.0], ["2024-01-01", 1, 50, 50, 30, 0.6],
        ["2024-01-01", 2, 50, 50, 20, 0.4], ["2024-02-01", 0, 30, 30, 30, 1.0],
        ["2024-02-01", 1, 30, 30, 9, 0.3], ["2024-02-01", 2, 30, 0, NAN, NAN],
        ["2024-03-01", 0, 3, 3, 3, NAN], ["2024-03-01", 1, 3, 0, NAN, NAN],
        ["", 0, 83, 83, 83, 1.0], ["", 1, 83, 80, 39, 0.4875], ["", 2, 83, 50, 20, 0.4],
    ]  # fmt: skip
    frame = pd.DataFrame(
        rows, columns=["cohort", "period_number", "n_cohort", "n_observed", "n_active", "rate"]
    )
    return frame.assign(segment="", segment_value="", low=frame["rate"] - 0.1,
                        high=frame["rate"] + 0.1)  # fmt: skip


def paths(**changed):
    frame = pd.DataFrame(
        [
            ["a > b > c", 3, 40, 0.4, 0.3, 0.5, 0.4, False],
            ["a", 1, 21, 0.21, 0.14, 0.3, 0.61, False],
            ["a > b > a > ...", 3, 10, 0.1, 0.06, 0.17, 0.71, True],
        ],
        columns=["path", "n_steps", "n_participants", "share", "share_low", "share_high",
                 "coverage", "cut"],
    )  # fmt: skip
    return frame.assign(**({"n_variants": 12, "n_total": 100, "n_sessions": NAN} | changed))


def experiments():
    columns = ["experiment", "arm", "control", "outcome", "n", "n_success", "rate", "difference",
               "low", "high", "valid_low", "valid_high", "looked_early", "verdict",
               "reason"]  # fmt: skip
    rows = [
        ["Form", "A", "A", "order", 1200, 132, 0.11, *[NAN] * 5, False, "", "the control"],
        ["Form", "B", "A", "order", 1210, 190, 0.157, 0.047, 0.02, 0.074, -0.01, 0.1, False,
         "better", "more than chance explains"],
        ["Form", "C", "A", "order", 1190, 90, 0.076, -0.034, -0.058, -0.011, -0.07, 0.01, True,
         "cannot tell", "looked early"],
        ["Tiny", "l", "l", "order", 4, 1, *[NAN] * 6, True, "", "the control"],
        ["Tiny", "r", "l", "order", 3, 0, *[NAN] * 6, True, "cannot tell", "too few people"],
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def test_the_funnel_has_parts_of_their_own_for_open_and_elsewhere():
    (axes,) = figures.plot_funnel(funnel()).axes
    drawn = {c.get_label(): (c[0].get_y(), c[0].get_height()) for c in axes.containers}
    assert drawn == {
        "entered": (0, 100), "left": (70, 30), "too recent": (50, 20), "elsewhere": (40, 10),
    }  # fmt: skip
    shown = plain("\n".join(text.get_text() for text in axes.texts))
    assert "20\ntoo recent" in shown and "10\nelsewhere" in shown
    assert [patch.get_hatch() for patch in axes.patches] == [None, None, "////", ""]


def test_the_whisker_of_the_funnel_is_the_interval_of_those_followed():
    (axes,) = figures.plot_funnel(funnel()).axes
    (whisker,) = lines(axes, "interval")
    assert list(whisker.get_ydata()) == pytest.approx([100 - 0.475 * 80, 100 - 0.275 * 80])
    (bare,) = figures.plot_funnel(funnel(drop_off_low=NAN, drop_off_high=NAN)).axes
    assert not lines(bare, "interval")


def test_a_funnel_without_open_or_elsewhere_has_two_parts():
    (axes,) = figures.plot_funnel(funnel(n_open=0, n_elsewhere=NAN)).axes
    assert [c.get_label() for c in axes.containers] == ["entered", "left"]
    words = plain(figures.describe_funnel(funnel()))
    assert words.endswith("order 38 % of 100, 20 too recent, 10 elsewhere.")
    assert "recent" not in figures.describe_funnel(funnel(n_open=0))


def test_flows_arch_forward_above_and_back_below():
    names = {"a": "First", "b": "Second", "c": "Third"}
    (axes,) = figures.plot_stage_flow(transitions(*STEPS), stage_names=names).axes
    boxes = [patches(axes, name)[0] for name in names.values()]
    assert [box.get_x() for box in boxes] == sorted(box.get_x() for box in boxes)
    top = boxes[0].get_height()
    for label in ("forward 0 1", "forward 1 2", "forward 0 2"):
        (arc,) = patches(axes, label)
        assert arc.get_path().get_extents().y0 == pytest.approx(top)
    for label in ("back 1 0", "back 2 0"):
        (arc,) = patches(axes, label)
        assert arc.get_path().get_extents().y1 == pytest.approx(0)


def test_flows_are_as_wide_as_people():
    (axes,) = figures.plot_stage_flow(transitions(*STEPS)).axes
    wide = {}
    for label in ("start 0", "end 0", "end 2", "stay 1"):
        (patch,) = patches(axes, label)
        wide[label] = patch.get_width()
    assert wide["start 0"] / wide["end 0"] == pytest.approx(1000 / 350)
    assert wide["end 0"] / wide["stay 1"] == pytest.approx(350 / 80)
    (arc,) = patches(axes, "forward 0 1")
    left = sorted({x for x, y in arc.get_path().vertices if y == pytest.approx(0.74)})
    assert left[1] - left[0] == pytest.approx(wide["start 0"] * 0.6)
    (ending,) = patches(axes, "end 0")
    assert to_hex(ending.get_facecolor()) == palette.BAR


def test_flows_meet_side_by_side_inside_their_stage():
    (axes,) = figures.plot_stage_flow(transitions(*STEPS)).axes
    (box,) = patches(axes, "c")
    ends = []
    for label in ("forward 1 2", "forward 0 2"):
        (arc,) = patches(axes, label)
        right = sorted({x for x, y in arc.get_path().vertices if y == pytest.approx(0.74)})[-2:]
        ends.append(right)
    near, far = ends
    assert box.get_x() == pytest.approx(near[0])
    assert near[1] <= far[0] + 1e-9
    assert far[1] <= box.get_x() + box.get_width()


def test_small_flows_are_counted_together():
    figure = figures.plot_stage_flow(transitions(*STEPS))
    shown = said(figure)
    assert "Other, not drawn: 1 kind of step, each by fewer than 20 people" in shown
    assert not patches(figure.axes[0], "back 2 1")
    for words in ("1,000 start", "350 end", "80 stay", "600", "300", "50", "100", "40"):
        assert words in shown.split("\n")
    assert "Other" not in said(figures.plot_stage_flow(transitions(*STEPS[:-1])))


def test_stages_of_the_flow_follow_the_categorical_then_the_names():
    table = transitions(("b", "a", 10), ("a", "b", 5))
    assert patches(figures.plot_stage_flow(table).axes[0], "forward 0 1")
    (named,) = figures.plot_stage_flow(table, stage_names={"a": "A", "b": "B"}).axes
    assert patches(named, "A")[0].get_x() < patches(named, "B")[0].get_x()
    order = pd.CategoricalDtype(["a", "b"], ordered=True)
    (axes,) = figures.plot_stage_flow(table.assign(**{"from": table["from"].astype(order)})).axes
    assert patches(axes, "a")[0].get_x() < patches(axes, "b")[0].get_x()


def test_the_flow_of_everybody_leaves_segments_out():
    table = pd.concat([transitions(("a", "b", 10)), transitions(("a", "b", 7), segment="device")])
    (axes,) = figures.plot_stage_flow(table).axes
    assert len(patches(axes, "forward 0 1")) == 1
    assert "7" not in said(axes.figure).split("\n")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (0.4, "under 1 s"), (30, "30 s"), (60, "1 min"), (90, "90 s"),
        (150, "2.5 min"), (300, "5 min"), (HOUR, "1 h"), (2 * HOUR, "2 h"), (DAY, "1 day"),
        (36 * HOUR, "36 h"), (3 * DAY, "3 days"), (WEEK, "1 week"), (2 * WEEK, "2 weeks"),
        (90 * DAY, "3 months"), (365.25 * DAY, "1 year"), (4 * 365.25 * DAY, "4 years"),
        (NAN, "no data"), (None, "no data"),
    ],
)  # fmt: skip
def test_durations_are_written_in_units_that_people_use(seconds, words):
    assert plain(duration_words(seconds)) == words


def test_timing_draws_the_middle_half_the_median_and_its_interval():
    (axes,) = figures.plot_stage_timing(TIMING).axes
    assert axes.get_xscale() == "log"
    halves = [list(line.get_xdata()) for line in lines(axes, "middle half")]
    assert halves == [[30, 3 * DAY], [HOUR, 2 * WEEK]]
    assert [line.get_xdata()[0] for line in lines(axes, "median")] == [300, 9000]
    # Seven people are too few for an interval in this table.
    assert [list(line.get_xdata()) for line in lines(axes, "interval")] == [[240, 420]]
    shown = said(axes.figure)
    for words in ("5 min", "(4–7 min), n = 40", "2.5 h", "n = 7", "a → b", "b → c"):
        assert words in shown.split("\n")


def test_time_axes_have_human_ticks():
    (axes,) = figures.plot_stage_timing(TIMING).axes
    ticks = [plain(tick.get_text()) for tick in axes.get_xticklabels()]
    assert ticks == ["30 s", "5 min", "1 h", "12 h", "1 week"]


def test_time_axes_of_a_narrow_range_have_ticks_as_well():
    (axes,) = figures.plot_stage_timing(
        timing(["a", "b", "", "", 40, 100, 200, 240, 260, 800])
    ).axes
    assert [plain(tick.get_text()) for tick in axes.get_xticklabels()] == [
        "2 min", "5 min", "10 min",
    ]  # fmt: skip


def test_zero_seconds_stand_at_the_left_end_of_the_axis():
    table = timing(["a", "b", "", "", 9, 0, 0, 0, 40, 100])
    (axes,) = figures.plot_stage_timing(table).axes
    (median,) = lines(axes, "median")
    assert median.get_xdata()[0] == axes.get_xlim()[0] > 0
    assert "0 s" in said(axes.figure)


def test_timing_of_a_segment_has_a_row_per_group():
    (axes,) = figures.plot_stage_timing(TIMING, segment="device").axes
    assert len(lines(axes, "median")) == 2
    shown = said(axes.figure).split("\n")
    assert shown.index("mobile") < shown.index("desktop") and shown.count("a → b") == 1
    words = plain(figures.describe_stage_timing(TIMING, segment="device"))
    assert "by device; median: a → b (mobile) 90 s (1–2 min), n = 20; a → b (desktop)" in words


def test_a_curve_is_drawn_in_steps_with_its_band_and_its_half():
    (axes,) = figures.plot_time_to_next(curve([0.8, 0.5, 0.2])).axes
    (line,) = lines(axes, "still there")
    assert line.get_drawstyle() == "steps-post"
    assert list(line.get_ydata()) == [1.0, 0.8, 0.5, 0.2]
    assert list(line.get_xdata())[1:] == [60, 600, 6000]
    (half,) = lines(axes, "half")
    assert (half.get_xdata()[0], half.get_ydata()[0]) == (600, 0.5)
    band = axes.collections[0].get_datalim(axes.transData)
    assert (band.y0, band.y1) == pytest.approx((0.1, 0.9))
    assert "10 min" in said(axes.figure)


def test_a_curve_that_stays_above_one_half_has_no_half():
    (axes,) = figures.plot_time_to_next(curve([0.9, 0.7])).axes
    assert not lines(axes, "half")
    words = plain(figures.describe_time_to_next(curve([0.9, 0.7])))
    assert words == "Not gone on yet: a → z half never seen going on, n = 100."


def test_people_still_followed_stand_under_the_axis():
    (axes,) = figures.plot_time_to_next(curve([0.8, 0.5, 0.2])).axes
    ticks = [plain(tick.get_text()) for tick in axes.get_xticklabels()]
    under = [text.get_text() for text in axes.texts if text.get_position()[1] < 0]
    assert ticks == ["1 min", "5 min", "1 h"]
    # At 5 min those with 10 min or more to go, and so on.
    assert under == ["100", "90", "80"]


def test_curves_have_a_panel_per_stage_and_a_line_per_group():
    groups = [("device", "mobile"), ("device", "desktop")]
    table = pd.concat(
        [curve([0.8, 0.4], stage=stage) for stage in "ab"]
        + [
            curve([0.8, 0.4], stage=stage, segment=name, value=value)
            for stage in "ab"
            for name, value in groups
        ]
    )
    everybody = figures.plot_time_to_next(table)
    assert [axes.get_label() for axes in everybody.axes] == ["a", "b"]
    assert [len(lines(axes, "still there")) for axes in everybody.axes] == [1, 1]
    split = figures.plot_time_to_next(table, segment="device")
    assert [len(lines(axes, "still there")) for axes in split.axes] == [2, 2]
    assert {"mobile", "desktop", "■"} <= set(said(split).split("\n"))


def test_retention_draws_all_cohorts_together_and_each_alone():
    (axes,) = figures.plot_retention(retention(), period="month").axes
    (pooled,) = lines(axes, "all")
    assert list(pooled.get_xdata()) == [0, 1, 2]
    assert list(pooled.get_ydata()) == [1.0, 0.4875, 0.4]
    cohorts = [list(line.get_ydata()) for line in lines(axes, "cohort")]
    # What is not observed is not drawn, least of all at 0 %.
    assert cohorts == [[1.0, 0.6, 0.4], [1.0, 0.3], []]
    shown = said(axes.figure).split("\n")
    assert {"83", "80", "50", "40 %", "months", "people"} <= set(shown)


def test_labels_of_curves_that_end_together_do_not_touch():
    rows = retention()
    pooled = rows[rows["cohort"] == ""]
    table = pd.concat(
        [pooled.assign(segment="plan", segment_value=value) for value in ("basic", "more", "most")]
    )
    (axes,) = figures.plot_retention(table, segment="plan").axes
    heights = sorted(text.xy[1] for text in axes.texts if "40" in text.get_text())
    assert heights == pytest.approx([0.4, 0.49, 0.58])
    assert not lines(axes, "cohort")


def test_cohort_cells_show_shares_people_and_what_is_not_observed():
    axes = axes_of(figures.plot_retention_cohorts(retention(), period="month"), "cohorts")
    hatched = [p for p in axes.patches if p.get_hatch()]
    filled = [p for p in axes.patches if not p.get_hatch()]
    places = {(round(p.get_x()), round(p.get_y())) for p in hatched}
    # Rows: all cohorts, January, February, March; the last cell of March has no row at all.
    assert places == {(2, 2), (1, 3), (2, 3)}
    assert len(filled) == 9
    shade = {(round(p.get_x()), round(p.get_y())): p.get_alpha() for p in filled}
    assert shade[0, 1] > shade[1, 1] > shade[2, 1]
    shown = said(axes.figure).split("\n")
    assert {"2024-01", "all cohorts", "n = 50", "60 %", "30", "3 of 3"} <= set(shown)
    assert "2024-01-01" in said(figures.plot_retention_cohorts(retention(), period="week"))


def test_paths_are_chains_with_shares_and_what_they_explain_together():
    names = {"a": "Look", "b": "Compare", "c": "Order"}
    figure = figures.plot_paths(paths(), stage_names=names)
    (axes,) = figure.axes
    assert [len(patches(axes, name)) for name in ("Look", "Compare", "Order")] == [4, 2, 1]
    widths = [bar.get_width() for bar in patches(axes, "share")]
    assert [width / widths[0] for width in widths] == pytest.approx([1, 21 / 40, 0.25])
    spans = [line.get_xdata() for line in lines(axes, "interval")]
    assert len(spans) == 3
    assert (spans[0][1] - spans[0][0]) / widths[0] == pytest.approx(0.2 / 0.4)
    tints = [patches(axes, name)[0].get_alpha() for name in names.values()]
    assert tints == sorted(tints) and len(set(tints)) == 3
    shown = said(figure)
    for words in ("40 %", "30–50 %, n = 40", "61 %", "…"):
        assert words in shown.split("\n")
    assert "The first 3 explain 71 % of 100 people; 12 different paths" in shown


def test_paths_of_visits_count_visits():
    shown = said(figures.plot_paths(paths(n_sessions=[90, 80, 70], n_total=400)))
    assert "n = 90" in shown and "of 400 visits" in shown and "share of visits" in shown


def test_a_long_path_breaks_into_lines_inside_its_column():
    table = paths().iloc[:1].assign(path=" > ".join(["Look at products"] * 12))
    (axes,) = figures.plot_paths(table).axes
    steps = patches(axes, "Look at products")
    assert len(steps) == 12 and len({round(step.get_y(), 3) for step in steps}) > 1
    bars = patches(axes, "share")
    assert max(step.get_x() + step.get_width() for step in steps) < bars[0].get_x()


def test_experiments_draw_differences_intervals_and_verdicts():
    figure = figures.plot_experiments(experiments())
    axes = axes_of(figure, "arms")
    gaps = [(line.get_xdata()[0], to_hex(line.get_color())) for line in lines(axes, "difference")]
    assert gaps == [(0.047, palette.BLUE), (-0.034, palette.MUTED)]
    spans = [list(line.get_xdata()) for line in lines(axes, "interval")]
    # The thin line stands only where somebody looked early.
    assert spans == [[0.02, 0.074], [-0.07, 0.01], [-0.058, -0.011]]
    assert lines(axes, "no difference")[0].get_xdata() == [0, 0]
    shown = said(figure)
    for words in (
        "better, +4.7 points (+2.0 to +7.4)", "cannot tell, −3.4 points (−5.8 to −1.1)",
        "outcome order; control A: 11 % of 1,200", "16 % of 1,210", "0 of 3",
        "cannot tell, no difference known", "too few people",
    ):  # fmt: skip
        assert words in shown
    words = plain(figures.describe_experiments(experiments()))
    assert "Form, B: better, +4.7 points (+2.0 to +7.4), more than chance explains" in words


DRAWINGS = [
    (figures.plot_funnel, funnel()),
    (figures.plot_stage_flow, transitions(*STEPS)),
    (figures.plot_stage_timing, TIMING),
    (figures.plot_time_to_next, curve([0.8, 0.5])),
    (figures.plot_retention, retention()),
    (figures.plot_retention_cohorts, retention()),
    (figures.plot_paths, paths()),
    (figures.plot_experiments, experiments()),
]
IDS = [draw.__name__ for draw, _ in DRAWINGS]


@pytest.mark.parametrize(("draw", "table"), DRAWINGS, ids=IDS)
def test_no_rows_say_no_data(draw, table):
    describe = getattr(figures, draw.__name__.replace("plot", "describe"))
    for empty in (table.iloc[:0], pd.DataFrame()):
        assert [text.get_text() for text in draw(empty).axes[0].texts] == ["no data"]
        assert "no data" in describe(empty)


@pytest.mark.parametrize(("draw", "table"), DRAWINGS, ids=IDS)
def test_numbers_that_are_missing_are_not_drawn_as_numbers(draw, table, tmp_path):
    bare = table.copy()
    for column in bare.select_dtypes("number"):
        if column not in ("n_participants", "period_number"):
            bare[column] = NAN
    figure = draw(bare)
    figures.save_figure(figure, tmp_path / "f.png")
    assert "nan" not in said(figure)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(("draw", "table"), DRAWINGS, ids=IDS)
def test_hostile_names_are_drawn_as_text(draw, table, name, tmp_path):
    texts = table.copy()
    for column in ("segment_value", "arm", "experiment", "outcome", "reason", "cohort"):
        if column in texts:
            texts[column] = [f"{value}{name}" if value else value for value in texts[column]]
    options = {"stage_names": {"a": name, "order": name}}
    allowed = set(inspect.signature(draw).parameters) & set(options)
    figure = draw(texts, **{key: options[key] for key in allowed})
    path = figures.save_figure(figure, tmp_path / "f.svg")
    for element in ElementTree.parse(path).iter():
        assert not element.tag.endswith("script")
        assert "javascript" not in " ".join(element.attrib.values())


CROWDED = [
    (figures.plot_time_to_next, pd.concat([curve([0.9] * 7, stage=s, start=2) for s in "abcd"])),
    (figures.plot_stage_flow, transitions(*((a, b, 900) for a in "abcdefgh" for b in "abcdefgh"))),
    (figures.plot_funnel, pd.concat([funnel(stage=stage, n_entered=20_000) for stage in "abcde"])),
]


@pytest.mark.parametrize(
    ("draw", "table"),
    [*DRAWINGS, *CROWDED],
    ids=[*IDS, *(f"{draw.__name__} crowded" for draw, _ in CROWDED)],
)
def test_words_stay_inside_the_picture_and_apart(draw, table):
    figure = draw(table)
    figure.canvas.draw()
    shown = [*figure.texts]
    for axes in figure.axes:
        ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()]
        shown += [*axes.texts, *(ticks if axes.axison else [])]
    boxes = [(t.get_text(), t.get_window_extent()) for t in shown if t.get_text().strip()]
    whole = figure.bbox
    for words, box in boxes:
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1, words
        assert whole.y0 <= box.y0 and box.y1 <= whole.y1, words
    for place, (words, box) in enumerate(boxes):
        for others, other in boxes[place + 1 :]:
            across = min(box.x1, other.x1) - max(box.x0, other.x0)
            down = min(box.y1, other.y1) - max(box.y0, other.y0)
            # A pixel or two: boxes hold the space for letters that are not there.
            assert across <= 0 or down <= 3, (words, others)
