# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.flow_cost``: seconds of CPU against the number of events, and the growth from size to
size.

A growth of at most ten for ten times the events is linear or better.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

import forecasting
from forecasting.flow.directly_follows import directly_follows

SIZES = (10_000, 100_000, 1_000_000)
PLACES = 60
NOW = pd.Timestamp("2026-06-01")


def make_legs(count: int) -> pd.DataFrame:
    """Make legs over two years; each leg is two events, and a visit before it."""
    rng = np.random.default_rng(count)
    start = np.sort(rng.integers(0, 730 * 24 * 60, count))
    origin, destination = rng.integers(0, PLACES, count), rng.integers(0, PLACES, count)
    minutes = (600 + 20 * np.abs(origin - destination)) * np.exp(rng.normal(0, 0.3, count))
    begin = NOW - pd.Timedelta(days=730) + pd.to_timedelta(start, unit="m")
    end = pd.Series(begin + pd.to_timedelta(minutes.astype(int), unit="m"))
    return pd.DataFrame(
        {
            "item": [f"I{number}" for number in range(count)],
            "origin": [f"P{number}" for number in origin],
            "destination": [f"P{number}" for number in destination],
            "start": begin,
            "end": end.where(end <= NOW),
        }
    )


def main() -> int:
    """Measure and print."""
    before: dict[str, float] = {}
    for events in SIZES:
        legs = make_legs(events // 2)
        visits = legs.rename(columns={"origin": "place", "start": "arrive", "end": "depart"})
        visits["arrive_seq"] = np.arange(len(visits))
        log = pd.concat(
            [
                legs[["item", "origin", "start"]].set_axis(["item", "step", "event_time"], axis=1),
                legs[["item", "destination", "end"]].set_axis(["item", "step", "event_time"], axis=1),
            ],
            ignore_index=True,
        )
        log["seq"] = np.arange(len(log))
        queries = legs.tail(100).assign(start=NOW).drop(columns="end")
        works: dict[str, Callable[[], object]] = {
            "bottlenecks": lambda visits=visits: forecasting.bottlenecks(visits, as_of=NOW),
            "lead_times": lambda legs=legs, queries=queries: forecasting.lead_times(legs, queries, as_of=NOW),
            "directly_follows": lambda log=log: directly_follows(log),
        }
        for name, work in works.items():
            begun = time.process_time()
            work()
            spent = time.process_time() - begun
            growth = f"{spent / before[name]:.1f} x" if name in before else ""
            before[name] = spent
            print(f"{events:>9,} events  {name:<17} {spent:8.2f} s  {growth}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
