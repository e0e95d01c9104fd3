"""Limits of a share on the log-odds scale, where they never leave 0 to 1."""

from __future__ import annotations

import math


def find_logit_limits(
    share: float, standard_error: float, *, df: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the limits of a share from its standard error and a t quantile.

    Parameters
    ----------
    share : float
        Strictly between 0 and 1.
    standard_error : float
        Of the share.
    df : float
        Degrees of freedom that the standard error was estimated with.
    confidence : float, default 0.95

    Returns
    -------
    low, high : float
        In (0, 1). Near 0 and 1 they are lopsided, as the error of a share is.

    Raises
    ------
    ValueError
        If the share is not between 0 and 1.

    References
    ----------
    Korn and Graubard (1999), Analysis of Health Surveys, section 3.2; Dean and Pagano (2015),
    Journal of Survey Statistics and Methodology 3, 484-503.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share must lie between 0 and 1; got {share}.")
    from scipy.special import expit, stdtrit

    middle = math.log(share / (1 - share))
    # `stdtrit` is the t quantile; `scipy.stats.t.ppf` gives the same number far more slowly.
    reach = float(stdtrit(df, 0.5 + confidence / 2)) * standard_error / (share * (1 - share))
    return float(expit(middle - reach)), float(expit(middle + reach))
