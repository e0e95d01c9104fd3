"""Figures: each draws a table and computes nothing. Each has an alternative text."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cjm_research.figures.experiments import describe_experiments, plot_experiments
    from cjm_research.figures.flow import describe_stage_flow, plot_stage_flow
    from cjm_research.figures.funnel import describe_funnel, plot_funnel
    from cjm_research.figures.joint_display import describe_joint_display, plot_joint_display
    from cjm_research.figures.journey_map import describe_journey_map, plot_journey_map
    from cjm_research.figures.mentions import (
        describe_emotions,
        describe_pain_points,
        plot_emotions,
        plot_pain_points,
    )
    from cjm_research.figures.paths import describe_paths, plot_paths
    from cjm_research.figures.retention import (
        describe_retention,
        describe_retention_cohorts,
        plot_retention,
        plot_retention_cohorts,
    )
    from cjm_research.figures.style import save_figure
    from cjm_research.figures.timing import (
        describe_stage_timing,
        describe_time_to_next,
        plot_stage_timing,
        plot_time_to_next,
    )

__all__ = [
    "describe_emotions",
    "describe_experiments",
    "describe_funnel",
    "describe_joint_display",
    "describe_journey_map",
    "describe_pain_points",
    "describe_paths",
    "describe_retention",
    "describe_retention_cohorts",
    "describe_stage_flow",
    "describe_stage_timing",
    "describe_time_to_next",
    "plot_emotions",
    "plot_experiments",
    "plot_funnel",
    "plot_joint_display",
    "plot_journey_map",
    "plot_pain_points",
    "plot_paths",
    "plot_retention",
    "plot_retention_cohorts",
    "plot_stage_flow",
    "plot_stage_timing",
    "plot_time_to_next",
    "save_figure",
]

# The site reads palette and cells from here: matplotlib is loaded only to draw.
_HOMES = {
    "describe_emotions": "mentions",
    "describe_experiments": "experiments",
    "describe_funnel": "funnel",
    "describe_joint_display": "joint_display",
    "describe_journey_map": "journey_map",
    "describe_pain_points": "mentions",
    "describe_paths": "paths",
    "describe_retention": "retention",
    "describe_retention_cohorts": "retention",
    "describe_stage_flow": "flow",
    "describe_stage_timing": "timing",
    "describe_time_to_next": "timing",
    "plot_emotions": "mentions",
    "plot_experiments": "experiments",
    "plot_funnel": "funnel",
    "plot_joint_display": "joint_display",
    "plot_journey_map": "journey_map",
    "plot_pain_points": "mentions",
    "plot_paths": "paths",
    "plot_retention": "retention",
    "plot_retention_cohorts": "retention",
    "plot_stage_flow": "flow",
    "plot_stage_timing": "timing",
    "plot_time_to_next": "timing",
    "save_figure": "style",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
