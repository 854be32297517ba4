# SPDX-License-Identifier: Apache-2.0
"""What somebody who can write the ledger file may try, and what `verify` says to it.

The letters and numbers name cases of the project's attack corpus: R rows, D derived and stored hashes, A anchors,
K signatures, X private values, F faults of the medium. "Pinned" means that this verifier saw the head of all 321
entries before the attack.
"""

import base64
import hashlib
import random
import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.canonical import canonicalise
from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.entry import entry_bytes
from ledger.chain.errors import LedgerError
from ledger.chain.hashing import ZERO_HASH, leaf_hash
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.storage.memory import MemoryStorage, MemoryView
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.tree import Tree, reduce_perfect, root_of, split_hashes
from ledger.chain.verify import verify

SIZE = 321  # a full tile of 256, a partial one of 65, and one above them
LAST = SIZE - 1
OLD = 200  # entries in last week's backup, which is also a kept checkpoint


@dataclass
class Workshop:
    """The ledger that is attacked, and what an attacker may have got hold of."""

    path: Path
    backup: Path
    key: Any
    thief: Any
    entries: list[bytes]
    elsewhere: list[bytes]
    drafts: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory, make_key, make_clock, make_drafts):
    place = tmp_path_factory.mktemp("workshop")
    path, backup = place / "ledger.db", place / "backup.db"
    key = make_key()
    clock = make_clock(minutes=12 * 60)
    store = SqliteStorage.create(path)
    log = Log.create(store, key, clock, None, "dock-3")
    for size in (100, OLD):
        log.append(make_drafts(log.size, size - log.size))
    store.close()
    shutil.copy(path, backup)
    store = SqliteStorage(path, writable=True)
    log = Log(store, key, clock, None)
    for size in (300, SIZE):
        log.append(make_drafts(log.size, size - log.size))
    with store.snapshot() as view:
        entries = [data for _, data in view.entries()]
        assert [size for size, _ in view.checkpoints()] == [1, OLD, SIZE]
    store.close()
    other = MemoryStorage()
    Log.create(other, make_key("acme.example/dc2"), make_clock(), None, "x").append(make_drafts(1, LAST))
    with other.snapshot() as view:
        elsewhere = [data for _, data in view.entries()]
    drafts = make_drafts(1000, SIZE, mark="forged")
    return Workshop(path, backup, key, make_key(seed=666), entries, elsewhere, drafts)


class Bench:
    """A copy of the ledger under attack."""

    def __init__(self, workshop, path):
        self.workshop = workshop
        self.path = path
        self.reopen()

    def reopen(self):
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.run = self.connection.execute

    def entry(self, seq):
        return self.run("SELECT bytes FROM entry WHERE seq = ?", (seq,)).fetchone()[0]

    def put(self, seq, data):
        self.run("INSERT OR REPLACE INTO entry VALUES (?, ?)", (seq, data))

    def tile(self, level, n):
        return self.run("SELECT data FROM tile WHERE level = ? AND n = ?", (level, n)).fetchone()[0]

    def put_tile(self, level, n, data):
        self.run("INSERT OR REPLACE INTO tile VALUES (?, ?, ?)", (level, n, data))

    def put_leaf(self, seq, digest):
        """Change the stored leaf, and the node above it where there is one."""
        n, at = divmod(seq, 256)
        data = bytearray(self.tile(0, n))
        data[at * 32 : at * 32 + 32] = digest
        self.put_tile(0, n, bytes(data))
        if len(data) == 256 * 32:
            above = bytearray(self.tile(1, 0))
            above[n * 32 : n * 32 + 32] = reduce_perfect(split_hashes(bytes(data)))
            self.put_tile(1, 0, bytes(above))

    def put_all(self, entries):
        """Replace every entry, and give the tree that fits them."""
        self.run("DELETE FROM entry")
        self.run("DELETE FROM tile")
        self.connection.executemany("INSERT INTO entry VALUES (?, ?)", enumerate(entries))
        for item in self.workshop.drafts:  # the forger keeps the private values, too
            for held in item.attachments:
                self.run("INSERT OR REPLACE INTO attachment VALUES (?, ?, ?)", (held.digest, held.salt, held.data))
        tree = Tree()
        tree.extend([leaf_hash(data) for data in entries])
        for (level, n), data in tree.take_changed().items():
            self.put_tile(level, n, data)

    def put_head(self, size, note):
        self.run("DELETE FROM checkpoint WHERE size >= ?", (min(size, SIZE),))
        self.run("INSERT INTO checkpoint VALUES (?, ?, '2026-03-09', 0)", (size, note))

    def note(self):
        return self.run("SELECT note FROM checkpoint ORDER BY size DESC").fetchone()[0]

    def sign(self, entries, key):
        root = root_of([leaf_hash(data) for data in entries])
        self.put_head(len(entries), sign_checkpoint(Checkpoint(key.origin, len(entries), root), [key.signer]))


