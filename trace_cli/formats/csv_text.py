"""Write rows as CSV that a spreadsheet takes for data and never for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay rows out as CSV (RFC 4180, comma, line feeds).

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers are written as they
    are, floats with every digit.

    Args:
        head: Names of the columns.
        rows: Cells; None is written as nothing.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_guarded(name) for name in head])
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue()


def _guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
