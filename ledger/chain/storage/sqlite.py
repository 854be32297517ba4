"""The store on disk: one SQLite file in WAL mode with ``synchronous=FULL``.

FULL is a security property, not a taste: with NORMAL a power cut can take back a commit whose receipt has
left the house, and the log would sign two histories. Tables are STRICT; their text is compared with ours when
the file is opened, so a view or a trigger cannot stand in for one. What is derived lies in tables ``d_*``,
which belong to `ledger.custody.index`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ledger.chain.entry import Attachment
from ledger.chain.errors import (
    LedgerError,
    Locked,
    NotALedger,
    Refused,
    Unavailable,
    Unreadable,
)
from ledger.chain.storage.layout import APPLICATION_ID, FORMAT, RESTORE, SCHEMA, check_file, check_format
from ledger.chain.tree import TileId

LOCK_WAIT: Final = 10.0

_SMALLEST: Final = -(2**63)
_GREATEST: Final = 2**63 - 1


class SqliteView:
    """A snapshot, for as long as the read transaction of its connection lasts."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self._path = path

    def _row(self, query: str, values: tuple[object, ...], kind: type) -> tuple[Any, ...] | None:
        """Give one row or None. Damaged pages can hold any type, for all that STRICT says."""
        try:
            row: tuple[Any, ...] | None = self.connection.execute(query, values).fetchone()
        except OverflowError:
            return None  # no row has a number that SQLite cannot hold
        except sqlite3.DatabaseError as error:
            raise _fault(self._path, error) from error
        if row is not None and any(type(value) is not kind for value in row):
            raise _misplaced(self._path)
        return row

    def _rows(self, query: str, values: tuple[object, ...], kind: type) -> Iterator[Any]:
        """Give rows whose last column is of that kind, and all others whole numbers."""
        try:
            for row in self.connection.execute(query, values):
                if type(row[-1]) is not kind or type(row[0]) is not int:
                    raise _misplaced(self._path)
                yield row
        except sqlite3.DatabaseError as error:
            raise _fault(self._path, error) from error

    def entries(self, start: int | None = None, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """See `View.entries`."""
        if start is None and stop is None:
            return self._rows("SELECT seq, bytes FROM entry ORDER BY seq", (), bytes)
        first = _SMALLEST if start is None else max(start, _SMALLEST)
        last = _GREATEST if stop is None else min(stop - 1, _GREATEST)
        if first > _GREATEST or last < _SMALLEST:
            return iter(())
        query = "SELECT seq, bytes FROM entry WHERE seq BETWEEN ? AND ? ORDER BY seq"
        return self._rows(query, (first, last), bytes)

    def entry(self, seq: int) -> bytes | None:
        """See `View.entry`."""
        row = self._row("SELECT bytes FROM entry WHERE seq = ?", (seq,), bytes)
        return None if row is None else row[0]

    def tile(self, level: int, n: int) -> bytes | None:
        """See `View.tile`."""
        row = self._row("SELECT data FROM tile WHERE level = ? AND n = ?", (level, n), bytes)
        return None if row is None else row[0]

    def tiles(self) -> Iterator[tuple[int, int, bytes]]:
        """See `View.tiles`."""
        return self._rows("SELECT level, n, data FROM tile ORDER BY level, n", (), bytes)

    def head(self) -> str | None:
        """See `View.head`."""
        row = self._row("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1", (), str)
        return None if row is None else row[0]

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """See `View.checkpoints`."""
        return self._rows("SELECT size, note FROM checkpoint ORDER BY size", (), str)

    def attachment(self, digest: bytes) -> Attachment | None:
        """See `View.attachment`."""
        row = self._row("SELECT hash, salt, data FROM attachment WHERE hash = ?", (digest,), bytes)
        return None if row is None else Attachment(*row)


class SqliteTransaction(SqliteView):
    """A write transaction; derived tables are written through its `connection` in the same commit."""

    def put_entries(self, first: int, items: Iterable[bytes]) -> None:
        """See `Transaction.put_entries`."""
        self.connection.executemany("INSERT INTO entry(seq, bytes) VALUES (?, ?)", enumerate(items, first))

    def put_tiles(self, tiles: Mapping[TileId, bytes]) -> None:
        """See `Transaction.put_tiles`."""
        self.connection.executemany(
            "INSERT INTO tile(level, n, data) VALUES (?, ?, ?) "
            "ON CONFLICT(level, n) DO UPDATE SET data = excluded.data",
            ((level, n, data) for (level, n), data in tiles.items()),
        )

    def put_head(self, size: int, note: str, day: str, *, keep: bool) -> None:
        """See `Transaction.put_head`."""
        self.connection.execute(
            "DELETE FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint) AND keep = 0 AND day = ?",
            (day,),
        )
        self.connection.execute(
            "INSERT OR REPLACE INTO checkpoint(size, note, day, keep) VALUES (?, ?, ?, ?)",
            (size, note, day, int(keep)),
        )

    def keep_checkpoint(self, size: int, note: str) -> None:
        """See `Transaction.keep_checkpoint`."""
        self.connection.execute(
            "INSERT INTO checkpoint(size, note, day, keep) VALUES (?, ?, '', 1) "
            "ON CONFLICT(size) DO UPDATE SET keep = 1",
            (size, note),
        )

    def put_attachments(self, items: Iterable[Attachment]) -> None:
        """See `Transaction.put_attachments`."""
        self.connection.executemany(
            "INSERT INTO attachment(hash, salt, data) VALUES (?, ?, ?) "
            "ON CONFLICT(hash) DO UPDATE SET salt = excluded.salt, data = excluded.data",
            ((item.digest, item.salt, item.data) for item in items),
        )

    def drop_attachments(self, digests: Iterable[bytes]) -> None:
        """See `Transaction.drop_attachments`."""
        self.connection.executemany("DELETE FROM attachment WHERE hash = ?", ((digest,) for digest in digests))


class SqliteStorage:
    """A ledger file.

    Args:
        path: The file; it is opened literally, whatever characters its name holds.
        writable: Open it for appending. Otherwise nothing can write to it.

    Raises:
        Missing: There is no such file.
        NotALedger: It is something else.
        TooNew: A newer program wrote it.
        Unreadable: It cannot be read.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self._writable = writable
        check_file(path)
        self._opened = (os.getpid(), _inode(path))
        self._untouched: tuple[int, int] | None = None
        with _faults(path):
            self._connection = _connect(path, "rw" if writable else "ro")
            try:
                if not writable and self._needs_a_place_to_write():
                    self._connection.close()
                    self._untouched = _change_mark(path)
                    self._connection = _connect(path, "ro&immutable=1")
                check_format(self._connection, path)
                if writable:
                    self._connection.execute("PRAGMA synchronous = FULL")
                    self._connection.execute("PRAGMA secure_delete = ON")
                else:
                    # [KiB] A walk goes back and forth between tables all over the file; SQLite keeps 2 MiB.
                    self._connection.execute("PRAGMA cache_size = -8192")
            except BaseException:
                self._connection.close()
                raise

    @classmethod
    def create(cls, path: Path, *, more_tables: Iterable[str] = ()) -> SqliteStorage:
        """Make a new, empty ledger file.

        Args:
            path: Where; nothing may be there yet.
            more_tables: Statements that make the derived tables.

        Raises:
            Refused: Something is there already.
        """
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644))
        except FileExistsError:
            raise Refused(f"there is a file already: {path}", remedy="choose another directory") from None
        except OSError as error:
            raise Unreadable(f"cannot create {path}: {error.strerror}") from None
        with _faults(path), closing(_connect(path, "rw")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in (*SCHEMA.values(), *more_tables):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")
        return cls(path, writable=True)

    def _needs_a_place_to_write(self) -> bool:
        """Tell whether SQLite wants to lay shared memory beside the file and may not.

        That is so on a read-only medium when no writer is alive; then the file alone is the whole ledger.
        """
        try:
            self._connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.OperationalError as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                return not any(os.path.lexists(f"{self.path}{end}") for end in ("-wal", "-journal"))
            raise
        return False

    @contextmanager
    def snapshot(self) -> Iterator[SqliteView]:
        """See `Storage.snapshot`."""
        self._check_place()
        with _faults(self.path):
            self._connection.execute("BEGIN")
            try:
                # BEGIN alone takes no snapshot: the first read does.
                self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                yield SqliteView(self._connection, self.path)
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            if self._untouched is not None and self._untouched != _change_mark(self.path):
                raise Unreadable(f"{self.path} was written while it was read", remedy="try again")

    @contextmanager
    def begin(self) -> Iterator[SqliteTransaction]:
        """See `Storage.begin`."""
        if not self._writable:
            raise Unreadable(f"{self.path} was opened for reading")
        self._check_place()
        with _faults(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteTransaction(self._connection, self.path)
                self._check_place()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _check_place(self) -> None:
        """Refuse to go on in another process, or where the path leads to another file by now.

        After a fork both would hold the same locks; and what is written to a file that has lost its name is lost.
        """
        if self._opened != (os.getpid(), _inode(self.path)):
            raise Unreadable(
                f"{self.path} is not what this process has opened: it was replaced, or the process was forked",
                remedy="find out who replaced it; then start anew",
            )

    def scrub(self, secrets: Sequence[bytes]) -> bool:
        """See `Storage.scrub`.

        A page that was split long ago can hold a stale copy of a row where `secure_delete` does not reach. Only
        then, or where nobody knows any more what to look for, is the file rebuilt, which takes the longer the
        larger it is.
        """
        with _faults(self.path):
            if not self._empty_wal():
                return False
            if not secrets or self._holds(secrets):
                self._connection.execute("VACUUM")
                return self._empty_wal() and not self._holds(secrets)
        return True

    def _empty_wal(self) -> bool:
        """Bring everything into the file and cut the WAL to nothing; waits for readers, like any writer."""
        return bool(self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)

    def _holds(self, secrets: Sequence[bytes]) -> bool:
        longest = max(map(len, secrets), default=1)
        for name in (self.path, Path(f"{self.path}-wal"), Path(f"{self.path}-journal")):
            if not name.exists():
                continue
            with name.open("rb") as file:
                tail = b""
                while data := file.read(1 << 20):
                    if any(secret in tail + data for secret in secrets):
                        return True
                    tail = data[-longest:]
        return False

    def close(self) -> None:
        """See `Storage.close`."""
        with _faults(self.path):
            self._connection.close()


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _change_mark(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    location = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(location, uri=True, timeout=LOCK_WAIT, isolation_level=None)
    try:
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {pragma}")
        if mode != "rw":
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Say in the ledger's own terms what SQLite found."""
    try:
        yield
    except LedgerError:
        raise
    except sqlite3.DatabaseError as error:
        raise _fault(path, error) from error


def _misplaced(path: Path) -> Unreadable:
    return Unreadable(f"{path} is damaged: a row holds a value of the wrong type", remedy=RESTORE)


def _fault(path: Path, error: sqlite3.DatabaseError) -> Unavailable:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Locked(
            f"another process is writing to {path}; waited {LOCK_WAIT:.0f} s",
            remedy="try again when it has ended",
        )
    if code == sqlite3.SQLITE_NOTADB:
        remedy = "name a ledger.db, a receipt, a bundle or a passport; a damaged ledger comes back from a backup"
        return NotALedger(f"{path} is no SQLite file, so no ledger", remedy=remedy)
    remedy = {
        sqlite3.SQLITE_FULL: "free some space and try again; nothing was half-written",
        sqlite3.SQLITE_READONLY: "make the file and its directory writable, or work on a copy",
        sqlite3.SQLITE_CORRUPT: RESTORE,
    }.get(code, "check the medium and the permissions of the file and its directory")
    return Unreadable(f"{path} cannot be used: {error}", remedy=remedy)
