"""What people say joined to what they do, stage by stage."""

from cjm_research.synthesis.coverage import count_joins, describe_coverage
from cjm_research.synthesis.emotions import count_emotions, estimate_emotion_curve
from cjm_research.synthesis.journey_map import (
    MapTables,
    SourceLabel,
    build_journey_map,
    list_tellers,
    measure_valence,
)
from cjm_research.synthesis.kpis import judge, judge_kpis
from cjm_research.synthesis.mentions import count_heard, count_mentions, count_mentions_at
from cjm_research.synthesis.prompts import find_prompted
from cjm_research.synthesis.quotes import choose_quotes, describe_place
from cjm_research.synthesis.ratings import summarize_ratings
from cjm_research.synthesis.saturation import list_new_codes, measure_saturation
from cjm_research.synthesis.segments import (
    DerivedSegments,
    derive_segments,
    describe_segment_traits,
    describe_segments,
)
from cjm_research.synthesis.statements import (
    count_bases,
    list_statements,
    summarize_pain_points,
)
from cjm_research.synthesis.talk import measure_dominance, measure_talk

__all__ = [
    "DerivedSegments",
    "MapTables",
    "SourceLabel",
    "build_journey_map",
    "choose_quotes",
    "count_bases",
    "count_emotions",
    "count_heard",
    "count_joins",
    "count_mentions",
    "count_mentions_at",
    "derive_segments",
    "describe_coverage",
    "describe_place",
    "describe_segment_traits",
    "describe_segments",
    "estimate_emotion_curve",
    "find_prompted",
    "judge",
    "judge_kpis",
    "list_new_codes",
    "list_statements",
    "list_tellers",
    "measure_dominance",
    "measure_saturation",
    "measure_talk",
    "measure_valence",
    "summarize_pain_points",
    "summarize_ratings",
]
