"""How small the map has to be to fit one landscape page of A4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cjm_research.reporting.site.views import SourceView, StageView

_WIDTH, _HEIGHT = 1050.0, 690.0
_LANE_NAMES = 125.0
_LINE = 19.0
_LANE = 14.0
_SIZES = [size / 100 for size in range(66, 29, -2)]


def paper_size(stages: Sequence[StageView]) -> float:
    """Return the zoom at which the whole map fits one page, as far as can be estimated.

    Style sheets cannot ask how high a table is, so its height is estimated from its words:
    a little too small is better than a second page.
    """
    for size in _SIZES:
        column = (_WIDTH / size - _LANE_NAMES) / max(len(stages), 1)
        if _map_height(stages, letters=column / 7.4) * size <= _HEIGHT:
            return size
    return _SIZES[-1]


def _map_height(stages: Sequence[StageView], letters: float) -> float:
    return sum(max((lane(s, letters) for s in stages), default=0) + _LANE for lane in _LANES)


def _lines(words: str, letters: float) -> int:
    return int(len(words) / max(letters - 3, 6)) + 1


def _head(stage: StageView, letters: float) -> float:
    return 24.0 * _lines(stage.name, letters * 0.8) + 17 * len(stage.sources)


def _behaviour(stage: StageView, letters: float) -> float:
    note = stage.behaviour.note
    return 58.0 + (17 * _lines(note, letters) if note else 0)


def _where(stage: StageView, letters: float) -> float:
    return sum(
        18.0 * _lines(f"{t['name']} {t['channel']} {t['owner']}", letters)
        for t in stage.touchpoints
    ) + (17 if stage.owner else 0)


def _feelings(stage: StageView, letters: float) -> float:
    return sum(125.0 if feeling["swarm"] else 17.0 for feeling in stage.feelings)


def _emotions(stage: StageView, letters: float) -> float:
    found = [view for view in stage.emotions if view.entries]
    return sum(24 + 20.0 * len(view.entries[:3]) for view in found)


def _pains(stage: StageView, letters: float) -> float:
    return _mentions(stage.pains, (3, 2), letters)


def _delights(stage: StageView, letters: float) -> float:
    return _mentions([view for view in stage.delights if view.entries], (2, 2), letters)


def _mentions(views: Iterable[SourceView], most: tuple[int, int], letters: float) -> float:
    high = 0.0
    for place, view in enumerate(views):
        shown = view.entries[: most[min(place, 1)]]
        high += 26 + sum(19 * _lines(entry["label"], letters) + 38 for entry in shown)
    return high


def _quotes(stage: StageView, letters: float) -> float:
    return sum(
        34 + (24 if quote["long"] else 21.0 * _lines(quote["text"], letters))
        for quote in stage.map_quotes
    )


def _ratings(stage: StageView, letters: float) -> float:
    return sum(
        19.0 * _lines(f"{r['label']} {r['source_label']} {r['scale_text']}" + "n" * 30, letters)
        for r in stage.ratings
    )


def _aside(stage: StageView, letters: float) -> float:
    return _LINE * _lines(stage.side_by_side, letters - 3)


_LANES = (
    _head,
    _behaviour,
    _where,
    _feelings,
    _emotions,
    _pains,
    _delights,
    _quotes,
    _ratings,
    _aside,
)
