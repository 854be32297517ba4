# SPDX-License-Identifier: Apache-2.0
"""Additive Holt-Winters with a damped trend over a grid of parameters, many series at once (Winters 1960)::

f[t] = l + phi b + s[phase]      l += phi b + alpha e      b = phi b + alpha beta e      s[phase] += gamma (1 -
alpha) e
"""

import numpy as np

from forecasting.engine.block import Floats, Ints
from forecasting.engine.season import future_phases, past_phases

_CELLS = [
    (alpha, beta, phi, gamma)
    for alpha in (0.05, 0.15, 0.3, 0.5, 0.75)
    for beta, phi in ((0.0, 1.0), (0.05, 0.97), (0.15, 0.9))
    for gamma in (0.02, 0.1, 0.25, 0.5)
]
_ALPHA, _BETA, _PHI, _GAMMA = (np.array([cell[place] for cell in _CELLS]) for place in range(4))


def holt_winters(z: Floats, start: Ints, profile: Floats, slope: Floats, horizon: int) -> Floats:
    """Forecast with evolving season.

    Args:
        z: shape (S, T), at least two seasons each.
        start: column of the first value, shape (S,).
        profile: additive profile to start from, by phase from the end, shape (S, m).
        slope: trend to start from, shape (S,).
        horizon: periods ahead.

    Returns:
        Akaike-weighted forecasts, shape (S, horizon).
    """
    rows, width = z.shape
    m = profile.shape[1]
    phases = past_phases(m, width)
    season = np.repeat(profile.T[:, :, None], len(_CELLS), axis=2)
    first = np.stack(
        [(z[np.arange(rows), start + k] - profile[np.arange(rows), phases[start + k]]) for k in range(m)]
    ).mean(axis=0)
    level = np.repeat((first - slope * (m + 1) / 2)[:, None], len(_CELLS), axis=1)
    trend = np.where(_BETA > 0, slope[:, None], 0.0)
    sse = np.zeros_like(level)
    full = int(start.max())
    for t in range(int(start.min()), width):
        here = season[phases[t]]
        drift = _PHI * trend
        forecast = level + drift
        error = z[:, t, None] - forecast - here
        if t < full:
            on = (t >= start)[:, None]
            error = np.where(on, error, 0.0)
            level = np.where(on, forecast + _ALPHA * error, level)
            trend = np.where(on, drift + _ALPHA * _BETA * error, trend)
        else:
            level = forecast + _ALPHA * error
            trend = drift + _ALPHA * _BETA * error
        here += _GAMMA * (1 - _ALPHA) * error
        sse += error * error
    lengths = (width - start)[:, None]
    aic = lengths * np.log(sse / lengths + 1e-10)
    weights = np.exp(-0.5 * (aic - aic.min(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    out = np.empty((rows, horizon))
    damped = np.zeros_like(_PHI)
    ahead = future_phases(m, horizon)
    for step in range(horizon):
        damped = damped + _PHI ** (step + 1)
        out[:, step] = (weights * (level + damped * trend + season[ahead[step]])).sum(axis=1)
    return out