def change(data, at=-60, to=None):
    """Change one byte of an entry."""
    byte = data[at] ^ 1 if to is None else to
    return data[:at] + bytes([byte]) + (data[at + 1 :] if at != -1 else b"")


def rechained(entries, start, bodies):
    """Write history anew from `start` with other payloads, chained as the log would have done."""
    found = list(entries[:start])
    leaf = leaf_hash(found[-1]) if found else ZERO_HASH
    for item in bodies:
        found.append(entry_bytes(leaf, len(found), item, "2026-03-01T20:15:00.000Z"))
        leaf = leaf_hash(found[-1])
    return found


CASES = []


def case(name, word, seq, kind=None, *, pinned=True, anchor=None):
    """List an attack: the verdict, the first bad entry, and the kind of its finding that must be among them."""

    def listed(attack):
        CASES.append(pytest.param(attack, word, seq, kind, pinned, anchor, id=f"{name} {attack.__name__}"))
        return attack

    return listed


@case("none", "ok", None, anchor="pinned")
@case("none", "ok", None, pinned=False, anchor="self")
def untouched(bench):
    pass


@case("R01", "tampered", 100, "leaf")
def one_byte_of_a_body(bench):
    bench.put(100, change(bench.entry(100)))


@case("R01", "tampered", 0, "leaf")
def one_byte_of_the_first_entry(bench):
    bench.put(0, change(bench.entry(0)))


@case("R01", "tampered", 40, "leaf")
def many_entries(bench):
    for seq in (300, 41, 256, 40, LAST):
        bench.put(seq, change(bench.entry(seq)))


def _register_with_tile(seq):
    @case("R02", "tampered", seq)
    def body_and_stored_hashes(bench):
        bench.put(seq, change(bench.entry(seq)))
        bench.put_leaf(seq, leaf_hash(bench.entry(seq)))

    @case("R02", "tampered", seq)
    def link_and_stored_hashes(bench):
        bench.put(seq, change(bench.entry(seq), 20, ord("0") if bench.entry(seq)[20] != ord("0") else ord("1")))
        bench.put_leaf(seq, leaf_hash(bench.entry(seq)))


for _seq in (0, 1, 100, 255, 256, LAST - 1, LAST):
    _register_with_tile(_seq)


@case("R02", "tampered", 100)
def two_neighbours_and_stored_hashes(bench):
    for seq in (100, 101):
        bench.put(seq, change(bench.entry(seq)))
        bench.put_leaf(seq, leaf_hash(bench.entry(seq)))


@case("R02", "tampered", LAST, "root")
def history_rewritten_from_some_entry_on_without_the_key(bench):
    # Every entry from 150 on differs; the file alone can only prove that the last one does.
    bench.put_all(rechained(bench.workshop.entries, 150, bench.workshop.drafts[: SIZE - 150]))


@case("R03", "tampered", 33, "leaf")
def the_same_meaning_with_white_space(bench):
    bench.put(33, bench.entry(33).replace(b'"body":{', b'"body": {'))


@case("R03", "tampered", 33, "leaf")
def the_same_meaning_with_escapes(bench):
    data = bench.entry(33).replace("é".encode(), b"\\u00e9")
    assert canonicalise(data) == bench.entry(33) != data
    bench.put(33, data)


@case("R04", "tampered", 150, "missing")
def a_middle_row_deleted(bench):
    bench.run("DELETE FROM entry WHERE seq = 150")


@case("R04", "tampered", 150, "missing")
def several_middle_rows_deleted(bench):
    bench.run("DELETE FROM entry WHERE seq BETWEEN 150 AND 290")


