# SPDX-License-Identifier: Apache-2.0
"""Scores of groups of series are those of the published scoring script, where it lies beside the test data."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.forecast_scores import LEVELS, score_group
from forecasting.training.samples import SampleSeries

DATA = Path(os.environ.get("TRACE_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
SCRIPT = DATA.parent / "bench" / "forecasting" / "fcmetrics.py"


@pytest.fixture(scope="module")
def fcmetrics():
    if not SCRIPT.is_file():
        pytest.skip("no scoring script: bench/forecasting/fcmetrics.py is not beside $TRACE_TEST_DATA")
    spec = importlib.util.spec_from_file_location("fcmetrics", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def make_case(group, season, lag, seed):
    """Histories of a kind, what came, and quantiles that miss now and then and dip below zero."""
    rng = np.random.default_rng(seed)
    series, rows = [], []
    for k in range(12):
        n, horizon = int(rng.integers(3 * season + 3, 60)), 6
        wave = 1 + 0.5 * np.sin(2 * np.pi * np.arange(n + horizon) / max(season, 2)) * (k % 2)
        y = rng.poisson(1.0, n + horizon) * 1.0 if "intermittent" in group else rng.gamma(9, 4, n + horizon) * wave
        if k == 0:
            y[:4] = 0.0
        one = SampleSeries(f"s{k}", y[:n], y[n:], lag, season)
        series.append(one)
        mean = rng.normal(y[:n].mean(), y[:n].std(), horizon)
        table = mean[:, None] + y[:n].std() * np.linspace(-2.5, 2.5, len(LEVELS))[None, :]
        frame = pd.DataFrame(table, columns=[f"q{level!r}" for level in LEVELS])
        rows.append(
            frame.assign(model="trace", series_id=one.series_id, step=np.arange(1, horizon + 1), mean=mean)
        )
    return series, pd.concat(rows, ignore_index=True)


@pytest.mark.parametrize(
    ("group", "season", "lag"),
    [("monthly", 12, 12), ("quarterly", 4, 4), ("weekly", 1, 1), ("daily", 7, 7), ("daily_intermittent", 7, 7)],
)
def test_scores_are_those_of_the_published_script(fcmetrics, group, season, lag):
    series, forecasts = make_case(group, season, lag, seed=len(group))
    meta = pd.DataFrame(
        {"group": group, "source": "made", "m": season, "m_scale": lag, "h": 6},
        index=pd.Index([one.series_id for one in series], name="series_id"),
    )
    train, test = ({one.series_id: getattr(one, part) for one in series} for part in ("train", "test"))
    everything = pd.concat((fcmetrics.add_naive2(meta, train), forecasts), ignore_index=True)
    theirs = fcmetrics.table(fcmetrics.score(meta, train, test, everything)).loc[group].loc["trace"]
    ours = score_group(group, series, forecasts.sample(frac=1, random_state=1))
    assert ours.series == theirs["n"]
    for name, other in (
        ("owa", "owa"),
        ("rmsse", "rmsse"),
        ("pinball", "spl"),
        ("coverage80", "cov80"),
        ("coverage95", "cov95"),
        ("msis", "msis"),
    ):
        assert getattr(ours, name) == pytest.approx(theirs[other], rel=1e-9), name
