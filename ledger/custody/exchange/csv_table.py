"""Read the lines of a CSV or TSV file, plain or gzipped, as they are: no guess, each fault with its line.

UTF-8 only; the delimiter is the one of comma, semicolon and tab that the header has most of. Cells with control
characters are refused, because no identifier has any and a broken export often does.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import BinaryIO, Final

from ledger.chain.counting import counted
from ledger.custody.problems import Problem

MAX_LINE: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, as many as the header has, and the line it starts on (from 1)."""

    line: int
    cells: tuple[str, ...]


class TableFault(Exception):
    """The file cannot be read on from here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


def check_header(cells: Sequence[str], name: str) -> tuple[str, ...]:
    """Read the names of the columns.

    Args:
        cells: As they stand in the first row.
        name: What the file is called in messages.

    Raises:
        TableFault: One has no usable name, or two have the same.
    """
    header = tuple(cell.strip() for cell in cells)
    for at, cell in enumerate(header):
        if not cell or _CONTROL.search(cells[at]):
            reason = f"column {at + 1} of the header has no usable name: {cells[at]!r}"
            raise TableFault(Problem(name, 1, cell, reason))
        if cell in header[:at]:
            raise TableFault(Problem(name, 1, cell, f"the header names column {cell!r} twice"))
    return header


def control_in(cells: Sequence[str], header: Sequence[str], name: str, line: int) -> Problem | None:
    """Find the first cell of a row with control characters."""
    bad = next((at for at, cell in enumerate(cells) if _CONTROL.search(cell)), None)
    if bad is None:
        return None
    return Problem(name, line, header[bad], f"the cell holds control characters: {cells[bad][:60]!r}")


class CsvTable:
    """An open table: its header, and its rows as they are read.

    Args:
        stream: The bytes, at their beginning; a pipe will do.
        name: What the file is called in messages.

    Raises:
        TableFault: There is no header that can be read.
    """

    def __init__(self, stream: BufferedReader, name: str) -> None:
        self._name = name
        gzipped = stream.peek(2)[:2] == _GZIP
        source: BinaryIO = gzip.GzipFile(fileobj=stream) if gzipped else stream  # type: ignore[assignment]
        self._line = 0
        lines = self._decode(source)
        first = next(lines, "")
        if not first.strip():
            raise self._fault(1, "", "the file is empty" if not first else "the first line, the header, is empty")
        delimiter = max(",;\t", key=first.count)
        self._reader = csv.reader(_chain(first, lines), delimiter=delimiter, strict=True)
        header = self._next() or []
        self.header = check_header(header, name)

    def rows(self) -> Iterator[Row | Problem]:
        """Give each row, or what is wrong with it; blank lines are passed over.

        Raises:
            TableFault: The file cannot be read on.
        """
        width = len(self.header)
        while True:
            line = self._reader.line_num + 1
            cells = self._next()
            if cells is None:
                return
            if not cells:
                continue
            if len(cells) != width:
                yield Problem(
                    self._name, line, "", f"the row has {counted(len(cells), 'cell')}, the header has {width}"
                )
                continue
            found = control_in(cells, self.header, self._name, line)
            yield Row(line, tuple(cells)) if found is None else found

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise self._fault(self._line, "", f"the line is no CSV: {error}") from None

    def _decode(self, source: BinaryIO) -> Iterator[str]:
        while True:
            try:
                raw = source.readline(MAX_LINE + 1)
            except EOFError:
                raise self._fault(self._line + 1, "", "the gzip file is cut off here") from None
            except (OSError, zlib.error) as error:
                raise self._fault(self._line + 1, "", f"the file is damaged here: {error}") from None
            if not raw:
                return
            self._line += 1
            if len(raw) > MAX_LINE:
                raise self._fault(self._line, "", f"the line is longer than {MAX_LINE} bytes; is this a table?")
            if b"\x00" in raw:
                raise self._fault(self._line, "", "the line holds a NUL byte: this is a binary file, not a table")
            try:
                yield raw.decode("utf-8-sig" if self._line == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise self._fault(
                    self._line,
                    "",
                    f"byte {error.start + 1} of the line is not UTF-8",
                    "save the table as CSV in UTF-8",
                ) from None

    def _fault(self, line: int, field: str, reason: str, remedy: str = "") -> TableFault:
        return TableFault(Problem(self._name, line, field, reason, remedy))


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
