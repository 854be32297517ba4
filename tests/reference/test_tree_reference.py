# SPDX-License-Identifier: Apache-2.0
"""The fast tree against RFC 6962 section 2.1 written down naively: recursion over lists of entries.

MTH({}) = SHA-256()
MTH({d(0)}) = SHA-256(0x00 || d(0))
MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])), k the largest power of two smaller than n
"""

from functools import cache
from hashlib import sha256

import pytest

from ledger.chain.errors import Untrue
from ledger.chain.hashing import leaf_hash
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.memory import MemoryStorage
from ledger.chain.tree import Tree, edge_of, root_of, tile_width

MOST = 600


def datum(index):
    return f"entry {index}".encode()


@cache
def mth(start, stop):
    n = stop - start
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + datum(start)).digest()
    k = 1
    while k * 2 < n:
        k *= 2
    return sha256(b"\x01" + mth(start, start + k) + mth(start + k, stop)).digest()


def naive_tiles(size):
    """Cut every tile from the definition: hash i of tile (level, n) is over 256**level whole leaves."""
    found = {}
    for level in range(4):
        span = 256**level
        hashes = [mth(i * span, (i + 1) * span) for i in range(size // span)]
        for n in range(0, len(hashes), 256):
            found[level, n // 256] = b"".join(hashes[n : n + 256])
    return found


LEAVES = [leaf_hash(datum(i)) for i in range(MOST)]


def test_roots_of_all_small_sizes_one_at_a_time():
    tree = Tree()
    for size in range(MOST):
        assert tree.root() == mth(0, size), size
        assert tree.size == size
        tree.append(LEAVES[size])


def test_roots_of_all_small_sizes_at_once():
    assert [root_of(LEAVES[:size]) for size in range(MOST)] == [mth(0, size) for size in range(MOST)]


@pytest.mark.parametrize("step", [1, 7, 255, 256, 257, 300])
def test_tiles_of_a_tree_grown_in_steps_and_taken_up_from_its_edge(step):
    tiles = {}
    tree = Tree()
    for start in range(0, MOST, step):
        tree.extend(LEAVES[start : start + step])
        tiles |= tree.take_changed()
        size = tree.size
        if size % 50 < step or size % 256 < 2:
            assert tiles == naive_tiles(size), size
        # Another process takes it up from what is stored.
        tree = Tree(size, [tiles.get((level, n), b"") for level, (n, _) in enumerate(edge_of(size))])
        assert tree.root() == mth(0, size)
        assert {key: len(data) // 32 for key, data in tiles.items()} == {
            (level, n): tile_width(size, level, n) for level, n in tiles
        }


def test_a_copy_grows_alone():
    tree = Tree()
    tree.extend(LEAVES[:300])
    twin = tree.copy()
    twin.extend(LEAVES[300:])
    assert (tree.root(), twin.root()) == (mth(0, 300), mth(0, MOST))
    assert tree.take_changed() == naive_tiles(300)
    assert twin.take_changed() == naive_tiles(MOST)


@pytest.mark.parametrize("size", [1, 256, 300])
def test_an_edge_of_the_wrong_width_is_no_tree(size):
    tiles = naive_tiles(size)
    edge = [tiles.get((level, n), b"") for level, (n, _) in enumerate(edge_of(size))]
    for level in range(len(edge)):
        for wrong in (edge[level] + b"\0" * 32, edge[level][:-1] or b"\0"):
            with pytest.raises(ValueError, match="must hold"):
                Tree(size, [*edge[:level], wrong, *edge[level + 1 :]])


def test_around_the_first_tile_of_the_second_level():
    """65,536 leaves fill tile 1/0 and open level 2; the root of the perfect part is computed once."""
    edges = [65_535, 65_536, 65_537, 65_536 + 256, 65_536 + 257]
    leaves = [leaf_hash(datum(i)) for i in range(edges[-1])]
    one_by_one = Tree()
    done = 0
    tiles = {}
    for size in edges:
        for leaf in leaves[done:size]:
            one_by_one.append(leaf)
        tiles |= one_by_one.take_changed()
        done = size
        expected = mth(0, size)
        assert one_by_one.root() == expected
        assert root_of(leaves[:size]) == expected
    assert tiles == naive_tiles(edges[-1])
    assert {level for level, _ in tiles} == {0, 1, 2}


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 513, 600])
def test_the_reader_gives_what_the_definition_proves(size, site_key, make_clock, make_drafts):
    store = MemoryStorage()
    log = Log.create(store, site_key, make_clock(), None, "dock-3")
    if size > 1:
        log.append(make_drafts(1, size - 1))
    with store.snapshot() as view:
        entries = [data for _, data in view.entries()]
        reader = AuthenticReader(view, origin=site_key.origin, policy=Policy((site_key.verifier,)))
        assert reader.head.root == naive_root(entries)
        assert [reader.entry(seq).seq for seq in range(size)] == list(range(size))
        for seq in {0, size // 2, size - 1}:
            with pytest.raises(Untrue) as fault:
                reader.prove(seq, entries[seq][:-1] + b" ")
            assert fault.value.seq == seq
        for seq in (-1, size):
            with pytest.raises(IndexError):
                reader.entry(seq)


def naive_root(entries):
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()
