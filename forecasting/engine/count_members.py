# SPDX-License-Identifier: Apache-2.0
"""Means of intermittent demand: the members that are combined where demand is counted and often absent.

Smoothed levels at fixed rates, the rate of Teunter, Syntetos and Babai (2011, smoothing how often demand comes
and how
large it is apart), and the mean of the history; with a short season (days of a week) by shrunken factors.
"""

import numpy as np

from forecasting.engine.block import Block, Bools, Floats
from forecasting.engine.season import future_phases, past_phases, seasonal_factors

_FIT_RATES = np.array([0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])

RATES = (0.02, 0.05, 0.1, 0.2, 0.35)
"""Smoothing rates of the levels."""


def count_members(block: Block, season_length: int, horizon: int) -> dict[str, Floats]:
    """Forecast the mean demand of every series by every member.

    Args:
        block: histories from their first demand on.
        season_length: periods in a season; only seasons of at most 7 periods are looked for.
        horizon: periods ahead.

    Returns:
        Shape (S, horizon) for each name.
    """
    z, m = block.z, season_length
    past, ahead = np.ones_like(z), np.ones((len(z), horizon))
    if 1 < m <= 7 and z.shape[1] >= 8 * m:
        factors, _ = seasonal_factors(block, m)
        past, ahead = factors[:, past_phases(m, z.shape[1])], factors[:, future_phases(m, horizon)]
    flat = z / past
    known = block.known
    out = {"mean": np.where(known, flat, 0.0).sum(axis=1) / block.lengths}
    for rate in RATES:
        out[f"rate{rate}"] = _smoothed(flat, known, rate)
    sizes = flat > 0
    for rate in (0.05, 0.15):
        often = _smoothed(sizes.astype(np.float64), known, rate)
        large = _smoothed(flat, known & sizes, rate)
        out[f"tsb{rate}"] = often * large
    out["fitted"], out["fitted_soft"] = _fitted(flat, block)
    window = np.minimum(block.lengths, 6)
    columns = np.arange(z.shape[1])
    recent = columns[None, :] >= (z.shape[1] - window)[:, None]
    out["last6"] = np.where(recent, flat, 0.0).sum(axis=1) / window
    # a straight line through the history, where it has not died out
    time = np.where(known, columns[None, :] - (z.shape[1] - 1), 0.0)
    centre = np.where(known, time, 0.0).sum(axis=1) / block.lengths
    spread = (np.where(known, time - centre[:, None], 0.0) ** 2).sum(axis=1)
    slope = np.where(known, (time - centre[:, None]) * flat, 0.0).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    out["line"] = np.clip(out["mean"] - slope * centre, 0.0, 2 * flat.max(axis=1))
    result = {name: level[:, None] * ahead for name, level in out.items()}
    result["last_season"] = result["mean"]
    if m > 1 and z.shape[1] >= m:
        last = z[:, -m:][:, np.arange(horizon) % m]
        result["last_season"] = np.where((block.lengths >= m)[:, None], last, result["mean"])
    return result


def _fitted(flat: Floats, block: Block) -> tuple[Floats, Floats]:
    """Give the level at the rate that fits best, and at all rates weighted by how well they fit, shapes (S,)."""
    width, start = flat.shape[1], block.start
    head = np.maximum(3, block.lengths // 4)
    columns = np.arange(width)
    first = (columns[None, :] >= start[:, None]) & (columns[None, :] < (start + head)[:, None])
    level = np.repeat(
        (np.where(first, flat, 0.0).sum(axis=1) / first.sum(axis=1))[:, None], len(_FIT_RATES), axis=1
    )
    sse = np.zeros_like(level)
    for t in range(width):
        error = np.where((t >= start)[:, None], flat[:, t, None] - level, 0.0)
        sse += error**2
        level = level + _FIT_RATES * error
    level[:, 0] = np.where(block.known, flat, 0.0).sum(axis=1) / block.lengths
    best = level[np.arange(len(flat)), sse.argmin(axis=1)]
    n = block.lengths[:, None]
    fit = n * np.log(sse / n + 1e-10)
    weights = np.exp(-0.5 * (fit - fit.min(axis=1, keepdims=True)))
    return best, (weights * level).sum(axis=1) / weights.sum(axis=1)


def _smoothed(values: Floats, on: Bools, rate: float) -> Floats:
    """Give the exponentially weighted mean of the values that are on, shape (S,)."""
    order = np.cumsum(on[:, ::-1], axis=1)[:, ::-1] - 1
    weights = np.where(on, (1 - rate) ** order, 0.0)
    total = weights.sum(axis=1)
    return np.asarray((weights * values).sum(axis=1) / np.where(total > 0, total, 1.0))
