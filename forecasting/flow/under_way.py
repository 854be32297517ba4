# SPDX-License-Identifier: Apache-2.0
"""What is under way, and when it will arrive: legs with what their journey has shown so far."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.arguments import quantile_columns, read_levels
from forecasting.errors import NotEnoughHistory
from forecasting.flow.known_legs import FORGOTTEN
from forecasting.flow.lead_times import lead_times
from forecasting.flow.stays import MICROSECONDS_IN_HOUR, read_moment
from forecasting.tables.events import microseconds, utc_timestamps
from forecasting.tables.journeys import NO_TIME
from forecasting.tables.visits import legs_table

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

GRID = tuple(float(level) for level in np.arange(1, 20) / 20)
"""Levels of the distribution of an arrival over which something is averaged."""


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
        quantiles of the lead time [hours] (``q0.1``...), ``late_probability``, the arrival at each of them as
        UTC timestamps (``eta0.1``...), no arrival lying before `as_of`, ``expected_late_hours`` (the hours after
        the promise, 0 where before, averaged over the levels of `GRID`; NaN without a promise), and ``missing``:
        under way for longer than `FORGOTTEN` times the longest leg that ever ended. What is missing is not
        expected any more and has no arrival (NaT).

    Raises:
        NotEnoughHistory: something is under way and nothing has ever arrived.
    """
    moment, levels = read_moment(as_of), read_levels(quantiles)
    legs = journey_legs(events)
    start = microseconds(legs["start"], "legs column start")
    end = microseconds(legs["end"], "legs column end")
    is_open = (start <= moment) & ((end == NO_TIME) | (end > moment))
    open_legs = legs[is_open].drop(columns=["end", "end_seq"])
    every = np.unique(np.concatenate((levels, GRID)))
    names = quantile_columns(levels)
    if open_legs.empty:
        told = open_legs.assign(
            late_probability=np.empty(0), **{name: np.empty(0) for name in quantile_columns(every)}
        )
    else:
        try:
            told = lead_times(legs, open_legs, as_of=as_of, quantiles=tuple(every.tolist()))
        except NotEnoughHistory as error:
            raise NotEnoughHistory(
                f"{len(open_legs)} shipments are under way and none has arrived yet, so there is no lead time to "
                "learn from; record what arrives, or choose a later moment"
            ) from error
    ended = (start <= moment) & (end != NO_TIME) & (end <= moment)
    longest = int((end[ended] - start[ended]).max()) if ended.any() else 0
    begun = start[is_open]
    missing = moment - begun > FORGOTTEN * longest
    arrivals = {
        name: np.maximum(begun + np.round(told[name].to_numpy() * MICROSECONDS_IN_HOUR).astype(np.int64), moment)
        for name in quantile_columns(every)
    }
    late = _hours_late(told, [arrivals[name] for name in quantile_columns(np.array(GRID))])
    told = told.drop(columns=[name for name in quantile_columns(every) if name not in names])
    for name in names:
        told[f"eta{name[1:]}"] = utc_timestamps(np.where(missing, NO_TIME, arrivals[name]))
    told["expected_late_hours"] = np.where(missing, np.nan, late)
    told["missing"] = missing
    return pd.DataFrame(told.reset_index(drop=True))


def _hours_late(told: pd.DataFrame, arrivals: Sequence[Indices]) -> Floats:
    """Average the hours between a promise and the arrivals after it; NaN without a promise, shape (rows,)."""
    promised = microseconds(told["promised"], "legs column promised")
    hours = np.mean([np.maximum(one - promised, 0) / MICROSECONDS_IN_HOUR for one in arrivals], axis=0)
    return np.where(promised != NO_TIME, hours, np.nan)
