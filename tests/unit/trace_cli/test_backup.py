# SPDX-License-Identifier: Apache-2.0
"""`trace backup`: whole, verified, never over something else, and nothing left behind when it fails."""

import sqlite3
import stat

import pytest

from ledger.chain.errors import Unreadable
from ledger.chain.storage import backup as room
from ledger.chain.storage.sqlite import SqliteStorage

ROWS = "time,step,item,place\n2026-03-01T08:00:00Z,receiving,PALLET-1,DOCK-3\n"


@pytest.fixture
def folder(ledger_of):
    return ledger_of(ROWS)


def entries(path):
    store = SqliteStorage(path, writable=False)
    with store.snapshot() as view:
        found = list(view.entries())
    store.close()
    return found


def names(folder):
    return {path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))}


def test_a_backup_is_the_ledger_and_verifies(trace, folder):
    ran = trace("backup", "copy.db", "--json")
    assert ran.code == 0
    answer = ran.answer
    assert answer["schema"] == "trace.backup/1"
    assert (answer["file"], answer["origin"], answer["size"]) == ("copy.db", "acme.example/dc1", 2)
    assert (answer["verdict"], answer["anchor"]["kind"]) == ("ok", "pinned")
    assert answer["bytes"] == (folder / "copy.db").stat().st_size
    assert entries(folder / "copy.db") == entries(folder / "ledger.db")
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    assert trace("verify", "copy.db", "--json").answer["verdict"] == "ok"


def test_it_tells_people_what_it_rests_on(trace, folder):
    ran = trace("backup", "copy.db")
    assert "2 entries" in ran.out
    assert "pinned" in ran.out


def test_nothing_else_is_left_beside_it(trace, folder):
    before = names(folder)
    trace("backup", "copy.db")
    assert names(folder) == {*before, "copy.db"}
    assert not [path.name for path in folder.iterdir() if "copying" in path.name]


def test_a_directory_gets_the_name_of_the_ledger(trace, folder):
    (folder / "stick").mkdir()
    assert trace("backup", "stick").code == 0
    assert entries(folder / "stick" / "ledger.db") == entries(folder / "ledger.db")


@pytest.mark.parametrize("suffix", ["", "-wal", "-journal"])
def test_nothing_is_overwritten(trace, folder, suffix):
    (folder / f"copy.db{suffix}").write_text("mine")
    before = names(folder)
    ran = trace("backup", "copy.db")
    assert ran.code == 5
    assert (folder / f"copy.db{suffix}").read_text() == "mine"
    assert names(folder) == before
    assert trace("backup", "ledger.db").code == 5


def test_a_link_is_not_followed(trace, folder):
    (folder / "copy.db").symlink_to(folder / "elsewhere.db")
    assert trace("backup", "copy.db").code == 5
    assert not (folder / "elsewhere.db").exists()


def test_what_a_writer_has_committed_but_not_folded_in_is_there(trace, folder):
    keeper = SqliteStorage(folder / "ledger.db", writable=True)  # keeps the WAL in its place
    trace("scan", "PALLET-2", "--step", "receiving", "--place", "DOCK-3")
    assert (folder / "ledger.db-wal").stat().st_size
    assert trace("backup", "copy.db", "--json").answer["size"] == 3
    keeper.close()


def test_an_entry_recorded_while_it_copies_is_no_rollback(trace, folder, monkeypatch):
    """The pin is ahead of the copied moment then, and the verdict must not call that a rollback."""
    copy = room._copy

    def copy_while_somebody_records(view, path):
        copy(view, path)
        assert trace("scan", "PALLET-2", "--step", "receiving", "--place", "DOCK-3").code == 0

    monkeypatch.setattr(room, "_copy", copy_while_somebody_records)
    answer = trace("backup", "copy.db", "--json").answer
    assert (answer["verdict"], answer["size"]) == ("ok", 2)
    assert trace("verify", "--json").answer["size"] == 3


def test_a_ledger_that_does_not_hold_makes_no_backup(trace, folder, tamper):
    tamper(folder / "ledger.db", 1, b"PALLET-1", b"PALLET-7")
    before = names(folder)
    ran = trace("backup", "copy.db")
    assert ran.code == 3
    assert "trace verify" in ran.err
    assert names(folder) == before


def test_damage_on_the_way_is_noticed_and_cleared_up(trace, folder, monkeypatch):
    copy = room._copy

    def copy_badly(view, path):
        copy(view, path)
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE entry SET bytes = x'00' WHERE seq = 1")
        connection.close()

    monkeypatch.setattr(room, "_copy", copy_badly)
    before = names(folder)
    assert trace("backup", "copy.db").code == 3
    assert names(folder) == before


def test_a_full_disk_leaves_nothing(trace, folder, monkeypatch):
    def full(view, path):
        path.write_bytes(b"half")
        raise Unreadable("the copy cannot be made: database or disk is full")

    monkeypatch.setattr(room, "_copy", full)
    before = names(folder)
    assert trace("backup", "copy.db").code == 6
    assert names(folder) == before


def test_a_place_that_is_not_there(trace, folder):
    ran = trace("backup", "nowhere/copy.db", "--json")
    assert ran.code == 6
    assert "nowhere" in ran.answer["error"]["message"]


def test_no_ledger_here(trace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert trace("backup", "copy.db").code == 6
    assert list(tmp_path.glob("*copy*")) == []
