"""Whether the derived tables can be asked, for the sake of health: every fault of theirs is an answer here."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import Final

from ledger.chain.entry import KEY_MARK, KEY_TAIL
from ledger.chain.storage.sqlite import SqliteView
from ledger.custody.index.read import seqs_of_kind

SEARCHED: Final = 8_000  # entries, 5 ms


def index_fault(view: SqliteView, size: int) -> str:
    """Say why the index of a log of that size cannot be asked; empty: it can."""
    from ledger.custody.index.rebuild import fault_of

    try:
        return fault_of(view.connection, size)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        return f"the index cannot be read: {error}"


def listed_seqs(view: SqliteView, kind: str) -> list[int]:
    """List the entries of a kind that is no event, as far as the index does; none where it cannot be read."""
    try:
        return [seq for seq in seqs_of_kind(view.connection, kind) if type(seq) is int]
    except sqlite3.DatabaseError:
        return []


def key_seqs(view: SqliteView) -> list[int]:
    """Find the entries on the life of keys: by the index, and among the first `SEARCHED` entries by the log.

    A rotation or a revocation whose rows somebody deleted would give the old key its time back wherever this
    machine has not verified the log since.
    """
    try:
        found = set(seqs_of_kind(view.connection, "key"))
    except (sqlite3.DatabaseError, TypeError):
        found = set()
    query = "SELECT seq FROM entry WHERE seq < ? AND instr(substr(bytes, ?), ?) > 0"
    with suppress(sqlite3.DatabaseError):  # what cannot be read is told where it is read
        found |= {seq for (seq,) in view.connection.execute(query, (SEARCHED, KEY_TAIL, KEY_MARK))}
    return sorted(seq for seq in found if type(seq) is int)
