# SPDX-License-Identifier: Apache-2.0
"""What would relieve a place: so many of its open visits released before the next period, and what that is worth.

The same release is replayed on past periods: there it is known how long the visits that were the oldest at the
start of the period went on waiting inside it, and that is what releasing them would have saved.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from forecasting.flow.queue_area import waiting_hours
from forecasting.flow.stays import KnownStays

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

GOAL = 0.5
"""Share of the expected waiting of open visits that a release is to save."""

REPLAYED = 8
"""Past periods on which a release is replayed."""


@dataclass(frozen=True)
class Relief:
    """A release for each place, shape (places,).

    Attributes:
        units: oldest open visits to release, 0 where nothing waits.
        hours: queue hours that this is expected to save in the period ahead [hours].
        replayed: mean of what the same release would have saved in past periods that began with open work [hours],
            NaN where there was none.
    """

    units: Indices
    hours: Floats
    replayed: Floats


def find_relief(stays: KnownStays, free_flow: Floats, open_hours: Floats, edges: Floats) -> Relief:
    """Find the smallest number of oldest open visits whose release saves `GOAL` of what open visits will wait.

    Args:
        stays: what is known.
        free_flow: of each place [hours].
        open_hours: queue hours expected of each stay in the period ahead, 0 for finished ones, shape (stays,).
        edges: of past complete periods [hours from the moment], ascending.
    """
    places = len(stays.places)
    units, hours = np.zeros(places, dtype=np.int64), np.zeros(places)
    rows = np.flatnonzero(~stays.finished)
    rows = rows[np.lexsort((stays.seq[rows], stays.arrive[rows], stays.place[rows]))]
    bounds = np.searchsorted(stays.place[rows], np.arange(places + 1))
    for place in range(places):
        own = open_hours[rows[bounds[place] : bounds[place + 1]]]
        total = float(own.sum())
        if total > 0:
            saved = np.cumsum(own)
            units[place] = int(np.searchsorted(saved, GOAL * total * (1 - 1e-12))) + 1
            hours[place] = float(saved[units[place] - 1])
    return Relief(units, hours, _replay(stays, free_flow, units, edges))


def _replay(stays: KnownStays, free_flow: Floats, units: Indices, edges: Floats) -> Floats:
    places = len(stays.places)
    saved, periods = np.zeros(places), np.zeros(places)
    for start, end in list(pairwise(edges.tolist()))[-REPLAYED:]:
        there = (stays.arrive <= start) & (~stays.finished | (stays.depart > start))
        rows = np.flatnonzero(there)
        rows = rows[np.lexsort((stays.seq[rows], stays.arrive[rows], stays.place[rows]))]
        owner = stays.place[rows]
        rank = np.arange(len(rows)) - np.searchsorted(owner, owner)
        released = rows[rank < units[owner]]
        waits = waiting_hours(stays, free_flow, start, end)[released]
        saved += np.bincount(stays.place[released], weights=waits, minlength=places)
        periods += np.bincount(owner, minlength=places) > 0
    return np.where((periods > 0) & (units > 0), saved / np.maximum(periods, 1), np.nan)
