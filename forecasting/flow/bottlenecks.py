# SPDX-License-Identifier: Apache-2.0
"""Bottlenecks: where time was lost to waiting, and where it will be."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.flow.alarm import alarm_probability
from forecasting.flow.causes import demonstrate_capacity, name_causes
from forecasting.flow.free_flow import free_flow_hours
from forecasting.flow.leaning import lean_to_new
from forecasting.flow.outlook import look_ahead
from forecasting.flow.period_history import read_history
from forecasting.flow.queue_area import waiting_hours
from forecasting.flow.queue_level import apply_recent_level
from forecasting.flow.relief import find_relief
from forecasting.flow.signals import read_signals
from forecasting.flow.starvation import find_starvation, places_before
from forecasting.flow.stays import KnownStays, know_stays, period_edges, read_moment
from forecasting.frequency import Frequency, read_period

Floats = npt.NDArray[np.float64]

BOTTLENECK_COLUMNS = (
    "place",
    "rank",
    "queue_hours",
    "share",
    "forecast_queue_hours",
    "expected_queue_hours",
    "alarm_probability",
    "utilisation",
    "arrivals",
    "departures",
    "open_visits",
    "free_flow_hours",
    "usual_queue_hours",
    "hours_at_stake",
    "expected_arrivals",
    "capacity",
    "relief_units",
    "relief_hours",
    "relief_replayed_hours",
    "causes",
    "events",
)

MOST_EVENTS = 20
"""Entries that are named for a place."""

USUAL_PERIODS = 8
"""Complete periods whose median says what is usual."""


@dataclass(frozen=True)
class PeriodPair:
    """The period that is shown and the one that is forecast; each end is not part of it.

    Attributes:
        shown_start, shown_end: last complete period at the moment, UTC.
        ahead_start, ahead_end: first whole period that begins at or after the moment, UTC.
    """

    shown_start: pd.Timestamp
    shown_end: pd.Timestamp
    ahead_start: pd.Timestamp
    ahead_end: pd.Timestamp


def find_periods(as_of: object, period: str = "W") -> PeriodPair:
    """Find the period that `bottlenecks` shows and the one that it forecasts.

    Raises:
        BadArgument: `as_of` is no time or `period` no period alias.

    Example:
        >>> find_periods("2018-01-10").shown_start.isoformat()
        '2018-01-01T00:00:00+00:00'
    """
    frequency, moment = read_period(period), read_moment(as_of)
    shown, ahead = _find_ordinals(frequency, moment)
    starts = frequency.starts(np.array([shown, shown + 1, ahead, ahead + 1], dtype=np.int64))
    return PeriodPair(*(pd.Timestamp(start).tz_localize("UTC") for start in starts))


def bottlenecks(visits: pd.DataFrame, *, as_of: object, period: str = "W") -> pd.DataFrame:
    """Rank the places by the time that is lost there to waiting, and forecast it.

    Definition. Only what was known at `as_of` counts: visits that had arrived; one that departs later still lasts.

    1. Free flow f(s) is the 20th percentile (linear interpolation) of the lengths of the finished visits at place
       s, if there are at least 20; else of the finished visits of all places; 0 where nothing finished.
    2. Queue hours Q(s, p) are the sum over the visits at s of the hours of the overlap of
       [arrive + f(s), min(depart or as_of, arrive + 60 days)] with period p.
    3. p is the last complete period, which ends at or before `as_of` (weeks run Monday to Sunday, UTC). Rank 1 has
       the most queue hours, ties by place; share is Q(s, p) over the sum of Q over all places, 0 where nothing
       waits.
    4. `expected_queue_hours` is for the first whole period that begins at or after `as_of`: open visits aged
       forward by the survival of visits there, of which recent ones count most, and arrivals at the mean of the
       rates of the last two and the last eight periods (`look_ahead`), times the recent level of what
       came over what had been expected there (`apply_recent_level`). `forecast_queue_hours` leans from there away
       from Q(s, p), and counts an eighth more at places that are not among the first five, so that ranking by it
       names new bottlenecks as well (`lean_to_new`).
    5. `alarm_probability` is that of the next median visit exceeding the 90th percentile of the place's own
       medians, by a logistic regression over past periods (`alarm_probability`), NaN with fewer than eight of
       them.
    6. `utilisation` is departures in p over the demonstrated capacity (`demonstrate_capacity`), NaN where none is.

    Places that nothing ever leaves count as any other, up to 60 days a visit; their causes say so.

    Args:
        visits: a visits table (`forecasting.tables.visits_table`).
        as_of: the moment, UTC where it has no zone.
        period: pandas period alias, ``h D W M Q Y``.

    Returns:
        One row per place that had a visit, by rank: ``place, rank, queue_hours [hours], share,
        forecast_queue_hours [hours], expected_queue_hours [hours], alarm_probability, utilisation, arrivals,
        departures`` (both in p),
        ``open_visits`` (at `as_of`), ``free_flow_hours [hours], usual_queue_hours`` (median of the last eight
        periods), ``hours_at_stake`` (expected beyond the usual), ``expected_arrivals`` (in the period ahead),
        ``capacity`` (demonstrated, stays a period), ``relief_units, relief_hours, relief_replayed_hours``
        (`find_relief`), ``causes`` (list of sentences), ``events`` (list of seq that opened the visits that wait
        most in p, at most 20).

    Raises:
        BadTable: the visits table does not hold together.
        BadArgument: `as_of` or `period` has no meaning.
    """
    frequency, moment = read_period(period), read_moment(as_of)
    stays = know_stays(visits, moment)
    shown, ahead = _find_ordinals(frequency, moment)
    edges = period_edges(frequency, np.array([shown, shown + 1, ahead, ahead + 1], dtype=np.int64), moment)
    start, end, ahead_start, ahead_end = (float(edge) for edge in edges)
    places = len(stays.places)
    free_flow = free_flow_hours(stays)
    waits = waiting_hours(stays, free_flow, start, end)
    queue_hours = np.asarray(np.bincount(stays.place, weights=waits, minlength=places), dtype=np.float64)
    history = read_history(stays, frequency, shown)
    periods = history.arrivals.shape[1]
    past = period_edges(frequency, np.arange(shown - periods + 1, shown + 2, dtype=np.int64), moment)
    signals = read_signals(stays, history, free_flow, past)
    capacity = demonstrate_capacity(stays, history, end - start)
    total = float(queue_hours.sum())
    outlook = look_ahead(stays, free_flow, history.arrivals, ahead_start, ahead_end)
    expected = apply_recent_level(signals, outlook.queue_hours)
    usual = np.median(signals.queue[:, -USUAL_PERIODS:], axis=1) if places else np.zeros(0)
    starved = find_starvation(stays, history, places_before(visits, stays), past)
    relief = find_relief(stays, free_flow, outlook.open_hours, past[-USUAL_PERIODS - 1 :])
    table = pd.DataFrame(
        {
            "place": pd.Series(stays.places, dtype=object),
            "rank": np.zeros(places, dtype=np.int64),
            "queue_hours": queue_hours,
            "share": queue_hours / total if total > 0 else np.zeros(places),
            "forecast_queue_hours": lean_to_new(expected, queue_hours),
            "expected_queue_hours": expected,
            "alarm_probability": alarm_probability(signals),
            "utilisation": capacity.utilisation,
            "arrivals": history.arrivals[:, -1],
            "departures": history.departures[:, -1],
            "open_visits": np.bincount(stays.place[~stays.finished], minlength=places),
            "free_flow_hours": free_flow,
            "usual_queue_hours": usual,
            "hours_at_stake": np.maximum(expected - usual, 0.0),
            "expected_arrivals": outlook.arrivals,
            "capacity": capacity.departures,
            "relief_units": relief.units,
            "relief_hours": relief.hours,
            "relief_replayed_hours": relief.replayed,
            "causes": _lists(name_causes(stays, history, capacity, queue_hours, past, starved)),
            "events": _lists(_longest_waits(stays, waits)),
        },
        columns=list(BOTTLENECK_COLUMNS),
    )
    # places ascend already, so a stable sort breaks ties by place
    table = table.iloc[np.argsort(-np.round(queue_hours, 6), kind="stable")].reset_index(drop=True)
    table["rank"] = np.arange(1, places + 1)
    return table


def _find_ordinals(frequency: Frequency, moment: int) -> tuple[int, int]:
    # the last microsecond of a period counts as its end: that is how pandas writes it
    current = int(frequency.ordinals(np.array([moment + 1], dtype=np.int64).view("datetime64[us]"))[0])
    begins_now = period_edges(frequency, np.array([current], dtype=np.int64), moment)[0] >= 0
    return current - 1, current if begins_now else current + 1


def _longest_waits(stays: KnownStays, waits: Floats) -> list[list[int]]:
    """List for each place the seqs of the visits that wait most, longest first."""
    rows = np.flatnonzero(waits > 0)
    rows = rows[np.lexsort((stays.seq[rows], stays.arrive[rows], -waits[rows], stays.place[rows]))]
    edges = np.searchsorted(stays.place[rows], np.arange(len(stays.places) + 1)).tolist()
    seqs = stays.seq[rows].tolist()
    return [list(dict.fromkeys(seqs[first:stop]))[:MOST_EVENTS] for first, stop in pairwise(edges)]


def _lists(values: Sequence[list[str]] | Sequence[list[int]]) -> npt.NDArray[np.object_]:
    return np.fromiter(values, dtype=object, count=len(values))
