"""What people do, measured where the events are.

Every measure takes a frame, a file, an ibis table of any backend, or a log that `open_log` has
made ready, and gives a small table. `log` holds the one heavy pass that all of them share.
"""

from cjm_research.behaviour.channels import (
    count_channel_switches,
    estimate_drop_off_by_entry,
    estimate_touchpoint_lift,
    summarize_channels,
)
from cjm_research.behaviour.differences import compare_segments
from cjm_research.behaviour.ends import PERSON_STAGE_COLUMNS, list_ends, list_task_ends
from cjm_research.behaviour.experiments import (
    PERIOD_COLUMNS,
    Experiment,
    compare_arms,
    compare_periods,
)
from cjm_research.behaviour.funnel import FunnelRule, count_people, estimate_drop_off
from cjm_research.behaviour.leaving import find_abandonment_points, find_destinations
from cjm_research.behaviour.log import TIES, EventLog, open_log
from cjm_research.behaviour.path_queries import (
    PathQuery,
    count_path_matches,
    find_participants,
    parse_path_query,
)
from cjm_research.behaviour.paths import count_paths
from cjm_research.behaviour.presence import count_visitors, first_values
from cjm_research.behaviour.quality import describe_log, find_span
from cjm_research.behaviour.questionnaire import (
    CHOICE_COLUMNS,
    QUESTION_COLUMNS,
    STEP_COLUMNS,
    summarize_choices,
    summarize_questions,
    summarize_steps,
)
from cjm_research.behaviour.retention import (
    estimate_loss,
    estimate_referral,
    estimate_repeat,
    estimate_retention,
)
from cjm_research.behaviour.survival import estimate_time_to_next, summarize_time_to_next
from cjm_research.behaviour.tasks import estimate_task_success
from cjm_research.behaviour.timing import estimate_stage_timing
from cjm_research.behaviour.transitions import count_loops, count_transitions, summarize_rework
from cjm_research.behaviour.value import estimate_value_at_stake, measure_values

__all__ = [
    "CHOICE_COLUMNS",
    "PERIOD_COLUMNS",
    "PERSON_STAGE_COLUMNS",
    "QUESTION_COLUMNS",
    "STEP_COLUMNS",
    "TIES",
    "EventLog",
    "Experiment",
    "FunnelRule",
    "PathQuery",
    "compare_arms",
    "compare_periods",
    "compare_segments",
    "count_channel_switches",
    "count_loops",
    "count_path_matches",
    "count_paths",
    "count_people",
    "count_transitions",
    "count_visitors",
    "describe_log",
    "estimate_drop_off",
    "estimate_drop_off_by_entry",
    "estimate_loss",
    "estimate_referral",
    "estimate_repeat",
    "estimate_retention",
    "estimate_stage_timing",
    "estimate_task_success",
    "estimate_time_to_next",
    "estimate_touchpoint_lift",
    "estimate_value_at_stake",
    "find_abandonment_points",
    "find_destinations",
    "find_participants",
    "find_span",
    "first_values",
    "list_ends",
    "list_task_ends",
    "measure_values",
    "open_log",
    "parse_path_query",
    "summarize_channels",
    "summarize_choices",
    "summarize_questions",
    "summarize_rework",
    "summarize_steps",
    "summarize_time_to_next",
]
