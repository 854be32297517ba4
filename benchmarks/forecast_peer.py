# SPDX-License-Identifier: Apache-2.0
"""What does a forecast cost beside statsforecast's Dynamic Optimized Theta, on the same series in the same run?

The peer runs in an environment of its own: `TRACE_PEERS_PYTHON` names an interpreter that has statsforecast. Both
sides take turns, after imports and compilation, with six central intervals; the peer on one thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import forecasting
from benchmarks.forecast_scores import LEVELS, find_folder
from benchmarks.measure import Result, spend
from benchmarks.site import Bench
from forecasting.training.samples import SampleSeries, read_group

ROUNDS = 3
CASES = (("yearly", "YS", 0.4), ("quarterly", "QS", 0.35), ("monthly", "MS", 0.28))
"""Group, frequency, and how much of the peer's cost may be spent."""

PEER = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import DynamicOptimizedTheta
levels = [50, 67, 80, 90, 95, 99]
for line in sys.stdin:
    asked = json.loads(line)
    table = pd.read_csv(asked["file"], dtype={"unique_id": str})
    run = StatsForecast(models=[DynamicOptimizedTheta(season_length=asked["season"])], freq=1, n_jobs=1)
    before = time.process_time()
    run.forecast(df=table, h=asked["horizon"], level=levels)
    print(json.dumps(time.process_time() - before), flush=True)
"""


def measure(bench: Bench) -> Iterator[Result]:
    """Forecast yearly, quarterly and monthly series by both, in turn."""
    interpreter, folder = os.environ.get("TRACE_PEERS_PYTHON"), find_folder()
    if interpreter is None or folder is None:
        missing = (
            "an interpreter with statsforecast (TRACE_PEERS_PYTHON)" if interpreter is None else "TRACE_TEST_DATA"
        )
        print(f"skipped forecast_peer: it needs {missing}", file=sys.stderr)
        return
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
    )
    room = bench.fresh("forecast_peer")
    room.mkdir()
    with subprocess.Popen(
        [interpreter, "-c", PEER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **threads},
    ) as peer:
        for group, freq, budget in CASES:
            series = read_group(folder, group)
            horizon = max(len(one.test) for one in series)
            yield _compare(peer, room, group, freq, series, horizon, budget)


def _compare(
    peer: subprocess.Popen[str],
    room: Path,
    group: str,
    freq: str,
    series: list[SampleSeries],
    horizon: int,
    budget: float,
) -> Result:
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "unique_id": one.series_id,
                    "ds": pd.date_range("1900-01-01", periods=len(one.train), freq=freq),
                    "y": one.train,
                }
            )
            for one in series
        ],
        ignore_index=True,
    )
    numbered = table.assign(ds=table.groupby("unique_id").cumcount() + 1)
    file, warm = room / f"{group}.csv", room / f"{group}-warm.csv"
    numbered.to_csv(file, index=False)
    numbered[numbered["unique_id"].isin(numbered["unique_id"].unique()[:2])].to_csv(warm, index=False)

    def theirs(path: Path) -> float:
        assert peer.stdin is not None
        assert peer.stdout is not None
        peer.stdin.write(json.dumps({"file": str(path), "season": series[0].season, "horizon": horizon}) + "\n")
        peer.stdin.flush()
        return float(json.loads(peer.stdout.readline()))

    def ours() -> None:
        forecasting.forecast(table, freq=freq, horizon=horizon, quantiles=LEVELS)

    theirs(warm)
    ours()
    mine, other = [], []
    for _ in range(ROUNDS):
        mine.append(spend(ours).cpu)
        other.append(theirs(file))
    least, limit = float(np.min(mine)) / len(series), float(np.min(other)) / len(series)
    return Result(
        f"forecast with 13 quantiles, {group}, a series",
        f"{1000 * least:.2f} ms",
        f"{1000 * limit:.2f} ms  DOT of statsforecast",
        least / limit,
        budget,
    )
