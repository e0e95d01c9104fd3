"""Numbers in, numbers out: rates, intervals and tests. Knows no table."""

from cjm_research.statistics.agreement import (
    Agreement,
    Detection,
    SpanAgreement,
    estimate_detection,
    estimate_kappa,
    measure_span_agreement,
)
from cjm_research.statistics.clusters import estimate_clustered_proportion
from cjm_research.statistics.differences import (
    adjust_p_values,
    compare_proportions,
    estimate_difference,
    estimate_risk_ratio,
)
from cjm_research.statistics.experiments import (
    SampleRatio,
    always_valid_difference,
    check_sample_ratio,
    find_minimum_detectable_effect,
    find_sample_size,
)
from cjm_research.statistics.intervals import (
    NOTHING,
    Interval,
    estimate_mean,
    estimate_nps,
    estimate_proportion,
    summarize_mean,
)
from cjm_research.statistics.quantiles import estimate_quantile, find_quantile_ranks
from cjm_research.statistics.saturation import (
    OrderedSaturation,
    Saturation,
    count_new_codes,
    find_saturation,
    saturate_over_orders,
)
from cjm_research.statistics.survival import (
    LogRank,
    Survival,
    compare_survival,
    estimate_survival,
)

__all__ = [
    "NOTHING",
    "Agreement",
    "Detection",
    "Interval",
    "LogRank",
    "OrderedSaturation",
    "SampleRatio",
    "Saturation",
    "SpanAgreement",
    "Survival",
    "adjust_p_values",
    "always_valid_difference",
    "check_sample_ratio",
    "compare_proportions",
    "compare_survival",
    "count_new_codes",
    "estimate_clustered_proportion",
    "estimate_detection",
    "estimate_difference",
    "estimate_kappa",
    "estimate_mean",
    "estimate_nps",
    "estimate_proportion",
    "estimate_quantile",
    "estimate_risk_ratio",
    "estimate_survival",
    "find_minimum_detectable_effect",
    "find_quantile_ranks",
    "find_sample_size",
    "find_saturation",
    "measure_span_agreement",
    "saturate_over_orders",
    "summarize_mean",
]
