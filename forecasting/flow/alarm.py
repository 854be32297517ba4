# SPDX-License-Identifier: Apache-2.0
"""The probability that stays at a place will be unusually long in the next period."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.flow.signals import Signals

Floats = npt.NDArray[np.float64]

WEIGHTS = {
    "mean age": 0.6,
    "level of medians": 0.6,
    "sure to be long": 0.4,
    "summed age": 0.2,
}
"""Where the logistic regression begins, for each signal in standard deviations; it takes much history to move
it."""

_PRIOR_WORTH = 40.0
_USUAL = 0.1
_HALF_LIFE = 52.0
_LEAST_SEEN = 5
_ROUNDS = 15


def alarm_probability(signals: Signals) -> Floats:
    """Estimate P(median stay of the next period > 90th percentile of the place's medians so far).

    A logistic regression over all places and past periods, by the numbers that were known at the end of each:

    - mean age: of the open stays, over the place's own mean so far (logarithm);
    - level of medians: exponentially smoothed (.3) standard score of the logarithm of the medians;
    - sure to be long: of the stays expected to end in the next period, how far the share of those longer than the
      percentile lies beyond one half, in standard errors of their number;
    - summed age: of the open stays, over the place's own mean so far (logarithm).

    Its weights are drawn to `WEIGHTS`, so that a short history gives a sensible order and a long one is heeded;
    a period counts half for every year of weeks that it lies back.

    Args:
        signals: of every complete period.

    Returns:
        Probabilities, NaN for places with fewer than `LEAST_PERIODS` medians, shape (places,).
    """
    places, periods = signals.median.shape
    computable = np.isfinite(signals.limit[:, -1]) if periods else np.zeros(places, dtype=bool)
    if not computable.any():
        return np.full(places, np.nan)
    table = _read(signals)
    usable = np.isfinite(signals.limit[:, :-1]) & np.isfinite(signals.median[:, 1:])
    usable &= np.isfinite(signals.median[:, :-1])
    beyond = (signals.median[:, 1:] > signals.limit[:, :-1])[usable].astype(np.float64)
    rows = table[:, :-1][usable]
    age = periods - 2 - np.arange(periods - 1)
    weight = np.broadcast_to(0.5 ** (age / _HALF_LIFE), usable.shape)[usable]
    if len(beyond) < _LEAST_SEEN:
        rows, beyond, weight = table[:, -1], np.full(places, _USUAL), np.full(places, 0.01)
    probability = _fit_and_tell(rows, beyond, weight, table[:, -1])
    return np.where(computable, probability, np.nan)


def _read(signals: Signals) -> Floats:
    """Give the numbers of `WEIGHTS`, shape (places, periods, 4)."""
    mean_age = signals.open_age / (signals.open_count + 0.5)
    share = (signals.leaving_long + 0.1) / (signals.leaving + 0.4)
    table = {
        "mean age": _over_own_mean(mean_age),
        "level of medians": _level_of_medians(signals.median),
        "sure to be long": np.clip((share - 0.5) * np.sqrt(signals.leaving + 1) * 2, -6, 6),
        "summed age": _over_own_mean(signals.open_age),
    }
    return np.nan_to_num(np.stack([table[name] for name in WEIGHTS], axis=-1))


def _over_own_mean(values: Floats) -> Floats:
    so_far = np.cumsum(values, axis=1) / np.arange(1, values.shape[1] + 1)
    return np.asarray(np.log((values + 1) / (so_far + 1)))


def _level_of_medians(median: Floats) -> Floats:
    """Smooth the standard scores of the logarithms, the last known one standing for periods without a median."""
    logs = pd.DataFrame(np.log(np.maximum(median, 1e-3)).T)
    so_far = logs.expanding(3)
    score = (logs.ffill() - so_far.mean()) / (so_far.std() + 1e-9)
    return score.clip(-5, 5).ewm(alpha=0.3).mean().to_numpy().T


def _fit_and_tell(rows: Floats, beyond: Floats, weight: Floats, now: Floats) -> Floats:
    """Fit by Newton's method, with a normal prior around `WEIGHTS`; give the probabilities now."""
    middle = np.average(rows, axis=0, weights=weight)
    scale = np.maximum(rows.std(axis=0), 0.05)
    rate = (float(np.average(beyond, weights=weight)) * len(beyond) + 1) / (len(beyond) + 10)
    prior = np.array([np.log(rate / (1 - rate)), *WEIGHTS.values()])
    prior[1:] *= rows.std(axis=0) > 1e-6  # what never differed says nothing
    worth = np.diag([0.1] + [_PRIOR_WORTH] * len(WEIGHTS))
    matrix = np.column_stack((np.ones(len(rows)), (rows - middle) / scale))
    fitted = prior.copy()
    for _ in range(_ROUNDS):
        told = _logistic(matrix @ fitted)
        slope = matrix.T @ (weight * (beyond - told)) - worth @ (fitted - prior)
        bend = (matrix * (weight * told * (1 - told) + 1e-6)[:, None]).T @ matrix + worth
        fitted = fitted + np.linalg.solve(bend, slope)
    return _logistic(np.column_stack((np.ones(len(now)), (now - middle) / scale)) @ fitted)


def _logistic(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -15, 15))))
