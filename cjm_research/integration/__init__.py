"""What people say and what people do, weighed against each other (mixed-methods integration).

Table in, table out. `comparability` and `trust` come first: whether words may be set beside numbers
at all, and how far machine codes hold. Then `verdicts` per stage, `links` and `causes` person by
person, `priorities`, and one table each for segments, orders, channels, waves and the rest.
"""

from cjm_research.integration.balance import measure_balance
from cjm_research.integration.causes import weigh_causes
from cjm_research.integration.comparability import (
    check_comparability,
    summarize_comparability,
)
from cjm_research.integration.consistency import compare_channels
from cjm_research.integration.disclosure import (
    drop_small_counts,
    hide_few,
    is_few,
)
from cjm_research.integration.expectations import measure_expectation_gap
from cjm_research.integration.links import (
    count_links,
    count_notes_by_outcome,
    join_display,
    name_gaps,
)
from cjm_research.integration.openings import find_openings
from cjm_research.integration.orders import compare_orders
from cjm_research.integration.priorities import describe_rule, rank_opportunities
from cjm_research.integration.segments import (
    compare_audience_segments,
    drop_small_segments,
    mask_segment_mentions,
)
from cjm_research.integration.stage_behaviour import describe_stage_behaviour
from cjm_research.integration.trust import describe_trust, gate, judge_trust
from cjm_research.integration.verdicts import describe_rules, judge_stages
from cjm_research.integration.waves import compare_waves

__all__ = [
    "check_comparability",
    "compare_audience_segments",
    "compare_channels",
    "compare_orders",
    "compare_waves",
    "count_links",
    "count_notes_by_outcome",
    "describe_rule",
    "describe_rules",
    "describe_stage_behaviour",
    "describe_trust",
    "drop_small_counts",
    "drop_small_segments",
    "find_openings",
    "gate",
    "hide_few",
    "is_few",
    "join_display",
    "judge_stages",
    "judge_trust",
    "mask_segment_mentions",
    "measure_balance",
    "measure_expectation_gap",
    "name_gaps",
    "rank_opportunities",
    "summarize_comparability",
    "weigh_causes",
]
