"""Figures: each draws a table and computes nothing. Each has an alternative text."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cjm_research.figures.funnel import describe_funnel, plot_funnel
    from cjm_research.figures.journey_map import describe_journey_map, plot_journey_map
    from cjm_research.figures.mentions import (
        describe_emotions,
        describe_pain_points,
        plot_emotions,
        plot_pain_points,
    )
    from cjm_research.figures.style import save_figure

__all__ = [
    "describe_emotions",
    "describe_funnel",
    "describe_journey_map",
    "describe_pain_points",
    "plot_emotions",
    "plot_funnel",
    "plot_journey_map",
    "plot_pain_points",
    "save_figure",
]

# The site reads palette and cells from here: matplotlib is loaded only to draw.
_HOMES = {
    "describe_emotions": "mentions",
    "describe_funnel": "funnel",
    "describe_journey_map": "journey_map",
    "describe_pain_points": "mentions",
    "plot_emotions": "mentions",
    "plot_funnel": "funnel",
    "plot_journey_map": "journey_map",
    "plot_pain_points": "mentions",
    "save_figure": "style",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
