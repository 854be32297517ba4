# SPDX-License-Identifier: Apache-2.0
"""The events table: an item in an event, one row each.

Built from the plain columns of a verified history, which are already cut at the as-of time and already
hold one row for each thing inside a container.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadTable
from forecasting.frequency import LAST_YEAR

Column = Sequence[object] | npt.NDArray[Any]
"""The values of a column."""

EVENT_COLUMNS = (
    "seq",
    "event_id",
    "event_time",
    "record_time",
    "kind",
    "action",
    "step",
    "disposition",
    "place",
    "item",
    "product",
    "lot",
    "quantity",
    "unit",
    "parent",
    "source",
    "destination",
    "document",
    "party",
    "corrected",
    "promised",
)
_TIMES = ("event_time", "record_time", "promised")
_NOT_TEXT = frozenset((*_TIMES, "seq", "quantity", "corrected"))
_MISSING = np.iinfo(np.int64).min
_EARLIEST = int(np.datetime64("0001-01-01", "us").astype(np.int64))
_LATEST = int(np.datetime64(f"{LAST_YEAR}-12-31", "us").astype(np.int64))


def events_table(columns: Mapping[str, Column]) -> pd.DataFrame:
    """Build the events table from plain columns.

    Args:
        columns: a list for each name of `EVENT_COLUMNS`, all of one length. ``seq`` int; ``event_time``,
            ``record_time`` and ``promised`` microseconds since 1970-01-01 UTC (``promised`` may be None,
            and may be left out); ``quantity`` float or None, in the product's unit; ``corrected`` bool;
            the others text or None. Arrays have the smallest int64 and NaN for None. Further columns are refused,
            since nothing would read them.

    Returns:
        One row per row given, in the order given, with UTC timestamps of microsecond resolution.

    Raises:
        BadTable: a column is missing, unknown, of another length, or holds a value of another kind.
    """
    given = set(columns)
    missing = [name for name in EVENT_COLUMNS if name not in given and name != "promised"]
    unknown = sorted(given.difference(EVENT_COLUMNS))
    if missing or unknown:
        raise BadTable(
            f"events: expected the columns {', '.join(EVENT_COLUMNS)}; missing {missing}, unknown {unknown}"
        )
    size = len(columns["seq"])
    uneven = {name: len(values) for name, values in columns.items() if len(values) != size}
    if uneven:
        raise BadTable(f"events: expected {size} values in every column (as in seq), got {uneven}")
    frame: dict[str, object] = {}
    for name in EVENT_COLUMNS:
        values: Column = columns.get(name, [None] * size)
        if name in _TIMES:
            frame[name] = _timestamps(name, values, optional=name == "promised")
        elif name in _NOT_TEXT:
            frame[name] = _numbers(name, values)
        else:
            words = values if _is_array(values) else np.fromiter(values, dtype=object, count=size)
            frame[name] = pd.Series(words, dtype=object)
    return pd.DataFrame(frame, columns=list(EVENT_COLUMNS))


def require_columns(table: pd.DataFrame, names: Sequence[str], what: str) -> None:
    """Refuse a table that lacks a column.

    Raises:
        BadTable: naming what is missing and what is there.
    """
    if not isinstance(table, pd.DataFrame):
        raise BadTable(f"{what}: expected a DataFrame with the columns {list(names)}, got {type(table).__name__}")
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise BadTable(f"{what}: expected the columns {list(names)}; missing {missing}, got {list(table.columns)}")


def microseconds(times: "pd.Series[pd.Timestamp]", what: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Turn timestamps into microseconds since 1970-01-01 UTC; NaT becomes the smallest int64.

    Timestamps without a zone are taken as UTC.

    Raises:
        BadTable: the column does not hold timestamps.
    """
    if times.dtype == object and bool(times.isna().all()):
        return np.full(len(times), _MISSING, dtype=np.int64)
    if not pd.api.types.is_datetime64_any_dtype(times.dtype):
        raise BadTable(
            f"{what}: expected UTC timestamps, got values of type {times.dtype}; use pandas.to_datetime(utc=True)"
        )
    stamps = pd.DatetimeIndex(times)
    if stamps.tz is not None:
        stamps = stamps.tz_convert("UTC").tz_localize(None)
    return np.asarray(stamps.to_numpy().astype("datetime64[us]").view(np.int64))


def utc_timestamps(micros: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pd.DatetimeIndex:
    """Turn microseconds since 1970-01-01 UTC into UTC timestamps; the smallest int64 becomes NaT."""
    return pd.DatetimeIndex(np.asarray(micros, dtype=np.int64).view("datetime64[us]")).tz_localize("UTC")


def _is_array(values: Column) -> TypeGuard[npt.NDArray[Any]]:
    """Tell whether values come as an array of the room itself, in which nothing is missing in its own way."""
    return isinstance(values, np.ndarray)


def _timestamps(name: str, values: Column, *, optional: bool) -> pd.DatetimeIndex:
    if optional and not _is_array(values):
        values = [_MISSING if value is None else value for value in values]
    try:
        micros = np.asarray(values, dtype=np.int64) if len(values) else np.empty(0, dtype=np.int64)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadTable(
            f"events column {name}: expected whole microseconds since 1970-01-01 UTC, got {error}"
        ) from error
    wrong = (micros < _EARLIEST) | (micros > _LATEST)
    if optional:
        wrong &= micros != _MISSING
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BadTable(
            f"events column {name}, row {row}: expected a time in the years 1 to {LAST_YEAR}, got {values[row]} "
            "microseconds since 1970-01-01 UTC; check the unit"
        )
    return utc_timestamps(micros)


def _numbers(name: str, values: Column) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    if name == "quantity" and not _is_array(values):
        values = [np.nan if value is None else value for value in values]
    kind: type[np.generic] = {"seq": np.int64, "quantity": np.float64, "corrected": np.bool_}[name]
    try:
        return np.asarray(values, dtype=kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadTable(f"events column {name}: expected {kind.__name__} values, got {error}") from error
