# SPDX-License-Identifier: Apache-2.0
"""Histories that are signed and sound in themselves, and still not the one: older, shorter, or another.

Only something outside the file can tell: the pin of this machine, or what a partner holds. The letters and numbers
name cases of the project's attack corpus. Each case goes through `trace verify` as people run it,
in full and quickly.
"""

import json
import os
import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.entry import draft
from ledger.chain.errors import LedgerError
from ledger.chain.keys import create_key
from ledger.chain.log import Log
from ledger.chain.note import Note
from ledger.chain.pins import pin_path
from ledger.chain.policy import Policy, create_policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.receipt import make_receipt
from ledger.chain.storage.sqlite import SqliteStorage
from trace_cli.main import run

ORIGIN = "acme.example/dc1"
OLD, SIZE = 260, 300  # last week's backup; what this machine saw


@dataclass
class Scene:
    """A ledger on a table, its home beside it, and whatever a partner holds."""

    folder: Path
    clock: Any
    key: Any
    against: Path | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def path(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def pin(self) -> Path:
        return pin_path(self.home, ORIGIN)

    def grow(self, path, size, mark="box"):
        """Go on in a file up to a size, as a machine would that has the key and another home."""
        store = SqliteStorage(path, writable=True)
        log = Log(store, self.key, self.clock, None)
        items = range(log.size, size)
        log.append([draft("event", {"item": f"{mark}-{n}"}, by="x", via="typed") for n in items])
        store.close()

    def restore(self, *, mark=None, size=0):
        """Put last week's backup in the place of the file, and go on from it."""
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.folder / "backup.db", self.path)
        if mark:
            self.grow(self.path, size, mark)

    def begin_again(self, size):
        """Make another ledger of the same origin with the same key."""
        self.path.unlink()
        store = SqliteStorage.create(self.path)
        Log.create(store, self.key, self.clock, None, "somebody else")
        store.close()
        self.grow(self.path, size, "again")

    def ask_partner(self, kind, source="seen.db"):
        """Let a partner hold a copy of a file, its checkpoint, or a receipt of its newest entry."""
        copy = self.folder / source
        self.against = {"copy": copy}.get(kind, self.folder / f"theirs.{kind}")
        if kind == "copy":
            return
        store = SqliteStorage(copy, writable=False)
        with store.snapshot() as view:
            reader = AuthenticReader(view, origin=ORIGIN, policy=Policy((self.key.verifier,)))
            text = reader.signed.note if kind == "note" else make_receipt(reader, reader.size - 1)
        store.close()
        self.against.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def stage(tmp_path_factory, make_clock):
    """The ledger of 300 entries, its backup at 260, a copy as it was seen, and the pin of 300."""
    folder = tmp_path_factory.mktemp("stage")
    scene = Scene(folder, make_clock(minutes=60), create_key(folder / "home", ORIGIN))
    create_policy(scene.home, ORIGIN, scene.key.verifier)
    store = SqliteStorage.create(scene.path)
    Log.create(store, scene.key, scene.clock, None, "x")
    store.close()
    scene.grow(scene.path, OLD)
    shutil.copy(scene.path, folder / "backup.db")
    scene.grow(scene.path, SIZE)
    shutil.copy(scene.path, folder / "seen.db")
    return scene


