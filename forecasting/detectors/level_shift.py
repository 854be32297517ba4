# SPDX-License-Identifier: Apache-2.0
"""A stretch of a series whose level is another than before and after it: an epidemic change.

The series is cut into blocks of as many observations each. For every run of blocks the mean inside is compared
with the mean outside by Student's t with the pooled spread (Levin and Kline 1985, the epidemic alternative; the
p-value is Bonferroni's over all runs). Where neighbouring blocks are alike, as they are where work has good and
bad weeks, they count for fewer: degrees of freedom and t are cut by their correlation r, (1 - r) / (1 + r).
"""

from dataclasses import dataclass

import numpy as np

from forecasting.detectors.history import Floats

OF_BLOCK = 3  # observations at least
FEWEST_BLOCKS = 8
MOST_BLOCKS = 40
FEWEST = FEWEST_BLOCKS * OF_BLOCK  # observations, below which nothing is said
SHORTEST = 2  # blocks of a run


@dataclass(frozen=True)
class LevelShift:
    """The clearest run: observations `start` to `end` - 1, its p-value, and the rise of the mean inside it."""

    start: int
    end: int
    p_value: float
    rise: float


def find_rise(values: Floats, of_block: int = OF_BLOCK) -> LevelShift | None:
    """Find the run of a series that is higher than the rest.

    Args:
        values: in order of time, finite, shape (n,).
        of_block: how many make a block, at least.

    Returns:
        The run with the smallest p-value; None: too few values, or all alike.
    """
    count = min(MOST_BLOCKS, len(values) // of_block)
    if count < FEWEST_BLOCKS:
        return None
    edges = np.linspace(0, len(values), count + 1).round().astype(np.int64)
    block = np.add.reduceat(values, edges[:-1]) / np.diff(edges)
    sums, squares = np.r_[0.0, np.cumsum(block)], np.r_[0.0, np.cumsum(block**2)]
    start, end = np.triu_indices(count + 1, k=SHORTEST)
    length = end - start
    # A change that lasts to the end is a run like any other; most of the series is no exception.
    fits = length <= count // 2
    start, end, length = start[fits], end[fits], length[fits]
    inside = sums[end] - sums[start]
    outside = sums[-1] - inside
    rest = count - length
    rise = inside / length - outside / rest
    within = squares[-1] - inside**2 / length - outside**2 / rest
    spread = np.sqrt(np.maximum(within, 1e-12) / (count - 2))
    best = int(np.argmax(rise / spread * np.sqrt(length * rest / count)))
    alike = _neighbours(block, int(start[best]), int(end[best]), float(rise[best]))
    worth = (1 - alike) / (1 + alike)
    freedom = max(1.0, (count - 2) * worth)
    t = rise[best] / spread[best] * np.sqrt(length[best] * rest[best] / count * worth)
    p_value = min(1.0, _upper_tail(float(t), freedom) * len(start))
    return LevelShift(int(edges[start[best]]), int(edges[end[best]]), p_value, float(rise[best]))


def _neighbours(block: Floats, start: int, end: int, rise: float) -> float:
    """Correlate neighbouring blocks, the run set down to the level of the rest; none that is negative."""
    level = block.copy()
    level[start:end] -= rise
    level = level - level.mean()
    total = float(level @ level)
    # The estimate of a short series is low by about (1 + 3 r) / n (Kendall 1954).
    found = float(level[1:] @ level[:-1]) / total if total > 0 else 0.0
    return float(np.clip(found + (1 + 3 * found) / len(block), 0.0, 0.9))


def _upper_tail(t: float, freedom: float) -> float:
    from scipy.special import stdtr

    return float(stdtr(freedom, -t))
