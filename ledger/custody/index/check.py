"""Hold every row of the derived tables against the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from ledger.chain.storage.sqlite import SqliteView
from ledger.custody.index.nodes import wrong_nodes
from ledger.custody.index.read import find_idents, find_origins
from ledger.custody.index.rebuild import fault_of, head_size, read_rows
from ledger.custody.index.roles import CHILD
from ledger.custody.index.write import IndexRow, named_by, withdrawn_at

MAX_DIFFERENCES: Final = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that the index lacks (`missing`) or has too much (`surplus`), and the entry that it is about."""

    kind: str
    seq: int | None
    message: str


def check_index(view: SqliteView, progress: Callable[[int], None] | None = None) -> list[Difference]:
    """List where the index and the log differ, the first `MAX_DIFFERENCES` of it.

    1. the tables are there, as this program makes them, and cover the head
    2. each row that the log asks for is there
    3. there are no more rows than those

    Raises:
        BadJson: An entry cannot be read.
    """
    found: list[Difference] = []
    connection = view.connection
    try:
        size = head_size(view)
        if why := fault_of(connection, size):  # 1
            return [Difference("unusable", None, why)]
        wanted = _look_for_missing(view, size, found, progress)
        _look_for_surplus(view, size, wanted, found)
        for tile, kind in wrong_nodes(view, size):  # 2, 3
            _add(found, kind, None, f"d_node does not hold what the leaves of tile {tile} give")
    except sqlite3.DatabaseError as error:
        found.append(Difference("unusable", None, f"the index cannot be read: {error}"))
    return found[:MAX_DIFFERENCES]


def _look_for_missing(
    view: SqliteView, size: int, found: list[Difference], progress: Callable[[int], None] | None
) -> dict[str, int]:
    """2. Look up every row; count them."""
    counts = dict.fromkeys(("d_mention", "d_ident", "d_kind", "d_hold"), 0)
    connection = view.connection
    withdrawn: dict[tuple[bytes, bool], tuple[int, IndexRow]] = {}
    for seq, _, row, labels in read_rows(view.entries(0, size), hashed=True):
        for label in labels:
            counts["d_kind"] += 1
            if not _has(connection, "SELECT 1 FROM d_kind WHERE kind = ? AND seq = ?", label, seq):
                _add(found, "missing", seq, f"entry {seq} of kind {label} is not listed")
        if row is None:
            continue
        counts["d_mention"] += len(row.things)
        counts["d_hold"] += len(row.holds)
        if row.withdraws is not None:
            withdrawn.setdefault((row.withdraws, row.imported), (seq, row))
        for uri in row.holds:
            query = "SELECT 1 FROM d_hold WHERE thing = (SELECT id FROM d_thing WHERE uri = ?) AND seq = ?"
            if not _has(connection, query, uri, seq):
                _add(found, "missing", seq, f"entry {seq} holds or releases {uri}, and the index does not say so")
        listed = find_idents(connection, [row.ident]).get(row.ident)
        counts["d_ident"] += listed == seq
        if listed != seq and not _is_twin(view, listed, seq, row.ident):
            _add(found, "missing", seq, f"the identity of entry {seq} leads elsewhere or nowhere")
        elif listed == seq and not _has(
            connection,
            "SELECT 1 FROM d_ident WHERE ident = ? AND hash IS ? AND imported = ?",
            row.ident,
            row.hash,
            int(row.imported),
        ):
            why = f"the event hash of entry {seq} is another than the index says, or how it came"
            _add(found, "missing", seq, why)
        for uri, role in row.things.items():
            if not _has(
                connection,
                "SELECT 1 FROM d_mention WHERE thing = (SELECT id FROM d_thing WHERE uri = ?) "
                "AND seq = ? AND role = ? AND time = ? "
                "AND container = coalesce((SELECT id FROM d_thing WHERE uri = ?), 0)",
                uri,
                seq,
                role,
                row.time,
                row.container if role & CHILD else None,
            ):
                _add(
                    found,
                    "missing",
                    seq,
                    f"entry {seq} names {uri}, and the index does not say so, or not as what",
                )
        if progress is not None and not seq % 1000:
            progress(seq)
    known = find_origins(connection, [ident for ident, _ in withdrawn])
    expected = {
        (
            ident,
            int(how),
            withdrawn_at(how, known.get(ident), partial(_repeats, view, row)),
            seq,
            len(named_by(row)),
        )
        for (ident, how), (seq, row) in withdrawn.items()
    }
    if set(connection.execute("SELECT ident, imported, seq, declared, things FROM d_withdrawn")) != expected:
        _add(found, "missing", None, "d_withdrawn does not list what the error declarations withdraw")
    return counts


def _repeats(view: SqliteView, declaration: IndexRow, seq: int) -> bool:
    """Tell whether a declaration is a copy of an entry, by the entry itself."""
    data = view.entry(seq)
    row = next(read_rows([(seq, data)]))[2] if data is not None else None
    named = named_by(declaration)
    return row is not None and bool(named) and named <= named_by(row) and row.time == declaration.time


def _is_twin(view: SqliteView, listed: int | None, seq: int, ident: bytes) -> bool:
    """Tell whether an event stands in the log twice: then its identity leads to the first."""
    data = view.entry(listed) if listed is not None and 0 <= listed < seq else None
    if listed is None or data is None:
        return False
    row = next(read_rows([(listed, data)]))[2]
    return row is not None and row.ident == ident


def _look_for_surplus(view: SqliteView, size: int, wanted: dict[str, int], found: list[Difference]) -> None:
    """3. Where a table has more rows than the log asks for, find out which."""
    connection = view.connection
    for table, count in wanted.items():
        if connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] != count or found:
            _name_surplus(view, table, size, found)


def _name_surplus(view: SqliteView, table: str, size: int, found: list[Difference]) -> None:
    query = {
        "d_mention": "SELECT seq, uri FROM d_mention LEFT JOIN d_thing ON id = thing ORDER BY seq",
        "d_hold": "SELECT seq, uri FROM d_hold LEFT JOIN d_thing ON id = thing ORDER BY seq",
        "d_ident": "SELECT seq, ident FROM d_ident ORDER BY seq",
        "d_kind": "SELECT seq, kind FROM d_kind ORDER BY seq",
    }[table]
    at, row = -1, None
    labels: tuple[str, ...] = ()
    for seq, value in view.connection.execute(query).fetchall():
        if seq != at:
            at, row, labels = seq, None, ()
            data = view.entry(seq) if 0 <= seq < size else None
            if data is not None:
                _, _, row, labels = next(read_rows([(seq, data)]))
        if not _fits(table, value, row, labels):
            _add(found, "surplus", seq, f"{table} lists entry {seq} under {_text(value)}, which it does not say")
        if len(found) >= MAX_DIFFERENCES:
            return


def _fits(table: str, value: object, row: IndexRow | None, labels: tuple[str, ...]) -> bool:
    if table == "d_kind":
        return value in labels
    if row is None:
        return False
    return {"d_mention": value in row.things, "d_hold": value in row.holds}.get(table, value == row.ident)


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _has(connection: sqlite3.Connection, query: str, *values: object) -> bool:
    return connection.execute(query, values).fetchone() is not None


def _add(found: list[Difference], kind: str, seq: int | None, message: str) -> None:
    if len(found) < MAX_DIFFERENCES:
        found.append(Difference(kind, seq, message))
