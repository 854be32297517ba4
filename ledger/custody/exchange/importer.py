"""Import files: check the whole first, then commit in batches.

The first pass reads every file, collects every problem and writes the good events to a spool (a temporary file
without a name). Where there are problems and none are to be skipped, nothing is recorded. The second pass commits
the spool in batches; an import that is cut off is resumed by running it again, because what is recorded already
is recognised by its identity.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, Final

from ledger.chain import canonical
from ledger.chain.commitment import refuse_reserved
from ledger.chain.entry import IMPORTED
from ledger.chain.errors import Refused
from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import ColumnMap
from ledger.custody.exchange.csv_table import CsvTable, Row, TableFault
from ledger.custody.exchange.epcis_document import Found, MasterData
from ledger.custody.exchange.epcis_file import is_epcis, read_epcis
from ledger.custody.exchange.parquet_table import MAGIC as PARQUET
from ledger.custody.exchange.parquet_table import ParquetTable
from ledger.custody.exchange.plain_file import open_plain
from ledger.custody.exchange.rows import MissingColumnError, RowReader
from ledger.custody.exchange.workbook_table import MAGIC as WORKBOOK
from ledger.custody.exchange.workbook_table import WorkbookTable
from ledger.custody.identity import Identifier
from ledger.custody.problems import Problem
from ledger.custody.recorder import Prepared, Recorder

BATCH: Final = 2000
MAX_PROBLEMS: Final = 10_000
_DIGEST: Final = 64
_SPOOL_IN_MEMORY: Final = 64 * 1024 * 1024

Progress = Callable[[str, int], None]


@dataclass
class Checked:
    """The outcome of the first pass: the spool of good events, how many, and what is wrong.

    `master` is the master data that came in the headers of EPCIS documents.

    Leaving it as a context gives the spool back.
    """

    spool: IO[bytes]
    count: int = 0
    problems: list[Problem] = field(default_factory=list)
    master: MasterData = field(default_factory=MasterData)
    more_problems: int = 0

    def __enter__(self) -> Checked:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.spool.close()

    def add(self, problem: Problem) -> None:
        """Keep a problem; beyond `MAX_PROBLEMS` they are only counted."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of the second pass; `held` names entries on goods that are on hold, and the thing.

    `conflicts` names events left out because an entry has their eventID and says something else: (seq, id).
    `declared` lists the error declarations among them: (seq, eventID).
    """

    recorded: int
    duplicates: int
    first_seq: int | None
    last_seq: int | None
    held: tuple[tuple[int, str], ...] = ()
    conflicts: tuple[tuple[int, str], ...] = ()
    declared: tuple[tuple[int, str], ...] = ()


def check_files(
    paths: Iterable[Path],
    columns: ColumnMap,
    codes: Codes,
    make_identifier: Callable[[], Identifier],
    progress: Progress | None = None,
) -> Checked:
    """Read every file to its end; record nothing.

    Args:
        paths: Tables, and EPCIS documents.
        columns: How to read tables.
        codes: How plain codes are read; the map may name another domain.
        make_identifier: Makes what gives eventIDs, one for each file.
        progress: Called now and then with (what is done, how many events so far).
    """
    own = Codes(columns.domain or codes.domain, columns.plain | codes.plain)
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY)  # noqa: SIM115 - lives as long as `Checked`
    checked = Checked(spool)
    for path in paths:
        identifier = make_identifier()
        for found in _read_file(path, columns, own, identifier, checked.master):
            if isinstance(found, Problem):
                checked.add(found)
                continue
            spool.write(found)
            checked.count += 1
            if progress is not None and checked.count % 1000 == 0:
                progress("checking", checked.count)
    return checked


def first_events(checked: Checked, count: int) -> list[dict[str, Any]]:
    """Give the first events of the spool, for a look before anything is recorded."""
    checked.spool.seek(0)
    return [json.loads(line[_DIGEST:]) for _, line in zip(range(count), checked.spool, strict=False)]


def record_checked(checked: Checked, recorder: Recorder, *, by: str, progress: Progress | None = None) -> Imported:
    """Commit the spool in batches.

    Raises:
        LedgerError: Of the ledger; what was committed before it stays, and running again resumes.
    """
    checked.spool.seek(0)
    recorded = duplicates = 0
    first_seq: int | None = None
    last_seq: int | None = None
    held: list[tuple[int, str]] = []
    conflicts: list[tuple[int, str]] = []
    declared: list[tuple[int, str]] = []
    for batch in _batches(checked.spool, recorder, by):
        outcome = recorder.record(batch)
        recorded += outcome.count
        fresh = ((event, seq) for event, seq in zip(batch, outcome.seqs, strict=True) if seq is not None)
        declared += [(seq, event.event_id) for event, seq in fresh if event.row.withdraws is not None]
        conflicts += [(one.seq, one.event_id) for one in outcome.duplicates if one.differs]
        duplicates += sum(not one.differs for one in outcome.duplicates)
        if outcome.appended is not None:
            held += [(outcome.appended.first + one.position, one.thing) for one in outcome.held]
            first_seq = outcome.appended.first if first_seq is None else first_seq
            last_seq = outcome.appended.head.size - 1
        if progress is not None:
            progress("recording", recorded + duplicates)
    return Imported(recorded, duplicates, first_seq, last_seq, tuple(held), tuple(conflicts), tuple(declared))


def _batches(spool: IO[bytes], recorder: Recorder, by: str) -> Iterator[list[Prepared]]:
    batch: list[Prepared] = []
    for line in spool:
        digest = bytes.fromhex(line[:_DIGEST].decode("ascii"))
        batch.append(recorder.prepare(canonical.parse(line[_DIGEST:]), by=by, via=IMPORTED, digest=digest))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _read_file(
    path: Path, columns: ColumnMap, codes: Codes, identifier: Identifier, master: MasterData
) -> Iterator[bytes | Problem]:
    name = str(path)
    try:
        with open_plain(path) as stream:
            if is_epcis(stream, name):
                for event in read_epcis(stream, name, master):
                    where = (event.line, event.where) if isinstance(event, Found) else (0, "")
                    yield event if isinstance(event, Problem) else _spooled(event.body, name, *where, identifier)
            else:
                yield from _read_stream(stream, name, columns, codes, identifier)
    except IsADirectoryError:
        yield Problem(name, 0, "", "this is a directory, not a file")
    except OSError as error:
        yield Problem(name, 0, "", f"the file cannot be read: {error.strerror or error}")


def open_table(stream: BufferedReader, name: str) -> CsvTable | WorkbookTable | ParquetTable:
    """Open a table by how it begins: a workbook, a Parquet file, else CSV or TSV.

    Raises:
        TableFault: It cannot be read.
    """
    head = stream.peek(4)[:4]
    if head == WORKBOOK:
        return WorkbookTable(stream, name)
    return ParquetTable(stream, name) if head == PARQUET else CsvTable(stream, name)


def _read_stream(
    stream: BufferedReader, name: str, columns: ColumnMap, codes: Codes, identifier: Identifier
) -> Iterator[bytes | Problem]:
    try:
        table = open_table(stream, name)
        reader = RowReader(table.header, columns, codes, name)
        for row in table.rows():
            yield _checked_event(reader, row, name, identifier) if isinstance(row, Row) else row
    except TableFault as fault:
        yield fault.problem
    except MissingColumnError as error:
        yield Problem(
            name, 1, error.column, error.reason, "name the columns in a map file: trace import FILE --map MAP.toml"
        )


def _checked_event(reader: RowReader, row: Row, name: str, identifier: Identifier) -> bytes | Problem:
    """Give the line of the spool for the event that a row is, with its eventID."""
    found = reader.read(row)
    return found if isinstance(found, Problem) else _spooled(found, name, row.line, "", identifier)


def _spooled(body: dict[str, Any], name: str, line: int, where: str, identifier: Identifier) -> bytes | Problem:
    """Write a line of the spool: the event hash in hexadecimal digits, and the canonical bytes."""
    try:
        refuse_reserved(body)
        event, digest = identifier.identify_hashed(body)
        return digest.hex().encode("ascii") + canonical.encode(event) + b"\n"
    except Refused as error:
        return Problem(name, line, where, str(error), error.remedy)