@pytest.fixture
def scene(stage, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "table"
    shutil.copytree(stage.folder, folder)
    monkeypatch.setenv("TRACE_HOME", str(folder / "home"))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    found = Scene(folder, stage.clock, stage.key)
    assert ask(capsys, "verify", found.path)[0] == 0  # which leaves the pin
    assert parse_checkpoint(found.pin.read_text()).head.size == SIZE
    return found


def ask(capsys, *arguments):
    """Run `trace`; give its exit code and its JSON answer."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        run([*map(str, arguments), "--json"])
    written = capsys.readouterr()
    assert "Traceback" not in written.err
    return int(left.value.code or 0), json.loads(written.out)


CASES = []


def case(name, word, seq, anchor, *, pinned=True, evidence=None):
    """List an attack: the verdict, the first entry concerned, what the verdict rests on."""
    evidence = word in ("rolled_back", "forked") if evidence is None else evidence

    def listed(attack):
        CASES.append(pytest.param(attack, word, seq, anchor, pinned, evidence, id=f"{name} {attack.__name__}"))
        return attack

    return listed


@case("none", "ok", None, "pinned")
@case("A04", "ok", None, "self", pinned=False)
def untouched(scene):
    pass


@case("A01", "rolled_back", OLD, "pinned")
@case("A01", "ok", None, "self", pinned=False)
def a_backup_in_place_of_the_file(scene):
    scene.restore()


@case("A01", "rolled_back", OLD, "partner", pinned=False)
def a_backup_where_a_partner_holds_a_newer_copy(scene):
    scene.restore()
    scene.ask_partner("copy")


@case("A01", "rolled_back", OLD, "partner", pinned=False)
def a_backup_where_a_partner_holds_a_newer_checkpoint(scene):
    scene.restore()
    scene.ask_partner("note")


@case("A01", "rolled_back", OLD, "partner", pinned=False)
def a_backup_where_a_partner_holds_a_newer_receipt(scene):
    scene.restore()
    scene.ask_partner("receipt")


@case("A01", "rolled_back", OLD, "partner", pinned=False)
def a_backup_where_the_tree_of_the_newer_copy_is_damaged(scene):
    scene.restore()
    scene.ask_partner("copy")
    with sqlite3.connect(scene.against) as connection:
        connection.execute("DELETE FROM tile")
    connection.close()


@case("A02", "forked", None, "pinned")
def a_backup_that_went_on_past_what_was_seen(scene):
    scene.restore(mark="other", size=SIZE + 5)


@case("A02", "forked", None, "pinned")
def a_backup_that_went_on_exactly_as_far(scene):
    scene.restore(mark="other", size=SIZE)


@case("A02", "rolled_back", OLD + 10, "pinned")
def a_backup_that_went_on_a_little(scene):
    scene.restore(mark="other", size=OLD + 10)


@case("A02", "forked", OLD, "partner", pinned=False)
def a_backup_that_went_on_a_little_where_a_partner_holds_a_copy(scene):
    scene.restore(mark="other", size=OLD + 10)
    scene.ask_partner("copy")


@case("A02", "forked", None, "partner", pinned=False)
def a_backup_that_went_on_past_what_a_partner_holds_a_checkpoint_of(scene):
    scene.restore(mark="other", size=SIZE + 5)
    scene.ask_partner("note")


@case("A02", "forked", SIZE - 1, "partner", pinned=False)
def a_backup_that_went_on_past_what_a_partner_holds_a_receipt_of(scene):
    scene.restore(mark="other", size=SIZE + 5)
    scene.ask_partner("receipt")


def _register_growing_apart(ours, theirs):
    @case("A03", "forked", SIZE, "partner")
    def two_copies_grow_apart(scene):
        shutil.copy(scene.path, scene.folder / "laptop.db")
        scene.grow(scene.path, SIZE + ours, "server")
        scene.grow(scene.folder / "laptop.db", SIZE + theirs, "laptop")
        scene.ask_partner("copy", "laptop.db")


for _ours, _theirs in ((3, 3), (3, 9), (9, 3), (1, 1)):
    _register_growing_apart(_ours, _theirs)


@case("A05", "untrusted", None, "self")
def the_pin_replaced_by_an_invented_higher_head(scene):
    thief = create_key(scene.folder / "thief", ORIGIN)
    scene.pin.write_text(sign_checkpoint(Checkpoint(ORIGIN, SIZE + 100, bytes(32)), [thief.signer]))


@case("A10", "forked", None, "pinned")
def another_ledger_of_the_same_origin_and_key(scene):
    scene.begin_again(SIZE + 1)


@case("A10", "rolled_back", 20, "pinned")
def a_small_new_ledger_of_the_same_origin_and_key(scene):
    scene.begin_again(20)


@case("A10", "forked", 0, "partner", pinned=False)
def another_ledger_where_a_partner_holds_a_copy(scene):
    scene.begin_again(20)
    scene.ask_partner("copy")


@case("R06", "rolled_back", OLD, "pinned")
@case("R06", "ok", None, "self", pinned=False)
def the_last_rows_with_their_checkpoints_and_hashes(scene):
    with sqlite3.connect(scene.folder / "backup.db") as backup, sqlite3.connect(scene.path) as connection:
        tiles = backup.execute("SELECT * FROM tile").fetchall()
        connection.execute("DELETE FROM tile")
        connection.executemany("INSERT INTO tile VALUES (?, ?, ?)", tiles)
        connection.execute("DELETE FROM entry WHERE seq >= ?", (OLD,))
        connection.execute("DELETE FROM checkpoint")
        connection.executemany(
            "INSERT INTO checkpoint VALUES (?, ?, ?, ?)", backup.execute("SELECT * FROM checkpoint").fetchall()
        )
    backup.close()
    connection.close()


@case("R16", "forked", None, "pinned")
@case("R16", "ok", None, "self", pinned=False)
def history_rewritten_from_the_backup_on_with_the_stolen_key(scene):
    scene.restore(mark="forged", size=SIZE + 30)


@case("F04", "rolled_back", SIZE, "pinned")
def the_wal_removed_while_it_held_what_was_committed(scene):
    keeper = SqliteStorage(scene.path, writable=True)  # so that the WAL is not folded in at the end
    log = Log(keeper, scene.key, scene.clock, scene.home)
    log.append([draft("event", {"item": "late"}, by="x", via="typed")])
    shutil.copy(scene.path, scene.folder / "without-wal.db")
    keeper.close()
    os.replace(scene.folder / "without-wal.db", scene.path)


# What a partner holds that is in order.


def _register_in_order(kind, source, size):
    @case("B00", "ok", None, "partner")
    def what_a_partner_holds_fits(scene):
        scene.grow(scene.path, size)
        scene.ask_partner(kind, source)


for _kind in ("copy", "note", "receipt"):
    for _source in ("backup.db", "seen.db"):
        _register_in_order(_kind, _source, SIZE + 1)


@case("B04", "ok", None, "partner")
def the_copy_of_a_partner_was_rewritten_by_vacuum(scene):
    with sqlite3.connect(scene.folder / "seen.db") as connection:
        connection.execute("VACUUM")
    connection.close()
    scene.ask_partner("copy")


@case("R15", "untrusted", None, "pinned")
def a_checkpoint_of_a_partner_that_nobody_believes(scene):
    thief = create_key(scene.folder / "thief", ORIGIN)
    scene.against = scene.folder / "theirs.note"
    scene.against.write_text(sign_checkpoint(Checkpoint(ORIGIN, SIZE, bytes(32)), [thief.signer]))


@case("P04", "untrusted", None, "pinned")
def a_receipt_of_a_partner_with_another_entry_in_it(scene):
    scene.ask_partner("receipt")
    lines = scene.against.read_text().split("\n")
    lines[1] = "extra e30="
    scene.against.write_text("\n".join(lines))


@pytest.mark.parametrize("how", ["full", "quick"])
@pytest.mark.parametrize(("attack", "word", "seq", "anchor", "pinned", "evidence"), CASES)
def test_attacks_get_their_verdict(attack, word, seq, anchor, pinned, evidence, how, scene, capsys):
    attack(scene)
    if not pinned:
        scene.pin.unlink(missing_ok=True)
    pin = scene.pin.read_text() if pinned else None
    before = scene.path.read_bytes()
    against = ["--against", scene.against] if scene.against else []
    code, answer = ask(capsys, "verify", scene.path, f"--{how}", *against)
    assert (answer["verdict"], answer["first_bad_seq"], answer["anchor"]["kind"]) == (word, seq, anchor), answer
    assert code == (0 if word == "ok" else 3)
    assert scene.path.read_bytes() == before
    assert (answer["evidence"] is not None) == evidence
    assert os.listdir(".") == ([answer["evidence"]] if evidence else [])
    if word != "ok" and pinned:
        assert scene.pin.read_text() == pin
    assert all(check["passed"] for check in answer["checks"]) == (word == "ok") == (answer["findings"] == [])


# The evidence.


def both_notes(path):
    known, separator, found = Path(path).read_text().partition("\n=====\n")
    assert separator
    return parse_checkpoint(f"{known}\n"), parse_checkpoint(found)


def believed(note: Note, scene):
    return note.signed_by([scene.key.verifier])


def test_a03_the_evidence_holds_both_signed_notes_and_is_never_overwritten(scene, capsys):
    shutil.copy(scene.path, scene.folder / "laptop.db")
    scene.grow(scene.path, SIZE + 3, "server")
    scene.grow(scene.folder / "laptop.db", SIZE + 3, "laptop")
    command = ("verify", scene.path, "--against", scene.folder / "laptop.db")
    first = ask(capsys, *command)[1]["evidence"]
    assert first == f"forked-dc1-{SIZE + 3}.evidence"
    theirs, ours = both_notes(first)
    assert believed(theirs.parsed, scene)
    assert believed(ours.parsed, scene)
    assert (theirs.head.size, ours.head.size) == (SIZE + 3, SIZE + 3)
    assert theirs.head.root != ours.head.root
    text = Path(first).read_bytes()
    assert ask(capsys, *command)[1]["evidence"] == first  # the same two notes need no second file
    Path(first).write_text("something else")
    second = ask(capsys, *command)[1]["evidence"]
    assert second == f"forked-dc1-{SIZE + 3}-2.evidence"
    assert Path(second).read_bytes() == text
    assert Path(first).read_text() == "something else"


def test_a01_the_evidence_of_a_rollback_holds_the_pin(scene, capsys):
    scene.restore()
    answer = ask(capsys, "verify", scene.path)[1]
    assert answer["evidence"] == f"rolled_back-dc1-{SIZE}.evidence"
    known, found = both_notes(answer["evidence"])
    assert known.note == scene.pin.read_text()
    assert (known.head.size, found.head.size) == (SIZE, OLD)


def test_a01_a_folder_that_cannot_be_written_takes_no_verdict_back(scene, capsys, monkeypatch):
    scene.restore()

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ledger.chain.evidence.write_evidence", full)
    code, answer = ask(capsys, "verify", scene.path)
    assert (code, answer["verdict"], answer["evidence"]) == (3, "rolled_back", None)


def test_a05_a_pin_that_is_no_note_is_refused(scene, capsys):
    scene.pin.write_text(f"{ORIGIN}\n400\n")
    for how in ("--full", "--quick"):
        code, answer = ask(capsys, "verify", scene.path, how)
        assert (code, "verdict" in answer) == (5, False)
        assert "pin" in answer["error"]["message"]


def test_f12_a_file_replaced_by_an_older_copy_while_it_is_open(scene):
    store = SqliteStorage(scene.path, writable=True)
    log = Log(store, scene.key, scene.clock, scene.home)
    shutil.copy(scene.folder / "backup.db", scene.folder / "older.db")
    before = (scene.folder / "older.db").read_bytes()
    os.replace(scene.folder / "older.db", scene.path)
    with pytest.raises(LedgerError):
        log.append([draft("event", {"item": "next"}, by="x", via="typed")])
    store.close()
    assert scene.path.read_bytes() == before


def test_f12_a_file_rewritten_with_an_older_copy_while_it_is_open(scene):
    store = SqliteStorage(scene.path, writable=True)
    log = Log(store, scene.key, scene.clock, scene.home)
    with sqlite3.connect(scene.folder / "backup.db") as older, sqlite3.connect(scene.path) as connection:
        older.backup(connection)
    older.close()
    connection.close()
    with pytest.raises(LedgerError, match="260"):
        log.append([draft("event", {"item": "next"}, by="x", via="typed")])
    store.close()


def test_a02_a_rolled_back_ledger_takes_no_new_entry(scene):
    scene.restore()
    store = SqliteStorage(scene.path, writable=True)
    with pytest.raises(LedgerError, match="rolled back"):
        Log(store, scene.key, scene.clock, scene.home)
    store.close()
