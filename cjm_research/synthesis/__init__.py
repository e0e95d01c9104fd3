"""What people say joined to what they do, stage by stage."""

from cjm_research.synthesis.coverage import count_joins, describe_coverage
from cjm_research.synthesis.journey_map import (
    MapTables,
    SourceLabel,
    build_journey_map,
    list_tellers,
    measure_valence,
)
from cjm_research.synthesis.kpis import judge, judge_kpis
from cjm_research.synthesis.mentions import count_heard, count_mentions
from cjm_research.synthesis.quotes import choose_quotes
from cjm_research.synthesis.ratings import summarize_ratings

__all__ = [
    "MapTables",
    "SourceLabel",
    "build_journey_map",
    "choose_quotes",
    "count_heard",
    "count_joins",
    "count_mentions",
    "describe_coverage",
    "judge",
    "judge_kpis",
    "list_tellers",
    "measure_valence",
    "summarize_ratings",
]
