# SPDX-License-Identifier: Apache-2.0
"""What is under way, and when it will arrive: legs with what their journey has shown so far."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.arguments import quantile_columns, read_levels
from forecasting.errors import NotEnoughHistory
from forecasting.flow.lead_times import lead_times
from forecasting.flow.stays import MICROSECONDS_IN_HOUR, read_moment
from forecasting.tables.events import microseconds, utc_timestamps
from forecasting.tables.journeys import NO_TIME
from forecasting.tables.visits import legs_table

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def journey_legs(events: pd.DataFrame) -> pd.DataFrame:
    """Build the legs table, with what was known of each journey when its leg began.

    Args:
        events: an events table.

    Returns:
        The legs table (`forecasting.tables.legs_table`), and the columns ``elapsed_hours`` (from the first leg of
        the item to the start of this one), ``legs_before`` (how many legs of the item began before it); a leg that
        was promised nothing has what was last promised of its item before it began.
    """
    legs = legs_table(events)
    start = microseconds(legs["start"], "legs column start")
    first = pd.Series(start).groupby(legs["item"], sort=False).transform("min").to_numpy()
    legs["elapsed_hours"] = (start - first) / MICROSECONDS_IN_HOUR
    # a leg that takes no time comes before the one that starts with it, whichever was recorded first
    ended = microseconds(legs["end"], "legs column end")
    order = np.lexsort((np.arange(len(legs)), np.where(ended == NO_TIME, np.iinfo(np.int64).max, ended), start))
    before = legs["item"].iloc[order].groupby(legs["item"].iloc[order], sort=False).cumcount()
    legs["legs_before"] = before.reindex(legs.index).to_numpy(dtype=np.float64)
    return _with_promises(legs, events)


def _with_promises(legs: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    told = events["promised"].notna() & ~events["corrected"].astype(bool) & events["item"].notna()
    missing = legs["promised"].isna()
    if not told.any() or not missing.any():
        return legs
    promises = events.loc[told, ["event_time", "seq", "item", "promised"]].sort_values(["event_time", "seq"])
    wanted = legs.loc[missing, ["start", "item"]].assign(row=np.flatnonzero(missing)).sort_values("start")
    found = pd.merge_asof(
        wanted, promises, left_on="start", right_on="event_time", by="item", direction="backward"
    ).set_index("row")["promised"]
    legs.loc[found.index, "promised"] = found
    return legs


def shipments_under_way(
    events: pd.DataFrame, *, as_of: object, quantiles: Sequence[float] = (0.1, 0.5, 0.9)
) -> pd.DataFrame:
    """Forecast when everything that is under way will arrive.

    Args:
        events: an events table of what was known at `as_of`.
        as_of: the moment, UTC where it has no zone.
        quantiles: ascending levels.

    Returns:
        One row per leg under way, the earliest start first: the columns of `journey_legs` without ``end``, the
        quantiles of the lead time [hours] (``q0.1``...), ``late_probability``, and the arrival at each of them as
        UTC timestamps (``eta0.1``...); no arrival lies before `as_of`.

    Raises:
        NotEnoughHistory: something is under way and nothing has ever arrived.
    """
    moment, levels = read_moment(as_of), read_levels(quantiles)
    legs = journey_legs(events)
    end = microseconds(legs["end"], "legs column end")
    begun = microseconds(legs["start"], "legs column start") <= moment
    open_legs = legs[begun & ((end == NO_TIME) | (end > moment))].drop(columns=["end", "end_seq"])
    if open_legs.empty:
        told = open_legs.assign(
            late_probability=np.empty(0), **{name: np.empty(0) for name in quantile_columns(levels)}
        )
    else:
        try:
            told = lead_times(legs, open_legs, as_of=as_of, quantiles=quantiles)
        except NotEnoughHistory as error:
            raise NotEnoughHistory(
                f"{len(open_legs)} shipments are under way and none has arrived yet, so there is no lead time to "
                "learn from; record what arrives, or choose a later moment"
            ) from error
    start = microseconds(told["start"], "legs column start")
    for name in quantile_columns(levels):
        arrival = start + np.round(told[name].to_numpy() * MICROSECONDS_IN_HOUR).astype(np.int64)
        told[f"eta{name[1:]}"] = utc_timestamps(np.maximum(arrival, moment))
    return pd.DataFrame(told.reset_index(drop=True))


def arrivals_by_day(
    events: pd.DataFrame, *, as_of: object, place: str, days: int, levels: Sequence[float]
) -> pd.DataFrame:
    """Forecast how many arrivals a place will see on each day, for planning its docks.

    Shipments under way to the place arrive by their lead times. Those not yet under way come at the rate at which
    shipments to the place started in the last eight weeks, each with the lead times of a shipment starting now;
    things that arrived without having been under way are counted at the rate of those weeks. The quantiles are
    those of a sum of independent arrivals (normal approximation of the Poisson-binomial, cut at 0).

    Args:
        events: an events table of what was known at `as_of`.
        as_of: the moment, UTC where it has no zone; days are UTC days.
        place: where.
        days: how many, the first being the one in which `as_of` lies.
        levels: quantile levels.

    Returns:
        One row per day: ``ds`` (UTC midnight), ``mean``, ``under_way`` (the part of the mean that is under way),
        ``q0.1``...
    """
    from scipy.special import ndtri

    moment, asked = read_moment(as_of), read_levels(levels)
    grid = np.arange(1, 20) / 20
    told = shipments_under_way(events, as_of=as_of, quantiles=tuple(grid))
    here = told[told["destination"] == place]
    today = pd.Timestamp(moment, unit="us", tz="UTC").floor("D")
    edges = microseconds(pd.Series(pd.date_range(today, periods=days + 1, freq="D")), "days")
    # each of the equally likely arrivals of a shipment carries an equal share of it
    share = np.zeros((len(here), days))
    for level in grid:
        times = microseconds(here[f"eta{float(level)!r}"], "eta")
        column = np.searchsorted(edges, times, side="right") - 1
        inside = (column >= 0) & (column < days)
        share[np.flatnonzero(inside), column[inside]] += 1 / len(grid)
    new = _new_arrivals(events, moment, place, edges)
    mean = share.sum(axis=0) + new
    spread = np.sqrt((share * (1 - share)).sum(axis=0) + new)
    answer = pd.DataFrame({"ds": utc_timestamps(edges[:-1]), "mean": mean, "under_way": share.sum(axis=0)})
    for level, name in zip(asked, quantile_columns(asked), strict=True):
        answer[name] = np.maximum(mean + ndtri(level) * spread, 0.0)
    return answer


_LOOK_BACK_DAYS = 56


def _new_arrivals(events: pd.DataFrame, moment: int, place: str, edges: Indices) -> Floats:
    """Give for each day the arrivals of what is not under way yet, at the rates of the last eight weeks."""
    from forecasting.tables.visits import visits_table

    day = 24 * MICROSECONDS_IN_HOUR
    arrive = microseconds(events["event_time"], "events column event_time")
    known = events[arrive <= moment]
    visits = visits_table(known)
    came = microseconds(visits["arrive"], "visits column arrive")
    at_place = (visits["place"] == place).to_numpy() & (came <= moment)
    span = min(_LOOK_BACK_DAYS * day, max(moment - int(arrive.min()), day)) if len(arrive) else day
    recent = at_place & (came > moment - span)
    legs = journey_legs(known)
    arriving = (legs["destination"] == place).to_numpy() & legs["end"].notna().to_numpy()
    lead = (legs["end"] - legs["start"]).dt.total_seconds().to_numpy()[arriving] * 1e6
    begun = microseconds(legs["start"], "legs column start")
    ended = microseconds(legs["end"], "legs column end")
    by_leg = int((arriving & (ended > moment - span)).sum())
    without = max(int(recent.sum()) - by_leg, 0) / span
    started = int((((legs["destination"] == place).to_numpy()) & (begun > moment - span)).sum()) / span
    lead = np.sort(lead)
    size = np.maximum(edges[1:] - np.maximum(edges[:-1], moment), 0)
    since = np.maximum((edges[1:] + np.maximum(edges[:-1], moment)) / 2 - moment, 0)
    done = np.searchsorted(lead, since, side="right") / max(len(lead), 1)
    return np.asarray(size * (without + started * done), dtype=np.float64)
