# SPDX-License-Identifier: Apache-2.0
"""Exponential smoothing of many series over a grid of parameters at once.

Level, optionally with a trend, optionally damped (Holt 1957, Gardner and McKenzie 1985)::

    f[t] = l[t-1] + phi b[t-1]      l[t] = f[t] + alpha e[t]      b[t] = phi b[t-1] + alpha beta e[t]

Each cell of the grid starts from where the same recursion, run backwards in time, ends (backcasting, Box and
Jenkins 1976). Within a family the cells are averaged with Akaike weights exp(-AICc / 2) (Burnham and Anderson
2002).
"""

from dataclasses import dataclass

import numpy as np

from forecasting.engine.block import Bools, Floats, Ints

_ALPHAS = (0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.99)
_BETAS = (0.03, 0.1, 0.25, 0.5)
_DAMPINGS = (0.8, 0.9, 0.97)

_CELLS = (
    [(alpha, 0.0, 1.0, 0) for alpha in _ALPHAS]
    + [(alpha, beta, 1.0, 1) for alpha in _ALPHAS[1:] for beta in (0.0, *_BETAS)]
    + [(alpha, beta, phi, 2) for alpha in _ALPHAS[1:] for beta in _BETAS for phi in _DAMPINGS]
)
ALPHA, BETA, PHI = (np.array([cell[place] for cell in _CELLS]) for place in range(3))
FAMILY = np.array([cell[3] for cell in _CELLS])
_PARAMETERS = np.array([2, 4, 5])[FAMILY]
LEVEL, HOLT, DAMPED = 0, 1, 2
"""Families: level alone, with a straight trend, with a damped one."""


@dataclass(frozen=True)
class Smoothed:
    """Where every cell of the grid stands at the end of the history.

    Attributes:
        level, trend: shape (S, G).
        aicc: shape (S, G).
        sse: sum of squared one-step errors, shape (S, G).
    """

    level: Floats
    trend: Floats
    aicc: Floats
    sse: Floats

    def weights(self, family: int) -> Floats:
        """Give Akaike weights within a family, rows sum to 1, shape (S, cells of the family)."""
        aicc = self.aicc[:, family == FAMILY]
        weights = np.exp(-0.5 * (aicc - aicc.min(axis=1, keepdims=True)))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def forecast(self, family: int, horizon: int) -> Floats:
        """Continue the weighted level and trend of a family, shape (S, horizon)."""
        cells, weights = family == FAMILY, self.weights(family)
        level = (weights * self.level[:, cells]).sum(axis=1)
        if family == LEVEL:
            return np.repeat(level[:, None], horizon, axis=1)
        phi = PHI[cells]
        out = np.empty((len(level), horizon))
        pull = weights * self.trend[:, cells]
        damped = np.zeros_like(phi)
        for step in range(horizon):
            damped = damped + phi ** (step + 1)
            out[:, step] = level + (pull * damped).sum(axis=1)
        return out

    def variance(self, family: int, lengths: Ints) -> Floats:
        """Give the weighted mean squared one-step error of a family, shape (S,)."""
        return np.asarray((self.weights(family) * self.sse[:, family == FAMILY]).sum(axis=1) / lengths)


def smooth(z: Floats, start: Ints) -> Smoothed:
    """Run every cell of the grid over every series.

    Args:
        z: aligned at the end, padded in front, shape (S, T).
        start: column of the first value, shape (S,).
    """
    lengths = z.shape[1] - start
    slope = first_slopes(z[:, ::-1], lengths)
    level = np.repeat(z[:, -1:], len(ALPHA), axis=1)
    trend = np.where(BETA > 0, slope[:, None], 0.0)
    trend[:, (FAMILY == HOLT) & (BETA == 0)] = slope_of_line(z, start)[:, None] * -1.0
    level, trend, _ = follow(z[:, ::-1], np.zeros_like(start), lengths, level, trend)
    level, trend, sse = follow(z, start, np.full_like(start, z.shape[1]), level + PHI * trend, -trend)
    n = lengths[:, None].astype(np.float64)
    aicc = n * np.log(sse / n + 1e-10) + 2 * _PARAMETERS
    aicc = aicc + 2 * _PARAMETERS * (_PARAMETERS + 1) / np.maximum(n - _PARAMETERS - 1, 1)
    return Smoothed(level, trend, aicc, sse)


def first_slopes(z: Floats, lengths: Ints) -> Floats:
    """Give the median of the first eight changes of rows that are aligned at column 0, shape (S,)."""
    changes = np.diff(z[:, :9], axis=1)
    if changes.shape[1] == 0:
        return np.zeros(len(z))
    changes = np.where(np.arange(1, changes.shape[1] + 1)[None, :] < lengths[:, None], changes, np.nan)
    changes[:, 0] = np.where(np.isnan(changes[:, 0]), 0.0, changes[:, 0])
    return np.asarray(np.nanmedian(changes, axis=1))


def slope_of_line(z: Floats, start: Ints) -> Floats:
    """Give the slope of the least-squares line through each history, shape (S,)."""
    width = z.shape[1]
    lengths = (width - start)[:, None]
    known = np.arange(width)[None, :] >= start[:, None]
    time = np.where(known, np.arange(width)[None, :] - (width - 1) + (lengths - 1) / 2, 0.0)
    spread = (time**2).sum(axis=1)
    return np.asarray((time * np.where(known, z, 0.0)).sum(axis=1) / np.where(spread > 0, spread, 1.0))


def follow(z: Floats, start: Ints, stop: Ints, level: Floats, trend: Floats) -> tuple[Floats, Floats, Floats]:
    """Run the recursion of every cell over columns start to stop of every row.

    Args:
        z: shape (S, T).
        start, stop: first column, and the one after the last, shape (S,).
        level, trend: where each cell starts, shape (S, G).

    Returns:
        Level and trend at the end, and the sum of squared one-step errors, each of shape (S, G).
    """
    sse = np.zeros_like(level)
    gain = ALPHA * BETA
    all_on_from, all_on_to = int(start.max()), int(stop.min())
    for t in range(z.shape[1]):
        drift = PHI * trend
        forecast = level + drift
        error = z[:, t, None] - forecast
        if all_on_from <= t < all_on_to:
            sse += error * error
            level = forecast + ALPHA * error
            trend = drift + gain * error
        else:
            on: Bools = ((t >= start) & (t < stop))[:, None]
            error = np.where(on, error, 0.0)
            sse += error * error
            level = np.where(on, forecast + ALPHA * error, level)
            trend = np.where(on, drift + gain * error, trend)
    return level, trend, sse
