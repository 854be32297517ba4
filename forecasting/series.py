# SPDX-License-Identifier: Apache-2.0
"""Series out of a demand table: checked once here, trusted everywhere after.

demand table -> read_panel -> Panel of Series -> models
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadArgument, BadTable, NotEnoughHistory
from forecasting.frequency import LAST_YEAR, Frequency, read_frequency
from forecasting.tables.events import require_columns

Floats = npt.NDArray[np.float64]

LONGEST_HORIZON = 10_000
"""Periods ahead that may be asked for; beyond it is a slip of the keyboard."""


LARGEST = 1e100
"""Demand [units/period] beyond which squares and their sums would overflow; no quantity is that large."""


@dataclass(frozen=True)
class Series:
    """The demand of one product, place or pair of them, period after period without gaps.

    Attributes:
        unique_id: its name.
        start: number of the first period (`Frequency.ordinals`).
        y: demand [units/period], finite, read-only, shape (n,) with n at least 1.
    """

    unique_id: str
    start: int
    y: Floats

    @property
    def stop(self) -> int:
        """Number of the first period after the series."""
        return self.start + len(self.y)


@dataclass(frozen=True)
class Panel:
    """All series of one table, in the order in which the table names them first.

    Attributes:
        series: the series.
        frequency: how long a period is.
        season_length: periods in a season.
    """

    series: tuple[Series, ...]
    frequency: Frequency
    season_length: int


def read_horizon(horizon: int) -> int:
    """Check a number of periods ahead.

    Raises:
        BadArgument: it is no whole number from 1 to `LONGEST_HORIZON`.
    """
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer):
        raise BadArgument(f"horizon: expected a whole number of periods, got {horizon!r}")
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise BadArgument(f"horizon: expected 1 to {LONGEST_HORIZON} periods, got {horizon}")
    return int(horizon)


def read_panel(demand: pd.DataFrame, *, freq: str, season_length: int | None = None, horizon: int = 1) -> Panel:
    """Check a demand table and cut it into series.

    Args:
        demand: columns ``unique_id, ds, y``; further columns are not read. The rows of each series are in the
            order of time; series may be interleaved. ``ds`` are labels of `freq`, UTC.
        freq: pandas offset alias.
        season_length: periods in a season, or None for what `freq` implies.
        horizon: periods that will be asked for, so that dates beyond the calendar are refused now.

    Returns:
        The panel.

    Raises:
        BadTable: a value is missing, infinite or no number; times repeat, run backwards, leave gaps, or are no
            labels of `freq`; or the forecast would leave the calendar.
        BadArgument: `freq`, `season_length` or `horizon` has no meaning.
        NotEnoughHistory: the table has no rows.
    """
    frequency = read_frequency(freq)
    horizon = read_horizon(horizon)
    season = frequency.season_length if season_length is None else _read_season(season_length)
    require_columns(demand, ("unique_id", "ds", "y"), "demand")
    if len(demand) == 0:
        raise NotEnoughHistory("demand: expected at least one period of one series, got an empty table")
    if demand["unique_id"].isna().any():
        raise BadTable("demand column unique_id: expected a name in every row, got a missing value")
    code, names = pd.factorize(demand["unique_id"])
    order = np.argsort(code, kind="stable")
    code = np.asarray(code, dtype=np.int64)[order]
    labels = [str(name) for name in names]
    y = _read_values(demand["y"])[order]
    _require_finite(y, code, labels)
    times = _read_times(demand["ds"])[order]
    ordinals = _read_ordinals(times, frequency, code, labels, horizon)
    edges = np.flatnonzero(np.diff(code)) + 1
    series = []
    for name, values, numbers in zip(labels, np.split(y, edges), np.split(ordinals, edges), strict=True):
        _require_regular(name, numbers, frequency)
        values = values.copy()
        values.flags.writeable = False
        series.append(Series(name, int(numbers[0]), values))
    return Panel(tuple(series), frequency, season)


def _read_season(season_length: int) -> int:
    if isinstance(season_length, bool) or not isinstance(season_length, int | np.integer) or season_length < 1:
        raise BadArgument(f"season_length: expected a whole number of periods, at least 1, got {season_length!r}")
    return int(season_length)


def _read_values(column: "pd.Series[float]") -> Floats:
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        raise BadTable(f"demand column y: expected numbers, got values of type {column.dtype}")
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _read_times(column: "pd.Series[pd.Timestamp]") -> npt.NDArray[np.datetime64]:
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise BadTable(
            f"demand column ds: expected timestamps, got values of type {column.dtype}; use pandas.to_datetime"
        )
    if column.isna().any():
        raise BadTable("demand column ds: expected a time in every row, got NaT")
    stamps = pd.DatetimeIndex(column)
    if stamps.tz is not None:
        stamps = stamps.tz_convert("UTC").tz_localize(None)
    return stamps.to_numpy().astype("datetime64[us]")


def _require_finite(y: Floats, code: npt.NDArray[np.int64], names: list[str]) -> None:
    wrong = ~np.isfinite(y)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadTable(
            f"demand of {names[code[row]]!r}: expected a finite number in every period, got {y[row]}; "
            "write 0 where nothing was asked for, or drop the periods before the first demand"
        )
    wrong = np.abs(y) > LARGEST
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadTable(f"demand of {names[code[row]]!r}: expected at most {LARGEST:g} a period, got {y[row]:g}")


def _read_ordinals(
    times: npt.NDArray[np.datetime64],
    frequency: Frequency,
    code: npt.NDArray[np.int64],
    names: list[str],
    horizon: int,
) -> npt.NDArray[np.int64]:
    years = times.astype("datetime64[Y]").astype(np.int64) + 1970
    outside = (years < 1) | (years > LAST_YEAR)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise BadTable(f"demand of {names[code[row]]!r}: expected years 1 to {LAST_YEAR}, got {times[row]}")
    ordinals = frequency.ordinals(times)
    final = (
        frequency.starts(np.array([int(ordinals.max()) + horizon]))[0].astype("datetime64[Y]").astype(int) + 1970
    )
    if final > LAST_YEAR:
        raise BadTable(
            f"demand: a horizon of {horizon} periods from {times.max()} ends in year {final}, after {LAST_YEAR}"
        )
    labels = frequency.labels(ordinals)
    wrong = labels != times
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadTable(
            f"demand of {names[code[row]]!r}: {times[row]} is no label of freq {frequency.alias!r} "
            f"(its period is labelled {labels[row]}); all series need this one frequency"
        )
    return ordinals


def _require_regular(name: str, ordinals: npt.NDArray[np.int64], frequency: Frequency) -> None:
    steps = np.diff(ordinals)
    if (steps == 1).all():
        return
    place = int(np.flatnonzero(steps != 1)[0])
    before, after = frequency.labels(ordinals[place : place + 2])
    if steps[place] == 0:
        raise BadTable(f"demand of {name!r}: the period {before} comes twice; add its rows up first")
    if steps[place] < 0:
        raise BadTable(f"demand of {name!r}: {after} comes after {before}; sort by unique_id and ds first")
    raise BadTable(
        f"demand of {name!r}: {int(steps[place]) - 1} periods are missing between {before} and {after}; "
        "write 0 where nothing was asked for"
    )
