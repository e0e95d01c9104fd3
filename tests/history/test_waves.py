"""What is drawn of a study repeated."""

import math

import pandas as pd
import pytest

from cjm_research.integration.waves import WAVE_COLUMNS
from cjm_research.reporting.site.environment import make_environment
from cjm_research.reporting.site.waves import (
    HEIGHT,
    MOST_PAINS,
    WIDTH,
    wave_views,
    with_later_waves,
)

NAMES = {"buy": "Buying"}


def change(kind="rating", code="nps", a="2026-03", b="2026-06", **values):
    number = {"2026-03": "s1", "2026-06": "s2", "2026-09": "s3"}
    row = dict.fromkeys(WAVE_COLUMNS, math.nan) | {
        "stage": "" if kind == "rating" else "buy", "kind": kind, "code": code,
        "label": code.upper(), "source_a": number[a], "source_b": number[b], "wave_a": a,
        "wave_b": b, "same_wording": True, "n_a": 40, "n_b": 50, "value_a": 3.0, "value_b": 28.0,
        "n_both": 0, "words": "cannot tell",
    }  # fmt: skip
    return row | values


def rating(source, wave, value, low, high, **values):
    return {
        "stage": "", "source": source, "wave": wave, "measure": "nps", "label": "NPS", "n": 40,
        "value": value, "low": low, "high": high, "unit": "points", "scale_text": "",
    } | values  # fmt: skip


def told(source, code, n_said, n_heard, low, high):
    share = n_said / n_heard if not math.isnan(low) else math.nan
    return {
        "stage": "buy", "source": source, "code_group": "pain_point", "code": code,
        "label": f"<b>{code}", "segment": "", "n_said": n_said, "n_heard": n_heard,
        "share": share, "low": low, "high": high,
    }  # fmt: skip


def views(changes, ratings=(), mentions=()):
    tables = {"wave_changes": pd.DataFrame(changes, columns=WAVE_COLUMNS)}
    if ratings:
        tables["rating_summary"] = pd.DataFrame(ratings)
    if mentions:
        tables["mentions"] = pd.DataFrame(mentions)
    return wave_views(tables, NAMES)


def draw(waves):
    template = '{% from "_waves.html.j2" import waves_section with context %}'
    return (
        make_environment()
        .from_string(template + "{{ waves_section(waves) }}")
        .render(waves=waves, language="en")
    )


@pytest.fixture
def drawn():
    return views(
        [change(words="more in the later wave", difference=24.0, low=7.0, high=41.0)],
        [rating("s1", "2026-03", 3.0, -5.0, 11.0), rating("s2", "2026-06", 28.0, 16.0, 41.0)],
    )


def test_one_wave_shows_nothing():
    assert wave_views({}, NAMES) is None
    assert views([]) is None
    assert "<section" not in draw(None)


def test_points_have_whiskers_and_a_line_joins_what_was_asked_alike(drawn):
    (trend,) = drawn.ratings
    first, last = trend.points
    assert (first.wave, last.wave) == ("2026-03", "2026-06")
    assert first.x < last.x < WIDTH
    assert last.y < first.y  # more is higher up
    for point in trend.points:
        assert 0 < point.high_y < point.y < point.low_y < HEIGHT
    assert trend.lines == ((first.x, first.y, last.x, last.y),)


def test_the_drawing_is_said_in_words_and_stands_as_a_table(drawn):
    (trend,) = drawn.ratings
    assert trend.summary == (
        "NPS: +3 in wave 2026-03; +28 in wave 2026-06. Difference of all who answered: "
        "+24 (+7 to +41). More in the later wave."
    )
    (step,) = drawn.steps
    assert step.before == "+3 (−5 to +11), n = 40"
    assert step.difference == "+24 (+7 to +41)"
    assert step.difference in trend.summary
    page = draw(drawn)
    assert f'aria-label="{trend.summary}"' in page
    assert page.count('class="whisker"') == 2
    assert 'role="region"' in page
    assert "<caption>" in page


