# SPDX-License-Identifier: Apache-2.0
"""The reader that gives out nothing unproven."""

import pytest

from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.entry import Draft
from ledger.chain.errors import RolledBack, Untrue
from ledger.chain.hashing import leaf_hash
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.memory import MemoryStorage, MemoryView
from ledger.chain.tree import reduce_perfect, split_hashes

SIZE = 600


@pytest.fixture
def store(site_key, make_clock, make_drafts):
    found = MemoryStorage()
    Log.create(found, site_key, make_clock(), None, "x").append(make_drafts(1, SIZE - 1))
    return found


@pytest.fixture
def open_reader(store, site_key, policy):
    def make(*, origin=site_key.origin, policy=policy, pin=None):
        return AuthenticReader(MemoryView(store._state), origin=origin, policy=policy, pin=pin)

    return make


def signed(key, size):
    return parse_checkpoint(sign_checkpoint(Checkpoint(key.origin, size, bytes(32)), [key.signer]))


def test_every_entry_is_read(open_reader):
    reader = open_reader()
    assert reader.size == SIZE
    assert [reader.entry(seq).seq for seq in reversed(range(SIZE))] == list(reversed(range(SIZE)))


@pytest.mark.parametrize("seq", [0, 255, 256, 511, 512, SIZE - 1])
def test_a_changed_or_missing_entry_is_refused_and_named(store, open_reader, seq):
    with store.edit() as (rows, _):
        whole = rows[seq]
        rows[seq] = whole.replace(b'"typed"', b'"piped"').replace(b'"scanned"', b'"typed"')
        with pytest.raises(Untrue) as fault:
            open_reader().entry(seq)
        assert fault.value.seq == seq
        del rows[seq]
        with pytest.raises(Untrue, match="missing"):
            open_reader().entry(seq)
        other = open_reader().entry((seq + 1) % SIZE)
    assert other.seq == (seq + 1) % SIZE


@pytest.mark.parametrize("seq", [0, 255, 256, 511, 512, SIZE - 1])
def test_stored_hashes_changed_with_the_entry_do_not_help(store, open_reader, seq):
    with store.edit() as (rows, tiles):
        rows[seq] = rows[seq][:-2] + b' "'
        n, at = divmod(seq, 256)
        tiles[0, n] = tiles[0, n][: at * 32] + leaf_hash(rows[seq]) + tiles[0, n][at * 32 + 32 :]
    with pytest.raises(Untrue):
        open_reader().entry(seq)
    if n < 2:  # a full tile: now with the node above it as well
        with store.edit() as (_, tiles):
            above = split_hashes(tiles[1, 0])
            above[n] = reduce_perfect(split_hashes(tiles[0, n]))
            tiles[1, 0] = b"".join(above)
        with pytest.raises(Untrue, match="root"):
            open_reader()


def test_d04_a_damaged_full_tile_is_refused_before_it_proves_anything(store, open_reader):
    with store.edit() as (_, tiles):
        whole = tiles[0, 0]
        for broken in (whole[:-1], whole[:-32], whole + bytes(32), bytes(32) + whole[32:], b"", whole[:32]):
            tiles[0, 0] = broken
            with pytest.raises(Untrue, match="damaged") as fault:
                open_reader().entry(100)
            assert fault.value.seq == 0
            assert open_reader().entry(256).seq == 256
        tiles.pop((0, 0))
        with pytest.raises(Untrue):
            open_reader().entry(0)


def test_an_entry_is_not_another_one(open_reader, store):
    reader = open_reader()
    with store.edit() as (rows, _), pytest.raises(Untrue):
        reader.prove(5, rows[6])


def test_a_signed_entry_that_is_no_entry_is_refused(site_key, make_clock, open_reader, store, policy):
    log = Log(store, site_key, make_clock(), None)
    log.append([Draft("event", b"{not json", "x", "typed")])
    with pytest.raises(Untrue, match="malformed") as fault:
        open_reader().entry(SIZE)
    assert fault.value.seq == SIZE


def test_heads_that_are_not_to_be_believed(store, open_reader, make_key, site_key):
    with pytest.raises(Untrue, match="expected"):
        open_reader(origin="acme.example/dc2")
    with pytest.raises(Untrue, match="no key"):
        open_reader(policy=Policy((make_key(seed=2).verifier,)))
    with pytest.raises(RolledBack) as fault:
        open_reader(pin=signed(site_key, SIZE + 1))
    assert fault.value.seq == SIZE
    with pytest.raises(RolledBack, match="contradicts"):
        open_reader(pin=signed(site_key, SIZE))
    with pytest.raises(RolledBack, match="contradicts"):
        open_reader(pin=signed(site_key, SIZE - 1))
    assert open_reader(pin=open_reader().signed).size == SIZE
    with store.begin() as transaction:
        transaction.put_head(SIZE, "nonsense", "2026-03-01", keep=False)
    with pytest.raises(Untrue, match="believed"):
        open_reader()
    with pytest.raises(Untrue, match="no checkpoint"), MemoryStorage().snapshot() as view:
        AuthenticReader(view, origin=site_key.origin, policy=Policy((site_key.verifier,)))


@pytest.mark.parametrize("hinted", [False, True])
def test_of_many_entries_the_one_that_does_not_hold_is_named(store, open_reader, hinted):
    """With the leaves at hand, and without: the same entries hold, and the same one does not."""
    leaves = [leaf_hash(MemoryView(store._state).entry(seq)) for seq in range(256)]
    roots = b"".join(reduce_perfect(leaves[at : at + 16]) for at in range(0, 256, 16))
    reader = open_reader()
    if hinted:
        reader.hints = lambda wanted: {
            (tile, part): (roots, b"".join(leaves[part * 16 : part * 16 + 16]))
            for tile, part in wanted
            if tile == 0
        }
    reader.prepare(range(300))
    entries = [(seq, MemoryView(store._state).entry(seq)) for seq in (3, 17, 200, 299)]
    reader.check_all(entries)
    for wrong in (17, 299):
        for data in (dict(entries)[3], None):
            with pytest.raises(Untrue) as fault:
                reader.check_all((seq, data if seq == wrong else whole) for seq, whole in entries)
            assert fault.value.seq == wrong
            some = reader.prove_some([(seq, data if seq == wrong else whole) for seq, whole in entries])
            assert list(some) == [seq for seq, _ in entries if seq != wrong]
            assert all(entry == reader.prove(seq, dict(entries)[seq]) for seq, entry in some.items())
