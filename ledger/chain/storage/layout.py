"""What a ledger file must look like before a byte of it is read: a plain file, our format, our tables, and nothing
that could act in their place or behind their back.

Tables, views, indexes and triggers of the user's own may be in the file as long as they leave ours alone.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Final

from ledger.chain.errors import Missing, NotALedger, TooNew, Unreadable

APPLICATION_ID: Final = 0x54524345  # "TRCE"
FORMAT: Final = 1
RESTORE: Final = "restore the file from a backup"

SCHEMA: Final = {
    "entry": "CREATE TABLE entry(seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    "tile": "CREATE TABLE tile(level INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL, "
    "PRIMARY KEY(level, n)) STRICT, WITHOUT ROWID",
    "checkpoint": "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note TEXT NOT NULL, day TEXT NOT NULL, "
    "keep INTEGER NOT NULL) STRICT",
    "attachment": "CREATE TABLE attachment(hash BLOB PRIMARY KEY, salt BLOB NOT NULL, data BLOB NOT NULL) "
    "STRICT, WITHOUT ROWID",
}
# What SQLite lays beside a file under its name.
_COMPANIONS: Final = ("-wal", "-shm", "-journal")


def check_file(path: Path) -> None:
    """Make sure that there is a plain file at the path, and that what lies beside it is plain, too.

    Raises:
        Missing: There is nothing.
        NotALedger: It is a directory, a FIFO, a device.
        Unreadable: It cannot be reached, or a journal beside it leads elsewhere.
    """
    try:
        mode = path.stat().st_mode
        real = os.path.realpath(path)
    except FileNotFoundError:
        raise Missing(f"there is no ledger at {path}", remedy="trace init --org DOMAIN --site NAME") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be reached: {error}") from None
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "no plain file"
        raise NotALedger(f"{path} is {kind}, not a ledger file")
    for suffix in _COMPANIONS:
        # A link would lead writes elsewhere, a FIFO would hang the reader.
        try:
            beside = os.lstat(real + suffix).st_mode
        except OSError:
            continue
        if not stat.S_ISREG(beside):
            raise Unreadable(
                f"{real}{suffix} is no plain file, so {path} is not opened",
                remedy="find out who put it there; without it the file can be read",
            )


def check_format(connection: Any, path: Path) -> None:
    """Make sure that the file has our format and our tables.

    Raises:
        NotALedger: It is the file of another program, or our tables were replaced or tampered with.
        TooNew: A newer program wrote it.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise NotALedger(f"{path} is an SQLite file, but no ledger", remedy="trace init")
    if version < 1:
        raise NotALedger(f"{path} has format {version}, and formats count from 1", remedy=RESTORE)
    if version > FORMAT:
        raise TooNew(
            f"{path} has format {version}, this program knows formats up to {FORMAT}", remedy="upgrade trace"
        )
    _check_schema(connection, path)


def _check_schema(connection: Any, path: Path) -> None:
    found: dict[str, tuple[Any, ...]] = {}
    roots: set[int] = set()
    for kind, name, table, root, text in connection.execute(
        "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema"
    ):
        if type(name) is not str or type(table) is not str or (type(root) is not int and root is not None):
            raise Unreadable(f"the list of tables of {path} is damaged", remedy=RESTORE)
        if root and root in roots:
            raise Unreadable(f"two tables of {path} claim one page, among them {name!r}", remedy=RESTORE)
        roots.add(root or 0)
        ours = next((own for own in SCHEMA if own in (name.lower(), table.lower())), None)
        if ours is None or text is None:  # an index without text is the one that SQLite makes for a key
            continue
        if (kind, name, table) != ("table", ours, ours):
            raise NotALedger(
                f"{path} holds the {kind} {name!r} on the table {table!r}, which a ledger does not have",
                remedy=f"find out who made it; then DROP {str(kind).upper()} it, or {RESTORE}",
            )
        found[ours] = (text, ours in found)
    for name, statement in SCHEMA.items():
        if found.get(name) != (statement, False):
            raise NotALedger(f"the table {name!r} of {path} is not as a ledger has it", remedy=RESTORE)
