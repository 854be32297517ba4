# SPDX-License-Identifier: Apache-2.0
"""Regressors whose future is known: checked and aligned with the series."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadArgument, BadTable
from forecasting.series import Panel
from forecasting.tables.events import require_columns

Floats = npt.NDArray[np.float64]


def read_regressors(
    panel: Panel, demand: pd.DataFrame, future: pd.DataFrame | None, names: Sequence[str], horizon: int
) -> list[Floats]:
    """Read the regressors of every series, past and future.

    Args:
        panel: the series of `demand`.
        demand: the demand table, with a column for each regressor.
        future: columns ``unique_id, ds`` and the regressors: a row for each series and period ahead; further
        rows are
            not read.
        names: the regressors.
        horizon: periods ahead.

    Returns:
        For each series, shape (n + horizon, number of regressors).

    Raises:
        BadArgument: a name comes twice, or `future` is missing or names no regressor.
        BadTable: a column or a period is missing, comes twice, or a value is no finite number.
    """
    if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise BadArgument(f"regressors: expected different column names, got {list(names)!r}")
    if future is None:
        raise BadArgument(
            f"future: expected a table with unique_id, ds and {', '.join(names)} for the {horizon} periods ahead; "
            "a regressor without a known future cannot be used"
        )
    require_columns(demand, ("unique_id", "ds", *names), "demand")
    require_columns(future, ("unique_id", "ds", *names), "future")
    past_code, found = pd.factorize(demand["unique_id"])
    order = np.argsort(past_code, kind="stable")
    past = [_numbers(demand, name, "demand")[order] for name in names]
    lengths = np.bincount(past_code, minlength=len(found))
    pieces = [np.split(column, np.cumsum(lengths)[:-1]) for column in past]
    ahead = _read_future(panel, future, names, horizon)
    return [
        np.concatenate((np.stack([piece[row] for piece in pieces], axis=1), ahead[row]))
        for row in range(len(panel.series))
    ]


def _read_future(panel: Panel, future: pd.DataFrame, names: Sequence[str], horizon: int) -> list[Floats]:
    rows = {one.unique_id: row for row, one in enumerate(panel.series)}
    owner = future["unique_id"].astype(str).map(rows)
    wanted = owner.notna().to_numpy()
    code = owner[wanted].to_numpy(dtype=np.int64)
    stamps = pd.DatetimeIndex(future.loc[wanted, "ds"])
    if stamps.hasnans:
        raise BadTable("future column ds: expected a time in every row, got NaT")
    if stamps.tz is not None:
        stamps = stamps.tz_convert("UTC").tz_localize(None)
    times = stamps.to_numpy().astype("datetime64[us]")
    step = panel.frequency.ordinals(times) - np.array([one.stop for one in panel.series])[code]
    inside = (step >= 0) & (step < horizon)
    table = np.full((len(panel.series), horizon, len(names)), np.nan)
    count = np.zeros((len(panel.series), horizon), dtype=np.int64)
    np.add.at(count, (code[inside], step[inside]), 1)
    for place, name in enumerate(names):
        table[code[inside], step[inside], place] = _numbers(future, name, "future")[wanted][inside]
    if (count != 1).any():
        row, at = np.argwhere(count != 1)[0]
        one = panel.series[row]
        label = panel.future_labels(one, horizon)[at]
        what = "no row" if count[row, at] == 0 else f"{count[row, at]} rows"
        raise BadTable(f"future of {one.unique_id!r}: expected one row for {label}, got {what}")
    return list(table)


def _numbers(table: pd.DataFrame, name: str, where: str) -> Floats:
    column = table[name]
    if not pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        raise BadTable(f"{where} column {name}: expected numbers, got values of type {column.dtype}")
    values = np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if not np.isfinite(values).all():
        raise BadTable(
            f"{where} column {name}: expected a finite number in every row, got {values[~np.isfinite(values)][0]}"
        )
    return values
