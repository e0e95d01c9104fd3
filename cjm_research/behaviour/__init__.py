"""What people do: drop-off, timing, task outcomes, questionnaires."""

from cjm_research.behaviour.funnel import (
    count_visitors,
    estimate_drop_off,
    estimate_stage_timing,
    first_values,
)
from cjm_research.behaviour.questionnaire import (
    QUESTION_COLUMNS,
    STEP_COLUMNS,
    summarize_questions,
    summarize_steps,
)
from cjm_research.behaviour.tasks import estimate_task_success

__all__ = [
    "QUESTION_COLUMNS",
    "STEP_COLUMNS",
    "count_visitors",
    "estimate_drop_off",
    "estimate_stage_timing",
    "estimate_task_success",
    "first_values",
    "summarize_questions",
    "summarize_steps",
]
