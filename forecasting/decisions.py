# SPDX-License-Identifier: Apache-2.0
"""What a decision entry in the ledger says about a run, so that anybody can repeat it and compare.

Digests are SHA-256 over canonical text: the column names, then the rows. Numbers are written so that equal values
give equal text whatever their type: whole numbers without a point, floats by `repr`, times in microseconds since
1970 UTC, anything missing as null.
"""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd

from forecasting.canonical_text import Texts, column_text, sorted_rows
from forecasting.errors import BadArgument
from forecasting.registered_models import LEARNT_ENGINES, engine_digest, model_digest
from forecasting.result_record import TOLERANCE, record_result
from forecasting.tables.events import require_columns

_ROWS = 65_536
"""Rows that are written at once."""

LIBRARIES = {"numpy": "numpy", "pandas": "pandas", "statsmodels": "statsmodels", "trace": "trace-ledger"}
"""Name in the payload and name of the distribution."""


def data_digest(frame: pd.DataFrame, keys: Sequence[str] = ()) -> str:
    """Digest a table that a run reads.

    Neither the order of rows, of columns, nor the types that hold the values change it; any value does.

    Args:
        frame: the table; cells are text, numbers, booleans, times, lists of those, or missing.
        keys: columns to sort by; all columns, by name, where none are given.

    Returns:
        ``sha256:`` and 64 hexadecimal digits.

    Raises:
        BadTable: a key is no column.
        BadArgument: a cell holds something else.
    """
    require_columns(frame, keys, "digest")
    names = sorted(str(name) for name in frame.columns)
    columns = [column_text(frame[name], str(name)) for name in names]
    order = sorted_rows(columns, [names.index(key) for key in keys])
    return _digest(names, [column[order] for column in columns])


def forecast_digest(demand: pd.DataFrame, parameters: Mapping[str, object]) -> str:
    """Digest what a forecast of demand read: the demand table and, where there is one, the calendar."""
    calendar = parameters.get("holidays_digest")
    return " ".join((data_digest(demand, ["unique_id", "ds"]), *([str(calendar)] if calendar else [])))


def output_digest(frame: pd.DataFrame) -> str:
    """Digest a table that a run gives; the order of rows and columns counts, since it is part of the answer.

    Raises:
        BadArgument: a cell holds something that has no canonical text.
    """
    names = [str(name) for name in frame.columns]
    return _digest(names, [column_text(frame[name], str(name)) for name in frame.columns])


def describe_run(
    *,
    command: str,
    checkpoint: Mapping[str, object],
    selection: Mapping[str, object],
    data: str,
    model: str,
    parameters: Mapping[str, object],
    seed: int,
    output: str,
    result: pd.DataFrame | None = None,
) -> dict[str, object]:
    """Describe a run as the payload of a decision entry.

    Args:
        command: what was asked for, such as ``forecast``.
        checkpoint: of the history that was read: origin, size, root.
        selection: the filter that cut the history: as-of time, places, products.
        data: digest of the table read (`data_digest`).
        model: what made the result.
        parameters: everything else that decided it.
        seed: of random draws.
        output: digest of the result (`output_digest`).
        result: the result itself, kept so that a repeated run can say by how much it differs
            (`forecasting.result_record`); None: only its digest is kept.

    Returns:
        A JSON-ready dictionary; floats are decimal texts by `repr`, so that no reader rounds them.

    Raises:
        BadArgument: a value cannot be written in JSON.
    """
    described: dict[str, object] = {
        "command": command,
        "checkpoint": _plain(checkpoint, "checkpoint"),
        "selection": _plain(selection, "selection"),
        "data_digest": data,
        "model": model,
        "parameters": _plain(parameters, "parameters"),
        "engine_digest": engine_digest(),
        "model_digest": model_digest() if parameters.get("engine") in LEARNT_ENGINES else None,
        "versions": library_versions(),
        "seed": seed,
        "output_digest": output,
        "tolerance": repr(TOLERANCE),
    }
    if result is not None:
        described["output"] = record_result(result)
    return described


def library_versions() -> dict[str, str]:
    """Give the versions that a repeated run must have for the same bits."""
    versions = {"python": platform.python_version()}
    for name, distribution in LIBRARIES.items():
        try:
            versions[name] = version(distribution)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def _digest(names: list[str], columns: list[Texts]) -> str:
    digest = hashlib.sha256(json.dumps(names, ensure_ascii=False).encode())
    for start in range(0, len(columns[0]) if columns else 0, _ROWS):
        parts = [column[start : start + _ROWS].tolist() for column in columns]
        rows = map("\t".join, zip(*parts, strict=True))
        digest.update(("\n" + "\n".join(rows)).encode())
    return f"sha256:{digest.hexdigest()}"


def _plain(value: object, where: str) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(one, f"{where}.{name}") for name, one in value.items()}
    if isinstance(value, Sequence):
        return [_plain(one, where) for one in value]
    raise BadArgument(f"{where}: expected text, numbers, lists and mappings, got {type(value).__name__}")
