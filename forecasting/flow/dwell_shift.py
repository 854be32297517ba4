# SPDX-License-Identifier: Apache-2.0
"""Since when stays at a place have been longer: the most likely change in the level of its medians."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEAST_SIDE = 3
"""Periods with a median that each side of a change needs."""

LEAST_RISE = 1.25
LEAST_SCORE = 4.0
"""Standard errors that the two levels must lie apart; the best of many splits reaches three by chance."""


@dataclass(frozen=True)
class DwellShift:
    """A change to longer stays: the first period of the new level, and the levels before and after [hours]."""

    period: int
    before: float
    after: float


def find_dwell_shift(median: Floats) -> DwellShift | None:
    """Find the split of a place's medians at which the mean of their logarithms rises most clearly.

    The statistic is that of the likelihood ratio for one change in the mean (Hinkley 1970), on logarithms.

    Args:
        median: of each period, oldest first [hours], NaN where nothing ended, shape (periods,).

    Returns:
        The change; None where no rise is as large as `LEAST_RISE` and as clear as `LEAST_SCORE`.
    """
    known = np.flatnonzero(np.isfinite(median) & (median > 0))
    if len(known) < 2 * LEAST_SIDE:
        return None
    logs = np.log(median[known])
    count = np.arange(LEAST_SIDE, len(logs) - LEAST_SIDE + 1)
    total = np.concatenate(([0.0], np.cumsum(logs)))
    square = np.concatenate(([0.0], np.cumsum(logs**2)))
    rest = len(logs) - count
    low, high = total[count] / count, (total[-1] - total[count]) / rest
    spread = np.maximum(square[-1] - count * low**2 - rest * high**2, 0.0) / (len(logs) - 2)
    score = (high - low) / np.sqrt(np.maximum(spread * (1 / count + 1 / rest), 1e-12))
    best = int(score.argmax())
    before, after = float(np.exp(low[best])), float(np.exp(high[best]))
    if score[best] < LEAST_SCORE or after < LEAST_RISE * before:
        return None
    return DwellShift(int(known[count[best]]), before, after)
