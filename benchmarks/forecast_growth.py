# SPDX-License-Identifier: Apache-2.0
"""What do 10^2 to 10^5 series cost? Time, memory, CPU a series, with one worker and with two, and the same bits.

``python -m benchmarks.forecast_growth SERIES WORKERS`` forecasts made monthly series in a process of its own and
prints what it took.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import Result
from benchmarks.site import Bench

PERIODS, HORIZON = 60, 12
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
SMALLEST = 100
SLACK = 1.6


def measure(bench: Bench) -> Iterator[Result]:
    """Grow the number of series tenfold at a time: 10^4 with --small, else 10^5."""
    most = 10_000 if bench.entries <= 20_000 else 100_000
    first: float | None = None
    count = SMALLEST
    while count <= most:
        alone, two = _in_child(count, 1), _in_child(count, 2)
        cost = alone["cpu"] / count * 1000
        first = first or cost
        yield Result(
            f"forecast of {count:,} monthly series, CPU a series",
            f"{cost:.2f} ms; {alone['wall']:.1f} s, {alone['memory']:.0f} MB",
            f"{first:.2f} ms  as {SMALLEST}",
            cost / first,
            SLACK,
        )
        yield Result(
            f"forecast of {count:,} monthly series, two workers",
            f"{two['wall']:.1f} s, {two['memory']:.0f} MB in the largest process",
            f"{alone['wall']:.1f} s  one",
            two["wall"] / alone["wall"],
        )
        yield Result(
            f"forecast of {count:,} monthly series, other bits with two workers",
            str(int(two["digest"] != alone["digest"])),
            "0",
            float(two["digest"] != alone["digest"]),
            0.0,
        )
        count *= 10


def make_series(count: int) -> pd.DataFrame:
    """Make monthly series with level, trend, season and noise; every fifth one intermittent."""
    rng = np.random.default_rng(count)
    time_of = np.arange(PERIODS)
    level = rng.lognormal(4, 1, (count, 1))
    wave = 1 + rng.uniform(0, 0.4, (count, 1)) * np.sin(
        2 * np.pi * (time_of + rng.integers(0, 12, (count, 1))) / 12
    )
    y = level * wave * (1 + rng.normal(0, 0.01, (count, 1)) * time_of) + level * rng.normal(
        0, 0.15, (count, PERIODS)
    )
    y = np.maximum(y, 0.0)
    y[::5] = rng.poisson(1.5, y[::5].shape) * (rng.random(y[::5].shape) < 0.4)
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(count), PERIODS),
            "ds": np.tile(pd.date_range("2020-01-01", periods=PERIODS, freq="MS"), count),
            "y": y.ravel(),
        }
    )


def _in_child(count: int, workers: int) -> dict[str, float]:
    """Run in a process of its own, so that its memory is its own; one thread for linear algebra."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.forecast_growth", str(count), str(workers)],
        env={**os.environ, **threads},
        cwd=Path(__file__).resolve().parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(count: int, workers: int) -> None:
    """Forecast and print what it took: seconds, MB, and a digest of the result."""
    import forecasting

    def ask(demand: pd.DataFrame, pool: ProcessPoolExecutor | None) -> pd.DataFrame:
        return forecasting.forecast(demand, freq="MS", horizon=HORIZON, quantiles=QUANTILES, executor=pool)

    demand = make_series(count)
    ask(demand.head(20 * PERIODS), None)
    # A pool of one worker would cost copies; the calling process is the one worker.
    pool = None if workers == 1 else ProcessPoolExecutor(workers, mp_context=get_context("fork"))
    if workers == 1:
        forecasting.batched_engine.MANY = 10**9  # type: ignore[attr-defined]
    wall, cpu = time.perf_counter(), time.process_time()
    result = ask(demand, pool)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if pool is not None:
        pool.shutdown()
    values = result.drop(columns=["unique_id", "ds", "model"]).to_numpy()
    own = resource.getrusage(resource.RUSAGE_SELF)
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {
        "wall": wall,
        "cpu": cpu + (below.ru_utime + below.ru_stime if pool else 0.0),
        "memory": max(own.ru_maxrss, below.ru_maxrss) / 1024,
        "digest": hashlib.sha256(values.tobytes()).hexdigest(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
