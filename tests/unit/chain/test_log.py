# SPDX-License-Identifier: Apache-2.0
"""Appending: what is recorded, what is taken back, and when a log refuses to go on."""

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from ledger.chain import pins
from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.entry import draft, parse_entry, record_time
from ledger.chain.errors import BadJson, Locked, Refused, RolledBack, Unreadable, Untrue
from ledger.chain.hashing import ZERO_HASH, leaf_hash
from ledger.chain.log import Log
from ledger.chain.storage import sqlite
from ledger.chain.storage.memory import MemoryStorage, MemoryTransaction
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.tree import root_of
from ledger.chain.verify import verify


@pytest.fixture
def place(tmp_path, site_key, make_clock):
    """A ledger file, a home for its pin, and a way to open further handles on it."""

    class Place:
        path = tmp_path / "ledger.db"
        home = tmp_path / "home"
        clock = staticmethod(make_clock())

        def __init__(self):
            self.stores = []
            self.log = Log.create(self.take(SqliteStorage.create(self.path)), site_key, self.clock, self.home, "x")

        def take(self, store):
            self.stores.append(store)
            return store

        def open(self, home=None, key=site_key):
            return Log(self.take(SqliteStorage(self.path, writable=True)), key, self.clock, home or self.home)

        def verify(self, policy):
            store = self.take(SqliteStorage(self.path, writable=False))
            with store.snapshot() as view:
                return verify(view, origin=site_key.origin, policy=policy, pin=None)

    found = Place()
    yield found
    for store in found.stores:
        store.close()


def entries_of(place):
    with place.stores[0].snapshot() as view:
        return [data for _, data in view.entries()]


def test_a_new_log_begins_with_the_entry_that_names_its_key(place, site_key, policy):
    (first,) = entries_of(place)
    entry = parse_entry(first)
    assert (entry.seq, entry.prev, entry.kind, entry.by, entry.via) == (0, ZERO_HASH, "key", "x", "typed")
    assert entry.body == {"add": str(site_key.verifier), "purpose": "site"}
    assert entry.rec == "2026-03-01T08:22:00.000Z"
    assert (place.log.size, place.log.origin) == (1, "acme.example/dc1")
    assert place.verify(policy).word == "ok"


def test_each_entry_continues_the_one_before_and_the_head_signs_them_all(place, site_key, make_drafts, policy):
    first = place.log.append(make_drafts(1, 3))
    second = place.log.append(make_drafts(4, 300))
    data = entries_of(place)
    entries = [parse_entry(item) for item in data]
    assert [entry.seq for entry in entries] == list(range(304))
    assert all(after.prev == leaf_hash(data[before.seq]) for before, after in pairwise(entries))
    assert (first.first, first.head.size, second.first, second.head.size) == (1, 4, 4, 304)
    assert second.head.root == root_of([leaf_hash(item) for item in data])
    assert parse_checkpoint(second.note).head == second.head
    assert parse_checkpoint(second.note).parsed.signed_by([site_key.verifier]) == [site_key.verifier]
    assert pins.load_pin(place.home, site_key.origin).note == second.note
    verdict = place.verify(policy)
    assert (verdict.word, verdict.size, verdict.findings) == ("ok", 304, ())
    # Every check was made as often as there is something to check.
    assert {name: count for name, _, count in verdict.checks} == {
        "storage": 1,
        "order": 304,
        "chain": 304,
        "leaf": 304,
        "tree": 3,
        "checkpoint": 1,
        "key": 1,
        "pin": 0,
        "private": 30,
    }


def test_a_batch_may_be_as_long_as_it_likes_one_by_one_gives_the_same_root(site_key, make_clock, make_drafts):
    heads = []
    for step in (1, 70, 521):
        store = MemoryStorage()
        log = Log.create(store, site_key, lambda: datetime(2026, 3, 1, tzinfo=UTC), None, "x")
        drafts = make_drafts(1, 521)
        for start in range(0, 521, step):
            log.append(drafts[start : start + step])
        with store.snapshot() as view:
            heads.append((view.head(), list(view.tiles())))
    assert heads[0] == heads[1] == heads[2]


