# SPDX-License-Identifier: Apache-2.0
"""What happened at each place in each of the last complete periods."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.flow.grouped import grouped_quantile
from forecasting.flow.stays import KnownStays, period_edges
from forecasting.frequency import Frequency

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LONGEST_MEMORY = 156
"""Complete periods that are looked back on: three years of weeks."""


@dataclass(frozen=True)
class PeriodHistory:
    """Counts of each place (row) in each complete period (column), oldest first; shape (places, periods).

    Attributes:
        arrivals: stays that began.
        departures: stays that ended.
        open_at_start: stays under way when the period began.
        open_age: summed age of the stays under way when the period ended [hours]; stays beyond 60 days are left
            out.
        median_dwell: median length of the stays that ended in the period [hours], NaN where none did.
    """

    arrivals: Indices
    departures: Indices
    open_at_start: Indices
    open_age: Floats
    median_dwell: Floats


def read_history(stays: KnownStays, frequency: Frequency, last: int) -> PeriodHistory:
    """Count what happened in the complete periods up to number `last`, at most `LONGEST_MEMORY` of them."""
    places = len(stays.places)
    earliest = (
        np.array([stays.as_of + int(stays.arrive.min() * 3.6e9)]) if len(stays.arrive) else np.array([stays.as_of])
    )
    oldest = int(frequency.ordinals(earliest.view("datetime64[us]"))[0])
    first = max(last - LONGEST_MEMORY + 1, min(oldest, last))
    count = last - first + 1
    edges = period_edges(frequency, np.arange(first, last + 2, dtype=np.int64), stays.as_of)
    counted_end = np.where(stays.counted_end < 0, stays.counted_end, np.nan)
    came, came_sum = _tables(stays, stays.arrive, edges, places, count)
    went, _ = _tables(stays, stays.depart, edges, places, count)
    ended, ended_sum = _tables(stays, counted_end, edges, places, count)
    still = np.cumsum(came - ended, axis=1)[:, 1:]
    arrival_sums = np.cumsum(came_sum - ended_sum, axis=1)[:, 1:]
    return PeriodHistory(
        arrivals=came[:, 1:],
        departures=went[:, 1:],
        open_at_start=np.cumsum(came - went, axis=1)[:, :-1],
        open_age=np.maximum(still * edges[1:] - arrival_sums, 0.0),
        median_dwell=_medians(stays, edges, places, count),
    )


def _columns(times: Floats, edges: Floats) -> Indices:
    """Number the period of each time from 1; 0 is before the first, len(edges) after the last."""
    return np.searchsorted(edges, times, side="right")


def _tables(stays: KnownStays, times: Floats, edges: Floats, places: int, count: int) -> tuple[Indices, Floats]:
    """Count stays by place and period of the times, and sum their arrivals; column 0 is all that came before."""
    column = _columns(times, edges)
    inside = np.isfinite(times) & (column <= count)
    cell = stays.place[inside] * (count + 1) + column[inside]
    size = places * (count + 1)
    counts = np.bincount(cell, minlength=size).reshape(places, count + 1)
    sums = np.bincount(cell, weights=stays.arrive[inside], minlength=size).reshape(places, count + 1)
    return np.asarray(counts, dtype=np.int64), np.asarray(sums, dtype=np.float64)


def _medians(stays: KnownStays, edges: Floats, places: int, count: int) -> Floats:
    column = _columns(stays.depart, edges)
    inside = stays.finished & (column >= 1) & (column <= count)
    cell = stays.place[inside] * count + column[inside] - 1
    return grouped_quantile(cell, stays.dwell[inside], 0.5, places * count).reshape(places, count)
