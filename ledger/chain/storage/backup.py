"""A consistent copy of a ledger file, made while it may be written to.

SQLite's backup interface copies the pages of one snapshot, what lies in the WAL included; a file copied by other
means while somebody writes can miss what is in the WAL, or be torn.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from ledger.chain.errors import LedgerError, Refused, Unreadable
from ledger.chain.storage.sqlite import SqliteView

_BESIDE: Final = ("", "-wal", "-shm", "-journal")


@contextmanager
def fresh_copy(view: SqliteView, path: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Copy the file of a snapshot; give the copy under a passing name, and what puts it in its place.

    The name asked for is taken at once, so nothing is overwritten and nobody else can take it; the copy comes
    under it only when the caller, who has checked it, says so. Otherwise nothing is left behind.

    Args:
        view: The snapshot.
        path: Where the copy is to lie in the end; nothing may be there yet.

    Raises:
        Refused: Something is there already.
        Unreadable: The copy cannot be written.
    """
    made: list[Path] = []
    passing = path.with_name(f".{path.name}.copying-{os.getpid()}")

    def place() -> None:
        os.replace(passing, path)
        made.remove(path)
        _sync(path.parent)

    if any(os.path.lexists(f"{path}{suffix}") for suffix in _BESIDE):
        raise Refused(f"there is something at {path} already", remedy="choose another name")
    try:
        for one in (path, passing):
            os.close(os.open(one, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
            made.append(one)
        _copy(view, passing)
        yield passing, place
    except FileExistsError as error:
        raise Refused(f"there is something at {error.filename} already", remedy="choose another name") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be written: {error.strerror}", remedy="choose another place") from None
    finally:
        for one in made:
            for suffix in _BESIDE:
                with suppress(OSError):
                    os.unlink(f"{one}{suffix}")


def _copy(view: SqliteView, path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as target:
            target.execute("PRAGMA synchronous = FULL")
            view.connection.backup(target)
    except LedgerError:
        raise
    except sqlite3.DatabaseError as error:
        raise Unreadable(
            f"the copy cannot be made: {error}", remedy="free some space, or choose another"
        ) from None
    _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
