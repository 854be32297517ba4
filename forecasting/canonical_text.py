# SPDX-License-Identifier: Apache-2.0
"""Cells of a table as canonical text, for digests: equal values give equal text whatever their type.

Whole numbers stand without a point, floats by `repr`, times in microseconds since 1970 UTC, text as JSON, lists of
those in brackets, anything missing as null. JSON text never holds a bare tab or line feed, so cells cannot run
together.
"""

import json
import math
from collections.abc import Sequence
from json.encoder import encode_basestring

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadArgument

Texts = npt.NDArray[np.object_]


def column_text(column: "pd.Series[str]", where: str) -> Texts:
    """Write the cells of a column.

    Args:
        column: text, numbers, booleans, times, lists of those, or missing.
        where: its name, for what is told of a bad cell.

    Raises:
        BadArgument: a cell holds something else.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        stamps = pd.DatetimeIndex(column)
        if stamps.tz is not None:
            stamps = stamps.tz_convert("UTC").tz_localize(None)
        micros = stamps.to_numpy().astype("datetime64[us]").astype(np.int64)
        return _written(list(map(str, micros.tolist())), np.asarray(stamps.isna()))
    if column.dtype == np.int64:
        return _written(list(map(str, column.tolist())))
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "string":
        code, words = pd.factorize(column)
        # the place after the last word, which -1 names, is for what is missing
        return _written([*map(encode_basestring, words), "null"])[code]
    if column.dtype in (np.float64, np.bool_):
        code, values = pd.factorize(column)
        return _written([*(_text(value, where) for value in values.tolist()), "null"])[code]
    return _written([_text(value, where) for value in column.astype(object)])


def sorted_rows(columns: Sequence[Texts], keys: Sequence[int]) -> npt.NDArray[np.int64]:
    """Order rows by the text of the key columns, then of all columns.

    Args:
        columns: of equal length.
        keys: places of key columns.
    """
    if not columns:
        return np.empty(0, dtype=np.int64)
    ranks = [pd.factorize(columns[key], sort=True)[0] for key in keys]
    order = np.lexsort(ranks[::-1]) if ranks else np.arange(len(columns[0]))
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for rank in ranks:
        same &= rank[order[1:]] == rank[order[:-1]]
    if same.any():
        edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
        for first, last in edges.reshape(-1, 2).tolist():
            run = order[first : last + 1]
            rows = zip(*(column[run].tolist() for column in columns), strict=True)
            order[first : last + 1] = run[[at for _, at in sorted((row, at) for at, row in enumerate(rows))]]
    return np.asarray(order, dtype=np.int64)


def _written(texts: list[str], missing: npt.NDArray[np.bool_] | None = None) -> Texts:
    found = np.fromiter(texts, dtype=object, count=len(texts))
    if missing is not None:
        found[missing] = "null"
    return found


def _text(value: object, where: str) -> str:
    """Write one cell."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "null"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, pd.Timestamp):
        stamp = value if value.tzinfo is None else value.tz_convert("UTC").tz_localize(None)
        return str(int(stamp.to_datetime64().astype("datetime64[us]").astype(np.int64)))
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(one, where) for one in value) + "]"
    raise BadArgument(
        f"digest of column {where}: expected text, numbers, booleans, times or lists, got {type(value).__name__}"
    )
