"""Numbers in, numbers out: rates, intervals and tests. Knows no table."""

from cjm_research.statistics.agreement import (
    Agreement,
    Detection,
    SpanAgreement,
    estimate_detection,
    estimate_kappa,
    measure_span_agreement,
)
from cjm_research.statistics.calibration import (
    Calibration,
    ReliabilityBin,
    estimate_calibration,
)
from cjm_research.statistics.clusters import estimate_clustered_proportion
from cjm_research.statistics.differences import (
    adjust_p_values,
    compare_proportions,
    estimate_difference,
    estimate_mean_difference,
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
from cjm_research.statistics.overlap import (
    estimate_overlap_difference,
    estimate_overlap_share_difference,
)
from cjm_research.statistics.people import (
    PooledShare,
    estimate_person_share,
    estimate_pooled_share,
)
from cjm_research.statistics.prevalence import (
    CorrectedShare,
    PoweredShare,
    estimate_lang_reiczigel,
    estimate_prediction_powered,
    estimate_rogan_gladen,
)
from cjm_research.statistics.quantiles import estimate_quantile, find_quantile_ranks
from cjm_research.statistics.ranks import (
    Ranks,
    estimate_ranks,
    vary_weights,
)
from cjm_research.statistics.resampling import (
    Resampled,
    estimate_by_resampling,
)
from cjm_research.statistics.saturation import (
    OrderedSaturation,
    Saturation,
    count_new_codes,
    find_saturation,
    saturate_over_orders,
)
from cjm_research.statistics.several_coders import (
    FleissKappa,
    Reliability,
    estimate_alpha,
    estimate_fleiss_kappa,
    name_reliability,
)
from cjm_research.statistics.suppression import (
    suppress_small_cells,
    suppress_small_shares,
)
from cjm_research.statistics.survival import (
    LogRank,
    Survival,
    compare_survival,
    estimate_survival,
)
from cjm_research.statistics.weights import (
    WeightedShare,
    Weighting,
    estimate_weighted_share,
    measure_weighting,
)

__all__ = [
    "NOTHING",
    "Agreement",
    "Calibration",
    "CorrectedShare",
    "Detection",
    "FleissKappa",
    "Interval",
    "LogRank",
    "OrderedSaturation",
    "PooledShare",
    "PoweredShare",
    "Ranks",
    "Reliability",
    "ReliabilityBin",
    "Resampled",
    "SampleRatio",
    "Saturation",
    "SpanAgreement",
    "Survival",
    "WeightedShare",
    "Weighting",
    "adjust_p_values",
    "always_valid_difference",
    "check_sample_ratio",
    "compare_proportions",
    "compare_survival",
    "count_new_codes",
    "estimate_alpha",
    "estimate_by_resampling",
    "estimate_calibration",
    "estimate_clustered_proportion",
    "estimate_detection",
    "estimate_difference",
    "estimate_fleiss_kappa",
    "estimate_kappa",
    "estimate_lang_reiczigel",
    "estimate_mean",
    "estimate_mean_difference",
    "estimate_nps",
    "estimate_overlap_difference",
    "estimate_overlap_share_difference",
    "estimate_person_share",
    "estimate_pooled_share",
    "estimate_prediction_powered",
    "estimate_proportion",
    "estimate_quantile",
    "estimate_ranks",
    "estimate_risk_ratio",
    "estimate_rogan_gladen",
    "estimate_survival",
    "estimate_weighted_share",
    "find_minimum_detectable_effect",
    "find_quantile_ranks",
    "find_sample_size",
    "find_saturation",
    "measure_span_agreement",
    "measure_weighting",
    "name_reliability",
    "saturate_over_orders",
    "summarize_mean",
    "suppress_small_cells",
    "suppress_small_shares",
    "vary_weights",
]
