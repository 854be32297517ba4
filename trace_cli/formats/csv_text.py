"""Write rows as CSV that a spreadsheet takes for data and never for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from trace_cli.formats.answer import unturned

# What ends a line for some reader, and what a terminal obeys; a line feed is quoted, so it stays.
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")

# The wide forms are formulas, too, to a spreadsheet of an East Asian locale.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay rows out as CSV (RFC 4180, comma, line feeds).

    A text that a spreadsheet would take for a formula gets an apostrophe in front, and what turns the direction of
    reading is written out; numbers are written as they are, floats with every digit.

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
    if not isinstance(cell, str):
        return cell
    kept = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", unturned(cell))
    return f"'{kept}" if cell.startswith(_FORMULA) else kept
