"""Make the derived tables anew from the log, where they are missing, of another shape, or behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from ledger.chain.checkpoint import parse_checkpoint
from ledger.chain.counting import counted
from ledger.chain.entry import Entry
from ledger.chain.errors import BadJson, Refused, Untrue
from ledger.chain.storage.base import View
from ledger.chain.storage.sqlite import SqliteStorage, SqliteTransaction
from ledger.custody.index.read import covered_size
from ledger.custody.index.schema import TABLES
from ledger.custody.index.write import (
    MALFORMED,
    IndexRow,
    IndexWriter,
    create_tables,
    index_row,
    labels_of,
    named_when,
    short_hash,
)

_AT_ONCE: Final = 2_000
# What is raised over what is signed as an event and is none that this program would record.
UNFIT: Final = (LookupError, TypeError, AttributeError, ValueError, OverflowError, Refused)
_NAMES: Final = tuple(statement.split("(")[0].split()[-1] for statement in TABLES)


def row_of(entry: Entry) -> IndexRow | None:
    """Say what the index keeps of an entry; None: it is no event that can be indexed."""
    return row_of_body(entry.body, entry.via) if entry.kind == "event" else None


def named_in(entry: Entry) -> Mapping[str, int]:
    """Say which things an entry names, and as what; nothing, where it is no event that can be indexed."""
    if entry.kind != "event":
        return {}
    try:
        return named_when(entry.body)[0]
    except UNFIT:
        return {}


def row_of_body(body: Any, via: str, *, hashed: bool = False) -> IndexRow | None:
    """Say what the index keeps of an event; None: it is none that can be indexed.

    Args:
        body: As it stands in the log.
        via: How it came into the log.
        hashed: With the event hash, which takes a while.
    """
    try:
        return index_row(body, short_hash(body) if hashed else None, via=via)
    except UNFIT:
        return None  # signed, but no event that this program would record


def read_rows(
    entries: Iterable[tuple[int, bytes]], *, hashed: bool = False
) -> Iterator[tuple[int, str, IndexRow | None, tuple[str, ...]]]:
    """Give for each entry its number, its kind, what the index keeps of it if it is an event, else its labels.

    What is signed as an event and is none has a label that says so.

    Args:
        entries: Numbers and bytes.
        hashed: With the event hash, which takes a while.

    Raises:
        BadJson: An entry is none.
    """
    for seq, data in entries:
        try:
            found = json.loads(data, parse_float=Decimal)
            kind, body, via = found["kind"], found["body"], found["via"]
        except (ValueError, LookupError, TypeError, RecursionError):
            raise BadJson(f"entry {seq} cannot be read", remedy="trace verify") from None
        if kind == "event":
            row = row_of_body(body, via, hashed=hashed)
            yield seq, "event", row, (MALFORMED,) if row is None else ()
        else:
            yield seq, str(kind), None, labels_of(str(kind), body)


def fault_of(connection: sqlite3.Connection, size: int) -> str:
    """Say why the index of a log of that size cannot be asked; empty: it can."""
    marks = ",".join("?" * len(_NAMES))
    # An index or a trigger on one of the tables is as foreign as another table in its place.
    found = [
        text
        for (text,) in connection.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
            f"AND (lower(name) IN ({marks}) OR lower(tbl_name) IN ({marks}))",
            _NAMES * 2,
        )
    ]
    if sorted(map(str, found)) != sorted(TABLES):
        return "the index is missing, or its tables are not as this program makes them"
    covered = covered_size(connection)
    return "" if covered == size else f"the index covers {counted(covered, 'entry')} of {size:,}"


def fill(
    connection: sqlite3.Connection,
    entries: Iterable[tuple[int, bytes]],
    progress: Callable[[int], None] | None = None,
    *,
    tiles: bool = True,
) -> None:
    """Write the rows of all entries into empty tables.

    Args:
        connection: Where the tables are.
        entries: Number and bytes of each, in order.
        progress: Called with the number of entries done.
        tiles: As `IndexWriter`.

    Raises:
        BadJson: An entry cannot be read.
    """
    writer = IndexWriter(tiles=tiles)
    rows = read_rows(entries, hashed=True)
    while part := list(islice(rows, _AT_ONCE)):
        run: list[IndexRow] = []
        for seq, _, row, labels in part:
            if row is not None:
                run.append(row)
                continue
            if run:
                writer.write_events(connection, seq - len(run), run)
                run = []
            writer.write_labels(connection, labels, seq)
        if run:
            writer.write_events(connection, part[-1][0] + 1 - len(run), run)
        if progress is not None:
            progress(part[-1][0] + 1)


def rebuild(transaction: SqliteTransaction, progress: Callable[[int], None] | None = None) -> int:
    """Drop the derived tables and make them anew; give the number of entries.

    Raises:
        Untrue: An entry cannot be read.
    """
    connection = transaction.connection
    _drop_tables(connection)
    create_tables(connection)
    size = head_size(transaction)
    try:
        fill(connection, transaction.entries(0, size), progress)
    except BadJson as error:
        raise Untrue(f"the index cannot be made: {error}", remedy="trace verify") from None
    return size


def _drop_tables(connection: sqlite3.Connection) -> None:
    marks = ",".join("?" * len(_NAMES))
    query = f"SELECT type, name FROM sqlite_schema WHERE lower(name) IN ({marks}) AND type IN ('table', 'view')"
    found = connection.execute(query, _NAMES).fetchall()
    if _are_sound(connection, [name for kind, name in found if kind == "table"]):
        for kind, name in found:
            connection.execute(f'DROP {kind} "{name}"')
    else:
        # To drop a table is to walk its pages. Damaged ones are forgotten; the next VACUUM takes the pages back.
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(f"DELETE FROM sqlite_schema WHERE lower(tbl_name) IN ({marks})", _NAMES)
        connection.execute("PRAGMA writable_schema = RESET")


def _are_sound(connection: sqlite3.Connection, tables: list[str]) -> bool:
    """Look through other eyes: a transaction that has met a damaged page can do nothing more."""
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as other:
        try:
            return all(other.execute(f'PRAGMA quick_check("{name}")').fetchall() == [("ok",)] for name in tables)
        except sqlite3.DatabaseError:
            return False


def ensure_current(
    storage: SqliteStorage, announce: Callable[[str, int], Callable[[int], None] | None] | None = None
) -> bool:
    """Rebuild the index in one transaction where it cannot be asked; tell whether that was so.

    Args:
        storage: The ledger, open for writing.
        announce: Called with the reason and the size before a rebuild; gives what is called with each part done.
    """
    with storage.snapshot() as view:
        if not _fault_in(view.connection, head_size(view)):
            return False
    with storage.begin() as transaction:
        size = head_size(transaction)
        why = _fault_in(transaction.connection, size)
        if why:
            rebuild(transaction, announce(why, size) if announce else None)
    return bool(why)


def _fault_in(connection: sqlite3.Connection, size: int) -> str:
    try:
        return fault_of(connection, size)
    except sqlite3.DatabaseError as error:
        return f"the index cannot be read: {error}"


def head_size(view: View) -> int:
    """Read the size of the head; whether it is to be believed is for others to say."""
    note = view.head()
    return parse_checkpoint(note).head.size if note else 0
