# SPDX-License-Identifier: Apache-2.0
"""Samples to learn from: what the members said at several origins of every series, and what came.

A sample is a series cut at an origin. Origin 0 is the one that is scored; earlier ones, half a horizon apart,
teach too.
The folder holds a parquet file a group (``series_id, t, y, part`` and regressors) and ``meta.parquet`` (``group,
series_id, m, m_scale, h``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.engine.block import Floats, Ints
from forecasting.engine.pipeline import Prepared, prepare

BASES = {
    "yearly": "Y",
    "quarterly": "Q",
    "monthly": "M",
    "weekly": "W",
    "weekly_retail": "W",
    "daily": "D",
    "hourly": "h",
    "intermittent": "M",
    "daily_intermittent": "D",
}
"""Base frequency of each group that is learnt from."""


@dataclass(frozen=True)
class SampleSeries:
    """One series of the folder: its history, what came after, the lag of MASE and the season length of its
    group."""

    series_id: str
    train: Floats
    test: Floats
    lag: int
    season: int


@dataclass(frozen=True)
class Batch:
    """Samples of one class, season and horizon.

    Attributes:
        prepared: what the members say.
        actual: what came, shape (S, H).
        unit: of errors: mean absolute change at the lag of MASE, of counts root mean squared change, shape (S,).
        ids: of the series, shape (S,).
        origin: 0 for the one that is scored.
        naive_smape, naive_mase: of the benchmark Naive2, shape (S,).
    """

    prepared: Prepared
    actual: Floats
    unit: Floats
    ids: list[str]
    origin: int
    naive_smape: Floats
    naive_mase: Floats


def read_group(folder: Path, group: str) -> list[SampleSeries]:
    """Read the series of a group."""
    meta = pd.read_parquet(folder / "meta.parquet")
    meta = meta[meta["group"] == group].set_index("series_id")
    table = pd.read_parquet(folder / f"{group}.parquet")
    found = []
    for name, rows in table.groupby(table["series_id"].astype(str), sort=False):
        train = (rows["part"] == "train").to_numpy()
        y = rows["y"].to_numpy(dtype=float)
        one = meta.loc[str(name)]
        found.append(SampleSeries(str(name), y[train], y[~train], int(str(one["m_scale"])), int(str(one["m"]))))
    return found


def make_batches(folder: Path, group: str, origins: int) -> Iterator[Batch]:
    """Let the members forecast every series of a group at several origins."""
    everything = read_group(folder, group)
    for horizon in sorted({len(one.test) for one in everything}):
        some = [one for one in everything if len(one.test) == horizon]
        for origin in range(origins):
            back = origin * ((horizon + 1) // 2 if origin else 0)
            kept = [one for one in some if _enough(one, back, origin)]
            whole = [np.concatenate((one.train, one.test)) for one in kept]
            histories = [y[: len(one.train) - back] for y, one in zip(whole, kept, strict=True)]
            actual = [y[len(one.train) - back :][:horizon] for y, one in zip(whole, kept, strict=True)]
            for prepared in prepare(histories, BASES[group], None, horizon) if kept else []:
                rows: Ints = prepared.rows
                yield _batch(
                    prepared,
                    [kept[row] for row in rows],
                    [histories[row] for row in rows],
                    np.stack([actual[row] for row in rows]),
                    origin,
                    group,
                )


def _enough(one: SampleSeries, back: int, origin: int) -> bool:
    cut = len(one.train) - back
    least = max(8, len(one.train) // 2, 3 * one.season if one.season < 20 else 20)
    return not origin or (cut >= least and bool(one.train[:cut].any()))


def _batch(
    prepared: Prepared, kept: list[SampleSeries], histories: list[Floats], actual: Floats, origin: int, group: str
) -> Batch:
    counted = prepared.kind.endswith("count")
    unit, smape, mase = np.full(len(kept), np.nan), np.zeros(len(kept)), np.full(len(kept), np.nan)
    for place, (one, y) in enumerate(zip(kept, histories, strict=True)):
        lag = one.lag
        absolute = np.abs(y[lag:] - y[:-lag]).mean() if len(y) > lag else np.nan
        after = y[np.flatnonzero(y)[0] :] if y.any() else y
        changes = np.diff(after)
        size = np.sqrt((changes**2).mean()) if counted and len(changes) else absolute
        unit[place] = size if size > 0 else np.nan
        reference = naive2(y, 1 if "week" in group or "intermittent" in group else one.season, actual.shape[1])
        error, total = np.abs(actual[place] - reference), np.abs(actual[place]) + np.abs(reference)
        smape[place] = (200 * error / np.where(total == 0, 1, total)).mean()
        mase[place] = error.mean() / absolute if absolute > 0 else np.nan
    return Batch(prepared, actual, unit, [one.series_id for one in kept], origin, smape, mase)


def naive2(y: Floats, season_length: int, horizon: int) -> Floats:
    """Give the benchmark of the M4 competition: naive on seasonally adjusted data where the season shows.

    Makridakis, Spiliotis and Assimakopoulos (2020), IJF 36: classical multiplicative decomposition where the
    autocorrelation at the season is beyond 1.645 standard errors, at least three seasons.
    """
    n, m = len(y), season_length
    if m > 1 and n >= 3 * m and (y > 0).all() and y.std() > 0:
        centred = y - y.mean()
        r = np.array([(centred[lag:] * centred[:-lag]).sum() for lag in range(1, m + 1)]) / (centred**2).sum()
        if abs(r[-1]) > 1.645 * np.sqrt((1 + 2 * (r[:-1] ** 2).sum()) / n):
            window = np.concatenate(([0.5], np.ones(m - 1), [0.5])) / m if m % 2 == 0 else np.ones(m) / m
            average = np.convolve(y, window, "valid")
            first = (n - len(average)) // 2
            ratio = y[first : first + len(average)] / average
            phase = np.arange(first, first + len(average)) % m
            index = np.array([ratio[phase == one].mean() for one in range(m)])
            index = index / index.mean()
            return np.asarray(y[-1] / index[(n - 1) % m] * index[(n + np.arange(horizon)) % m])
    return np.full(horizon, y[-1])
