"""What people do: drop-off, timing, task outcomes, questionnaires."""

from cjm_research.behaviour.funnel import FunnelRule, estimate_drop_off
from cjm_research.behaviour.log import TIES, EventLog, open_log
from cjm_research.behaviour.presence import count_visitors, first_values
from cjm_research.behaviour.quality import describe_log
from cjm_research.behaviour.questionnaire import (
    QUESTION_COLUMNS,
    STEP_COLUMNS,
    summarize_questions,
    summarize_steps,
)
from cjm_research.behaviour.tasks import estimate_task_success
from cjm_research.behaviour.timing import estimate_stage_timing

__all__ = [
    "QUESTION_COLUMNS",
    "STEP_COLUMNS",
    "TIES",
    "EventLog",
    "FunnelRule",
    "count_visitors",
    "describe_log",
    "estimate_drop_off",
    "estimate_stage_timing",
    "estimate_task_success",
    "first_values",
    "open_log",
    "summarize_questions",
    "summarize_steps",
]
