# SPDX-License-Identifier: Apache-2.0
"""The probability that stays at a place will be unusually long in the next period."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.flow.period_history import PeriodHistory

Floats = npt.NDArray[np.float64]

ALARM_LEVEL = 0.9
LEAST_PERIODS = 8
"""Periods with a median that a place needs before its own percentile means anything."""

_BINS = 5
_PRIOR_WORTH = 10


def alarm_probability(history: PeriodHistory) -> Floats:
    """Estimate P(median stay of the next period > 90th percentile of the place's medians so far).

    1. At every past period with `LEAST_PERIODS` medians so far, note the signal known at its end (the age of open
       work over the place's own mean so far, on the scale of logarithms) and whether the next median went beyond.
    2. Sort the signals of all places into five equal bins. The frequency in a bin is pulled towards the overall
       one, and that towards one in ten (what a 90th percentile promises), each with the worth of ten observations.
    3. The probability of a place is the frequency in the bin of its signal now.

    Args:
        history: complete periods of each place.

    Returns:
        Probabilities, NaN for places with fewer than `LEAST_PERIODS` medians, shape (places,).
    """
    places, periods = history.median_dwell.shape
    known = np.isfinite(history.median_dwell)
    computable = known.sum(axis=1) >= LEAST_PERIODS
    if not computable.any():
        return np.full(places, np.nan)
    signal = _signal(history.open_age)
    place, period = np.nonzero(known & computable[:, None])
    medians = pd.Series(history.median_dwell[place, period])
    limits = medians.groupby(place).expanding(LEAST_PERIODS).quantile(ALARM_LEVEL).to_numpy()
    following = np.minimum(period + 1, periods - 1)
    usable = np.isfinite(limits) & (period + 1 < periods) & known[place, following]
    seen = signal[place[usable], period[usable]]
    beyond = history.median_dwell[place[usable], following[usable]] > limits[usable]
    inner = np.unique(np.quantile(seen, np.arange(1, _BINS) / _BINS)) if len(seen) else np.empty(0)
    bins = np.searchsorted(inner, seen, side="right")
    hits = np.bincount(bins, weights=beyond, minlength=len(inner) + 1)
    counts = np.bincount(bins, minlength=len(inner) + 1)
    overall = (hits.sum() + _PRIOR_WORTH * (1 - ALARM_LEVEL)) / (counts.sum() + _PRIOR_WORTH)
    frequency = (hits + _PRIOR_WORTH * overall) / (counts + _PRIOR_WORTH)
    now = np.searchsorted(inner, signal[:, -1], side="right")
    return np.where(computable, frequency[now], np.nan)


def _signal(open_age: Floats) -> Floats:
    mean_so_far = np.cumsum(open_age, axis=1) / np.arange(1, open_age.shape[1] + 1)
    return np.asarray(np.log((open_age + 1) / (mean_so_far + 1)))
