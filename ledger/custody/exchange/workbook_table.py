"""Read the first sheet of a workbook (xlsx) as the same rows that a CSV file gives.

A workbook is a zip file that others made: what it unpacks to, and how far apart its cells lie, is measured before
a reader that takes the memory for both is let at it. Spreadsheets keep 15 digits of a number, so a longer one (an
SSCC) that is not text has been rounded and is refused.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO, Final

from ledger.chain.counting import counted
from ledger.custody.exchange.csv_table import Row, TableFault, check_header, control_in
from ledger.custody.problems import Problem

MAGIC: Final = b"PK\x03\x04"
MAX_UNPACKED: Final = 1 << 29
MAX_CELLS: Final = 30_000_000
MAX_DIGITS: Final = 10**15
_CHUNK: Final = 1 << 20
_OVERLAP: Final = 64
_CELL: Final = re.compile(rb"<(?:[A-Za-z0-9]+:)?c[\s/>]")
_PLACE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,7})([0-9]{1,20})["']""")
_COLUMNS: Final = 16_384
REMEDY: Final = "pip install 'trace-ledger[tables]', or save the table as CSV in UTF-8"


class WorkbookTable:
    """The first sheet of a workbook: its header, and its rows.

    Args:
        stream: The bytes, at their beginning; they must be a file that can be read anywhere.
        name: What the file is called in messages.

    Raises:
        TableFault: It is no workbook, too large, or has no header that can be read.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._name = name
        try:
            from python_calamine import CalamineError, CalamineWorkbook
        except ImportError:
            raise self._fault(0, "", "this installation reads no workbooks", REMEDY) from None
        self._measure(stream)
        stream.seek(0)
        try:
            book = CalamineWorkbook.from_filelike(stream)
            self._rows: Iterator[list[Any]] = iter(book.get_sheet_by_index(0).to_python(skip_empty_area=False))
        except (CalamineError, IndexError, ValueError, OSError) as error:
            raise self._fault(0, "", f"the file is no workbook that can be read: {error}") from None
        first = next(self._rows, [])
        while first and first[-1] == "":
            first.pop()
        if not first:
            raise self._fault(1, "", "the first row of the first sheet, the header, is empty")
        self.header = check_header([cell if isinstance(cell, str) else str(cell) for cell in first], name)

    def rows(self) -> Iterator[Row | Problem]:
        """Give each row, or what is wrong with it; empty ones are passed over."""
        width = len(self.header)
        for line, cells in enumerate(self._rows, 2):
            if all(cell == "" for cell in cells):
                continue
            if any(cell != "" for cell in cells[width:]):
                yield Problem(self._name, line, "", f"the row has cells beyond the {width} of the header")
                continue
            padded = cells[:width] + [""] * (width - len(cells))
            texts: list[str] = []
            for column, cell in zip(self.header, padded, strict=True):
                text, why = cell_text(cell)
                if why:
                    yield Problem(self._name, line, column, why, "format the column as text and enter it again")
                    break
                texts.append(text)
            else:
                found = control_in(texts, self.header, self._name, line)
                yield Row(line, tuple(texts)) if found is None else found

    def _measure(self, stream: BinaryIO) -> None:
        """Refuse what would take too much memory, by reading all of it once without keeping it."""
        try:
            with zipfile.ZipFile(stream) as archive:
                if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED:
                    raise self._fault(0, "", f"the workbook unpacks to more than {MAX_UNPACKED >> 20} MiB")
                for one in archive.infolist():
                    with archive.open(one) as member:
                        self._measure_member(member, one.filename.lower().startswith("xl/worksheets/"))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise self._fault(0, "", f"the file is no workbook: {error}") from None

    def _measure_member(self, member: Any, is_sheet: bool) -> None:
        rows = columns = cells = places = 0
        tail = b""
        while chunk := member.read(_CHUNK):
            if not is_sheet:
                continue
            text = tail + chunk
            end = len(text) - _OVERLAP
            cells += sum(match.start() < end for match in _CELL.finditer(text))
            for letters, digits in _PLACE.findall(text):
                rows = max(rows, int(digits))
                columns = max(columns, _column(letters))
                places += bool(letters)
            tail = text[-_OVERLAP:]
        if cells > places:
            columns += min(_COLUMNS, cells - places)
        if rows * max(columns, 1) > MAX_CELLS:
            raise self._fault(
                0, "", f"the sheet spans {counted(rows, 'row')} and {columns:,} columns, more than a table has"
            )

    def _fault(self, line: int, field: str, reason: str, remedy: str = "") -> TableFault:
        return TableFault(Problem(self._name, line, field, reason, remedy))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def cell_text(value: Any) -> tuple[str, str]:
    """Write the value of a typed cell as a CSV file would have it.

    Returns:
        The text, and why there is none.
    """
    if value is None or value == "":
        return "", ""
    if isinstance(value, str):
        return value, ""
    if isinstance(value, bool):
        return str(value).lower(), ""
    if isinstance(value, float):
        if not abs(value) < MAX_DIGITS:
            return "", f"{value!r} is a number of more than 15 digits, which was rounded when it was stored"
        text = f"{Decimal(repr(value)):f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text), ""
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value), ""
    if isinstance(value, datetime):
        return value.isoformat(), ""
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00", ""
    if isinstance(value, time | timedelta):
        return str(value), ""
    return "", f"a cell holds text, a number, a truth value or a time, got {type(value).__name__}"
