# SPDX-License-Identifier: Apache-2.0
"""The promises of `storage.base`, one suite over every store."""

import threading
from contextlib import ExitStack

import pytest

from ledger.chain.entry import Attachment
from ledger.chain.errors import Locked, Unreadable
from ledger.chain.storage import memory, sqlite
from ledger.chain.storage.memory import MemoryStorage
from ledger.chain.storage.sqlite import SqliteStorage

GREATEST = 2**63 - 1


class Stores:
    """One store and as many more handles on it as a test asks for, as other processes would have."""

    def __init__(self, kind, path, stack):
        self._kind, self._path, self._stack = kind, path, stack
        self._first = None

    def handle(self):
        if self._kind == "memory":
            self._first = self._first or MemoryStorage()
            return self._first
        if self._first is None:
            self._first = store = SqliteStorage.create(self._path)
        else:
            store = SqliteStorage(self._path, writable=True)
        self._stack.callback(store.close)
        return store


@pytest.fixture(params=["memory", "sqlite"])
def stores(request, tmp_path):
    with ExitStack() as stack:
        yield Stores(request.param, tmp_path / "ledger.db", stack)


@pytest.fixture
def store(stores):
    return stores.handle()


def put(store, first, *items):
    with store.begin() as transaction:
        transaction.put_entries(first, items)


def test_what_is_not_there_is_none_or_empty(store):
    with store.snapshot() as view:
        assert (view.entry(0), view.entry(-1), view.entry(2**63), view.entry(2**80)) == (None,) * 4
        assert (view.tile(0, 0), view.head(), view.attachment(b"\0" * 32)) == (None, None, None)
        assert (list(view.entries()), list(view.tiles()), list(view.checkpoints())) == ([], [], [])


def test_entries_come_in_order_and_in_half_open_ranges(store):
    put(store, 3, b"d", b"e", b"")
    put(store, 0, b"a", b"b", b"c")
    whole = [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"d"), (4, b"e"), (5, b"")]
    with store.snapshot() as view:
        assert list(view.entries()) == whole
        assert list(view.entries(2)) == whole[2:]
        assert list(view.entries(None, 2)) == whole[:2]
        assert list(view.entries(1, 4)) == whole[1:4]
        assert list(view.entries(4, 99)) == whole[4:]
        assert list(view.entries(3, 3)) == list(view.entries(4, 1)) == list(view.entries(6)) == []
        assert view.entry(5) == b""
        assert type(view.entry(0)) is bytes


def test_numbers_at_the_edge_of_what_a_row_may_have_are_given_as_they_lie(store):
    put(store, -(2**63), b"low")
    put(store, GREATEST, b"high")
    with store.snapshot() as view:
        assert [seq for seq, _ in view.entries()] == [-(2**63), GREATEST]
        assert list(view.entries(0)) == list(view.entries(GREATEST)) == [(GREATEST, b"high")]
        assert list(view.entries(0, 2**64)) == [(GREATEST, b"high")]
        assert list(view.entries(None, 0)) == list(view.entries(-(2**70), 0)) == [(-(2**63), b"low")]
        assert list(view.entries(0, GREATEST)) == list(view.entries(2**63)) == []


def test_a_number_that_is_taken_is_a_fault_and_changes_nothing(store):
    put(store, 0, b"a", b"b")
    with pytest.raises(Unreadable):
        put(store, 1, b"other", b"c")
    with store.snapshot() as view:
        assert list(view.entries()) == [(0, b"a"), (1, b"b")]


def test_tiles_replace_and_come_in_order(store):
    with store.begin() as transaction:
        transaction.put_tiles({(1, 0): b"x", (0, 2): b"y", (0, 0): b"old"})
    with store.begin() as transaction:
        transaction.put_tiles({(0, 0): b"new"})
        assert transaction.tile(0, 0) == b"new"
    with store.snapshot() as view:
        assert list(view.tiles()) == [(0, 0, b"new"), (0, 2, b"y"), (1, 0, b"x")]
        assert view.tile(0, 1) is None


def test_attachments_may_be_put_twice(store):
    first, second = Attachment(b"1" * 32, b"salt", b"one"), Attachment(b"2" * 32, b"salt", b"two")
    for items in ([first], [second, first]):
        with store.begin() as transaction:
            transaction.put_attachments(items)
            assert transaction.attachment(first.digest) == first
    with store.snapshot() as view:
        assert (view.attachment(first.digest), view.attachment(second.digest)) == (first, second)


def test_a_snapshot_never_sees_a_later_commit(stores):
    writer, reader = stores.handle(), stores.handle()
    put(writer, 0, b"a")
    with reader.snapshot() as view:
        # Nothing was read yet: the picture is of when the snapshot began all the same.
        with writer.begin() as transaction:
            transaction.put_entries(1, [b"b"])
            transaction.put_tiles({(0, 0): b"tile"})
            transaction.put_head(2, "note", "2026-03-01", keep=False)
            transaction.put_attachments([Attachment(b"1" * 32, b"s", b"d")])
        assert list(view.entries()) == [(0, b"a")]
        assert (view.entry(1), view.tile(0, 0), view.head()) == (None, None, None)
        assert view.attachment(b"1" * 32) is None
    with reader.snapshot() as view:
        assert (view.entry(1), view.tile(0, 0), view.head()) == (b"b", b"tile", "note")


