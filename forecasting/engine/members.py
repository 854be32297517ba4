# SPDX-License-Identifier: Apache-2.0
"""The members of the combination: every simple forecast of a block of series whose demand does not stop and start.

demand -> season out (shrunk factors) -> level, trend, theta, autoregression in plain values and in logs ->
season in
       -> seasonal members: Holt-Winters, seasonal differences, means and medians of the same phase
"""

from dataclasses import dataclass

import numpy as np

from forecasting.engine.autoregression import autoregress
from forecasting.engine.block import Block, Bools, Floats
from forecasting.engine.season import future_phases, past_phases, seasonal_factors
from forecasting.engine.seasonal_members import add_seasonal
from forecasting.engine.smoothing import DAMPED, HOLT, LEVEL, slope_of_line, smooth
from forecasting.engine.theta import theta

LEAST_FOR_LOGS = 0.02
"""A history with a value below this share of its mean is not taken to logs."""


@dataclass(frozen=True)
class Members:
    """What every member says.

    Attributes:
        forecasts: by name, each of shape (S, horizon), in units of the block.
        sigma: root mean square of the one-step errors of smoothing, shape (S,).
        strength: weight of the seasonal factors, 0 to 1, shape (S,).
        slope: of the line through the history without its season, shape (S,).
    """

    forecasts: dict[str, Floats]
    sigma: Floats
    strength: Floats
    slope: Floats


def run_members(block: Block, season_length: int, horizon: int) -> Members:
    """Let every member forecast.

    Args:
        block: histories.
        season_length: periods in a season; 1 for none.
        horizon: periods ahead.
    """
    z, start, n, m = block.z, block.start, block.lengths, season_length
    rows = np.arange(len(z))[:, None]
    seasonal = m > 1 and z.shape[1] >= 2 * m
    factors, strength = np.ones((len(z), m)), np.zeros(len(z))
    if seasonal:
        factors, strength = seasonal_factors(block, m, smoothing=1 if m > 24 else 0)
    past, ahead = factors[:, past_phases(m, z.shape[1])], factors[:, future_phases(m, horizon)]
    plain = z / past
    plain = np.where(block.known, plain, plain[rows, start[:, None]])
    use_logs: Bools = z.min(axis=1) > LEAST_FOR_LOGS
    logs = np.log(np.maximum(plain, 1e-3))
    low, high = plain.min(axis=1)[:, None], plain.max(axis=1)[:, None]
    found: dict[str, Floats] = {}

    def put(name: str, values: Floats) -> None:
        found[name] = np.clip(values, 2 * low - high, 2 * high - low) * ahead

    def put_log(name: str, values: Floats) -> None:
        other = found[name.removesuffix("_log")] / ahead
        put(name, np.where(use_logs[:, None], np.exp(np.minimum(values, 20.0)), other))

    def smoothed(source: Floats, suffix: str) -> tuple[Floats, Floats]:
        grid, slope = smooth(source, start), slope_of_line(source, start)
        write = put_log if suffix else put
        write(f"level{suffix}", grid.forecast(LEVEL, horizon))
        write(f"holt{suffix}", grid.forecast(HOLT, horizon))
        write(f"damped{suffix}", grid.forecast(DAMPED, horizon))
        write(f"theta{suffix}", theta(grid, slope, n, 0.5, horizon))
        write(f"drift{suffix}", theta(grid, slope, n, 1.0, horizon))
        return np.sqrt(np.minimum(grid.variance(LEVEL, n), grid.variance(DAMPED, n))), slope

    put("naive", np.repeat(plain[:, -1:], horizon, axis=1))
    sigma, slope = smoothed(plain, "")
    smoothed(logs, "_log")
    changes = np.diff(plain, axis=1, prepend=plain[:, :1])
    short, long, ridge = ((1, 2, 3), tuple(sorted({1, 2, 3, m})), 4.0) if seasonal else ((1, 2), (1, 2, 3, 4), 2.0)
    for name, lags in (("ar_short", short), ("ar_long", long)):
        steps = autoregress(
            changes, np.minimum(start + 1, z.shape[1] - 1), lags, horizon, ridge=ridge, centred=True
        )
        put(name, plain[:, -1:] + np.cumsum(steps, axis=1))
    put("mean_ar", autoregress(plain, start, (1, 2), horizon, ridge=1.0, centred=True))
    if seasonal:
        add_seasonal(found, block, plain, logs, use_logs, factors, horizon)
    return Members(found, sigma, strength, slope)
