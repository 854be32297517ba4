# SPDX-License-Identifier: Apache-2.0
"""What others reach on the legs that `lead_time_scores` asks about, fitted to the same legs in the same run.

- lane: quantiles of each lane so far, shrunk to those of all legs by n / (n + 20);
- lane and level: the same, times the median of actual over expected of the last 14 days;
- QuantReg: of statsmodels, a line for each level on the numbers, the promise and the lane's median;
- LightGBM: boosted trees for each level on the numbers, the promise and codes of the groups, where there is one.
"""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import numpy as np
import pandas as pd

FEW_TREES = {"n_estimators": 150, "learning_rate": 0.05, "num_leaves": 15, "min_child_samples": 30}
MANY_TREES = {"n_estimators": 200, "learning_rate": 0.06, "num_leaves": 31, "min_child_samples": 30}
MANY_LEGS = 8_000
"""Legs from which LightGBM gets the larger trees; on fewer it tells better with the smaller ones."""

SHRUNK = 20
WINDOW = pd.Timedelta(days=14)
PLACES = ("origin", "destination")
NO_COVARIATE = ("item", "start", "end", "promised")


def predict_peers(
    legs: pd.DataFrame, queries: pd.DataFrame, as_of: pd.Timestamp, levels: tuple[float, ...]
) -> dict[str, np.ndarray]:
    """Give the quantiles of each peer [hours], shape (queries, levels).

    Args:
        legs: as given to `forecasting.lead_times`; only those that had ended by `as_of` are used.
        queries: the legs asked about.
        as_of: the moment.
        levels: ascending.
    """
    ended = legs[legs.end < as_of]
    hours = (ended.end - ended.start).dt.total_seconds().to_numpy() / 3600
    lanes, asked = _lanes(ended), _lanes(queries)
    pooled = np.quantile(hours, levels)
    table = {
        lane: (len(own) * np.quantile(own, levels) + SHRUNK * pooled) / (len(own) + SHRUNK)
        for lane, own in pd.Series(hours).groupby(lanes.to_numpy())
    }
    shrunk = np.array([table.get(lane, pooled) for lane in asked])
    medians = pd.Series(hours).groupby(lanes.to_numpy()).median()
    expected = medians.reindex(lanes).to_numpy()
    recent = (ended.end >= as_of - WINDOW).to_numpy()
    level = float(np.median(hours[recent] / expected[recent])) if recent.sum() >= 5 else 1.0
    numbers, numbers_asked = _numbers(ended, queries)
    # trees would trust a lane's median that each leg had a part in; they have the codes of the lane's ends instead
    lined = numbers.assign(lane=expected)
    lined_asked = numbers_asked.assign(lane=medians.reindex(asked).fillna(np.median(hours)).to_numpy())
    told = {
        "lane": shrunk,
        "lane and level": shrunk * level,
        "QuantReg": _quantile_regression(lined, lined_asked, hours, levels),
    }
    if importlib.util.find_spec("lightgbm") is not None:
        told["LightGBM"] = _boosted(*_with_codes(ended, queries, numbers, numbers_asked), hours, levels)
    return {name: np.sort(values, axis=1) for name, values in told.items()}


def _lanes(table: pd.DataFrame) -> pd.Series[str]:
    return table.origin.astype(str) + ">" + table.destination.astype(str)


def _numbers(legs: pd.DataFrame, queries: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = [
        name
        for name in legs.columns
        if name not in (*NO_COVARIATE, *PLACES) and pd.api.types.is_numeric_dtype(legs[name])
    ]
    tables = [table[names].astype(float).reset_index(drop=True) for table in (legs, queries)]
    if "promised" in legs.columns and legs.promised.notna().any():
        for table, source in zip(tables, (legs, queries), strict=True):
            table["promise"] = (source.promised - source.start).dt.total_seconds().to_numpy() / 3600
    return tables[0], tables[1]


def _with_codes(
    legs: pd.DataFrame, queries: pd.DataFrame, numbers: pd.DataFrame, asked: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    numbers, asked = numbers.copy(), asked.copy()
    for name in legs.columns:
        if name in PLACES or (name not in NO_COVARIATE and not pd.api.types.is_numeric_dtype(legs[name])):
            both = pd.factorize(pd.concat([legs[name], queries[name]]), sort=True)[0]
            numbers[name], asked[name] = both[: len(legs)], both[len(legs) :]
    return numbers, asked


def _quantile_regression(
    numbers: pd.DataFrame, asked: pd.DataFrame, hours: np.ndarray, levels: tuple[float, ...]
) -> np.ndarray:
    from statsmodels.regression.quantile_regression import QuantReg

    high = numbers.quantile(0.995)
    rows, rows_asked = (table.clip(upper=high, axis=1).fillna(numbers.median()) for table in (numbers, asked))
    middle, scale = rows.mean(), rows.std().replace(0, 1)
    matrix, matrix_asked = (
        np.column_stack((np.ones(len(table)), (table - middle) / scale)) for table in (rows, rows_asked)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.column_stack(
            [matrix_asked @ QuantReg(hours, matrix).fit(q=level, max_iter=300).params for level in levels]
        )


def _boosted(
    numbers: pd.DataFrame, asked: pd.DataFrame, hours: np.ndarray, levels: tuple[float, ...]
) -> np.ndarray:
    import lightgbm

    trees = MANY_TREES if len(hours) >= MANY_LEGS else FEW_TREES
    settings: dict[str, Any] = {"objective": "quantile", "verbose": -1, "n_jobs": 1, "random_state": 0, **trees}
    return np.column_stack(
        [
            lightgbm.LGBMRegressor(alpha=level, **settings)
            .fit(numbers.to_numpy(), hours)
            .predict(asked.to_numpy())
            for level in levels
        ]
    )
