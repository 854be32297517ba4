"""``python -m benchmarks.bottleneck_scores [DATA] [NAME...]``: which places will choke next, from rolling origins.

The truth is the queue area of the next period. P@5: share of its five largest places that were among the five
named. Em: share of those of them that were not among the five largest of the period before (copying the last
period scores 0). AUC: of the alarm "the next median stay lies beyond the place's own 90th percentile". Beside
ours: last period, exponential smoothing, open count.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

import forecasting
from benchmarks.flow_data import bottleneck_visits, find_logs
from benchmarks.lead_time_scores import area_under_curve

TOP = 5
CAP = pd.Timedelta(days=60)


def frames(visits: pd.DataFrame, freq: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.PeriodIndex]:
    """Give realised queue hours, median stays and open counts, place by period, of places with enough visits."""
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
    queue = {}
    for period in periods:
        inside = table.depart.clip(upper=period.end_time) - begin.clip(lower=period.start_time)
        queue[period] = (inside.dt.total_seconds() / 3600).clip(lower=0).groupby(table.place).sum()
    medians = table.dwell.groupby([table.place, went]).median().unstack().reindex(columns=periods)
    arrivals = table.groupby(["place", came]).size().unstack().reindex(columns=periods).fillna(0)
    departures = table.groupby(["place", went]).size().unstack().reindex(columns=periods).fillna(0)
    return pd.DataFrame(queue), medians, arrivals.cumsum(axis=1) - departures.cumsum(axis=1), periods


def score(visits: pd.DataFrame, freq: str, warm: int, *, alarm: bool = True) -> pd.DataFrame:
    """Score every origin after the warm-up."""
    queue, medians, open_count, periods = frames(visits, freq)
    kept = visits[visits.place.isin(queue.index)]
    exact: dict[str, list[float]] = {}
    emergent: dict[str, list[float]] = {}
    told, happened = [], []
    for at in range(warm, len(periods) - 1):
        truth = queue.iloc[:, at + 1]
        if truth.sum() == 0:
            continue
        as_of = periods[at + 1].start_time
        known = kept[kept.arrive < as_of]
        known = known.assign(depart=known.depart.where(known.depart < as_of))
        answer = forecasting.bottlenecks(known, as_of=as_of, period=freq).set_index("place").reindex(queue.index)
        says = {
            "ours": answer.forecast_queue_hours,
            "last period": queue.iloc[:, at],
            "smoothing": queue.iloc[:, : at + 1].T.ewm(alpha=0.3).mean().T.iloc[:, -1],
            "open count": open_count.iloc[:, at],
        }
        top = set(truth.nlargest(TOP).index)
        new = top - set(queue.iloc[:, at].nlargest(TOP).index)
        for name, values in says.items():
            named = set(values.fillna(0).nlargest(TOP).index)
            exact.setdefault(name, []).append(len(named & top) / TOP)
            if new:
                emergent.setdefault(name, []).append(len(named & new) / len(new))
        past = medians.iloc[:, : at + 1]
        usable = past.notna().sum(axis=1).ge(8) & medians.iloc[:, at + 1].notna() & past.iloc[:, -1].notna()
        limit = past.quantile(0.9, axis=1)
        told.append(answer.alarm_probability[usable])
        happened.append((medians.iloc[:, at + 1] > limit)[usable])
    table = pd.DataFrame({name: {"P@5": np.mean(values)} for name, values in exact.items()}).T
    table["Em"] = pd.Series({name: np.mean(values) for name, values in emergent.items()})
    probability, event = pd.concat(told).to_numpy(), pd.concat(happened).to_numpy()
    third = slice(len(event) // 3, None)
    if alarm:
        known = np.isfinite(probability)
        table.loc["ours", "NaN alarms"] = (~known).sum()
        probability = np.where(known, probability, 0.1)
        table.loc["ours", "AUC"] = area_under_curve(event, probability)
        table.loc["ours", "AUC later"] = area_under_curve(event[third], probability[third])
        table.loc["ours", "Brier"] = np.mean((event - probability) ** 2)
        table.loc["ours", "base"] = event.mean()
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
        table = score(*cases[name])
        print(
            f"{name} ({time.process_time() - begun:.0f} s of CPU)\n{table.round(3).to_string(na_rep='')}\n",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
