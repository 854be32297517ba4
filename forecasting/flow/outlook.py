# SPDX-License-Identifier: Apache-2.0
"""The queue hours to expect in a period ahead: open work aged forward, and the work still to arrive."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.flow.free_flow import LEAST_FINISHED
from forecasting.flow.stays import LONGEST_STAY, KnownStays
from forecasting.flow.survival import Survival, fit_survival

Floats = npt.NDArray[np.float64]

ARRIVAL_PERIODS = (2, 8)
"""Complete periods whose means stand, half and half, for the arrivals to come."""

HALF_LIFE = 8.0
"""Periods after which a stay counts half for how long the next ones last, down to `_LEAST_WEIGHT`."""

_LEAST_WEIGHT = 0.1

_SLICES = 64


@dataclass(frozen=True)
class Outlook:
    """What to expect of a period ahead.

    Attributes:
        queue_hours: of each place [hours], shape (places,).
        arrivals: of each place, shape (places,).
        open_hours: the part of each stay that is open, 0 for finished ones [hours], shape (stays,).
    """

    queue_hours: Floats
    arrivals: Floats
    open_hours: Floats


def look_ahead(
    stays: KnownStays, free_flow: Floats, arrivals: npt.NDArray[np.int64], start: float, end: float
) -> Outlook:
    """Forecast the queue hours of each place in a period ahead.

    A stay of age a goes on waiting at age x with probability S(x) / S(a), S being the survival of stays at its
    place (of all places where fewer than `LEAST_FINISHED` have finished here), in which a stay that ended
    `HALF_LIFE` periods ago counts half, one long ago a tenth. Arrivals come evenly, at the mean of the rates of
    the last two and of the last eight complete periods, also between the moment and the start of the period. No
    stay counts more than the length of the period, nor beyond `LONGEST_STAY`.

    Args:
        stays: what is known.
        free_flow: of each place [hours], shape (places,).
        arrivals: by place and complete period, shape (places, periods).
        start: of the period ahead [hours from the moment], at least 0.
        end: of it [hours from the moment].

    Returns:
        What to expect.
    """
    places = len(stays.places)
    expected, of_open = np.zeros(places), np.zeros(len(stays.place))
    if places == 0:
        return Outlook(expected, expected, of_open)
    width = end - start
    rate = expected_arrivals(arrivals) / width
    aged = 0.5 ** (-np.where(stays.finished, stays.depart, 0.0) / (HALF_LIFE * width))
    aged = _LEAST_WEIGHT + (1 - _LEAST_WEIGHT) * aged
    finished = np.bincount(stays.place[stays.finished], minlength=places)
    order = np.argsort(stays.place, kind="stable")
    edges = np.searchsorted(stays.place[order], np.arange(places + 1))
    own = np.flatnonzero(finished >= LEAST_FINISHED)
    for place in own.tolist():
        rows = order[edges[place] : edges[place + 1]]
        survival = _fit(stays, rows, aged)
        expected[place] += rate[place] * _hours_per_rate(survival, free_flow[place], start, end)
        open_rows = rows[~stays.finished[rows]]
        of_open[open_rows] = _open_hours(survival, stays.arrive[open_rows], free_flow[place], start, end)
    borrowing = finished < LEAST_FINISHED
    if borrowing.any():
        pooled = _fit(stays, np.arange(len(stays.place)), aged)
        free = float(free_flow[borrowing][0])
        expected[borrowing] += rate[borrowing] * _hours_per_rate(pooled, free, start, end)
        rows = np.flatnonzero(borrowing[stays.place] & ~stays.finished)
        of_open[rows] = _open_hours(pooled, stays.arrive[rows], free, start, end)
    expected += np.bincount(stays.place, weights=of_open, minlength=places)
    return Outlook(expected, expected_arrivals(arrivals), of_open)


def expected_arrivals(arrivals: npt.NDArray[np.int64]) -> Floats:
    """Give the arrivals to expect in a period at each place, shape (places,)."""
    if not arrivals.shape[1]:
        return np.zeros(len(arrivals))
    return np.asarray(np.mean([arrivals[:, -count:].mean(axis=1) for count in ARRIVAL_PERIODS], axis=0))


def _fit(stays: KnownStays, rows: npt.NDArray[np.int64], weight: Floats) -> Survival:
    finished, weight = stays.finished[rows], weight[rows]
    return fit_survival(
        stays.dwell[rows][finished],
        -stays.arrive[rows][~finished],
        ended_weight=weight[finished],
        lasting_weight=weight[~finished],
    )


def _open_hours(survival: Survival, arrive: Floats, free: float, start: float, end: float) -> Floats:
    low = np.maximum(start - arrive, free)
    high = np.maximum(np.minimum(end - arrive, LONGEST_STAY), low)
    lasting = survival.beyond(-arrive)
    hours = survival.area_to(high) - survival.area_to(low)
    return np.where(lasting > 0, hours / np.where(lasting > 0, lasting, 1.0), high - low)


def _hours_per_rate(survival: Survival, free: float, start: float, end: float) -> float:
    """Integrate the queue hours in the period of one arrival over its time of arrival, from now to the end."""
    step = end / _SLICES
    arrive = (np.arange(_SLICES) + 0.5) * step
    low = np.maximum(start - arrive, free)
    high = np.maximum(np.minimum(end - arrive, LONGEST_STAY), low)
    return float((survival.area_to(high) - survival.area_to(low)).sum() * step)