def test_an_open_transaction_is_seen_by_itself_alone(stores):
    writer, reader = stores.handle(), stores.handle()
    with writer.begin() as transaction:
        transaction.put_entries(0, [b"a"])
        assert list(transaction.entries()) == [(0, b"a")]
        with reader.snapshot() as view:
            assert view.entry(0) is None


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_an_exception_takes_everything_back(store, fault):
    put(store, 0, b"a")

    def write_and_fail():
        with store.begin() as transaction:
            transaction.put_entries(1, [b"b"])
            transaction.put_tiles({(0, 0): b"tile"})
            transaction.put_head(2, "note", "2026-03-01", keep=True)
            transaction.put_attachments([Attachment(b"1" * 32, b"s", b"d")])
            raise fault

    with pytest.raises(fault):
        write_and_fail()
    with store.snapshot() as view:
        assert list(view.entries()) == [(0, b"a")]
        assert (list(view.tiles()), list(view.checkpoints())) == ([], [])
        assert view.attachment(b"1" * 32) is None
    put(store, 1, b"again")
    with store.snapshot() as view:
        assert view.entry(1) == b"again"


def test_of_the_heads_the_newest_the_kept_and_the_last_of_each_day_stay(store):
    heads = [
        (1, "2026-03-01", True),
        (5, "2026-03-01", False),
        (9, "2026-03-01", False),
        (12, "2026-03-02", False),
        (13, "2026-03-02", True),
        (14, "2026-03-02", False),
        (20, "2026-03-02", False),
        (21, "2026-03-04", False),
        (22, "2026-03-04", False),
    ]
    for size, day, keep in heads:
        with store.begin() as transaction:
            transaction.put_head(size, f"note {size}", day, keep=keep)
        with store.snapshot() as view:
            assert view.head() == f"note {size}"
    with store.snapshot() as view:
        assert list(view.checkpoints()) == [(size, f"note {size}") for size in (1, 9, 13, 20, 22)]


def test_a_checkpoint_that_left_the_house_stays_for_ever(store):
    def put_head(size):
        with store.begin() as transaction:
            transaction.put_head(size, f"note {size}", "2026-03-01", keep=False)

    put_head(3)
    with store.begin() as transaction:
        transaction.keep_checkpoint(3, "note 3")
    put_head(5)
    put_head(8)
    # A newer head has replaced this one meanwhile: it comes back.
    with store.begin() as transaction:
        transaction.keep_checkpoint(5, "note 5")
        transaction.keep_checkpoint(5, "note 5")
    put_head(9)
    with store.snapshot() as view:
        assert view.head() == "note 9"
        assert list(view.checkpoints()) == [(size, f"note {size}") for size in (3, 5, 9)]


def test_a_head_of_the_same_size_takes_the_place_of_the_one_before(store):
    for note in ("one", "two"):
        with store.begin() as transaction:
            transaction.put_head(4, note, "2026-03-01", keep=False)
    with store.snapshot() as view:
        assert list(view.checkpoints()) == [(4, "two")]


def test_a_second_writer_gives_up_after_the_stated_time(stores, monkeypatch):
    monkeypatch.setattr(memory, "_WAIT", 0.05)
    monkeypatch.setattr(sqlite, "LOCK_WAIT", 0.05)
    one, two = stores.handle(), stores.handle()
    with one.begin() as transaction:
        transaction.put_entries(0, [b"a"])
        with pytest.raises(Locked), two.begin():
            pass
    put(two, 1, b"b")
    with one.snapshot() as view:
        assert list(view.entries()) == [(0, b"a"), (1, b"b")]


def test_a_second_writer_waits_for_the_first(stores):
    one = stores.handle()
    stores.handle()  # so that a store on disk is there before the other thread opens it
    began = threading.Event()
    faults = []

    def write():
        try:
            # A handle on disk belongs to the thread that opened it.
            other = one if isinstance(one, MemoryStorage) else SqliteStorage(one.path, writable=True)
            began.set()
            with other.begin() as transaction:
                transaction.put_entries(1, [b"seen first: " + (transaction.entry(0) or b"nothing")])
            other.close()
        except BaseException as fault:  # noqa: BLE001 - handed to the main thread
            faults.append(fault)

    thread = threading.Thread(target=write)
    with one.begin() as transaction:
        thread.start()
        assert began.wait(timeout=30)
        transaction.put_entries(0, [b"a"])
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert faults == []
    with one.snapshot() as view:
        assert view.entry(1) == b"seen first: a"


def test_attachments_that_are_dropped_are_gone_for_good(store):
    kept, gone = (Attachment(bytes([n]) * 32, bytes([n + 1]) * 16, b"%d is a value" % n) for n in (7, 9))
    with store.begin() as transaction:
        transaction.put_attachments([kept, gone])
    with store.begin() as transaction:
        transaction.drop_attachments([gone.digest, b"never there"])
    assert store.scrub([gone.salt, gone.data])
    assert store.scrub([])
    assert not store.scrub([kept.salt])
    with store.snapshot() as view:
        assert (view.attachment(gone.digest), view.attachment(kept.digest)) == (None, kept)