def test_an_empty_batch_is_refused(place):
    with pytest.raises(Refused, match="nothing to record"):
        place.log.append([])
    assert place.log.size == 1


def test_a_second_log_in_one_store_is_refused(place, site_key):
    before = entries_of(place)
    with pytest.raises(Refused, match="already"):
        Log.create(place.stores[0], site_key, place.clock, None, "x")
    assert entries_of(place) == before


def test_a_closed_log_is_taken_up_where_it_ended(place, make_drafts, policy):
    for size in (256, 257, 300):
        log = place.open()
        log.append(make_drafts(log.size, size - log.size))
        log._storage.close()
    assert place.open().size == 300
    assert place.verify(policy).word == "ok"


def test_two_logs_on_one_file_follow_each_other(place, make_drafts, policy):
    other = place.open()
    for turn in range(1, 41):
        log = (place.log, other)[turn % 2]
        assert log.append(make_drafts(turn * 10, 1 + turn % 9)).first == len(entries_of(place)) - (1 + turn % 9)
    verdict = place.verify(policy)
    assert (verdict.word, verdict.size) == ("ok", len(entries_of(place)))


def test_a_failed_derivation_takes_everything_back_and_the_log_works_on(place, make_drafts, policy):
    place.log.append(make_drafts(1, 3))
    before = entries_of(place)
    head = pins.load_pin(place.home, place.log.origin).note

    def derive(transaction, first):
        assert first == 4
        assert transaction.entry(4) is not None
        transaction.connection.execute("CREATE TABLE d_half(a)")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        place.log.append(make_drafts(4, 260), derive=derive)
    assert (place.log.size, entries_of(place)) == (4, before)
    assert pins.load_pin(place.home, place.log.origin).note == head
    seen = []
    place.log.append(
        make_drafts(4, 2), derive=lambda transaction, first: seen.append((first, transaction.entry(first)))
    )
    assert seen == [(4, entries_of(place)[4])]
    assert (place.verify(policy).word, place.verify(policy).size) == ("ok", 6)
    with place.stores[0].snapshot() as view:
        assert view.connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'd_half'").fetchone() == (
            0,
        )


def test_what_is_judged_under_the_lock_sees_what_was_recorded_before(place, make_drafts):
    other = place.open()
    other.append(make_drafts(1, 4))

    def judge(transaction, first):
        assert transaction.entry(first - 1) is not None
        return make_drafts(first, 2), None

    assert place.log.append_judged(judge).first == 5
    with pytest.raises(Refused):
        place.log.append_judged(lambda transaction, first: ([], None))
    assert place.log.size == 7


def test_an_operator_without_canonical_form_takes_everything_back(place, make_drafts):
    bad = draft("event", 1, by="\ud800", via="typed")
    with pytest.raises(BadJson):
        place.log.append([*make_drafts(1, 2), bad])
    assert len(entries_of(place)) == place.log.size == 1


@pytest.mark.parametrize(
    ("kind", "by", "via"),
    [
        ("Event", "x", "typed"),
        ("", "x", "typed"),
        ("e\n", "x", "typed"),
        ("e" * 33, "x", "typed"),
        ("event", "x", "Typed"),
        ("event", "x", ""),
        ("event", "x" * 257, "typed"),
    ],
)
def test_malformed_drafts_are_refused(kind, by, via):
    with pytest.raises(Refused):
        draft(kind, {}, by=by, via=via)


def test_a_body_has_a_largest_size():
    assert len(draft("event", "x" * (16 * 1024 * 1024 - 2), by="x", via="typed").body) == 16 * 1024 * 1024
    with pytest.raises(Refused, match="at most"):
        draft("event", "x" * (16 * 1024 * 1024 - 1), by="x", via="typed")


def test_the_time_of_record_is_utc_with_milliseconds():
    east = timezone(timedelta(hours=5, minutes=30))
    assert record_time(datetime(2026, 1, 1, 2, 0, 0, 999_999, tzinfo=east)) == "2025-12-31T20:30:00.999Z"


