"""What is to be known about the storage engine, without a ledger or with one."""

from __future__ import annotations

import sqlite3
from typing import Final

from ledger.chain.storage.sqlite import SqliteView

# Two connections that reset the WAL at one moment could lose a commit; mended in that version.
_WAL_RESET_MENDED: Final = (3, 51, 3)


def sqlite_version() -> str:
    """Name the version of SQLite that is linked."""
    return sqlite3.sqlite_version


def has_wal_reset_bug(version: str) -> bool:
    """Tell whether a version of SQLite has the WAL-reset bug.

    >>> has_wal_reset_bug("3.40.1"), has_wal_reset_bug("3.51.2"), has_wal_reset_bug("3.51.3")
    (True, True, False)
    """
    return tuple(int(part) for part in version.split(".")) < _WAL_RESET_MENDED


def journal_mode(view: SqliteView) -> str:
    """Name the journal mode of a ledger file: ``wal``, ``delete``, ..."""
    return str(view.connection.execute("PRAGMA journal_mode").fetchone()[0])
