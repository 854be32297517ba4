# SPDX-License-Identifier: Apache-2.0
"""Tables for programs: Parquet, with what they rest on in the file's own metadata."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from forecasting.errors import BadArgument
from ledger.chain.replacing import replacing


def write_parquet(
    path: Path, head: Sequence[str], rows: Sequence[Sequence[object]], metadata: Mapping[str, str]
) -> None:
    """Write rows whole, or not at all; a column ``ds`` becomes timestamps.

    Args:
        path: where to.
        head: names of the columns.
        rows: cells, None where there is nothing.
        metadata: name and text, kept beside the schema.

    Raises:
        BadArgument: pyarrow is not installed, or the file cannot be written.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise BadArgument(
            f"{path}: writing Parquet needs the extra: pip install 'trace-ledger[tables]'"
        ) from error
    table = pd.DataFrame(rows, columns=list(head))
    if "ds" in table:
        table["ds"] = pd.to_datetime(table["ds"], format="ISO8601").astype("datetime64[us]")
    for name in table.columns:
        if table[name].isna().all():
            table[name] = table[name].astype("string")
    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    kept = {**(arrow.schema.metadata or {}), **{key.encode(): text.encode() for key, text in metadata.items()}}
    try:
        with replacing(path) as file:
            pyarrow.parquet.write_table(arrow.replace_schema_metadata(kept), file)
    except OSError as error:
        raise BadArgument(f"{path} cannot be written: {error.strerror}") from error
