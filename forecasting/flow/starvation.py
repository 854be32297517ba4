# SPDX-License-Identifier: Apache-2.0
"""Places that run dry because another one holds back what usually comes from there.

Told by what is missing and where it lies: fewer visits than usual come from the upstream place, nobody else makes
up for them, and about as many more than usual are open there.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.flow.period_history import PeriodHistory
from forecasting.flow.stays import KnownStays
from forecasting.tables.events import microseconds

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

USUAL_PERIODS = 8
"""Periods before the last one whose median says what is usual."""

LEAST_PERIODS = 4
LEAST_USUAL = 4.0
"""Visits of a period that must usually come from a place for their absence to mean anything."""

STARVED = 0.5
"""Share of the usual arrivals from a place at or below which it has dried up."""

HELD_BACK = 0.5
"""Share of the missing visits that must be open upstream beyond the usual, and missing from all arrivals."""


@dataclass(frozen=True)
class Starvation:
    """One place that another one starves in the last period.

    Attributes:
        place, upstream: numbers of the places.
        came: visits that came from upstream in the last period.
        usual: median of that in the periods before.
        waiting: visits open upstream at the end of the last period.
        usually_waiting: median of that at the ends of the periods before.
    """

    place: int
    upstream: int
    came: int
    usual: float
    waiting: int
    usually_waiting: float


def places_before(visits: pd.DataFrame, stays: KnownStays) -> Indices:
    """Find where the thing of each stay was before it came.

    Args:
        visits: the visits table of which `stays` are what is known; without a column ``item`` nothing is found.
        stays: what is known.

    Returns:
        Number of the last other place of the item, -1 where there was none, shape (stays,).
    """
    before = np.full(len(stays.place), -1, dtype=np.int64)
    if "item" not in visits.columns or not len(before):
        return before
    known = microseconds(visits["arrive"], "visits column arrive") <= stays.as_of
    item = np.asarray(pd.factorize(visits["item"][known])[0], dtype=np.int64)
    order = np.lexsort((stays.seq, stays.arrive, item))
    item, place = item[order], stays.place[order]
    same = np.zeros(len(order), dtype=bool)
    same[1:] = (item[1:] == item[:-1]) & (item[1:] >= 0)
    moved = np.zeros(len(order), dtype=bool)
    moved[1:] = same[1:] & (place[1:] != place[:-1])
    # parts of one lot stay at one place as several rows; each came from where the first of them came from
    since = np.maximum.accumulate(np.where(moved | ~same, np.arange(len(order)), 0))
    came_from = np.concatenate(([-1], place[:-1]))
    before[order] = np.where(moved[since], came_from[since], -1)
    return before


def find_starvation(
    stays: KnownStays, history: PeriodHistory, before: Indices, edges: Floats
) -> dict[int, Starvation]:
    """Find the places that were starved in the last complete period, each by the upstream place it misses most.

    Args:
        stays: what is known.
        history: complete periods.
        before: from `places_before`.
        edges: of those periods [hours from the moment], ascending.
    """
    periods = min(history.arrivals.shape[1], USUAL_PERIODS + 1)
    known = before >= 0
    if periods <= LEAST_PERIODS or not known.any():
        return {}
    places = len(stays.places)
    column = np.searchsorted(edges[-periods - 1 :], stays.arrive, side="right") - 1
    inside = known & (column >= 0) & (column < periods)
    if not inside.any():
        return {}
    pairs, pair = np.unique(before[inside] * places + stays.place[inside], return_inverse=True)
    cell = np.asarray(pair, dtype=np.int64) * periods + column[inside]
    came = np.bincount(cell, minlength=len(pairs) * periods).reshape(len(pairs), periods)
    upstream, place = np.divmod(pairs, places)
    open_at_end = (history.open_at_start + history.arrivals - history.departures)[:, -periods:]
    arrivals = history.arrivals[:, -periods:]
    usual, usually_open, usually_all = (
        np.median(table[:, :-1], axis=1) for table in (came, open_at_end, arrivals)
    )
    missing = usual - came[:, -1]
    dried_up = (usual >= LEAST_USUAL) & (came[:, -1] <= STARVED * usual)
    not_made_up = (usually_all - arrivals[:, -1])[place] >= HELD_BACK * missing
    held_back = (open_at_end[:, -1] - usually_open)[upstream] >= HELD_BACK * missing
    found: dict[int, Starvation] = {}
    hits = np.flatnonzero(dried_up & not_made_up & held_back)
    for at in hits[np.lexsort((hits, -missing[hits]))].tolist():
        source = int(upstream[at])
        found.setdefault(
            int(place[at]),
            Starvation(
                place=int(place[at]),
                upstream=source,
                came=int(came[at, -1]),
                usual=float(usual[at]),
                waiting=int(open_at_end[source, -1]),
                usually_waiting=float(usually_open[source]),
            ),
        )
    return found
