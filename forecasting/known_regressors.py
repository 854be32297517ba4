# SPDX-License-Identifier: Apache-2.0
"""Regressors whose future is known: checked, aligned with the series, given as they were known at an origin."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadArgument, BadTable
from forecasting.series import Panel
from forecasting.tables.events import require_columns

Floats = npt.NDArray[np.float64]

KNOWN = "known"
"""Column of a table of plans: when the plan was made. Of several for one period the last one counts."""

_TAKEN = ("unique_id", "ds", "y", KNOWN)
_ALWAYS = np.iinfo(np.int64).min


def regressor_names(future: pd.DataFrame) -> list[str]:
    """Name the regressors of a table of plans: every column that is not one of the table itself."""
    return [str(name) for name in future.columns if name not in _TAKEN]


class Plans:
    """Regressors of all series, past and planned.

    Args:
        panel: the series of `demand`.
        demand: the demand table, with a column for each regressor.
        future: columns ``unique_id, ds`` and the regressors: a row for each series and period ahead, and more
            where it says what had been planned for periods that have come; ``known`` where it says when. None:
            what is recorded in `demand` was known ahead (for backtests).
        names: the regressors.

    Raises:
        BadArgument: a name comes twice or is none.
        BadTable: a column is missing, a period comes twice, or a value is no finite number.
    """

    def __init__(
        self, panel: Panel, demand: pd.DataFrame, future: pd.DataFrame | None, names: Sequence[str]
    ) -> None:
        if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
            raise BadArgument(f"regressors: expected different column names, got {list(names)!r}")
        if taken := [name for name in names if name in _TAKEN]:
            raise BadArgument(f"regressors: {taken[0]!r} is what is forecast or whose it is, and not known ahead")
        self.names = tuple(names)
        self._panel = panel
        require_columns(demand, ("unique_id", "ds", *names), "demand")
        code, found = pd.factorize(demand["unique_id"])
        order = np.argsort(code, kind="stable")
        past = np.stack([_numbers(demand, name, "demand")[order] for name in names], axis=1)
        self._past = np.split(past, np.cumsum(np.bincount(code, minlength=len(found)))[:-1])
        self._planned: list[dict[int, list[tuple[int, Floats]]]] = [{} for _ in panel.series]
        self._dated = False
        if future is not None:
            self._read(future)

    def _read(self, future: pd.DataFrame) -> None:
        require_columns(future, ("unique_id", "ds", *self.names), "future")
        rows = {one.unique_id: row for row, one in enumerate(self._panel.series)}
        owner = future["unique_id"].astype(str).map(rows)
        wanted = owner.notna().to_numpy()
        self._dated = KNOWN in future.columns
        made = _moments(future.loc[wanted], KNOWN) if self._dated else np.full(int(wanted.sum()), _ALWAYS)
        times = _moments(future.loc[wanted], "ds").astype("datetime64[us]")
        ordinals = self._panel.frequency.ordinals(times)
        values = np.stack([_numbers(future, name, "future")[wanted] for name in self.names], axis=1)
        for at in np.argsort(made, kind="stable").tolist():
            row = int(owner[wanted].iloc[at])
            plans = self._planned[row].setdefault(int(ordinals[at]), [])
            if plans and plans[-1][0] == int(made[at]):
                one = self._panel.series[row]
                label = self._panel.frequency.labels(ordinals[at : at + 1])[0]
                when = " known at one time" if self._dated else ""
                raise BadTable(f"future of {one.unique_id!r}: expected one row for {label}{when}, got 2 rows")
            plans.append((int(made[at]), values[at]))

    def values(self, row: int, origin: int, horizon: int) -> Floats:
        """Give the regressors of one series as they were known at an origin.

        Before the origin it is what was recorded; after it, the last plan that was known by then. Where nothing
        was planned for a period that has come, what is recorded counts as the plan: its name was declared to be
        known ahead.

        Args:
            row: place of the series in the panel.
            origin: periods known.
            horizon: periods ahead.

        Returns:
            Shape (origin + horizon, number of regressors).

        Raises:
            BadTable: nothing was known of a period.
        """
        one, past = self._panel.series[row], self._past[row]
        frequency = self._panel.frequency
        moment = int(frequency.starts(np.array([one.start + origin]))[0].astype(np.int64))
        ahead = np.empty((horizon, len(self.names)))
        for step in range(horizon):
            place = origin + step
            plans = self._planned[row].get(one.start + place, [])
            # A forecast is made now, with every plan that there is; a backtest only with those of its time.
            timely = [values for made, values in plans if made <= moment or origin == len(one.y)]
            if timely:
                ahead[step] = timely[-1]
            elif place < len(one.y) and not plans:
                ahead[step] = past[place]
            else:
                label = frequency.labels(np.array([one.start + place]))[0]
                what = f"none that was known by {np.datetime64(moment, 'us')}" if plans else "no row"
                raise BadTable(f"future of {one.unique_id!r}: expected one row for {label}, got {what}")
        return np.concatenate((past[:origin], ahead))


def _moments(table: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    """Read a column of times [us since the epoch, UTC]."""
    try:
        column = pd.to_datetime(table[name], utc=True)
    except (ValueError, TypeError) as error:
        raise BadTable(f"future column {name}: expected times such as 2026-03-01, {error}") from error
    if column.isna().any():
        raise BadTable(f"future column {name}: expected a time in every row, got NaT")
    return np.asarray(
        pd.DatetimeIndex(column).tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    )


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
