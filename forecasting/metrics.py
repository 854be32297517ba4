# SPDX-License-Identifier: Apache-2.0
"""Accuracy measures: pure functions of what came (`y`), what was forecast, and the history before.

All arrays hold units/period. A measure without a meaning (a scale of zero, too short a history) is NaN.
Histories of demand start, for the M5 measures, at the first period with demand.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def seasonal_scale(history: Floats, season_length: int) -> float:
    """Give the mean absolute error of seasonal naive inside the history (Hyndman and Koehler 2006)."""
    if len(history) <= season_length:
        return float("nan")
    return float(np.abs(history[season_length:] - history[:-season_length]).mean())


def mase(y: Floats, forecast: Floats, history: Floats, season_length: int) -> float:
    """Give the mean absolute scaled error: mean|y - f| / seasonal_scale (Hyndman and Koehler 2006, IJF 22).

    Args:
        y: what came, shape (horizon,).
        forecast: the mean forecast, shape (horizon,).
        history: the training part, shape (n,).
        season_length: lag m of the scale [periods].
    """
    return _ratio(float(np.abs(y - forecast).mean()), seasonal_scale(history, season_length))


def rmsse(y: Floats, forecast: Floats, history: Floats) -> float:
    """Give the root mean squared error over that of naive inside the history (M5, Makridakis et al. 2022)."""
    changes = np.diff(_from_first_demand(history))
    scale = float(np.sqrt((changes**2).mean())) if len(changes) else float("nan")
    return _ratio(float(np.sqrt(((y - forecast) ** 2).mean())), scale)


def smape(y: Floats, forecast: Floats) -> float:
    """Give the symmetric mean absolute percentage error, 0 to 200 [%]; two zeros agree (M4, 2020)."""
    total = np.abs(y) + np.abs(forecast)
    total = np.where(total == 0, 1.0, total)
    return float((200 * np.abs(y - forecast) / total).mean())


def pinball_loss(y: Floats, quantile: Floats, level: float) -> float:
    """Give the mean of max(q (y - f), (q - 1)(y - f)) (Koenker and Bassett 1978) [units/period]."""
    error = y - quantile
    return float(np.maximum(level * error, (level - 1) * error).mean())


def scaled_pinball_loss(y: Floats, quantiles: Floats, levels: Floats, history: Floats) -> float:
    """Give the mean pinball loss over the levels over the mean absolute one-step change (M5 uncertainty).

    Args:
        y: what came, shape (horizon,).
        quantiles: forecast quantiles, shape (horizon, number of levels).
        levels: their levels in (0, 1), shape (number of levels,).
        history: the training part, shape (n,).
    """
    losses = [pinball_loss(y, quantiles[:, column], float(level)) for column, level in enumerate(levels)]
    changes = np.abs(np.diff(_from_first_demand(history)))
    return _ratio(float(np.mean(losses)), float(changes.mean()) if len(changes) else float("nan"))


def coverage(y: Floats, lower: Floats, upper: Floats) -> float:
    """Give the share of periods inside [lower, upper], bounds included."""
    return float(((y >= lower) & (y <= upper)).mean())


def scaled_interval_score(y: Floats, lower: Floats, upper: Floats, history: Floats, season_length: int) -> float:
    """Give MSIS of the 95 % interval: its width, and 40 times by how far it is missed, over `seasonal_scale`.

    The mean scaled interval score of the M4 competition (Makridakis, Spiliotis and Assimakopoulos 2020, IJF 36),
    after Gneiting and Raftery (2007): 2 / .05 = 40.

    Args:
        y: what came, shape (horizon,).
        lower, upper: quantiles of the levels .025 and .975, shape (horizon,).
        history: the training part, shape (n,).
        season_length: lag m of the scale [periods].
    """
    missed = np.maximum(lower - y, 0) + np.maximum(y - upper, 0)
    return _ratio(float((upper - lower + 40 * missed).mean()), seasonal_scale(history, season_length))


def bias(y: Floats, forecast: Floats, history: Floats) -> float:
    """Give mean(forecast - y) over the mean of the history from its first demand on; above 0 is too high."""
    return _ratio(float((forecast - y).mean()), float(_from_first_demand(history).mean()))


def _from_first_demand(history: Floats) -> Floats:
    demands = np.flatnonzero(history)
    return history[demands[0] :] if len(demands) else history


def _ratio(value: float, scale: float) -> float:
    return value / scale if scale != 0 else float("nan")
