# SPDX-License-Identifier: Apache-2.0
"""The numbers behind two pictures: which way goods flow between places, and where they waited in past periods."""

import numpy as np
import pandas as pd

from forecasting.flow.free_flow import free_flow_hours
from forecasting.flow.period_history import read_history
from forecasting.flow.signals import read_signals
from forecasting.flow.stays import know_stays, period_edges, read_moment
from forecasting.frequency import read_period


def flows_between(legs: pd.DataFrame) -> pd.DataFrame:
    """Count the legs between places.

    Returns:
        A row for each pair of places, the busiest first: ``origin, destination, legs, median_hours`` (NaN where
        all are under way), ``under_way``.
    """
    known = legs[legs["origin"].notna() & legs["destination"].notna()]
    hours = (known["end"] - known["start"]).dt.total_seconds() / 3600
    table = known.assign(hours=hours, open=known["end"].isna()).groupby(["origin", "destination"], sort=True)
    answer = table.agg(legs=("item", "size"), median_hours=("hours", "median"), under_way=("open", "sum"))
    return answer.reset_index().sort_values(
        ["legs", "origin", "destination"], ascending=[False, True, True], ignore_index=True
    )


def queue_strips(visits: pd.DataFrame, *, as_of: object, period: str = "W", periods: int = 26) -> pd.DataFrame:
    """Give the queue hours of each place in each of the last complete periods.

    Returns:
        A row for each place that had a visit, ascending; the columns are the starts of the periods (UTC), the
        oldest first [hours].
    """
    frequency, moment = read_period(period), read_moment(as_of)
    stays = know_stays(visits, moment)
    last = int(frequency.ordinals(np.array([moment + 1], dtype=np.int64).view("datetime64[us]"))[0]) - 1
    history = read_history(stays, frequency, last)
    count = history.arrivals.shape[1]
    ordinals = np.arange(last - count + 1, last + 2, dtype=np.int64)
    signals = read_signals(stays, history, free_flow_hours(stays), period_edges(frequency, ordinals, moment))
    shown = min(periods, count)
    starts = pd.DatetimeIndex(frequency.starts(ordinals[count - shown : count])).tz_localize("UTC")
    return pd.DataFrame(signals.queue[:, count - shown :], index=pd.Index(stays.places), columns=starts)
