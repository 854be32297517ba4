# SPDX-License-Identifier: Apache-2.0
"""Quantiles of counted demand: a negative binomial around the forecast mean.

P(k) = C(k + r - 1, k) p^r (1 - p)^k with r = mean / (d - 1), p = 1 / d for a variance of d times the mean; a
Poisson
distribution where d is 1.
"""

import numpy as np

from forecasting.engine.block import Floats
from forecasting.engine.spread import normal_quantile

LARGEST_COUNTED = 400.0
"""Up to this mean the distribution is summed; above it a gamma distribution takes its place."""

_LEAST_DISPERSION = 1.02


def count_quantiles(mean: Floats, dispersion: Floats, levels: Floats) -> Floats:
    """Give the least k with P(demand <= k) >= level.

    Args:
        mean: at least 0, shape (N,).
        dispersion: variance over mean, shape (N,).
        levels: ascending, in (0, 1), shape (q,).

    Returns:
        Shape (N, q).
    """
    out = np.zeros((len(mean), len(levels)))
    d = np.maximum(dispersion, _LEAST_DISPERSION)
    summed = (mean <= LARGEST_COUNTED) & (d * mean <= 100 * LARGEST_COUNTED)
    if summed.any():
        out[summed] = _summed(np.maximum(mean[summed], 1e-9), d[summed], levels)
    if (~summed).any():
        out[~summed] = _gamma(mean[~summed], d[~summed], levels)
    return out


def _summed(mean: Floats, d: Floats, levels: Floats) -> Floats:
    """Sum the probabilities up, all means at once, until the highest level is reached by all."""
    r, keep = mean / (d - 1), 1 - 1 / d
    log_p = -r * np.log(d)
    out = np.zeros((len(mean), len(levels)))
    reached = np.zeros(len(mean))
    open_rows = np.arange(len(mean))
    k = 0
    while len(open_rows) and k < 100_000:
        reached[open_rows] += np.exp(log_p[open_rows])
        short = reached[open_rows, None] < levels[None, :]
        out[open_rows] += short
        log_p[open_rows] += np.log((k + r[open_rows]) / (k + 1) * keep[open_rows])
        k += 1
        open_rows = open_rows[short.any(axis=1)]
    return out


def _gamma(mean: Floats, d: Floats, levels: Floats) -> Floats:
    """Approximate by Wilson and Hilferty (1931): the cube root of a gamma variable is nearly normal."""
    shape = np.maximum(mean / d, 1e-3)[:, None]
    root = 1 - 1 / (9 * shape) + normal_quantile(levels)[None, :] / (3 * np.sqrt(shape))
    return np.asarray(np.floor(mean[:, None] * np.maximum(root, 0.0) ** 3))