def test_without_a_design_there_are_counts_and_no_drawing():
    nan = math.nan
    waves = views(
        [change("pain_point", "slow", value_a=0.25, value_b=0.5, n_a=8, n_b=8)],
        mentions=[told("s1", "slow", 2, 8, nan, nan), told("s2", "slow", 4, 8, nan, nan)],
    )
    (trend,) = waves.pains
    assert not trend.is_drawn
    assert trend.lines == ()
    assert "2 of 8 in wave 2026-03; 4 of 8 in wave 2026-06" in trend.summary
    page = draw(waves)
    assert "<svg" not in page
    assert "%" not in page.replace("95 %", "")


def test_other_words_break_the_line():
    waves = views(
        [change(same_wording=False, words="not compared: the question was worded differently")],
        [rating("s1", "2026-03", 3.0, -5.0, 11.0), rating("s2", "2026-06", 28.0, 16.0, 41.0)],
    )
    (trend,) = waves.ratings
    assert len(trend.points) == 2
    assert trend.lines == ()
    assert "Not compared" in trend.summary


def test_three_waves_are_one_course():
    waves = views(
        [change(), change(a="2026-06", b="2026-09", value_a=28.0, value_b=30.0)],
        [
            rating("s1", "2026-03", 3.0, -5.0, 11.0), rating("s2", "2026-06", 28.0, 16.0, 41.0),
            rating("s3", "2026-09", 30.0, 20.0, 40.0),
        ],
    )  # fmt: skip
    (trend,) = waves.ratings
    assert [point.wave for point in trend.points] == ["2026-03", "2026-06", "2026-09"]
    assert len(trend.lines) == 2
    assert len(waves.steps) == 2


def test_pain_points_share_a_scale_and_the_changed_ones_are_drawn_first():
    codes = [f"c{n}" for n in range(10)]
    changes = [
        change(
            "pain_point", code, value_a=0.1 + n / 50, value_b=0.1 + n / 50,
            words="less in the later wave" if code == "c0" else "cannot tell",
        )
        for n, code in enumerate(codes)
    ]  # fmt: skip
    mentions = [told(source, code, 4, 40, 0.02, 0.34) for code in codes for source in ("s1", "s2")]
    waves = views(changes, mentions=mentions)
    assert len(waves.pains) == MOST_PAINS
    assert waves.n_not_drawn == 4
    assert len(waves.steps) == 10
    assert [trend.title for trend in waves.pains[:2]] == ["<b>c0", "<b>c9"]
    assert len({trend.ticks for trend in waves.pains}) == 1
    page = draw(waves)
    assert "<b>c0" not in page
    assert "&lt;b&gt;c0" in page


def test_nobody_telling_it_in_a_wave_is_none_of_those_heard():
    waves = views(
        [change("pain_point", "slow", value_a=0.25, value_b=0.0, n_a=40, n_b=41)],
        mentions=[told("s1", "slow", 10, 40, 0.14, 0.4)],
    )
    assert waves.steps[0].after == "0 of 41"
    assert waves.pains[0].lines == ()


def test_a_target_stands_beside_what_the_later_wave_says():
    tables = {
        "wave_changes": pd.DataFrame(
            [change(difference=25.0, low=11.0, high=40.0)], columns=WAVE_COLUMNS
        ),
        "rating_summary": pd.DataFrame(
            [rating("s1", "2026-03", 3.0, -5.0, 11.0), rating("s2", "2026-06", 28.0, 16.0, 41.0)]
        ),
        "kpis": pd.DataFrame([{"source": "s1", "stage": "", "measure": "nps"}]),
    }
    (kpi,) = with_later_waves(tables, [{"target": 5.0, "at_most": False}])
    assert kpi["later"] == [
        {
            "wave": "2026-06", "verdict": "met",
            "words": "+28 (+16 to +41), n = 50; difference +25 points (+11 to +40)",
        }
    ]  # fmt: skip
    tables["wave_changes"]["same_wording"] = False
    (kpi,) = with_later_waves(tables, [{"target": 5.0, "at_most": False}])
    assert kpi["later"][0]["verdict"] == ""
    assert "worded differently" in kpi["later"][0]["words"]
