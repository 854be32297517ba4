# SPDX-License-Identifier: Apache-2.0
"""How complete the history is that a forecast of demand rests on.

Do the events that count as demand say of what, and how much; was anything recorded in every period; and how much
of the last period is known by now, given how late things are usually recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.frequency import Frequency, read_frequency
from forecasting.tables.demand import DemandChoice, counts_as_demand
from forecasting.tables.events import microseconds

_HOUR = 3_600_000_000
_MOMENTS = 24
_PERIODS = {"h": "hour", "D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}


@dataclass(frozen=True)
class Completeness:
    """What is known of the record behind a demand table; None where there is nothing to tell it by.

    Attributes:
        events: how many rows count as demand, withdrawn ones left out.
        named: share of them that say of which product (and place, where series are told apart by it).
        counted: share that say how much; the others count 1.
        periods: from the first demand to the last complete period.
        silent: periods among them in which nothing at all was recorded, no step of any kind.
        silent_end: how many of these lie after everything that was recorded, up to the last complete period.
        delay_hours: median time from happening to being recorded [h].
        last_known: share of the demand of the last complete period that is known by now, as events were recorded
            as late as they usually are.
        share: the least of `named`, `counted` and `last_known`; a silent period may be one without work.
    """

    events: int
    named: float | None
    counted: float | None
    periods: int
    silent: int
    silent_end: int
    delay_hours: float | None
    last_known: float | None
    share: float | None


def measure_completeness(
    events: pd.DataFrame, *, freq: str, choice: DemandChoice, by: Sequence[str], until: datetime
) -> Completeness:
    """Measure the record of a history.

    Args:
        events: an events table, cut at `until`.
        freq: of the forecast.
        choice: which steps are demand.
        by: what makes a series: ``product``, ``place`` or both.
        until: the as-of time, aware of its zone.
    """
    frequency = read_frequency(freq)
    kept = events[~events["corrected"].to_numpy(dtype=bool)]
    rows = kept[counts_as_demand(kept, choice)]
    if rows.empty:
        return Completeness(0, None, None, 0, 0, 0, None, None, None)
    named = float(rows[list(by)].notna().all(axis=1).mean())
    counted = float(rows["quantity"].notna().mean())
    limit = int(microseconds(pd.Series([pd.Timestamp(until)]), "until")[0])
    happened = microseconds(rows["event_time"], "events column event_time")
    stop = int(frequency.ordinals(np.array([limit]).astype("datetime64[us]"))[0])
    first = int(frequency.ordinals(happened.view("datetime64[us]")).min())
    anything = microseconds(kept["event_time"], "events column event_time").view("datetime64[us]")
    seen = np.unique(frequency.ordinals(anything))
    periods = max(0, stop - first)
    within = seen[(seen >= first) & (seen < stop)]
    silent = periods - len(within)
    silent_end = stop - 1 - int(within[-1]) if len(within) else periods
    known = rows["record_time"].notna().to_numpy()
    delays = microseconds(rows["record_time"][known], "events column record_time") - happened[known]
    delays = np.maximum(delays, 0)
    last = _last_known(delays, frequency, stop, limit) if len(delays) and periods else None
    shares = [named, counted, last]
    return Completeness(
        len(rows),
        named,
        counted,
        periods,
        silent,
        silent_end,
        float(np.median(delays)) / _HOUR if len(delays) else None,
        last,
        min(one for one in shares if one is not None),
    )


def _last_known(delays: npt.NDArray[np.int64], frequency: Frequency, stop: int, limit: int) -> float:
    """Give the share of the last complete period that is known at the limit [us], by the delays seen so far."""
    begin, end = frequency.starts(np.array([stop - 1, stop])).astype(np.int64)
    moments = begin + (end - begin) * (np.arange(_MOMENTS) + 0.5) / _MOMENTS
    return float(np.mean(delays[None, :] <= (limit - moments)[:, None]))


def completeness_words(found: Completeness, freq: str) -> list[str]:
    """Say it in sentences."""
    period = _PERIODS[read_frequency(freq).base]
    if found.named is None or found.counted is None:
        return ["nothing counts as demand, so there is nothing to be complete"]
    words = [
        f"of {found.events:,} rows that count as demand, {_percent(found.named)} say of what and "
        f"{_percent(found.counted)} say how much" + ("" if found.counted == 1 else " (the others count 1)")
    ]
    if found.silent:
        words.append(f"nothing was recorded in {found.silent} of {found.periods:,} {period}s, which count as 0")
        if found.silent_end > 1:
            words.append(
                f"the last {found.silent_end} {period}s hold nothing: an earlier --as-of ends with the record"
            )
    elif found.periods:
        words.append(f"something was recorded in each of {found.periods:,} {period}s")
    if found.delay_hours is not None and found.last_known is not None:
        words.append(
            f"half is recorded within {_hours(found.delay_hours)}, so {_percent(found.last_known)} of the last "
            f"{period} should be known by now"
        )
    return words


def _percent(share: float) -> str:
    shown = round(share * 100, 1)
    if shown == 100 and share < 1:
        return "nearly 100 %"
    return f"{shown:g} %"


def _hours(hours: float) -> str:
    if hours < 1:
        return "the hour"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
