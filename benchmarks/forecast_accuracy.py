# SPDX-License-Identifier: Apache-2.0
"""How good are the forecasts on real series, by 5-fold cross-validation over series?

Weights and quantiles are learnt without the fold that is scored (`forecasting.training`): from the last origin of
every series alone, and with ``--full`` from four, as the constants in the package are; the figures are nearly the
same. The peers' figures were measured on the same series in an environment of their own (docs/forecasting.md).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

import forecasting
from benchmarks.forecast_scores import LEVELS, GroupScores, find_folder, score_group
from benchmarks.measure import Result
from benchmarks.site import Bench
from forecasting.training.crossing import cross_fit
from forecasting.training.samples import BASES, Batch, make_batches, read_group

PEERS = {
    "yearly": ("owa", "DOT", 0.815),
    "quarterly": ("owa", "SCUM mean", 0.872),
    "monthly": ("owa", "ETS+CES+DOT", 0.830),
    "weekly": ("owa", "ETS+CES+DOT", 0.941),
    "daily": ("owa", "CES", 0.648),
    "weekly_retail": ("owa", "DOT", 0.730),
    "weekly_promo": ("owa", "regression", 0.796),
    "intermittent": ("pinball", "negative binomial", 0.221),
    "daily_intermittent": ("pinball", "negative binomial", 0.380),
}
"""The measure that counts, the best peer on these series, and what it reached."""

SEED_WEEK = "1960-01-03"


def measure(bench: Bench) -> Iterator[Result]:
    """Score every group; nothing where the series are not at hand."""
    folder = find_folder()
    if folder is None:
        print("skipped forecast_accuracy: no series; set TRACE_TEST_DATA", file=sys.stderr)
        return
    small = bench.entries < 1_000_000
    by_class: dict[str, list[Batch]] = {}
    for group in BASES:
        for batch in make_batches(folder, group, 1 if small else 4):
            by_class.setdefault(batch.prepared.kind, []).append(batch)
    crossed = pd.concat([cross_fit(kind, batches).forecasts for kind, batches in by_class.items()])
    for group, (counts, peer, reached) in PEERS.items():
        series = read_group(folder, group)
        forecasts = promoted(folder) if group == "weekly_promo" else crossed
        scores = score_group(group, series, forecasts)
        yield from _lines(group, scores, counts, peer, reached)


def promoted(folder: Path) -> pd.DataFrame:
    """Forecast the series whose price and promotion are known."""
    table = pd.read_parquet(folder / "weekly_promo.parquet")
    table["unique_id"] = table["series_id"].astype(str)
    place = table.groupby("unique_id").cumcount()
    table["ds"] = pd.Timestamp(SEED_WEEK) + pd.to_timedelta(7 * place, unit="D")
    known, ahead = table[table["part"] == "train"], table[table["part"] != "train"]
    horizon = int(ahead.groupby("unique_id").size().max())
    found = forecasting.forecast(
        known[["unique_id", "ds", "y", "price", "promo"]],
        freq="W",
        horizon=horizon,
        quantiles=LEVELS,
        future=ahead[["unique_id", "ds", "price", "promo"]],
        regressors=["price", "promo"],
    )
    found["step"] = found.groupby("unique_id").cumcount() + 1
    return found.rename(columns={"unique_id": "series_id"})


def _lines(group: str, scores: GroupScores, counts: str, peer: str, reached: float) -> Iterator[Result]:
    ours = scores.owa if counts == "owa" else scores.pinball
    name = "OWA" if counts == "owa" else "scaled pinball loss"
    more = "" if counts == "owa" else f", RMSSE {scores.rmsse:.3f}"
    yield Result(
        f"{group} ({scores.series} series): {name}",
        f"{ours:.3f}{more}",
        f"{reached:.3f}  {peer}, recorded",
        ours / reached,
        1.0,
    )
    # Within .03 and .02, or within two standard errors over series; counts may cover more.
    room80, room95 = max(0.03, scores.errors80), max(0.02, scores.errors95)
    counted = "intermittent" in group
    off80, off95 = 0.8 - scores.coverage80, 0.95 - scores.coverage95
    worst = max((off80 if counted else abs(off80)) / room80, (off95 if counted else abs(off95)) / room95)
    yield Result(
        f"{group}: coverage of 80 and 95 %",
        f"{scores.coverage80:.3f} {scores.coverage95:.3f}",
        f".80 .95  within {room80:.3f} and {room95:.3f}",
        max(worst, 0.0),
        1.0,
    )
    yield Result(
        f"{group}: MSIS of the 95 % interval",
        f"{scores.msis:.1f}, highest {scores.highest_msis:.0f}, {scores.over_100} series over 100",
        "100",
        scores.msis / 100,
        1.0,
    )
