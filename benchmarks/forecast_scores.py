# SPDX-License-Identifier: Apache-2.0
"""Scores of forecasts on groups of real series, by the measures of `forecasting.metrics`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting import metrics
from forecasting.training.samples import SampleSeries, naive2

M5_LEVELS = (0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995)
LEVELS = (0.005, 0.025, 0.05, 0.1, 0.165, 0.25, 0.5, 0.75, 0.835, 0.9, 0.95, 0.975, 0.995)
UNSEASONAL = ("weekly", "weekly_promo", "weekly_retail", "intermittent", "daily_intermittent")
"""Groups whose benchmark Naive2 looks for no season, by the convention of the M4 competition for weeks."""


@dataclass(frozen=True)
class GroupScores:
    """Means over the series of a group.

    Attributes:
        owa: against Naive2 of the same series; nothing is scored by it where demand is intermittent.
        errors80, errors95: two standard errors over series of the coverages.
        highest_msis: of a single series.
        over_100: series whose MSIS is above 100.
    """

    series: int
    owa: float
    rmsse: float
    pinball: float
    coverage80: float
    coverage95: float
    errors80: float
    errors95: float
    msis: float
    highest_msis: float
    over_100: int


def find_folder(given: str | None = None) -> Path | None:
    """Find the folder of test series: the one given, `TRACE_TEST_DATA`, ``../shared/data``; None: not here."""
    here = Path(__file__).resolve().parents[1]
    for folder in [given] if given else [os.environ.get("TRACE_TEST_DATA"), str(here.parent / "shared" / "data")]:
        if folder and (Path(folder) / "forecasting" / "meta.parquet").exists():
            return Path(folder) / "forecasting"
    return None


def score_group(group: str, series: Sequence[SampleSeries], forecasts: pd.DataFrame) -> GroupScores:
    """Score the forecasts of a group.

    Args:
        group: name of the group.
        series: histories and what came.
        forecasts: ``series_id, step, mean`` and the quantiles `LEVELS`; forecasts below zero count as zero.
    """
    columns = [f"q{level!r}" for level in LEVELS]
    rows = []
    by_series = {str(name): rows for name, rows in forecasts.sort_values("step").groupby("series_id", sort=False)}
    for one in series:
        if one.series_id not in by_series:
            continue
        found = by_series[one.series_id]
        mean = np.maximum(found["mean"].to_numpy(dtype=float), 0.0)
        table = dict(zip(LEVELS, np.maximum(found[columns].to_numpy(dtype=float).T, 0.0), strict=True))
        season = 1 if group in UNSEASONAL else one.season
        reference = np.maximum(naive2(one.train, season, len(one.test)), 0.0)
        m5 = np.stack([table[level] for level in M5_LEVELS], axis=1)
        rows.append(
            {
                "smape": metrics.smape(one.test, mean),
                "mase": metrics.mase(one.test, mean, one.train, one.lag),
                "naive_smape": metrics.smape(one.test, reference),
                "naive_mase": metrics.mase(one.test, reference, one.train, one.lag),
                "rmsse": metrics.rmsse(one.test, mean, one.train),
                "pinball": metrics.scaled_pinball_loss(one.test, m5, np.array(M5_LEVELS), one.train),
                "coverage80": metrics.coverage(one.test, table[0.1], table[0.9]),
                "coverage95": metrics.coverage(one.test, table[0.025], table[0.975]),
                "msis": metrics.scaled_interval_score(one.test, table[0.025], table[0.975], one.train, one.lag),
            }
        )
    table_of = pd.DataFrame(rows)
    middle = table_of.mean()
    return GroupScores(
        len(rows),
        float(middle["smape"] / middle["naive_smape"] + middle["mase"] / middle["naive_mase"]) / 2,
        float(middle["rmsse"]),
        float(middle["pinball"]),
        float(middle["coverage80"]),
        float(middle["coverage95"]),
        float(2 * table_of["coverage80"].std() / np.sqrt(len(rows))),
        float(2 * table_of["coverage95"].std() / np.sqrt(len(rows))),
        float(middle["msis"]),
        float(table_of["msis"].max()),
        int((table_of["msis"] > 100).sum()),
    )
