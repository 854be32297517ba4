"""How far the derived tables go, where that is asked for the sake of health and may have no answer."""

from __future__ import annotations

import sqlite3

from ledger.custody.index.read import covered_size


def coverage(connection: sqlite3.Connection) -> int | None:
    """Tell up to which size the derived tables are complete; None: they are not there, or do not answer."""
    try:
        return covered_size(connection)
    except (sqlite3.DatabaseError, ValueError, TypeError):
        return None
