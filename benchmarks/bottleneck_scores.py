# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.bottleneck_scores [DATA] [NAME...]``: which places will choke next, from rolling origins.

The truth is the queue area of the next period. P@5: share of its five largest places that were among the five
named. Em: share of those of them that were not among the five largest of the period before (copying the last
period scores 0). AUC: of the alarm "the next median stay lies beyond the place's own 90th percentile". Beside
ours: last period, means, exponential smoothing, open count; for the alarm the standard score of the last median
and the age of open work over its own mean ("later": on the later two thirds of the rows). The last of the origins
were held back when settings were chosen.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

import forecasting
from benchmarks.flow_data import bottleneck_visits, find_logs
from benchmarks.lead_time_scores import area_under_curve

TOP = 5
CHOSEN = 0.6
"""Share of the origins, the earlier ones, on which settings were chosen."""

CAP = pd.Timedelta(days=60)


@dataclass(frozen=True)
class Frames:
    """What came, place by period, of places with enough visits.

    Attributes:
        queue: queue hours.
        medians: median stay [hours].
        open_count: visits open at the end.
        open_age: their summed age [hours].
        periods: in order.
    """

    queue: pd.DataFrame
    medians: pd.DataFrame
    open_count: pd.DataFrame
    open_age: pd.DataFrame
    periods: pd.PeriodIndex


def frames(visits: pd.DataFrame, freq: str) -> Frames:
    """Reckon what came of visits."""
    table = visits.copy()
    cap = table.arrive + CAP
    table["depart"] = table.depart.fillna(cap).where(lambda depart: depart < cap, cap)
    table["dwell"] = (table.depart - table.arrive).dt.total_seconds() / 3600
    came, went = table.arrive.dt.to_period(freq), table.depart.dt.to_period(freq)
    periods = pd.period_range(came.min(), came.max(), freq=freq)
    counts = table.place.value_counts()
    kept = table.place.isin(counts[counts >= 3 * len(periods) / 4].index)
    table, came, went = table[kept], came[kept], went[kept]
    free = table.sort_values("depart").groupby("place").dwell
    free = free.apply(lambda dwell: dwell.expanding(20).quantile(0.2).shift(1)).droplevel(0).reindex(table.index)
    begin = table.arrive + pd.to_timedelta(free.fillna(0), unit="h")
    queue, age = {}, {}
    for period in periods:
        inside = table.depart.clip(upper=period.end_time) - begin.clip(lower=period.start_time)
        queue[period] = (inside.dt.total_seconds() / 3600).clip(lower=0).groupby(table.place).sum()
        still = (table.arrive <= period.end_time) & (table.depart > period.end_time)
        age[period] = (
            ((period.end_time - table.arrive[still]).dt.total_seconds() / 3600).groupby(table.place[still]).sum()
        )
    medians = table.dwell.groupby([table.place, went]).median().unstack().reindex(columns=periods)
    arrivals = table.groupby(["place", came]).size().unstack().reindex(columns=periods).fillna(0)
    departures = table.groupby(["place", went]).size().unstack().reindex(columns=periods).fillna(0)
    hours = pd.DataFrame(queue)
    return Frames(
        hours,
        medians,
        arrivals.cumsum(axis=1) - departures.cumsum(axis=1),
        pd.DataFrame(age).reindex(hours.index).fillna(0),
        periods,
    )


@dataclass(frozen=True)
class Told:
    """What was named at one origin, by method: shares of the five largest and of the new ones (None without one),
    the alarms at places where a median followed, and whether it lay beyond the limit."""

    exact: dict[str, float]
    emergent: dict[str, float] | None
    alarm: dict[str, np.ndarray]
    beyond: np.ndarray


def ask_origins(visits: pd.DataFrame, freq: str, warm: int) -> list[Told]:
    """Ask at every origin after the warm-up."""
    real = frames(visits, freq)
    queue, medians, periods = real.queue, real.medians, real.periods
    kept = visits[visits.place.isin(queue.index)]
    answers = []
    for at in range(warm, len(periods) - 1):
        truth = queue.iloc[:, at + 1]
        if truth.sum() == 0:
            continue
        as_of = periods[at + 1].start_time
        known = kept[kept.arrive < as_of]
        known = known.assign(depart=known.depart.where(known.depart < as_of))
        answer = forecasting.bottlenecks(known, as_of=as_of, period=freq).set_index("place").reindex(queue.index)
        past = queue.iloc[:, : at + 1]
        says = {
            "ours": answer.forecast_queue_hours,
            "last period": queue.iloc[:, at],
            "mean of 4": past.iloc[:, -4:].mean(axis=1),
            "mean of all": past.mean(axis=1),
            "smoothing": past.T.ewm(alpha=0.3).mean().T.iloc[:, -1],
            "open count": real.open_count.iloc[:, at],
        }
        top = set(truth.nlargest(TOP).index)
        new = top - set(queue.iloc[:, at].nlargest(TOP).index)
        named = {name: set(values.fillna(0).nlargest(TOP).index) for name, values in says.items()}
        seen = medians.iloc[:, : at + 1]
        usable = seen.notna().sum(axis=1).ge(8) & medians.iloc[:, at + 1].notna() & seen.iloc[:, -1].notna()
        alarms = {
            "ours": answer.alarm_probability.fillna(0.1),
            "last period": ((seen.iloc[:, -1] - seen.mean(axis=1)) / seen.std(axis=1)).fillna(0),
            "age of open work": (real.open_age.iloc[:, at] + 1)
            / (real.open_age.iloc[:, : at + 1].mean(axis=1) + 1),
        }
        answers.append(
            Told(
                exact={name: len(five & top) / TOP for name, five in named.items()},
                emergent={name: len(five & new) / len(new) for name, five in named.items()} if new else None,
                alarm={name: values[usable].to_numpy(dtype=float) for name, values in alarms.items()},
                beyond=(medians.iloc[:, at + 1] > seen.quantile(0.9, axis=1))[usable].to_numpy(),
            )
        )
    return answers


def score(answers: list[Told]) -> pd.DataFrame:
    """Score the answers of some origins, a row for each method."""
    fresh = [one.emergent for one in answers if one.emergent]
    table = pd.DataFrame([one.exact for one in answers]).mean().to_frame("P@5")
    table["Em"] = pd.DataFrame(fresh).mean() if fresh else np.nan
    event = np.concatenate([one.beyond for one in answers])
    third = slice(len(event) // 3, None)
    for name in answers[0].alarm:
        values = np.concatenate([one.alarm[name] for one in answers])
        table.loc[name, "AUC"] = area_under_curve(event, values)
        table.loc[name, "AUC later"] = area_under_curve(event[third], values[third])
        if name == "ours":
            table.loc[name, ["Brier", "base"]] = np.mean((event - values) ** 2), event.mean()
    return table


def main(arguments: list[str]) -> int:
    """Score what was asked for and print it."""
    known = ("seller city", "state", "lane", "hub")
    names = [name for name in arguments if name in known] or list(known)
    folder = find_logs(next((name for name in arguments if name not in known), None))
    if folder is None:
        print("skipped: no event logs (give their folder, or set TRACE_TEST_DATA)")
        return 0
    cases = bottleneck_visits(folder)
    for name in names:
        begun = time.process_time()
        answers = ask_origins(*cases[name])
        back = round(len(answers) * CHOSEN)
        for what, some in ((f"{len(answers)} origins", answers), ("the last of them, held back", answers[back:])):
            print(f"{name}, {what}\n{score(some).round(3).to_string(na_rep='')}\n")
        print(f"  {time.process_time() - begun:.0f} s of CPU\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