@case("R05", "tampered", LAST, "missing")
def the_last_row_deleted(bench):
    bench.run("DELETE FROM entry WHERE seq = ?", (LAST,))


@case("R05", "tampered", 300, "missing")
def the_last_rows_and_their_hashes_deleted(bench):
    head = bench.note()
    bench.put_all(bench.workshop.entries[:300])
    bench.put_head(SIZE, head)


@case("R05", "tampered", 0, "missing")
def all_rows_deleted(bench):
    bench.run("DELETE FROM entry")


@case("R06", "rolled_back", OLD, "rolled back", anchor="pinned")
@case("R06", "ok", None, pinned=False, anchor="self")
def the_last_rows_with_their_checkpoints_and_hashes(bench):
    bench.put_all(bench.workshop.entries[:OLD])
    bench.run("DELETE FROM checkpoint WHERE size > ?", (OLD,))


@case("R06", "tampered", OLD, "unsigned")
def the_newest_checkpoint_deleted(bench):
    bench.run("DELETE FROM checkpoint WHERE size > ?", (OLD,))


@case("R06", "tampered", None, "missing")
def all_checkpoints_deleted(bench):
    bench.run("DELETE FROM checkpoint")


@case("R07", "tampered", 0, "missing")
def the_first_rows_deleted(bench):
    bench.run("DELETE FROM entry WHERE seq < 10")


@case("R09", "tampered", 40, "leaf")
def two_rows_swapped(bench):
    low, high = bench.entry(40), bench.entry(310)
    bench.put(40, high)
    bench.put(310, low)


@case("R11", "tampered", 100)
def a_row_inserted_and_the_rest_renumbered(bench):
    bench.run("UPDATE entry SET seq = -seq WHERE seq >= 100")
    bench.run("UPDATE entry SET seq = 1 - seq WHERE seq < 0")
    bench.put(
        100, entry_bytes(leaf_hash(bench.entry(99)), 100, bench.workshop.drafts[0], "2026-03-01T20:15:00.000Z")
    )


@case("R11", "tampered", LAST, "unsigned")
def a_row_inserted_and_everything_rechained_without_the_key(bench):
    bench.put_all(rechained(bench.workshop.entries, 100, bench.workshop.drafts[: SIZE + 1 - 100]))


@case("R13", "tampered", SIZE, "unsigned")
def a_row_repeated_at_the_end(bench):
    bench.put(SIZE, bench.entry(50))


@case("R13", "tampered", 200, "leaf")
def a_row_repeated_in_place_of_another(bench):
    bench.put(200, bench.entry(50))


@case("R13", "tampered", SIZE, "unsigned")
def a_good_continuation_that_nobody_signed(bench):
    entries = rechained(bench.workshop.entries, SIZE, bench.workshop.drafts[:3])
    head = bench.note()
    bench.put_all(entries)
    bench.put_head(SIZE, head)


@case("R15", "untrusted", None, "unknown key")
@case("R15", "untrusted", None, "unknown key", pinned=False, anchor="self")
def history_rewritten_and_signed_with_a_key_of_the_attacker(bench):
    entries = rechained([], 0, bench.workshop.drafts)
    bench.put_all(entries)
    bench.sign(entries, bench.workshop.thief)


@case("R15", "untrusted", None, "unknown key")
def the_true_history_signed_with_a_key_of_the_attacker(bench):
    bench.sign(bench.workshop.entries, bench.workshop.thief)


@case("R16", "forked", None, "forked", anchor="pinned")
@case("R16", "ok", None, pinned=False, anchor="self")
def history_rewritten_and_signed_with_the_stolen_key(bench):
    entries = rechained(bench.workshop.entries, 150, bench.workshop.drafts[: SIZE - 150])
    bench.put_all(entries)
    bench.sign(entries, bench.workshop.key)


@case("R16", "rolled_back", SIZE - 1, "rolled back")
def history_shortened_and_signed_with_the_stolen_key(bench):
    bench.put_all(bench.workshop.entries[:LAST])
    bench.sign(bench.workshop.entries[:LAST], bench.workshop.key)


@case("R16", "tampered", 151, "chain", pinned=False)
def a_broken_link_signed_with_the_stolen_key(bench):
    entries = [*bench.workshop.entries]
    entries[150] = change(entries[150])
    bench.put_all(entries)
    bench.sign(entries, bench.workshop.key)