class Forgetful(MemoryStorage):
    """A store in which something goes wrong between writing and reading back."""

    fault = None

    @contextmanager
    def begin(self):
        with super().begin() as transaction:
            yield _Forgetful(transaction._state, self.fault)


class _Forgetful(MemoryTransaction):
    def __init__(self, state, fault):
        super().__init__(state)
        self._fault = fault

    def put_entries(self, first, items):
        items = list(items)
        super().put_entries(first, items if self._fault is None else self._fault(items))


@pytest.mark.parametrize(
    ("fault", "seq"),
    [
        (lambda items: [bytes([items[0][0] ^ 1]) + items[0][1:], *items[1:]], 3),
        (lambda items: [*items[:-1], items[-1][:-1] + b"]"], 5),
        (lambda items: [items[1], items[0], items[2]], 3),
        (lambda items: items[:-1], 3),
        (lambda items: [*items, items[-1]], 6),
        (lambda items: [], 3),
    ],
    ids=["bit flipped", "last byte", "swapped", "one lost", "one too many", "all lost"],
)
def test_nothing_is_signed_that_the_store_gives_back_differently(fault, seq, site_key, make_clock, make_drafts):
    store = Forgetful()
    log = Log.create(store, site_key, make_clock(), None, "x")
    log.append(make_drafts(1, 2))
    with store.snapshot() as view:
        before = list(view.entries()), view.head(), list(view.tiles())
    store.fault = fault
    with pytest.raises(Untrue, match="gave back") as refused:
        log.append(make_drafts(3, 3))
    assert refused.value.seq == seq
    with store.snapshot() as view:
        assert (list(view.entries()), view.head(), list(view.tiles())) == before
    store.fault = None
    assert log.append(make_drafts(3, 3)).head.size == 6


def damage(place, statement, *values):
    connection = sqlite3.connect(place.path, isolation_level=None)
    connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize(
    ("size", "statement"),
    [
        (5, "UPDATE entry SET bytes = CAST(bytes || ' ' AS BLOB) WHERE seq = 4"),
        (256, "UPDATE entry SET bytes = CAST(bytes || ' ' AS BLOB) WHERE seq = 255"),
        (5, "DELETE FROM entry WHERE seq = 4"),
        (5, "UPDATE tile SET data = zeroblob(160)"),
        (5, "UPDATE tile SET data = substr(data, 1, 128)"),
        (5, "DELETE FROM tile"),
        (256, "UPDATE tile SET data = zeroblob(8192) WHERE level = 0"),
        (5, "DELETE FROM checkpoint"),
        (5, "UPDATE checkpoint SET note = 'x'"),
        (5, "UPDATE checkpoint SET note = replace(note, 'dc1', 'dc2')"),
        (
            5,
            "UPDATE checkpoint SET note = replace(note, char(10) || '5' || char(10), char(10) || '4' || char(10))",
        ),
    ],
)
def test_a_log_does_not_continue_what_does_not_hold(place, make_drafts, size, statement):
    place.log.append(make_drafts(1, size - 1))
    damage(place, statement)
    with pytest.raises(Untrue):
        place.open()


def test_a_log_signed_by_another_key_is_not_continued(place, make_key):
    with pytest.raises(Untrue, match="not to be believed"):
        place.open(key=make_key(seed=2))
    with pytest.raises(Untrue, match="dc1"):
        place.open(key=make_key("acme.example/dc2"))


def test_a_store_without_a_log_cannot_be_opened(site_key, make_clock):
    with pytest.raises(Untrue, match="no checkpoint"):
        Log(MemoryStorage(), site_key, make_clock(), None)


def test_a_signed_head_of_nothing_is_not_continued(site_key, make_clock):
    store = MemoryStorage()
    with store.begin() as transaction:
        transaction.put_head(
            0, sign_checkpoint(Checkpoint(site_key.origin, 0, root_of([])), [site_key.signer]), "d", keep=True
        )
    with pytest.raises(Untrue, match="empty"):
        Log(store, site_key, make_clock(), None)


