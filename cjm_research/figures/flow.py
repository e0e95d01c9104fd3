"""The flow between stages: who goes on, who goes back, who stays, who ends where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from cjm_research.cells import Cell, count, rows, text
from cjm_research.figures.palette import BAR, INK, MUTED, NOTHING, PAPER, SKY, TRACK
from cjm_research.figures.style import SMALL, drawing, make_figure, no_data, tidy, wrapped

START, END = "(start)", "(end)"
SMALL_FLOW = 0.02
"""Flows below this share of the widest one are not drawn but counted together."""

# All in inches: the axes have the size of the figure.
_NODE_HEIGHT = 0.74
_WIDEST = 0.26
_THINNEST = 0.014
_FIRST_ARC, _NEXT_ARC = 0.42, 0.3
_STUMP = 0.2
_LINE = 0.13


def plot_stage_flow(
    transitions: pd.DataFrame, *, stage_names: Mapping[str, str] | None = None
) -> Figure:
    """Draw the steps between stages, as wide as the number of people who take them.

    Parameters
    ----------
    transitions : DataFrame
        Table of transitions; the rows of everybody are drawn.
    stage_names : mapping of str to str, optional
        Names to show for the stage ids. Stages stand in the order of the categorical, else in
        this order.

    Returns
    -------
    Figure
        Stages in a row. Steps forward arch above, steps back below; those who start or end in
        a stage are short stumps at it, those who stay a bar inside. Every number counts people;
        one person may take several steps, so that what comes in need not be what goes out.
    """
    network = _network(transitions, stage_names)
    with drawing():
        return _Drawing(network).figure() if network.stages else no_data()


def describe_stage_flow(
    transitions: pd.DataFrame, *, stage_names: Mapping[str, str] | None = None, top: int = 3
) -> str:
    """Return the alternative text: the widest steps of each kind."""
    network = _network(transitions, stage_names)
    if not network.stages:
        return "Flow between stages: no data."
    parts = [f"Flow between {len(network.stages)} stages, in people"]
    for kind, words in (("forward", "Forward"), ("back", "Back"), ("end", "End"), ("stay", "Stay")):
        most = sorted(network.flows(kind), key=lambda flow: -flow.n)[:top]
        shown = ", ".join(
            " → ".join(dict.fromkeys(network.names[place] for place in (flow.source, flow.target)))
            + f" {flow.n:,}"
            for flow in most
        )
        parts += [f"{words}: {shown}"] if shown else []
    return ". ".join([*parts, *([network.other_words()] if network.n_other else [])]) + "."


@dataclass(frozen=True)
class _Flow:
    kind: str
    source: int
    target: int
    n: int

    @property
    def span(self) -> int:
        return abs(self.target - self.source)


@dataclass(frozen=True)
class _Network:
    stages: list[str]
    names: list[str]
    found: list[_Flow] = field(default_factory=list)
    n_other: int = 0
    least: float = 0.0

    def flows(self, kind: str) -> list[_Flow]:
        return [flow for flow in self.found if flow.kind == kind]

    def other_words(self) -> str:
        steps = "kind of step" if self.n_other == 1 else "kinds of step"
        return (
            f"Other, not drawn: {self.n_other} {steps}, each by fewer than {self.least:,.0f} people"
        )


def _network(transitions: pd.DataFrame, names: Mapping[str, str] | None) -> _Network:
    found = [row for row in rows(transitions) if not text(row.get("segment"))]
    stages = _stages(transitions, found, names)
    flows = [flow for row in found if (flow := _flow(row, stages)) is not None]
    least = SMALL_FLOW * max((flow.n for flow in flows), default=0)
    wide = [flow for flow in flows if flow.n >= least]
    shown = [tidy((names or {}).get(stage, stage), 48) or "(no name)" for stage in stages]
    return _Network(stages, shown, wide, len(flows) - len(wide), least)


def _stages(
    transitions: pd.DataFrame, found: Sequence[Cell], names: Mapping[str, str] | None
) -> list[str]:
    """Return the stages that occur, in journey order."""
    seen = dict.fromkeys(text(row.get(end)) for row in found for end in ("from", "to"))
    known = list(names or {})
    for end in ("from", "to"):
        if end in transitions and isinstance(transitions[end].dtype, pd.CategoricalDtype):
            known += [str(stage) for stage in transitions[end].cat.categories]
    ordered = dict.fromkeys([*(stage for stage in known if stage in seen), *seen])
    return [stage for stage in ordered if stage not in (START, END)]


def _flow(row: Cell, stages: Sequence[str]) -> _Flow | None:
    source, target, n = text(row.get("from")), text(row.get("to")), count(row.get("n_participants"))
    if not n or (source == START and target == END):
        return None
    if source == START:
        return _Flow("start", stages.index(target), stages.index(target), n)
    if target == END:
        return _Flow("end", stages.index(source), stages.index(source), n)
    first, last = stages.index(source), stages.index(target)
    kind = "forward" if last > first else "back" if last < first else "stay"
    return _Flow(kind, first, last, n)


class _Drawing:
    """Places every flow at its stages, side by side, and draws it."""

    def __init__(self, network: _Network) -> None:
        self.network = network
        n = len(network.stages)
        self.width = max(6.0, 0.4 + 0.92 * n)
        self.column = (self.width - 0.3) / n
        self.node = min(1.0, self.column * 0.76)
        self.scale = self._scale()
        self.above = self._reach("forward")
        self.below = self._reach("back")

    def figure(self) -> Figure:
        head, foot = 0.52, 0.3 if self.network.n_other else 0.08
        height = head + self.above + _NODE_HEIGHT + self.below + foot
        figure = make_figure(self.width, height)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), label="flow")
        axes.set_axis_off()
        axes.set_xlim(0, self.width)
        axes.set_ylim(-self.below - foot, _NODE_HEIGHT + self.above + head)
        top = _NODE_HEIGHT + self.above + head
        axes.text(0.1, top - 0.1, "How people move between stages", weight="bold", va="top",
                  size=SMALL + 3.5)  # fmt: skip
        axes.text(0.1, top - 0.33, "numbers are people; forward above, back below",
                  size=SMALL, color=MUTED, va="top")  # fmt: skip
        if self.network.n_other:
            axes.text(0.1, 0.08 - self.below - foot, self.network.other_words(), size=SMALL,
                      color=MUTED)  # fmt: skip
        for place, name in enumerate(self.network.names):
            self._draw_stage(axes, place, name)
        self._draw_side(axes, "forward", "start", _NODE_HEIGHT, 1)
        self._draw_side(axes, "back", "end", 0.0, -1)
        return figure

    def _scale(self) -> float:
        """Return inches per person: no stage is narrower than what meets at one side of it."""
        sides: dict[tuple[int, bool], int] = defaultdict(int)
        for flow in self.network.found:
            if flow.kind != "stay":
                above = flow.kind in ("forward", "start")
                for place in {flow.source, flow.target}:
                    sides[place, above] += flow.n
        most = max((flow.n for flow in self.network.found), default=1)
        return min(_WIDEST / most, self.node / max(sides.values(), default=1))

    def _thick(self, n: int) -> float:
        return max(n * self.scale, _THINNEST)

    def _height(self, flow: _Flow) -> float:
        return _FIRST_ARC + _NEXT_ARC * (flow.span - 1)

    def _reach(self, kind: str) -> float:
        """Return how far the drawing goes on one side of the stages."""
        arcs = [self._height(flow) + self._thick(flow.n) / 2 for flow in self.network.flows(kind)]
        return max([*arcs, _STUMP + _LINE]) + 0.1

    def _left(self, place: int) -> float:
        return 0.15 + self.column * (place + 0.5) - self.node / 2

    def _draw_stage(self, axes: Axes, place: int, name: str) -> None:
        left, middle = self._left(place), self._left(place) + self.node / 2
        axes.add_patch(
            Rectangle((left, 0), self.node, _NODE_HEIGHT, facecolor=TRACK, lw=0, label=name)
        )
        lines = wrapped(name, int(self.node * 16))[:3]
        axes.text(middle, _NODE_HEIGHT - 0.06, "\n".join(lines), ha="center", va="top",
                  size=SMALL, weight="bold", linespacing=1.15)  # fmt: skip
        for flow in self.network.flows("stay"):
            if flow.source == place:
                thick = self._thick(flow.n)
                axes.add_patch(Rectangle((middle - thick / 2, 0.05), thick, 0.05, facecolor=NOTHING,
                                         lw=0, label=f"stay {place}"))  # fmt: skip
                axes.text(middle, 0.115, f"{flow.n:,} stay", size=SMALL - 0.5, color=MUTED,
                          ha="center")  # fmt: skip

    def _draw_side(self, axes: Axes, arcs: str, stumps: str, base: float, turn: int) -> None:
        """Draw one side of the stages: above (`turn` 1) or below (-1)."""
        flows = self.network.flows(arcs)
        arriving: dict[_Flow, float] = {}
        leaving: dict[_Flow, float] = {}
        for place in range(len(self.network.stages)):
            # Nested arcs do not cross: the nearest neighbour stands at the outer edge.
            left = sorted((f for f in flows if max(f.source, f.target) == place), key=_span)
            right = sorted((f for f in flows if min(f.source, f.target) == place), key=_span)
            first, last = self._left(place), self._left(place) + self.node
            for flow in left:
                first = self._take(flow, arriving if turn > 0 else leaving, first, 1)
            for flow in right:
                last = self._take(flow, leaving if turn > 0 else arriving, last, -1)
            for flow in self.network.flows(stumps):
                if flow.source == place:
                    self._draw_stump(axes, flow, (first + last) / 2, base, turn)
        for flow in sorted(flows, key=lambda flow: -flow.n):
            self._draw_arc(axes, flow, leaving[flow], arriving[flow], base, turn)

    def _take(self, flow: _Flow, ports: dict[_Flow, float], x: float, step: int) -> float:
        """Give a flow the next free place at a stage; return where the one after it begins."""
        thick = self._thick(flow.n)
        ports[flow] = x + step * thick / 2
        return x + step * thick

    def _draw_arc(
        self, axes: Axes, flow: _Flow, start: float, stop: float, base: float, turn: int
    ) -> None:
        thick, high = self._thick(flow.n), self._height(flow)
        side = 1 if stop > start else -1
        outer = _arch(start - side * thick / 2, stop + side * thick / 2, base,
                      turn * (high + thick / 2))  # fmt: skip
        inner = _arch(stop - side * thick / 2, start + side * thick / 2, base,
                      turn * (high - thick / 2))  # fmt: skip
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        colour = SKY if turn > 0 else NOTHING
        axes.add_patch(
            PathPatch(Path([*outer, *inner, outer[0]], codes), facecolor=colour, alpha=0.62, lw=0,
                      label=f"{flow.kind} {flow.source} {flow.target}")
        )  # fmt: skip
        _write(axes, (start + stop) / 2, base + turn * high, f"{flow.n:,}")

    def _draw_stump(self, axes: Axes, flow: _Flow, x: float, base: float, turn: int) -> None:
        thick = self._thick(flow.n)
        low = base if turn > 0 else base - _STUMP
        axes.add_patch(
            Rectangle((x - thick / 2, low), thick, _STUMP, facecolor=SKY if turn > 0 else BAR, lw=0,
                      label=f"{flow.kind} {flow.source}")
        )  # fmt: skip
        words = f"{flow.n:,} {flow.kind}"
        _write(axes, x, base + turn * (_STUMP + _LINE / 2), words)


def _span(flow: _Flow) -> int:
    return flow.span


def _arch(start: float, stop: float, base: float, high: float) -> list[tuple[float, float]]:
    """Return the four points of a curve whose top lies `high` above the base."""
    top = base + high * 4 / 3
    return [(start, base), (start, top), (stop, top), (stop, base)]


def _write(axes: Axes, x: float, y: float, words: str) -> None:
    axes.text(x, y, words, size=SMALL - 0.5, ha="center", va="center", color=INK, zorder=5,
              path_effects=[withStroke(linewidth=2.2, foreground=PAPER)])  # fmt: skip