@case("R16", "tampered", LAST, "chain", pinned=False)
def a_wrong_number_signed_with_the_stolen_key(bench):
    entries = [*bench.workshop.entries]
    entries[LAST] = entries[LAST].replace(b'"_seq":320', b'"_seq":321')
    bench.put_all(entries)
    bench.sign(entries, bench.workshop.key)


@case("R16", "tampered", 0, "genesis", pinned=False)
def a_history_that_names_no_key_signed_with_the_stolen_key(bench):
    entries = rechained([], 0, bench.workshop.drafts)
    bench.put_all(entries)
    bench.sign(entries, bench.workshop.key)


@case("R19", "tampered", 120, "leaf")
def a_row_of_another_site(bench):
    bench.put(120, bench.workshop.elsewhere[120])


@case("R19", "tampered", SIZE, "unsigned")
def a_row_of_another_site_added(bench):
    bench.put(SIZE, bench.workshop.elsewhere[120])


@case("R21", "tampered", 210)
def a_gap_in_the_numbers(bench):
    bench.run("UPDATE entry SET seq = -seq WHERE seq >= 210")
    bench.run("UPDATE entry SET seq = 1 - seq WHERE seq < 0")


@case("R21", "tampered", -1)
def a_negative_number(bench):
    bench.run("UPDATE entry SET seq = -1 WHERE seq = 0")


@case("R21", "tampered", -5, "unsigned")
def an_additional_negative_number(bench):
    bench.put(-5, b"x")


@case("R21", "tampered", 0)
def counted_from_one(bench):
    bench.run("UPDATE entry SET seq = -seq - 1")
    bench.run("UPDATE entry SET seq = -seq")


@case("R21", "tampered", LAST, "missing")
def the_last_row_at_the_greatest_number(bench):
    bench.run("UPDATE entry SET seq = 9223372036854775807 WHERE seq = ?", (LAST,))


@case("R21", "tampered", 2**63 - 1, "unsigned")
def an_additional_row_at_the_greatest_number(bench):
    bench.put(2**63 - 1, b"x")


@case("R24", "tampered", SIZE, "unsigned")
def the_odd_leaf_doubled(bench):
    bench.put(SIZE, bench.entry(LAST))
    bench.put_tile(0, 1, bench.tile(0, 1) + leaf_hash(bench.entry(LAST)))


@case("D04", "tampered", 77, "tile")
def a_stored_leaf(bench):
    data = bytearray(bench.tile(0, 0))
    data[77 * 32] ^= 1
    bench.put_tile(0, 0, bytes(data))


@case("D04", "tampered", 0, "tile")
def a_stored_node(bench):
    bench.put_tile(1, 0, bytes(32))


@case("D04", "tampered", 256, "tile")
def a_stored_tile_deleted(bench):
    bench.run("DELETE FROM tile WHERE level = 0 AND n = 1")


@case("D04", "tampered", 300, "tile")
def a_stored_tile_cut_short(bench):
    bench.put_tile(0, 1, bench.tile(0, 1)[: 44 * 32])


@case("D04", "tampered", 256)
def stored_hashes_of_one_tile_in_place_of_another(bench):
    bench.put_tile(0, 1, bench.tile(0, 0))


@case("D04", "tampered", 77, "leaf")
def all_stored_hashes_deleted_and_a_body_changed(bench):
    bench.run("DELETE FROM tile")
    bench.put(77, change(bench.entry(77)))


@case("A01", "rolled_back", OLD, "rolled back", anchor="pinned")
@case("A01", "ok", None, pinned=False, anchor="self")
def a_backup_in_place_of_the_file(bench):
    _restore(bench)


@case("A02", "forked", None, "forked", anchor="pinned")
def a_backup_that_went_on_past_what_was_seen(bench):
    _restore(bench)
    _go_on(bench, SIZE + 5 - OLD)


@case("A02", "forked", None, "forked", anchor="pinned")
def a_backup_that_went_on_exactly_as_far(bench):
    _restore(bench)
    _go_on(bench, SIZE - OLD)


@case("A02", "rolled_back", OLD + 10, "rolled back")
def a_backup_that_went_on_a_little(bench):
    _restore(bench)
    _go_on(bench, 10)


