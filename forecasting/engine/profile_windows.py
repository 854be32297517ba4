# SPDX-License-Identifier: Apache-2.0
"""Means and medians of the same phase over the last seasons: what this weekday sold in the last weeks.

Medians ignore the odd day; the year before, where it is known, says how the level moves with the calendar.
"""

import numpy as np

from forecasting.engine.block import Block, Floats


def phase_windows(block: Block, season_length: int, seasons: int, horizon: int) -> tuple[Floats, Floats]:
    """Give the mean and the median of each coming phase over the last seasons, both of shape (S, horizon).

    Rows with fewer seasons use those that they have; rows without even one repeat their last value.
    """
    z, m = block.z, season_length
    back = min(seasons, z.shape[1] // m)
    if back == 0:
        last = np.repeat(z[:, -1:], horizon, axis=1)
        return last, last
    table = z[:, z.shape[1] - back * m :].reshape(len(z), back, m).copy()
    cycles = np.maximum(block.lengths // m, 1)
    gone = np.arange(back)[None, :] < back - np.minimum(cycles, back)[:, None]
    table[gone] = np.nan
    table[block.lengths < m] = z[block.lengths < m, -1][:, None, None]
    ahead = np.arange(horizon) % m
    return np.nanmean(table, axis=1)[:, ahead], np.nanmedian(table, axis=1)[:, ahead]


def year_before(block: Block, year: int, window: int, horizon: int) -> Floats:
    """Give how the level moved from here on one year ago, over its level then, 1 where unknown, (S, horizon).

    Args:
        block: histories.
        year: periods in a year, a multiple of the short season (364 days).
        window: periods on each side that are averaged, so that the short season cancels out.
        horizon: periods ahead.
    """
    z = block.z
    rows, width = z.shape
    out = np.ones((rows, horizon))
    reach = 2 * window + 1
    if width < year + 4 * reach:
        return out
    sums = np.cumsum(np.concatenate((np.zeros((rows, 1)), z), axis=1), axis=1)
    base = (sums[:, width - year] - sums[:, width - year - 4 * reach]) / (4 * reach)
    known = (block.lengths >= year + 4 * reach) & (base > 1e-6)
    for step in range(horizon):
        centre = width - year + step % year
        low, high = centre - window, min(centre + window + 1, width)
        level = (sums[:, high] - sums[:, low]) / (high - low)
        out[:, step] = np.where(known, level / np.where(known, base, 1.0), 1.0)
    return np.clip(out, 0.4, 2.5)
