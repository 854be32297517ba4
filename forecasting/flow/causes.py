# SPDX-License-Identifier: Apache-2.0
"""Why a place is a bottleneck, in words with numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.flow.dwell_shift import find_dwell_shift
from forecasting.flow.grouped import grouped_quantile
from forecasting.flow.period_history import PeriodHistory
from forecasting.flow.starvation import Starvation
from forecasting.flow.stays import KnownStays

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

CAPACITY_LEVEL = 0.95
BUSY_PERIODS = 4
"""Periods that began with open work, below which no capacity has been demonstrated."""

HIGH_UTILISATION = 0.85
SLOWER = 1.5
LEAST_BATCH = 3

_LEAST_GAPS = 20
_LEAST_MEDIANS = 8


@dataclass(frozen=True)
class Capacity:
    """What places can do, shape (places,), NaN where they have not shown it.

    Attributes:
        departures: demonstrated capacity, the 95th percentile of the departures of periods that began with open
            work [stays/period].
        utilisation: departures of the last period over it.
        kingman_hours: mean wait by Kingman's formula [hours].
    """

    departures: Floats
    utilisation: Floats
    kingman_hours: Floats


def demonstrate_capacity(stays: KnownStays, history: PeriodHistory, width: float) -> Capacity:
    """Estimate capacity, utilisation and the wait that they imply.

    Kingman (1961): wait = rho / (1 - rho) * (ca2 + cs2) / 2 * service time, rho being the mean arrivals of a
    period over capacity, the service time the period over capacity, ca2 and cs2 the squared coefficients of
    variation of the gaps between arrivals and between departures. It is given only where 0 < rho < 1 and both have
    `_LEAST_GAPS` gaps.

    Args:
        stays: what is known.
        history: complete periods.
        width: of the last period [hours].
    """
    places, periods = history.departures.shape
    place, period = np.nonzero(history.open_at_start > 0)
    began_busy = np.bincount(place, minlength=places) >= BUSY_PERIODS
    level = grouped_quantile(place, history.departures[place, period].astype(np.float64), CAPACITY_LEVEL, places)
    departures = np.where(began_busy & (level > 0), level, np.nan)
    last = history.departures[:, -1] if periods else np.zeros(places)
    rho = history.arrivals.mean(axis=1) / departures if periods else np.full(places, np.nan)
    variation = _gap_variation(stays.place, stays.arrive, places)
    variation = variation + _gap_variation(stays.place[stays.finished], stays.depart[stays.finished], places)
    stable = (rho > 0) & (rho < 1)
    load = np.where(stable, rho, 0.0)
    wait = load / (1 - load) * variation / 2 * width / departures
    return Capacity(departures, last / departures, np.where(stable, wait, np.nan))


def name_causes(
    stays: KnownStays,
    history: PeriodHistory,
    capacity: Capacity,
    queue_hours: Floats,
    edges: Floats,
    starved: Mapping[int, Starvation],
) -> list[list[str]]:
    """Name the causes of the queue at each place; one without queue hours has none, but may be starved.

    Args:
        stays: what is known.
        history: complete periods, the last being the one shown.
        capacity: from `demonstrate_capacity`.
        queue_hours: in the period shown [hours], shape (places,).
        edges: of the periods, the last two being those of the period shown [hours from the moment].
        starved: by place, from `find_starvation`.
    """
    places = len(stays.places)
    start, end = float(edges[-2]), float(edges[-1])
    ever_left = np.bincount(stays.place[stays.finished], minlength=places) > 0
    open_now, oldest = _open_work(stays)
    batched = _batched_departures(stays, start, end)
    usual = _usual_dwell(history)
    causes: list[list[str]] = [[] for _ in range(places)]
    for place in np.flatnonzero(queue_hours > 0).tolist():
        words = causes[place]
        came, went = int(history.arrivals[place, -1]), int(history.departures[place, -1])
        if not ever_left[place]:
            words.append("end of the line: no departure was ever recorded here")
        if went == 0 and oldest[place] > 0:
            words.append(
                f"standing still: no departure, {int(open_now[place])} open visits, the oldest for "
                f"{oldest[place] / 24:.1f} days"
            )
        if came > went:
            words.append(f"building: {came} arrivals against {went} departures")
        elif came < went:
            words.append(f"clearing: {went} departures against {came} arrivals")
        if capacity.utilisation[place] >= HIGH_UTILISATION:
            words.append(
                f"near capacity: {went} departures, {capacity.utilisation[place]:.0%} of the "
                f"{capacity.departures[place]:.1f} shown under load"
            )
            # The formula speaks of a steady state, so not of a queue that is being worked off.
            if came >= went and np.isfinite(capacity.kingman_hours[place]):
                words.append(
                    f"at the usual load Kingman's formula expects {capacity.kingman_hours[place]:.1f} h of waiting"
                )
        median = history.median_dwell[place, -1]
        if median > SLOWER * usual[place]:
            words.append(f"slower: the median stay was {median:.1f} h against {usual[place]:.1f} h before")
        if shift := find_dwell_shift(history.median_dwell[place]):
            words.append(
                f"longer since {_day(stays, edges, shift.period)}: stays of {shift.after:.1f} h in the middle "
                f"against {shift.before:.1f} h before"
            )
        if went and batched[place] * 2 >= went:
            words.append(f"batching: {int(batched[place])} of {went} departures share their time with others")
    for place, one in sorted(starved.items()):
        upstream = stays.places[one.upstream]
        told = (
            f"starved by {upstream}: {one.came} arrivals from there against {one.usual:g} before, while "
            f"{one.waiting} visits are open there against {one.usually_waiting:g}"
        )
        if shift := find_dwell_shift(history.median_dwell[one.upstream]):
            told += f"; stays there are longer since {_day(stays, edges, shift.period)}"
        causes[place].append(told)
        if queue_hours[one.upstream] > 0:
            causes[one.upstream].append(
                f"holding up {stays.places[place]}: {one.came} visits went on against {one.usual:g} before"
            )
    return causes


def _day(stays: KnownStays, edges: Floats, period: int) -> str:
    """Give the day on which a period began."""
    begun = np.datetime64(stays.as_of + round(float(edges[period]) * 3.6e9), "us")
    return str(begun.astype("datetime64[D]"))


def _usual_dwell(history: PeriodHistory) -> Floats:
    """Give the median of the medians before the last period, NaN where there are fewer than eight."""
    before = history.median_dwell[:, :-1]
    place, period = np.nonzero(np.isfinite(before))
    usual = grouped_quantile(place, before[place, period], 0.5, len(before))
    return np.where(np.bincount(place, minlength=len(before)) >= _LEAST_MEDIANS, usual, np.nan)


def _open_work(stays: KnownStays) -> tuple[Indices, Floats]:
    """Count the visits that last, and give the age of the oldest [hours], 0 without one; shape (places,)."""
    lasting = ~stays.finished
    oldest = np.zeros(len(stays.places))
    np.maximum.at(oldest, stays.place[lasting], -stays.arrive[lasting])
    return np.bincount(stays.place[lasting], minlength=len(stays.places)).astype(np.int64), oldest


def _batched_departures(stays: KnownStays, start: float, end: float) -> Indices:
    """Count the departures in the period that share place and time with at least two others, shape (places,)."""
    inside = stays.finished & (stays.depart >= start) & (stays.depart < end)
    pairs = np.column_stack((stays.place[inside].astype(np.float64), stays.depart[inside]))
    groups, sizes = np.unique(pairs, axis=0, return_counts=True)
    large = sizes >= LEAST_BATCH
    counted = np.bincount(groups[large, 0].astype(np.int64), weights=sizes[large], minlength=len(stays.places))
    return np.asarray(counted, dtype=np.int64)


def _gap_variation(place: Indices, times: Floats, places: int) -> Floats:
    """Give the squared coefficient of variation of the gaps between times, NaN below `_LEAST_GAPS` gaps."""
    order = np.lexsort((times, place))
    same = place[order][1:] == place[order][:-1]
    gaps, owner = np.diff(times[order])[same], place[order][1:][same]
    count = np.bincount(owner, minlength=places)
    enough = count >= _LEAST_GAPS
    mean = np.bincount(owner, weights=gaps, minlength=places) / np.maximum(count, 1)
    square = np.bincount(owner, weights=(gaps - mean[owner]) ** 2, minlength=places) / np.maximum(count, 1)
    return np.where(enough & (mean > 0), square / np.where(mean > 0, mean, 1.0) ** 2, np.nan)
