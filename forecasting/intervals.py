# SPDX-License-Identifier: Apache-2.0
"""Quantiles of a forecast from the errors that the model made.

At step h the quantile of level q is mean[h] + growth[h] * correction * Q(q): `growth` is the model's own law of
how its errors widen, Q the quantile of its one-step residuals, and `correction` what earlier origins of the
backtest say about both. Quantiles are sorted over levels and never below zero.
"""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NORMAL_WORTH = 20
"""Residuals at which the empirical quantile and the normal one weigh the same."""

CORRECTION_WORTH = 6
"""Errors of earlier origins at which half of what they say is believed."""

CORRECTION_RANGE = (0.9, 2.5)
"""The correction stays within these."""

UNKNOWN_VARIATION = 0.5
"""Spread over mean level that is assumed where the history is too short to show any."""

_FEW = 5
_ASSUMED_WORTH = 2


def residual_quantiles(residuals: Floats, levels: Floats, *, typical: float) -> Floats:
    """Estimate the quantiles of the one-step error.

    The empirical quantiles are mixed with those of a normal distribution of the same spread, with weight
    n / (n + `NORMAL_WORTH`): a few residuals know little about tails. Below five residuals the spread is pooled
    with `UNKNOWN_VARIATION` of the typical demand, worth two residuals.

    Args:
        residuals: one-step errors, NaN where there is none, shape (n,).
        levels: in (0, 1), shape (k,).
        typical: mean absolute demand [units/period].

    Returns:
        Error quantiles [units/period], shape (k,).
    """
    known = residuals[np.isfinite(residuals)]
    n = len(known)
    normal = np.array([NormalDist().inv_cdf(float(level)) for level in levels])
    squares = float((known**2).sum())
    if n < _FEW:
        spread = np.sqrt((squares + _ASSUMED_WORTH * (UNKNOWN_VARIATION * typical) ** 2) / (n + _ASSUMED_WORTH))
        return np.asarray(normal * spread)
    empirical = np.quantile(known, levels, method="median_unbiased")
    weight = n / (n + NORMAL_WORTH)
    return np.asarray(weight * empirical + (1 - weight) * normal * np.sqrt(squares / n))


def forecast_quantiles(mean: Floats, growth: Floats, error_quantiles: Floats, correction: float = 1.0) -> Floats:
    """Put error quantiles around a mean forecast.

    Args:
        mean: shape (horizon,).
        growth: spread at each step over that at step 1, shape (horizon,).
        error_quantiles: of the one-step error, levels ascending, shape (k,).
        correction: factor from `spread_correction`.

    Returns:
        Quantiles, ascending along the levels and at least 0, shape (horizon, k).
    """
    band = mean[:, None] + correction * growth[:, None] * error_quantiles[None, :]
    return np.maximum(np.sort(band, axis=1), 0.0)


def spread_correction(ratios: Floats) -> float:
    """Turn errors of earlier origins into one factor for the spread.

    Args:
        ratios: errors out of sample, each over growth at its step times the root mean square of the residuals of
            its fit, shape (number of errors,).

    Returns:
        The root mean square of the ratios, pulled towards 1 on the scale of logarithms with weight
        n / (n + `CORRECTION_WORTH`), within `CORRECTION_RANGE`; 1 without any.
    """
    known = ratios[np.isfinite(ratios)]
    if len(known) == 0:
        return 1.0
    size = float(np.sqrt((known**2).mean()))
    weight = len(known) / (len(known) + CORRECTION_WORTH)
    low, high = CORRECTION_RANGE
    return float(np.clip(size**weight if size > 0 else low, low, high))
