"""Whether the derived tables can be asked, for the sake of health: every fault of theirs is an answer here."""

from __future__ import annotations

import sqlite3

from ledger.chain.storage.sqlite import SqliteView
from ledger.custody.index.read import seqs_of_kind


def index_fault(view: SqliteView, size: int) -> str:
    """Say why the index of a log of that size cannot be asked; empty: it can."""
    from ledger.custody.index.rebuild import fault_of

    try:
        return fault_of(view.connection, size)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        return f"the index cannot be read: {error}"


def key_seqs(view: SqliteView) -> list[int]:
    """Find the entries on the life of keys; without an index there are none to be found."""
    try:
        return seqs_of_kind(view.connection, "key")
    except sqlite3.DatabaseError:
        return []
