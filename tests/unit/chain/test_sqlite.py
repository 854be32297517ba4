# SPDX-License-Identifier: Apache-2.0
"""Opening a ledger file: what is refused, what is opened literally, and what is left alone."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from ledger.chain.errors import Missing, NotALedger, Refused, TooNew, Unreadable
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SCHEMA, SqliteStorage
from ledger.chain.verify import verify

ROOT = Path(__file__).parents[3]


@pytest.fixture
def ledger(tmp_path, site_key, make_clock, make_drafts):
    """A closed ledger file of 21 entries."""
    path = tmp_path / "ledger.db"
    store = SqliteStorage.create(path)
    Log.create(store, site_key, make_clock(), None, "x").append(make_drafts(1, 20))
    store.close()
    return path


def read(path):
    store = SqliteStorage(path, writable=False)
    try:
        with store.snapshot() as view:
            return list(view.entries())
    finally:
        store.close()


def edit(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=[False, True], ids=["reading", "writing"])
def refuse(request):
    """Assert that a file cannot be opened, neither for reading nor for writing, and is left as it was."""

    def check(path, fault, match=None):
        before = digest(path) if os.path.isfile(path) else None
        with pytest.raises(fault, match=match):
            SqliteStorage(path, writable=request.param)
        assert (digest(path) if os.path.isfile(path) else None) == before

    return check


def test_a_ledger_is_one_file_in_wal_mode_with_every_commit_synced(ledger):
    assert [path.name for path in ledger.parent.iterdir()] == ["ledger.db"]
    store = SqliteStorage(ledger, writable=True)
    with store.begin() as transaction:
        assert transaction.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert transaction.connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert transaction.connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
    store.close()


def test_derived_tables_are_made_with_the_file(tmp_path):
    store = SqliteStorage.create(tmp_path / "l.db", more_tables=["CREATE TABLE d_item(a TEXT) STRICT"])
    with store.begin() as transaction:
        transaction.connection.execute("INSERT INTO d_item VALUES ('x')")
    with store.snapshot() as view:
        assert view.connection.execute("SELECT a FROM d_item").fetchall() == [("x",)]
    store.close()


def test_a_file_in_the_way_is_not_overwritten(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_text("precious")
    with pytest.raises(Refused, match="already"):
        SqliteStorage.create(path)
    assert path.read_text() == "precious"
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(Refused, match="already"):
        SqliteStorage.create(link)
    assert not (tmp_path / "elsewhere.db").exists()
    with pytest.raises(Unreadable):
        SqliteStorage.create(tmp_path / "no such directory" / "ledger.db")


def test_no_file(tmp_path, refuse):
    refuse(tmp_path / "ledger.db", Missing)
    assert list(tmp_path.iterdir()) == []
    refuse(tmp_path / "no such directory" / "ledger.db", Missing)
    link = tmp_path / "dangling.db"
    link.symlink_to(tmp_path / "gone.db")
    refuse(link, Missing)
    assert not (tmp_path / "gone.db").exists()


def test_no_plain_file(tmp_path, refuse):
    refuse(tmp_path, NotALedger, "a directory")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    refuse(fifo, NotALedger, "no plain file")
    refuse(Path("/dev/null"), NotALedger, "no plain file")
    (tmp_path / "file").write_text("x")
    refuse(tmp_path / "file" / "ledger.db", Unreadable)
    refuse(tmp_path / "nul\0.db", Unreadable)
    refuse(tmp_path / ("x" * 300), Unreadable)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"no database at all\n" * 300, bytes(4096), b"SQLite format 3\0" + bytes(84)],
    ids=["empty", "short", "text", "zeros", "header alone"],
)
def test_no_sqlite_file(tmp_path, refuse, data):
    path = tmp_path / "ledger.db"
    path.write_bytes(data)
    refuse(path, NotALedger)


def test_an_sqlite_file_of_another_program(tmp_path, refuse):
    path = tmp_path / "ledger.db"
    edit(path, "CREATE TABLE entry(seq INTEGER PRIMARY KEY, bytes BLOB)")
    refuse(path, NotALedger, "no ledger")


def test_a_newer_format(ledger, refuse):
    edit(ledger, "PRAGMA user_version = 2")
    refuse(ledger, TooNew, "format 2")


@pytest.mark.parametrize("version", [0, -1])
def test_a_format_that_never_was(ledger, refuse, version):
    edit(ledger, f"PRAGMA user_version = {version}")
    refuse(ledger, NotALedger, "formats count from 1")


@pytest.mark.parametrize("table", SCHEMA)
def test_a_view_in_place_of_a_table(ledger, refuse, table):
    edit(ledger, f"ALTER TABLE {table} RENAME TO d_hidden", f"CREATE VIEW {table} AS SELECT * FROM d_hidden")
    refuse(ledger, NotALedger, table)


@pytest.mark.parametrize("table", SCHEMA)
def test_a_table_that_is_missing_or_of_another_shape(ledger, refuse, table):
    edit(ledger, f"UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE name = '{table}'")
    refuse(ledger, NotALedger, table)
    edit(ledger, f"DELETE FROM sqlite_schema WHERE name = '{table}'")
    refuse(ledger, NotALedger, table)


def test_a_truncated_file_is_an_error_and_no_accusation(ledger, refuse, policy, site_key):
    whole = ledger.read_bytes()
    for size in (50, 100, 2000):
        ledger.write_bytes(whole[:size])
        with pytest.raises((NotALedger, Unreadable)):
            read(ledger)
    for size in range(4096, len(whole), 4096):
        ledger.write_bytes(whole[:size])
        with pytest.raises(Unreadable):
            read(ledger)


@pytest.mark.parametrize(
    "name",
    [
        "a?mode=memory",
        "a#b",
        "100%",
        "%41%00",
        "a b",
        "a&immutable=1",
        "file:x?mode=rwc",
        "'; DROP",
        "é",
        "a\\b",
        ":memory:",
        b"\xff\xfe",
    ],
)
def test_a_path_is_opened_literally(tmp_path, name, site_key, make_clock, make_drafts):
    directory = tmp_path / os.fsdecode(name)
    directory.mkdir()
    path = directory / directory.name
    store = SqliteStorage.create(path)
    log = Log.create(store, site_key, make_clock(), None, "x")
    log.append(make_drafts(1, 2))
    assert len(read(path)) == 3
    store.close()
    assert list(tmp_path.iterdir()) == [directory]
    assert list(directory.iterdir()) == [path]


def test_a_symlink_is_followed_and_not_replaced(ledger, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(ledger)
    assert len(read(link)) == 21
    assert link.is_symlink()


def test_reading_never_writes(ledger):
    before = digest(ledger)
    store = SqliteStorage(ledger, writable=False)
    with store.snapshot() as view:
        for statement in ("DELETE FROM entry", "CREATE TABLE x(a)", "PRAGMA user_version = 9"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                view.connection.execute(statement)
    with pytest.raises(Unreadable), store.begin():
        pass
    store.close()
    assert digest(ledger) == before


def test_a_damaged_page_is_unreadable_in_a_view_too(ledger):
    store = SqliteStorage(ledger, writable=False)
    with store.snapshot() as view:
        (page,) = view.connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entry'").fetchone()
    store.close()
    data = bytearray(ledger.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    ledger.write_bytes(data)
    store = SqliteStorage(ledger, writable=False)
    with store.snapshot() as view:
        for act in (lambda: list(view.entries()), lambda: view.entry(3), lambda: list(view.entries(0, 5))):
            with pytest.raises(Unreadable):
                act()
        assert view.head() is not None
    store.close()


READ_ONLY = """
    import os, sys
    from pathlib import Path
    from ledger.chain.errors import Unreadable
    from ledger.chain.storage.sqlite import SqliteStorage
    if os.geteuid() == 0:  # to whom no permission applies
        os.setgid(65534)
        os.setuid(65534)
    path = Path(sys.argv[1])
    store = SqliteStorage(path, writable=False)
    with store.snapshot() as view:
        print(sum(1 for _ in view.entries()))
    store.close()
    try:
        store = SqliteStorage(path, writable=True)
        with store.begin() as transaction:
            transaction.put_entries(21, [b"x"])
    except Unreadable as error:
        print("refused:", "writable" in error.remedy)
