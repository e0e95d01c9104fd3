"""Customer-journey studies that hold up: what people say, joined to what they do.

>>> import cjm_research as cjm
>>> study = cjm.open_study("demo")
>>> study.journey_map, study.funnel, study.quotes        # every table is a frame
>>> study.plot_journey_map()                             # every figure is one call
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cjm_research.behaviour import (
        estimate_drop_off,
        estimate_stage_timing,
        estimate_task_success,
    )
    from cjm_research.coding import code_excerpts, score_excerpts, split_excerpts
    from cjm_research.figures import (
        plot_emotions,
        plot_funnel,
        plot_journey_map,
        plot_pain_points,
        plot_paths,
        plot_retention,
        plot_stage_flow,
        plot_stage_timing,
        plot_time_to_next,
    )
    from cjm_research.journey import Journey, Stage
    from cjm_research.reporting.runs import run_study
    from cjm_research.study import Study, open_study
    from cjm_research.workbench import code_excerpts_by_hand

# Names load when first used: `import cjm_research` stays light, because every notebook and
# every scheduled run pays for it.
_HOMES = {
    "estimate_drop_off": "behaviour",
    "estimate_stage_timing": "behaviour",
    "estimate_task_success": "behaviour",
    "code_excerpts": "coding",
    "code_excerpts_by_hand": "workbench",
    "score_excerpts": "coding",
    "split_excerpts": "coding",
    "plot_emotions": "figures",
    "plot_funnel": "figures",
    "plot_journey_map": "figures",
    "plot_pain_points": "figures",
    "plot_paths": "figures",
    "plot_retention": "figures",
    "plot_stage_flow": "figures",
    "plot_stage_timing": "figures",
    "plot_time_to_next": "figures",
    "Journey": "journey",
    "Stage": "journey",
    "run_study": "reporting.runs",
    "Study": "study",
    "open_study": "study",
}

__all__ = [
    "Journey",
    "Stage",
    "Study",
    "code_excerpts",
    "code_excerpts_by_hand",
    "estimate_drop_off",
    "estimate_stage_timing",
    "estimate_task_success",
    "open_study",
    "plot_emotions",
    "plot_funnel",
    "plot_journey_map",
    "plot_pain_points",
    "plot_paths",
    "plot_retention",
    "plot_stage_flow",
    "plot_stage_timing",
    "plot_time_to_next",
    "run_study",
    "score_excerpts",
    "split_excerpts",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cjm_research' has no attribute '{name}'")
    return getattr(importlib.import_module(f"cjm_research.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
