# SPDX-License-Identifier: Apache-2.0
"""The Theta method as smoothing with drift (Assimakopoulos and Nikolopoulos 2000; Hyndman and Billah 2003).

The forecast is that of exponential smoothing plus a share of the slope of the line through the history::

    f[h] = l + share * slope * (h - 1 + (1 - (1 - alpha)^n) / alpha),      share = 1 - 1 / theta
"""

import numpy as np

from forecasting.engine.block import Floats, Ints
from forecasting.engine.smoothing import ALPHA, FAMILY, LEVEL, Smoothed


def theta(smoothed: Smoothed, slope: Floats, lengths: Ints, share: float, horizon: int) -> Floats:
    """Forecast with a share of the slope.

    Args:
        smoothed: of the same series.
        slope: of the line through each history, shape (S,).
        lengths: periods of each history, shape (S,).
        share: 0.5 for the classical theta of 2.
        horizon: periods ahead.

    Returns:
        Shape (S, horizon).
    """
    weights, alpha = smoothed.weights(LEVEL), ALPHA[FAMILY == LEVEL]
    level = (weights * smoothed.level[:, FAMILY == LEVEL]).sum(axis=1)
    offset = (weights * (1 - (1 - alpha) ** lengths[:, None]) / alpha).sum(axis=1)
    steps = np.arange(horizon)
    return np.asarray(level[:, None] + share * slope[:, None] * (steps + offset[:, None]))
