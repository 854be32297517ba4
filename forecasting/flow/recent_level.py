# SPDX-License-Identifier: Apache-2.0
"""How late everything has been lately: the recent level of actual over expected lead time.

Two looks at every moment. Legs that *ended* lately tell of conditions some time ago, and the slow ones among those
that started lately are missing from them. Legs that *started* lately tell of now, and most are still open; Kaplan
and Meier (1958) reckon with those as well.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.flow.survival import fit_survival

Floats = npt.NDArray[np.float64]

_STEPS = 1000
_WANTED = 60
"""Legs that a window should hold."""

_SHORTEST_WINDOW, _SHORTEST_AHEAD, _LONGEST_WINDOW = 7 * 24.0, 28 * 24.0, 90 * 24.0
"""Bounds of a window, and the most that questions far ahead lengthen its lower one."""

_DRAWN = 5.0
"""Legs without excess that every window is taken to hold beside its own, so that few tell little."""

_MOST_STARTED = 400
"""Legs of a window beyond which a regular sample of them is enough."""


@dataclass(frozen=True)
class RecentLevel:
    """The level on a grid of moments [logarithm of actual over expected].

    Attributes:
        moments: ascending, the last at or before 0 [hours].
        ended: mean of the legs that ended in the window before each moment, shape of `moments`.
        started: median of those that started in a window before, open ones included, shape of `moments`.
    """

    moments: Floats
    ended: Floats
    started: Floats

    def at(self, when: Floats) -> tuple[Floats, Floats]:
        """Give both looks as they were known at each time; 0 before anything was known."""
        place = np.searchsorted(self.moments, when, side="right") - 1
        known = place >= 0
        place = np.maximum(place, 0)
        return np.where(known, self.ended[place], 0.0), np.where(known, self.started[place], 0.0)


def read_level(start: Floats, lead: Floats, expected: Floats, *, ahead: float) -> RecentLevel:
    """Measure the level over time.

    It looks back as far as the questions look ahead: what moved in a few days says little of weeks to come.

    Args:
        start: of every leg [hours from the moment], ascending, shape (n,).
        lead: of finished legs [hours], NaN for open ones, shape (n,).
        expected: logarithm of the lead time expected of each, shape (n,).
        ahead: how far ahead of the moment the legs asked about begin [hours].
    """
    finished = np.isfinite(lead)
    ended = np.where(finished, start + np.where(finished, lead, 0.0), np.inf)
    if not finished.any():
        return RecentLevel(np.zeros(1), np.zeros(1), np.zeros(1))
    excess = np.where(finished, np.log(np.where(finished, lead, 1.0)) - expected, np.nan)
    first = float(ended[finished].min())
    rate = finished.sum() / max(-first, 24.0)
    shortest = np.clip(ahead, _SHORTEST_WINDOW, _SHORTEST_AHEAD)
    window = float(np.clip(_WANTED / rate, shortest, _LONGEST_WINDOW))
    step = max(24.0, -first / _STEPS)
    moments = -np.arange(int(-first / step), -1, -1) * step
    order = np.argsort(ended[finished], kind="stable")
    ends, excesses = ended[finished][order], excess[finished][order]
    sums = np.concatenate(([0.0], np.cumsum(np.clip(excesses, -2, 2))))
    stop, begin = np.searchsorted(ends, moments), np.searchsorted(ends, moments - 2 * window)
    count = stop - begin
    level = (sums[stop] - sums[begin]) / (count + _DRAWN)
    usual = float(np.median(lead[finished]))
    last, early = np.searchsorted(start, moments), np.searchsorted(start, moments - window - usual)
    started = np.zeros(len(moments))
    for at, moment in enumerate(moments):
        rows = np.arange(early[at], last[at])
        rows = rows[:: max(1, len(rows) // _MOST_STARTED)]
        started[at] = _median_excess(start[rows], ended[rows], excess[rows], expected[rows], float(moment))
    return RecentLevel(np.asarray(moments, dtype=np.float64), np.asarray(level, dtype=np.float64), started)


def _median_excess(start: Floats, ended: Floats, excess: Floats, expected: Floats, moment: float) -> float:
    """Estimate the median excess of legs of which some are open at the moment, drawn to 0 if they are few."""
    done = ended <= moment
    if done.sum() < _DRAWN:
        return 0.0
    open_excess = np.log(np.maximum(moment - start[~done], 1.0)) - expected[~done]
    low = -20.0  # fit_survival speaks of ages, which are not negative
    survival = fit_survival(excess[done] - low, open_excess - low)
    below = np.flatnonzero(survival.share <= 0.5)
    median = survival.knots[below[0]] if len(below) else survival.knots[-1]
    return float((median + low) * done.sum() / (done.sum() + _DRAWN))
