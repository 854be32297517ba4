# SPDX-License-Identifier: Apache-2.0
"""What could be seen at the end of every past period, for each place: the rows from which the next is learnt.

All of it comes from one pass over the stays: what was open at an edge between periods is told by pairs of a stay
and an edge that lies inside it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.flow.period_history import PeriodHistory
from forecasting.flow.stays import LONGEST_STAY, KnownStays
from forecasting.flow.survival import Survival, fit_survival

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

ALARM_LEVEL = 0.9
LEAST_PERIODS = 8
"""Periods with a median that a place needs before its own percentile means anything."""

_LEAST_FINISHED = 20
_ARRIVAL_PERIODS = 4


@dataclass(frozen=True)
class Signals:
    """Numbers of each place (row) at the end of each complete period (column), shape (places, periods).

    Attributes:
        queue: queue hours inside the period.
        ahead: queue hours of the period that follows, by open work aged forward and arrivals at the mean rate of
            the last four periods.
        open_count: stays under way at the end.
        open_age: their summed age [hours].
        arrivals, departures: in the period.
        median: median length of the stays that ended in it [hours], NaN where none did.
        limit: 90th percentile of the medians so far, NaN with fewer than `LEAST_PERIODS`.
        leaving: stays expected to end in the period that follows.
        leaving_long: those of them expected to be longer than the limit.
    """

    queue: Floats
    ahead: Floats
    open_count: Floats
    open_age: Floats
    arrivals: Floats
    departures: Floats
    median: Floats
    limit: Floats
    leaving: Floats
    leaving_long: Floats


def read_signals(stays: KnownStays, history: PeriodHistory, free_flow: Floats, edges: Floats) -> Signals:
    """Read the signals.

    Args:
        stays: what is known.
        history: counts of the same periods.
        free_flow: of each place [hours].
        edges: of the periods [hours from the moment], ascending, shape (periods + 1,).
    """
    places, periods = history.arrivals.shape
    limit = _limits(history.median_dwell)
    rate = _rates(history.arrivals, edges)
    width = np.diff(edges)
    following = np.append(width[1:], width[-1:])
    ahead, leaving, leaving_long = (np.zeros((places, periods)) for _ in range(3))
    order = np.argsort(stays.place, kind="stable")
    bounds = np.searchsorted(stays.place[order], np.arange(places + 1))
    pooled = _fit(stays, order)
    finished = np.bincount(stays.place[stays.finished], minlength=places)
    end = np.where(stays.finished, stays.depart, np.inf)
    for place in range(places):
        rows = order[bounds[place] : bounds[place + 1]]
        survival = _fit(stays, rows) if finished[place] >= _LEAST_FINISHED else pooled
        first = np.searchsorted(edges[1:], stays.arrive[rows], side="right")
        last = np.searchsorted(edges[1:], np.minimum(end[rows], stays.arrive[rows] + LONGEST_STAY), side="left")
        spans = np.maximum(last - first, 0)
        who = np.repeat(np.arange(len(rows)), spans)
        column = np.repeat(first, spans) + np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans)
        age = edges[1:][column] - stays.arrive[rows][who]
        until = age + following[column]
        beyond = np.maximum(survival.beyond(age), 1e-4)
        low = np.maximum(age, free_flow[place])
        high = np.maximum(np.minimum(until, LONGEST_STAY), low)
        bar = np.nan_to_num(limit[place], nan=LONGEST_STAY)[column]
        gone = survival.beyond(until)
        for table, values in (
            (ahead, survival.area_to(high) - survival.area_to(low)),
            (leaving, survival.beyond(age) - gone),
            (leaving_long, np.maximum(survival.beyond(np.maximum(age, bar)) - gone, 0.0)),
        ):
            table[place] = np.bincount(column, weights=values / beyond, minlength=periods)
        new = _new_arrivals(survival, following, free_flow[place], np.nan_to_num(limit[place], nan=LONGEST_STAY))
        ahead[place] += rate[place] * new[0]
        leaving[place] += rate[place] * new[1]
        leaving_long[place] += rate[place] * new[2]
    return Signals(
        queue=_queue(stays, free_flow, edges, places, periods),
        ahead=ahead,
        open_count=np.asarray(history.open_at_start + history.arrivals - history.departures, dtype=np.float64),
        open_age=history.open_age,
        arrivals=history.arrivals.astype(np.float64),
        departures=history.departures.astype(np.float64),
        median=history.median_dwell,
        limit=limit,
        leaving=leaving,
        leaving_long=leaving_long,
    )


def _new_arrivals(survival: Survival, width: Floats, free: float, bar: Floats) -> tuple[Floats, Floats, Floats]:
    """Give, for one arrival an hour during a whole period, queue hours, stays that end, and long ones of those."""
    steps = 48
    share = (np.arange(steps) + 0.5) / steps
    room = width[:, None] * share[None, :]
    low = np.minimum(free, room)
    queue = (survival.area_to(room) - survival.area_to(low)).mean(axis=1) * width
    ended = width - survival.area_to(width)
    short = np.minimum(bar, width)
    long = (width - short) * survival.beyond(short) - (survival.area_to(width) - survival.area_to(short))
    return queue, ended, np.maximum(long, 0.0)


def _fit(stays: KnownStays, rows: Indices) -> Survival:
    finished = stays.finished[rows]
    return fit_survival(stays.dwell[rows][finished], -stays.arrive[rows][~finished])


def _rates(arrivals: Indices, edges: Floats) -> Floats:
    """Give the mean arrivals an hour of the last four periods, shape of `arrivals`."""
    total = np.cumsum(np.column_stack((np.zeros(len(arrivals)), arrivals)), axis=1)
    stop = np.arange(1, arrivals.shape[1] + 1)
    begin = np.maximum(stop - _ARRIVAL_PERIODS, 0)
    return np.asarray((total[:, stop] - total[:, begin]) / (edges[stop] - edges[begin]))


def _limits(median: Floats) -> Floats:
    """Give the 90th percentile of the medians up to each period, NaN with fewer than `LEAST_PERIODS`."""
    limits = pd.DataFrame(median.T).expanding(LEAST_PERIODS).quantile(ALARM_LEVEL).to_numpy().T
    return np.asarray(limits, dtype=np.float64)


def _queue(stays: KnownStays, free_flow: Floats, edges: Floats, places: int, periods: int) -> Floats:
    """Give the queue hours by place and period: differences of the area up to each edge."""
    begin = stays.arrive + free_flow[stays.place]
    stop = stays.counted_end
    waits = stop > begin
    area = np.zeros((places, periods + 1))
    for times, sign in ((begin[waits], 1.0), (stop[waits], -1.0)):
        column = np.searchsorted(edges, times, side="left")
        inside = column <= periods
        cell = stays.place[waits][inside] * (periods + 1) + column[inside]
        size = places * (periods + 1)
        count = np.bincount(cell, minlength=size).reshape(places, periods + 1).cumsum(axis=1)
        total = (
            np.bincount(cell, weights=times[inside], minlength=size).reshape(places, periods + 1).cumsum(axis=1)
        )
        area += sign * (count * edges[None, :] - total)
    return np.maximum(np.diff(area, axis=1), 0.0)