"""


@pytest.fixture
def open_place():
    """A directory that any account can reach."""
    place = Path(tempfile.mkdtemp())
    yield place
    place.chmod(0o700)
    shutil.rmtree(place)


@pytest.mark.parametrize(("directory", "file"), [(0o555, 0o444), (0o555, 0o644), (0o777, 0o444)], ids=oct)
def test_a_read_only_ledger_is_read_and_not_written(open_place, ledger, directory, file):
    copy = open_place / "ledger.db"
    copy.write_bytes(ledger.read_bytes())
    before = digest(copy)
    copy.chmod(file)
    open_place.chmod(directory)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(READ_ONLY), str(copy)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("21\nrefused: True\n", "")
    assert digest(copy) == before


def test_a_file_that_changes_under_a_reader_without_locks_is_no_evidence(ledger, monkeypatch):
    monkeypatch.setattr(SqliteStorage, "_needs_a_place_to_write", lambda self: True)
    store = SqliteStorage(ledger, writable=False)
    with store.snapshot() as view:
        assert len(list(view.entries())) == 21

    def read_while_it_is_written():
        with store.snapshot() as view:
            edit(ledger, "DELETE FROM entry WHERE seq = 20")
            return list(view.entries())

    with pytest.raises(Unreadable, match="while it was read"):
        read_while_it_is_written()
    store.close()


def test_verify_of_a_file_without_wal_is_the_same(ledger, policy, site_key):
    edit(ledger, "PRAGMA journal_mode = DELETE")
    store = SqliteStorage(ledger, writable=False)
    with store.snapshot() as view:
        verdict = verify(view, origin=site_key.origin, policy=policy, pin=None)
    store.close()
    assert (verdict.word, verdict.size) == ("ok", 21)


def test_a_ledger_of_small_events_stays_small(tmp_path, site_key, make_clock, make_drafts):
    path = tmp_path / "ledger.db"
    store = SqliteStorage.create(path)
    log = Log.create(store, site_key, make_clock(minutes=0), None, "x")
    drafts = make_drafts(1, 2000)
    for start in range(0, 2000, 100):
        log.append(drafts[start : start + 100])
    with store.snapshot() as view:
        payload = sum(len(data) for _, data in view.entries())
        assert len(list(view.checkpoints())) == 2
        assert len(list(view.tiles())) == 9
    store.close()
    assert path.stat().st_size < 1.35 * payload
