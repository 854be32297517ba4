# SPDX-License-Identifier: Apache-2.0
"""Proofs built from tiles against the recursive definitions of RFC 6962 section 2.1, for every pair of sizes."""

from hashlib import sha256

import pytest

from ledger.chain.proof import (
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
)
from ledger.chain.tree import Tree, root_of

LEAVES = [sha256(b"leaf %d" % number).digest() for number in range(700)]


def naive_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    cut = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:cut]) + naive_root(leaves[cut:])).digest()


def split(width):
    cut = 1
    while cut * 2 < width:
        cut *= 2
    return cut


def naive_path(index, leaves):
    if len(leaves) == 1:
        return []
    cut = split(len(leaves))
    if index < cut:
        return [*naive_path(index, leaves[:cut]), naive_root(leaves[cut:])]
    return [*naive_path(index - cut, leaves[cut:]), naive_root(leaves[:cut])]


def naive_consistency(size, leaves, whole=True):
    if size == len(leaves):
        return [] if whole else [naive_root(leaves)]
    cut = split(len(leaves))
    if size <= cut:
        return [*naive_consistency(size, leaves[:cut], whole), naive_root(leaves[cut:])]
    return [*naive_consistency(size - cut, leaves[cut:], False), naive_root(leaves[:cut])]


def tiles_of(size):
    tree = Tree()
    tree.extend(LEAVES[:size])
    return tree.take_changed()


SIZES = [1, 2, 3, 4, 5, 7, 8, 13, 64, 255, 256, 257, 300, 512, 513, 700]


@pytest.mark.parametrize("size", SIZES)
def test_inclusion_proofs_are_those_of_the_definition(size):
    tiles = tiles_of(size)
    root = root_of(LEAVES[:size])
    assert root == naive_root(LEAVES[:size])
    for index in sorted({0, 1, size // 3, size // 2, size - 2, size - 1, 254, 255, 256, 257} & set(range(size))):
        path = prove_inclusion(lambda level, n: tiles[level, n], index, size)
        assert path == naive_path(index, LEAVES[:size])
        assert verify_inclusion(index, size, LEAVES[index], path, root)
        for other in {index ^ 1, size - 1 - index} - {index}:
            assert not verify_inclusion(other, size, LEAVES[index], path, root)
        for at in range(len(path)):
            bent = [*path[:at], bytes(32), *path[at + 1 :]]
            assert not verify_inclusion(index, size, LEAVES[index], bent, root)
            assert not verify_inclusion(index, size, LEAVES[index], path[:at] + path[at + 1 :], root)
        assert not verify_inclusion(index, size, LEAVES[index], [*path, bytes(32)], root)


@pytest.mark.parametrize("size", SIZES)
def test_consistency_proofs_are_those_of_the_definition(size):
    tiles = tiles_of(size)
    root = root_of(LEAVES[:size])
    for first in sorted({1, 2, 3, size // 2, size - 1, size, 255, 256, 257, 512} & set(range(1, size + 1))):
        earlier = root_of(LEAVES[:first])
        proof = prove_consistency(lambda level, n: tiles[level, n], first, size)
        assert proof == naive_consistency(first, LEAVES[:size])
        assert verify_consistency(first, size, proof, earlier, root)
        assert not verify_consistency(first, size, [*proof, bytes(32)], earlier, root)
        assert not verify_consistency(first, size, proof, bytes(32), root)
        assert not verify_consistency(first, size, proof, earlier, bytes(32))
        for at in range(len(proof)):
            bent = [*proof[:at], bytes(32), *proof[at + 1 :]]
            assert not verify_consistency(first, size, bent, earlier, root)


def naive_subtree(start, end, leaves, known=True):
    """The definition: draft-ietf-plants-merkle-tree-certs, subtree consistency proofs."""
    if (start, end) == (0, len(leaves)):
        return [] if known else [root_of(leaves)]
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    if end <= cut:
        return [*naive_subtree(start, end, leaves[:cut], known), root_of(leaves[cut:])]
    if cut <= start:
        return [*naive_subtree(start - cut, end - cut, leaves[cut:], known), root_of(leaves[:cut])]
    return [*naive_subtree(0, end - cut, leaves[cut:], False), root_of(leaves[:cut])]


def test_subtree_proofs_are_those_of_the_definition():
    proven = 0
    for size in range(1, 34):
        leaves = LEAVES[:size]
        root = root_of(leaves)
        for end in range(1, size + 1):
            for start in range(end):
                part = root_of(leaves[start:end])
                aligned = start % (1 << (end - start - 1).bit_length()) == 0
                proof = naive_subtree(start, end, leaves) if aligned else []
                holds = verify_subtree_consistency(start, end, size, proof, part, root)
                assert holds is aligned
                if not aligned:
                    continue
                proven += 1
                assert not verify_subtree_consistency(start, end, size, [*proof, bytes(32)], part, root)
                assert not verify_subtree_consistency(start, end, size, proof, bytes(32), root)
                assert not verify_subtree_consistency(start, end, size, proof, part, bytes(32))
                for at in range(len(proof)):
                    bent = [*proof[:at], bytes(32), *proof[at + 1 :]]
                    assert not verify_subtree_consistency(start, end, size, bent, part, root)
    assert proven > 1500


def test_asking_outside_the_tree_is_an_error_and_proves_nothing():
    tiles = tiles_of(3)
    for index, size in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(ValueError, match="requires"):
            prove_inclusion(lambda level, n: tiles[level, n], index, size)
        assert not verify_inclusion(index, size, LEAVES[0], [], LEAVES[0])
    for first, size in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="requires"):
            prove_consistency(lambda level, n: tiles[level, n], first, size)
        assert not verify_consistency(first, size, [], LEAVES[0], LEAVES[0])
