# SPDX-License-Identifier: Apache-2.0
"""How large is a ledger after a bulk import? Against the canonical bytes of its entries."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from benchmarks.measure import Result
from benchmarks.site import Bench


def measure(bench: Bench) -> Iterator[Result]:
    """Count the pages of each table of a grown ledger."""
    folder, _ = bench.grown
    path = folder / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        canonical = connection.execute("SELECT sum(length(bytes)) FROM entry").fetchone()[0]
        derived = _derived(connection)
    whole = path.stat().st_size
    limit = f"{canonical / 1e6:.1f} MB  canonical bytes of the entries"
    without = whole - derived
    yield Result("file without d_*", f"{without / 1e6:.1f} MB", limit, without / canonical, 1.3)
    yield Result("file with d_*", f"{whole / 1e6:.1f} MB", limit, whole / canonical, 2.0)


def _derived(connection: sqlite3.Connection) -> int:
    """Count the bytes of the derived tables and their indexes.

    Where this SQLite cannot say what each table takes, a copy without them is made and compared.
    """
    try:
        query = (
            "SELECT sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name) "
            "WHERE aggregate = 1 AND tbl_name GLOB 'd_*'"
        )
        return int(connection.execute(query).fetchone()[0] or 0)
    except sqlite3.OperationalError:
        before = connection.execute("PRAGMA page_count").fetchone()[0]
        with closing(sqlite3.connect(":memory:")) as copy:
            connection.backup(copy)
            for (name,) in copy.execute("SELECT name FROM sqlite_schema WHERE name GLOB 'd_*'").fetchall():
                copy.execute(f"DROP TABLE {name}")
            copy.execute("VACUUM")
            after = copy.execute("PRAGMA page_count").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        return int((before - after) * size)