@case("A10", "forked", None, "forked")
def another_ledger_of_the_same_origin_and_key(bench):
    first = bench.workshop.entries[0].replace(b"2026-03-01", b"2026-04-01")
    entries = rechained([first], 1, bench.workshop.drafts)
    bench.put_all(entries)
    bench.sign(entries, bench.workshop.key)


def _restore(bench):
    with sqlite3.connect(bench.workshop.backup) as backup:
        backup.backup(bench.connection)
    backup.close()


def _go_on(bench, count):
    entries = rechained(bench.workshop.entries, OLD, bench.workshop.drafts[:count])
    bench.put_all(entries)
    bench.sign(entries, bench.workshop.key)


@case("P05", "tampered", None, "root")
def the_root_in_the_checkpoint(bench):
    size, root = parse_checkpoint(bench.note()).head.size, base64.b64encode(bytes(32)).decode()
    lines = bench.note().split("\n")
    bench.put_head(size, "\n".join([*lines[:2], root, *lines[3:]]))


@case("P05", "tampered", LAST, "unsigned")
def a_smaller_size_in_the_checkpoint(bench):
    bench.put_head(SIZE, bench.note().replace("\n321\n", "\n320\n"))


@case("P05", "tampered", SIZE, "missing")
def an_enormous_size_in_the_checkpoint(bench):
    bench.put_head(SIZE, bench.note().replace("\n321\n", f"\n{2**63 - 1}\n"))


@case("P05", "tampered", None, "form")
def a_checkpoint_that_cannot_be_read(bench):
    bench.put_head(SIZE, "nonsense")


@case("P05", "tampered", None, "origin")
def a_checkpoint_of_another_site(bench):
    bench.put_head(SIZE, bench.note().replace("dc1", "dc2"))


@case("K01", "untrusted", None, "unknown key")
def the_signature_of_the_site_stripped(bench):
    head = bench.note().split("\n— ")[0]
    bench.put_head(SIZE, f"{head}\n— somebody.example {base64.b64encode(bytes(68)).decode()}\n")


@case("K04", "ok", None)
def unknown_signatures_added(bench):
    bench.put_head(SIZE, bench.note() + f"— somebody.example {base64.b64encode(bytes(68)).decode()}\n" * 15)


@case("K05", "tampered", None, "form")
def ten_thousand_signatures(bench):
    bench.put_head(SIZE, bench.note() + f"— somebody.example {base64.b64encode(bytes(68)).decode()}\n" * 10_000)


@case("K06", "untrusted", None, "signature")
def another_key_under_the_same_name_and_id(bench):
    key = bench.workshop.key
    text = parse_checkpoint(bench.note()).head.text
    blob = base64.b64encode(key.verifier.key_id + bench.workshop.thief.signer.sign(text.encode())).decode()
    bench.put_head(SIZE, f"{text}\n— {key.origin} {blob}\n")


@case("X02", "tampered", 30, "attachment")
def another_private_value(bench):
    digest = bench.entry(30).split(b'{"_commit":"')[1][:64].decode()
    bench.run("UPDATE attachment SET data = CAST('{}' AS BLOB) WHERE hash = ?", (bytes.fromhex(digest),))


@case("X02", "tampered", 30, "attachment")
def another_salt(bench):
    digest = bench.entry(30).split(b'{"_commit":"')[1][:64].decode()
    bench.run("UPDATE attachment SET salt = zeroblob(16) WHERE hash = ?", (bytes.fromhex(digest),))


@case("X04", "tampered", 10, "missing attachment")
def private_values_deleted(bench):
    bench.run("DELETE FROM attachment")


@case("X04", "tampered", 10, "root")
def private_values_deleted_and_the_last_entry_changed_with_its_hash(bench):
    bench.run("DELETE FROM attachment")
    bench.put(LAST, change(bench.entry(LAST)))
    bench.put_leaf(LAST, leaf_hash(bench.entry(LAST)))


@case("B04", "ok", None)
def another_journal_mode(bench):
    bench.run("PRAGMA journal_mode = DELETE")


@case("B04", "ok", None)
def rewritten_by_vacuum(bench):
    bench.run("VACUUM")


