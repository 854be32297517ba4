# SPDX-License-Identifier: Apache-2.0
"""Series that somebody brings: a CSV or Parquet file with ``unique_id, ds, y``."""

from pathlib import Path

import pandas as pd

from forecasting.errors import BadTable
from ledger.custody.exchange.plain_file import open_plain

SUFFIXES = (".csv", ".parquet")


def text_columns(table: pd.DataFrame) -> list[str]:
    """Name the columns that hold texts, the series' own names apart: they may name segments."""
    return [
        str(name)
        for name in table.columns
        if name not in ("unique_id", "ds", "y")
        and (table[name].dtype == object or pd.api.types.is_string_dtype(table[name].dtype))
    ]


def read_series_file(path: Path, columns: tuple[str, ...] = ("unique_id", "ds", "y")) -> pd.DataFrame:
    """Read a table of series; rows are sorted by series, in the order of the file, and time.

    Args:
        path: ``.csv`` (with a head line) or ``.parquet`` (needs the extra ``tables``).
        columns: that must be there; others are kept.

    Raises:
        BadTable: the file cannot be read as such a table.
    """
    try:
        if (suffix := path.suffix.lower()) not in SUFFIXES:
            raise BadTable(f"{path}: expected a file that ends in {' or '.join(SUFFIXES)}")
        with open_plain(path) as file:
            table = pd.read_csv(file, dtype={"unique_id": str}) if suffix == ".csv" else pd.read_parquet(file)
    except ImportError as error:
        raise BadTable(f"{path}: reading Parquet needs the extra: pip install 'trace-ledger[tables]'") from error
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadTable(f"{path} cannot be read as a table: {error}") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise BadTable(f"{path}: expected columns {', '.join(columns)}, missing {', '.join(missing)}")
    if not pd.api.types.is_datetime64_any_dtype(table["ds"].dtype):
        try:
            table["ds"] = pd.to_datetime(table["ds"], format="ISO8601", utc=True).dt.tz_localize(None)
        except (ValueError, TypeError) as error:
            raise BadTable(f"{path} column ds: expected times such as 2026-03-01, {error}") from error
    order = pd.Series(pd.factorize(table["unique_id"])[0], index=table.index)
    return (
        table.assign(_order=order)
        .sort_values(["_order", "ds"], kind="stable", ignore_index=True)
        .drop(columns="_order")
    )
