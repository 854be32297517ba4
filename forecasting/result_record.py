# SPDX-License-Identifier: Apache-2.0
"""The result of a run as a decision keeps it, and how far another result is from it.

Numbers are kept as the shortest decimal text that gives the same float back (`repr`), so that a record reads back
bit for bit. Columns of lists (causes, event numbers) are left to the digest. A result of more than `MOST_CELLS`
cells is kept as the totals of its columns, by which a difference is still seen and told in size.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

MOST_CELLS: Final = 40_000
TOLERANCE: Final = 1e-9
"""Relative difference up to which results count as within tolerance: other processors round otherwise."""

Outcome = Literal["same", "within tolerance", "different"]


@dataclass(frozen=True)
class Difference:
    """How far a repeated result is from the recorded one.

    Attributes:
        outcome: the answer.
        largest_relative: the largest |new - old| / max(|old|, |new|), 0 to 2; NaN where nothing can be compared.
        largest_absolute: the largest |new - old| in the unit of its column; NaN likewise.
        column: in which column the largest relative difference is; empty: in none.
        cells_different: cells that differ beyond the tolerance, rows that one side lacks included.
        cells: cells that were compared.
        row: what stands in the text columns of that row, for finding it.
    """

    outcome: Outcome
    largest_relative: float
    largest_absolute: float
    column: str
    cells_different: int
    cells: int
    row: str = ""


def record_result(frame: pd.DataFrame) -> dict[str, object]:
    """Write a result table for a decision entry.

    Returns:
        ``rows`` and ``columns`` (a list of cells each), or ``rows`` and ``totals`` where it is large.
    """
    kept = [str(name) for name in frame.columns if not _holds_lists(frame[name])]
    if len(frame) * len(kept) > MOST_CELLS:
        numeric = [name for name in kept if pd.api.types.is_numeric_dtype(frame[name].dtype)]
        return {"rows": len(frame), "totals": {name: repr(math.fsum(_known(frame[name]))) for name in numeric}}
    return {"rows": len(frame), "columns": {name: [_cell(value) for value in frame[name]] for name in kept}}


def read_result(record: Mapping[str, Any]) -> pd.DataFrame | None:
    """Give the table of a record back: numbers as floats, anything else as text; None: only totals are kept."""
    if "columns" not in record:
        return None
    return pd.DataFrame({name: [_value(cell) for cell in cells] for name, cells in record["columns"].items()})


def compare_results(old: Mapping[str, Any], new: Mapping[str, Any], tolerance: float = TOLERANCE) -> Difference:
    """Say how far a result is from a recorded one; both as `record_result` writes them.

    Rows are compared in their order, columns by name. What only one side has, a text that differs and a number
    that is missing on one side only differ beyond any tolerance.
    """
    kind = "columns" if "columns" in old and "columns" in new else "totals"
    left, right = (_columns(one, kind) for one in (old, new))
    worst, absolute, column, at, bad, cells = 0.0, 0.0, "", 0, 0, 0
    for name in sorted(left.keys() | right.keys()):
        before, after = left.get(name, ()), right.get(name, ())
        cells += max(len(before), len(after))
        bad += abs(len(before) - len(after))
        for row, (one, other) in enumerate(zip(before, after, strict=False)):
            if one == other:
                continue
            first, second = _value(one), _value(other)
            if not (isinstance(first, float) and isinstance(second, float)):
                bad += 1
                continue
            gap = abs(second - first)
            relative = gap / max(abs(first), abs(second)) if gap else 0.0
            absolute = max(absolute, gap)
            bad += relative > tolerance
            if relative > worst:
                worst, column, at = relative, name, row
    same = cells > 0 and left == right
    outcome: Outcome = "same" if same else "different" if bad or not cells else "within tolerance"
    if not cells:
        worst = absolute = math.nan
    return Difference(outcome, worst, absolute, column, bad, cells, _describe_row(right, at) if column else "")


def _columns(record: Mapping[str, Any], kind: str) -> dict[str, Sequence[Any]]:
    if kind in record:
        found = record[kind]
        return dict(found) if kind == "columns" else {name: [total] for name, total in found.items()}
    table = read_result(record) if "columns" in record else None
    if table is None:
        return {}
    numeric = table.select_dtypes("number")
    return {str(name): [repr(math.fsum(_known(numeric[name])))] for name in numeric.columns}


def _describe_row(columns: Mapping[str, Sequence[Any]], row: int) -> str:
    words = [
        str(cells[row])
        for cells in columns.values()
        if row < len(cells) and isinstance(cells[row], str) and not isinstance(_value(cells[row]), float)
    ]
    return ", ".join(words)


def _holds_lists(column: "pd.Series[Any]") -> bool:
    return column.dtype == object and any(isinstance(value, list | tuple | dict) for value in column)


def _known(column: "pd.Series[float]") -> list[float]:
    values = np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return [float(value) for value in values[np.isfinite(values)]]


def _cell(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return None if math.isnan(value) else repr(value)
    if isinstance(value, bool | int):
        return value
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)


def _value(cell: object) -> object:
    """Read a cell: a number, also as `repr` wrote it, becomes a float."""
    if isinstance(cell, bool) or cell is None:
        return cell
    if isinstance(cell, str):
        try:
            number = float(cell)
        except ValueError:
            return cell
        return number if repr(number) == cell else cell
    return float(cell)  # type: ignore[arg-type]