def older_copy(store):
    twin = MemoryStorage()
    with store.snapshot() as view:
        twin._state = view._state
    return twin


def test_a_store_replaced_by_an_older_copy_is_noticed_again_and_again(site_key, make_clock, make_drafts):
    store = MemoryStorage()
    log = Log.create(store, site_key, make_clock(), None, "x")
    log.append(make_drafts(1, 3))
    old = older_copy(store)
    log.append(make_drafts(4, 3))
    newest = store._state
    store._state = old._state
    for _ in range(2):
        with pytest.raises(RolledBack, match="4 entries"):
            log.append(make_drafts(7, 1))
    # The older copy went on by itself, past what this log knows.
    Log(old, site_key, make_clock(), None).append(make_drafts(50, 9))
    store._state = old._state
    for _ in range(2):
        with pytest.raises(RolledBack, match="first 7 entries"):
            log.append(make_drafts(7, 1))
    store._state = newest
    assert log.append(make_drafts(7, 1)).head.size == 8


def test_a_log_shorter_than_its_pin_or_at_odds_with_it_is_not_continued(
    site_key, make_clock, make_drafts, tmp_path
):
    store = MemoryStorage()
    log = Log.create(store, site_key, make_clock(), tmp_path, "x")
    log.append(make_drafts(1, 3))
    old = older_copy(store)
    log.append(make_drafts(4, 3))
    with pytest.raises(RolledBack, match="7 were seen"):
        Log(old, site_key, make_clock(), tmp_path)
    Log(old, site_key, make_clock(), None).append(make_drafts(50, 3))
    with pytest.raises(RolledBack, match="contradicts"):
        Log(old, site_key, make_clock(), tmp_path)
    assert Log(store, site_key, make_clock(), tmp_path).size == 7


def test_a_writer_that_waits_too_long_says_so_and_changes_nothing(place, make_drafts, monkeypatch):
    monkeypatch.setattr(sqlite, "LOCK_WAIT", 0.05)
    other = place.open()

    def derive(transaction, first):
        with pytest.raises(Locked):
            other.append(make_drafts(9, 1))

    place.log.append(make_drafts(1, 1), derive=derive)
    assert other.append(make_drafts(2, 1)).first == 2


def test_a_log_opened_for_reading_cannot_be_written(place, site_key, make_drafts):
    log = Log(place.take(SqliteStorage(place.path, writable=False)), site_key, place.clock, None)
    with pytest.raises(Unreadable, match="for reading"):
        log.append(make_drafts(1, 1))


def test_the_head_of_each_day_and_those_to_keep_stay(site_key, make_clock, make_drafts):
    store = MemoryStorage()
    log = Log.create(store, site_key, make_clock(minutes=8 * 60), None, "x")
    for number in range(1, 8):
        log.append(make_drafts(number, 1), keep=number == 5)
    with store.snapshot() as view:
        sizes = [size for size, _ in view.checkpoints()]
        heads = [parse_checkpoint(note).head for _, note in view.checkpoints()]
        leaves = [leaf_hash(data) for _, data in view.entries()]
    # 16:15; then 00:15, 08:15, 16:15 of the next day; and so on.
    assert sizes == [1, 4, 6, 7, 8]
    assert [(head.size, head.root) for head in heads] == [(size, root_of(leaves[:size])) for size in sizes]


def test_a_pin_that_cannot_be_written_does_not_take_the_commit_back(tmp_path, site_key, make_clock, make_drafts):
    storage = SqliteStorage.create(tmp_path / "ledger.db")
    log = Log.create(storage, site_key, make_clock(), tmp_path / "home", "me")
    pin = tmp_path / "home" / "pins" / "acme.example" / "dc1.pin"
    pin.write_text("no note\n", encoding="utf-8")
    appended = log.append(make_drafts(1, 1))
    assert appended.head.size == log.size == 2
    assert "pin" in log.pin_fault
