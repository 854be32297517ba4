# SPDX-License-Identifier: Apache-2.0
"""Seasons: whether a history shows one, and an additive profile shrunk towards none.

Long seasons (52 weeks) seen two or three times are mostly noise. Taken at face value they make a forecast
worse; so the profile is shrunk by how well the seasons agree with one another.
"""

import numpy as np

from forecasting.models.base import Floats

_TEST_QUANTILE = 1.645  # one-sided 95 % of the standard normal, as in the M4 benchmark Naive2


def has_season(y: Floats, season_length: int) -> bool:
    """Test for a season by the autocorrelation at its lag.

    The test of the M4 competition's benchmark Naive2 (Makridakis, Spiliotis, Assimakopoulos 2020): the lag-m
    autocorrelation is beyond 1.645 standard errors by Bartlett's formula.

    Args:
        y: history, shape (n,).
        season_length: m [periods].

    Returns:
        Whether at least two seasons are there and the test holds.
    """
    n, m = len(y), season_length
    if m < 2 or n < 2 * m + 1:
        return False
    centred = y - y.mean()
    variance = float((centred * centred).sum())
    if variance <= 0:
        return False
    r = np.array([float((centred[lag:] * centred[:-lag]).sum()) / variance for lag in range(1, m + 1)])
    limit = _TEST_QUANTILE * np.sqrt((1 + 2 * float((r[:-1] ** 2).sum())) / n)
    return bool(r[-1] > limit)


def shrunk_profile(y: Floats, season_length: int) -> Floats:
    """Estimate an additive seasonal profile, shrunk towards zero.

    Each season's deviations from its own straight line are averaged over the seasons. The average is multiplied by
    max(0, 1 - error variance of an average / variance of the averages), the positive-part James-Stein weight:
    seasons that disagree give a profile of zeros.

    Args:
        y: history of at least two seasons, shape (n,).
        season_length: m [periods].

    Returns:
        Profile that sums to zero [units/period], shape (m,); element 0 belongs to the period after the history.
    """
    m = season_length
    cycles = len(y) // m
    recent = y[len(y) - cycles * m :]
    trend_matrix = np.column_stack((np.ones(len(recent)), np.arange(len(recent), dtype=np.float64)))
    coefficients = np.linalg.lstsq(trend_matrix, recent, rcond=None)[0]
    table = (recent - trend_matrix @ coefficients).reshape(cycles, m)
    table = table - table.mean(axis=1, keepdims=True)
    average = table.mean(axis=0)
    noise = float(((table - average) ** 2).sum()) / ((cycles - 1) * max(m - 1, 1)) / cycles
    signal = float((average**2).sum()) / max(m - 1, 1)
    weight = max(0.0, 1.0 - noise / signal) if signal > 0 else 0.0
    return np.asarray(weight * average, dtype=np.float64)
