"""Numbers in, numbers out: intervals and rates. Knows no table."""

from cjm_research.statistics.agreement import (
    Agreement,
    Detection,
    SpanAgreement,
    estimate_detection,
    estimate_kappa,
    measure_span_agreement,
)
from cjm_research.statistics.intervals import (
    Interval,
    estimate_mean,
    estimate_nps,
    estimate_proportion,
)
from cjm_research.statistics.saturation import (
    OrderedSaturation,
    Saturation,
    count_new_codes,
    find_saturation,
    saturate_over_orders,
)

__all__ = [
    "Agreement",
    "Detection",
    "Interval",
    "OrderedSaturation",
    "Saturation",
    "SpanAgreement",
    "count_new_codes",
    "estimate_detection",
    "estimate_kappa",
    "estimate_mean",
    "estimate_nps",
    "estimate_proportion",
    "find_saturation",
    "measure_span_agreement",
    "saturate_over_orders",
]
