"""Numbers in, numbers out: intervals and rates. Knows no table."""

from cjm_research.statistics.intervals import (
    Interval,
    estimate_mean,
    estimate_nps,
    estimate_proportion,
)

__all__ = ["Interval", "estimate_mean", "estimate_nps", "estimate_proportion"]
