"""Numbers as readers expect them."""

from __future__ import annotations

import math

import pytest

from cjm_research.reporting.site import marks, words
from cjm_research.reporting.site.environment import make_environment

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.58, "58 %"), (0.004, "0.4 %"), (0.999, "99.9 %"), (1.0, "100 %"), (0.0, "0 %"),
     (NAN, "–"), (None, "–")],
)  # fmt: skip
def test_percent(value, shown):
    assert words.percent(value).replace("\u202f", " ") == shown


def test_ranges():
    assert words.percent_range(0.53, 0.63) == "53–63\u202f%"
    assert words.percent_range(NAN, 0.63) == ""
    assert words.signed_range(-1, 23) == "−1 to +23"
    assert words.decimal_range(3.94, 4.4) == "3.9–4.4"
    assert words.signed(-0.04) == "0.0"


@pytest.mark.parametrize(
    ("n", "word", "shown"),
    [(1, "person", "1 person"), (14, "person", "14 people"), (1, "people", "1 person"),
     (2, "session", "2 sessions"), (1, "sessions", "1 session"), (1204, "study", "1,204 studies")],
)  # fmt: skip
def test_plural(n, word, shown):
    assert words.plural(n, word) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(40, "40 s"), (130, "2 min 10 s"), (3600, "1 h"), (11_100, "3 h 5 min"),
     (187_200, "2 days 4 h"), (86_400, "1 day"), (0.4, "under 1 s"), (NAN, "–")],
)  # fmt: skip
def test_duration(seconds, shown):
    assert words.duration(seconds).replace("\u202f", " ") == shown


def test_the_environment_escapes_and_refuses_unknown_names():
    environment = make_environment()
    assert environment.autoescape is True
    template = environment.from_string('<a title="{{ x }}">{{ x }}</a>')
    assert template.render(x='"><b>\u202e\0') == (
        '<a title="&quot;&gt;&lt;b&gt;">&quot;&gt;&lt;b&gt;</a>'
    )
    with pytest.raises(Exception, match="'y' is undefined"):
        environment.from_string("{{ y }}").render()


def test_a_crowd_of_one_mind_still_fits():
    swarm = marks.swarm([{"alias": f"P{n}", "valence": 0.5} for n in range(200)], 0.5)
    assert len(swarm.dots) == 200
    assert all(0 <= dot.x <= swarm.width and 0 <= dot.y <= swarm.height for dot in swarm.dots)
    gap = min(
        math.dist((a.x, a.y), (b.x, b.y))
        for i, a in enumerate(swarm.dots)
        for b in swarm.dots[i + 1 :]
    )
    assert gap >= 2 * swarm.radius


def test_strips_stop_where_counting_is_better():
    assert marks.strip(3, 0, []) is None
    assert marks.strip(3, 41, []) is None
    strip = marks.strip(9, 20, ["A"])
    assert sum(said for _, _, said, _ in strip.dots) == 9 and len(strip.dots) == 20
    assert all(x + 3.6 <= strip.width and y <= strip.height for x, y, _, _ in strip.dots)