def _register_with_wrong_types(table, column, value):
    @case("F02", "corrupt", None, "unreadable")
    def a_value_of_the_wrong_type(bench):
        """As a damaged page can show it, for all that the schema says."""
        bench.run("PRAGMA writable_schema = ON")
        strict = bench.run("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        loose = strict.replace("STRICT, ", "").replace("STRICT", "").replace(" NOT NULL", "")
        bench.run("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (loose, table))
        bench.reopen()
        bench.run(f"UPDATE {table} SET {column} = {value}")
        bench.run("PRAGMA writable_schema = ON")
        bench.run("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (strict, table))


_register_with_wrong_types("entry", "bytes", "'text'")
_register_with_wrong_types("entry", "bytes", "NULL")
_register_with_wrong_types("entry", "bytes", "7")
_register_with_wrong_types("tile", "data", "'text'")
_register_with_wrong_types("checkpoint", "note", "x'00'")
_register_with_wrong_types("checkpoint", "note", "CAST(x'ff' AS TEXT)")
_register_with_wrong_types("attachment", "salt", "'text'")


def pin_of(workshop):
    root = root_of([leaf_hash(data) for data in workshop.entries])
    return parse_checkpoint(sign_checkpoint(Checkpoint(workshop.key.origin, SIZE, root), [workshop.key.signer]))


def judge(path, workshop, *, pin=None, policy=None):
    """Verify a file, and see that this left it as it was."""
    before = hashlib.sha256(path.read_bytes()).digest()
    store = SqliteStorage(path, writable=False)
    try:
        with store.snapshot() as view:
            verdict = verify(
                view,
                origin=workshop.key.origin,
                policy=policy or Policy((workshop.key.verifier,)),
                pin=pin,
            )
    finally:
        store.close()
    assert hashlib.sha256(path.read_bytes()).digest() == before
    return verdict


@pytest.mark.parametrize(("attack", "word", "seq", "kind", "pinned", "anchor"), CASES)
def test_attacks_get_their_verdict(attack, word, seq, kind, pinned, anchor, workshop, tmp_path):
    path = tmp_path / "ledger.db"
    shutil.copy(workshop.path, path)
    bench = Bench(workshop, path)
    attack(bench)
    bench.connection.close()
    verdict = judge(path, workshop, pin=pin_of(workshop) if pinned else None)
    found = [(finding.kind, finding.seq) for finding in verdict.findings]
    assert (verdict.word, verdict.first_bad_seq) == (word, seq), found
    assert kind is None or kind in {name for name, _ in found}
    assert anchor is None or verdict.anchor.kind == anchor
    assert (verdict.word == "ok") == (found == []) == all(held for _, held, _ in verdict.checks)


@pytest.mark.parametrize(
    ("at", "changed"),
    [
        (-60, (3, 99, 255, 256, 300)),
        (-60, (100, 101, 102)),
        (-60, (0, LAST - 1)),
        # Changed links: of two neighbours with rewritten links, the first would have no witness left.
        (20, (3, 99, 256, 300)),
        (20, (LAST - 1,)),
        (20, (0, LAST - 1)),
    ],
)
def test_what_leads_to_the_root_is_not_accused(workshop, tmp_path, at, changed):
    """Only the entries that were changed are named, wherever three witnesses can tell."""
    path = tmp_path / "ledger.db"
    shutil.copy(workshop.path, path)
    bench = Bench(workshop, path)
    for seq in changed:
        digit = ord("1") if bench.entry(seq)[at : at + 1] == b"0" else ord("0")
        bench.put(seq, change(bench.entry(seq), at, digit if at == 20 else None))
        bench.put_leaf(seq, leaf_hash(bench.entry(seq)))
    bench.connection.close()
    verdict = judge(path, workshop)
    assert [(finding.kind, finding.seq) for finding in verdict.findings] == [("leaf", seq) for seq in changed]


def test_a_deleted_row_does_not_hide_a_change_at_the_end(workshop, tmp_path):
    path = tmp_path / "ledger.db"
    shutil.copy(workshop.path, path)
    bench = Bench(workshop, path)
    bench.run("DELETE FROM entry WHERE seq IN (150, 151)")
    bench.put(LAST, change(bench.entry(LAST)))
    bench.connection.close()
    found = [(finding.kind, finding.seq) for finding in judge(path, workshop).findings]
    assert found == [("missing", 150), ("missing", 151), ("leaf", LAST)]


# Anchors.


def test_without_a_policy_nothing_is_believed(workshop):
    store = SqliteStorage(workshop.path, writable=False)
    with store.snapshot() as view:
        verdict = verify(view, origin=None, policy=None, pin=None)
    store.close()
    assert (verdict.word, verdict.anchor.kind, verdict.key) == ("untrusted", "none", None)
    assert [(finding.check, finding.kind) for finding in verdict.findings] == [("key", "no policy")]


def test_a_policy_given_for_the_occasion_is_named_as_anchor(workshop):
    policy = Policy((workshop.key.verifier,), "key")
    verdict = judge(workshop.path, workshop, policy=policy)
    assert (verdict.word, verdict.anchor.kind, verdict.anchor.size) == ("ok", "key", SIZE)
    assert verdict.key == workshop.key.verifier


def test_a05_an_invented_pin_is_not_believed(workshop):
    head = Checkpoint(workshop.key.origin, SIZE + 100, bytes(32))
    pin = parse_checkpoint(sign_checkpoint(head, [workshop.thief.signer]))
    verdict = judge(workshop.path, workshop, pin=pin)
    assert (verdict.word, verdict.anchor.kind) == ("untrusted", "self")
    assert [(finding.check, finding.kind) for finding in verdict.findings] == [("pin", "pin")]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, OLD, LAST, SIZE])
def test_a_pin_of_any_size_holds_for_the_true_log_and_shows_a_fork(workshop, size):
    leaves = [leaf_hash(data) for data in workshop.entries[:size]]
    for root, word in ((root_of(leaves), "ok"), (root_of([*leaves[:-1], ZERO_HASH]), "forked")):
        pin = parse_checkpoint(sign_checkpoint(Checkpoint(workshop.key.origin, size, root), [workshop.key.signer]))
        verdict = judge(workshop.path, workshop, pin=pin)
        assert (verdict.word, verdict.anchor.kind, verdict.anchor.size) == (word, "pinned", size)


def test_r24_a_doubled_odd_leaf_gives_another_root():
    leaves = [leaf_hash(bytes([number])) for number in range(7)]
    for size in (1, 3, 5, 7):
        assert root_of(leaves[:size]) != root_of([*leaves[:size], leaves[size - 1]])


# Every byte.


@pytest.fixture(scope="module")
def copy_in_memory(workshop):
    """The same ledger in memory, where a thousand attacks are quick: rows, tiles, and a way to verify them."""
    source = SqliteStorage(workshop.path, writable=False)
    store = MemoryStorage()
    with source.snapshot() as view, store.begin() as transaction:
        transaction.put_entries(0, [data for _, data in view.entries()])
        transaction.put_tiles({(level, n): data for level, n, data in view.tiles()})
        transaction.put_head(SIZE, view.head(), "2026-03-03", keep=False)
        transaction.put_attachments(
            view.attachment(digest) for (digest,) in view.connection.execute("SELECT hash FROM attachment")
        )
    source.close()
    policy = Policy((workshop.key.verifier,))
    view = MemoryView(store._state)
    with store.edit() as (rows, tiles):
        assert verify(view, origin=None, policy=policy, pin=None).word == "ok"
        yield rows, tiles, lambda: verify(view, origin=None, policy=policy, pin=None)


def accused(copy, seq, data, with_tile):
    """Change an entry, and its stored leaf where asked; give the verdict's word and first bad entry; undo it."""
    rows, tiles, run = copy
    n, at = divmod(seq, 256)
    whole, stored = rows[seq], tiles[0, n]
    try:
        rows[seq] = data
        if with_tile:
            tiles[0, n] = stored[: at * 32] + leaf_hash(data) + stored[at * 32 + 32 :]
        verdict = run()
        return verdict.word, verdict.first_bad_seq
    finally:
        rows[seq], tiles[0, n] = whole, stored


@pytest.mark.parametrize("with_tile", [False, True], ids=["R01", "R02"])
@pytest.mark.parametrize("seq", [0, 30, LAST])
def test_every_byte_of_an_entry_counts_and_the_entry_is_named(copy_in_memory, seq, with_tile):
    rng = random.Random(seq)
    data = copy_in_memory[0][seq]
    wrong = {}
    for at in range(len(data)):
        byte = data[at] ^ (1 << rng.randrange(8))
        changed = data[:at] + bytes([byte]) + data[at + 1 :]
        if (found := accused(copy_in_memory, seq, changed, with_tile)) != ("tampered", seq):
            wrong[at] = found
    assert wrong == {}


@pytest.mark.parametrize("with_tile", [False, True], ids=["R01", "R02"])
def test_a_byte_of_any_entry_counts_and_the_entry_is_named(copy_in_memory, with_tile):
    rng = random.Random(7)
    wrong = {}
    for seq in range(SIZE):
        data = copy_in_memory[0][seq]
        at = rng.randrange(len(data))
        changed = data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
        if (found := accused(copy_in_memory, seq, changed, with_tile)) != ("tampered", seq):
            wrong[seq] = (at, found)
    assert wrong == {}


@pytest.mark.parametrize("with_tile", [False, True], ids=["R01", "R02"])
def test_an_entry_may_be_neither_longer_nor_shorter(copy_in_memory, with_tile):
    for seq in (0, 100, 255, 256, LAST):
        data = copy_in_memory[0][seq]
        for changed in (b"", data[:-1], data + b"\n", b" " + data, data[:40], data * 2):
            assert accused(copy_in_memory, seq, changed, with_tile) == ("tampered", seq)


# Faults of the medium.


def test_f01_a_flipped_bit_in_any_page_is_never_called_ok_unless_nothing_changed(workshop, tmp_path):
    rng = random.Random(11)
    whole = workshop.path.read_bytes()
    path = tmp_path / "ledger.db"
    words = {}
    for start in range(0, len(whole), 4096):
        for _ in range(3):
            at, bit = start + rng.randrange(4096), 1 << rng.randrange(8)
            data = bytearray(whole)
            data[at] ^= bit
            path.write_bytes(data)
            try:
                verdict = judge(path, workshop, pin=pin_of(workshop))
            except LedgerError as error:
                words[type(error).__name__] = words.get(type(error).__name__, 0) + 1
                continue
            words[verdict.word] = words.get(verdict.word, 0) + 1
            if verdict.word == "ok":
                store = SqliteStorage(path, writable=False)
                with store.snapshot() as view:
                    assert [entry for _, entry in view.entries()] == workshop.entries
                store.close()
    assert words["tampered"] > 10
    assert words.get("untrusted", 0) <= 3


def test_f02_a_zeroed_page_or_two_swapped_pages_are_never_called_ok(workshop, tmp_path):
    path = tmp_path / "ledger.db"
    shutil.copy(workshop.path, path)
    bench = Bench(workshop, path)
    bench.run("VACUUM")  # which leaves no free page
    bench.connection.close()
    whole = path.read_bytes()
    pages = [whole[at : at + 4096] for at in range(0, len(whole), 4096)]
    damaged = [[*pages[:at], bytes(4096), *pages[at + 1 :]] for at in range(len(pages))]
    damaged += [[*pages[:at], pages[at + 1], pages[at], *pages[at + 2 :]] for at in range(1, len(pages) - 1)]
    damaged += [pages[:at] for at in range(len(pages))]
    words = set()
    for broken in damaged:
        path.write_bytes(b"".join(broken))
        try:
            words.add(judge(path, workshop, pin=pin_of(workshop)).word)
        except LedgerError as error:
            words.add(type(error).__name__)
    assert "ok" not in words
    assert {"corrupt", "NotALedger"} <= words


def test_f04_a_lost_wal_is_a_rollback_against_the_pin(workshop, tmp_path, make_clock, make_drafts):
    path, copy = tmp_path / "ledger.db", tmp_path / "copy.db"
    shutil.copy(workshop.path, path)
    store = SqliteStorage(path, writable=True)
    appended = Log(store, workshop.key, make_clock(), None).append(make_drafts(SIZE, 4))
    shutil.copy(path, copy)  # without the WAL beside it, which holds the four
    store.close()
    pin = parse_checkpoint(appended.note)
    verdict = judge(copy, workshop, pin=pin)
    assert (verdict.word, verdict.first_bad_seq, verdict.size) == ("rolled_back", SIZE, SIZE)
    assert judge(path, workshop, pin=pin).word == "ok"
