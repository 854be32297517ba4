"""Proofs of RFC 6962 / RFC 9162 trees: built from stored tiles, checked from hashes alone.

An inclusion proof shows that a leaf is under a root; a consistency proof shows that a later root only adds to an
earlier one. Checking follows RFC 9162 sections 2.1.3.2 and 2.1.4.2 step by step. Asking wrongly (an index outside
the tree) is a `ValueError`; a proof that does not hold is False.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ledger.chain.hashing import HASH_SIZE, node_hash
from ledger.chain.tree import TILE_HEIGHT, TILE_WIDTH, fold, reduce_perfect, split_hashes

ReadTile = Callable[[int, int], bytes]
MAX_PROOF = 64


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Check that `leaf` is leaf number `index` of the tree of `size` leaves under `root`.

    Requires 0 <= index < size, else the answer is False.
    """
    if not 0 <= index < size or len(proof) > MAX_PROOF or not _hashes(leaf, root, *proof):
        return False
    first, last = index, size - 1
    digest = leaf
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            digest = node_hash(sibling, digest)
            while not first & 1 and first:
                first >>= 1
                last >>= 1
        else:
            digest = node_hash(digest, sibling)
        first >>= 1
        last >>= 1
    return last == 0 and digest == root


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> bool:
    """Check that the tree of `size2` leaves under `root2` begins with the tree of `size1` under `root1`.

    Requires 0 < size1 < size2, or equal sizes, else the answer is False: an empty tree is a prefix of everything,
    so a proof from it would prove nothing. Trees of equal size are consistent where their roots are equal.
    """
    if size1 == size2:
        return size1 >= 0 and not proof and root1 == root2
    return 0 < size1 < size2 and verify_subtree_consistency(0, size1, size2, proof, root1, root2)


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], root1: bytes, root2: bytes
) -> bool:
    """Check that the leaves start to end - 1, under `root1`, are part of the tree of `size` leaves under `root2`.

    Requires 0 <= start < end <= size, and start a multiple of the power of two that holds the subtree, else the
    answer is False (draft-ietf-plants-merkle-tree-certs, section 4; with start 0 it is RFC 9162 section 2.1.4.2).
    """
    if not 0 <= start < end <= size or start % (1 << (end - start - 1).bit_length()):
        return False
    if len(proof) > MAX_PROOF or not _hashes(root1, root2, *proof):
        return False
    first, last, top = start, end - 1, size - 1
    # Up to the largest perfect subtree at the right end of the part; where that is all of it, its root is `root1`.
    while first != last and (last == top or last & 1):
        first, last, top = first >> 1, last >> 1, top >> 1
    path = list(proof)
    if first == last:
        path.insert(0, root1)
    if not path:
        return False
    digest1 = digest2 = path[0]
    for sibling in path[1:]:
        if top == 0:
            return False
        if last & 1 or last == top:
            if first < last:
                digest1 = node_hash(sibling, digest1)
            digest2 = node_hash(sibling, digest2)
            while not last & 1 and last:
                first, last, top = first >> 1, last >> 1, top >> 1
        else:
            digest2 = node_hash(digest2, sibling)
        first, last, top = first >> 1, last >> 1, top >> 1
    return top == 0 and digest1 == root1 and digest2 == root2


def prove_inclusion(read_tile: ReadTile, index: int, size: int) -> list[bytes]:
    """Build the inclusion proof of leaf `index` in the tree of `size` leaves.

    Args:
        read_tile: Gives the hashes of tile (level, n).
        index: Requires 0 <= index < size.
        size: Number of leaves.

    Raises:
        ValueError: The index lies outside the tree, or a tile is too short.
    """
    if not 0 <= index < size:
        raise ValueError(f"requires 0 <= index < size, got {index} and {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        cut = low + _split(high - low)
        if index < cut:
            path.append(range_root(read_tile, cut, high))
            high = cut
        else:
            path.append(range_root(read_tile, low, cut))
            low = cut
    path.reverse()
    return path


def prove_consistency(read_tile: ReadTile, size1: int, size2: int) -> list[bytes]:
    """Build the consistency proof between two sizes of one tree (RFC 6962 section 2.1.2).

    Args:
        read_tile: Gives the hashes of tile (level, n).
        size1: Requires 0 < size1 <= size2.
        size2: Number of leaves of the later tree.

    Raises:
        ValueError: The sizes are not in order, or a tile is too short.
    """
    if not 0 < size1 <= size2:
        raise ValueError(f"requires 0 < size1 <= size2, got {size1} and {size2}")
    path: list[bytes] = []
    low, high, whole = 0, size2, True
    while size1 != high:
        cut = low + _split(high - low)
        if size1 <= cut:
            path.append(range_root(read_tile, cut, high))
            high = cut
        else:
            path.append(range_root(read_tile, low, cut))
            low, whole = cut, False
    if not whole:
        path.append(range_root(read_tile, low, high))
    path.reverse()
    return path


def range_root(read_tile: ReadTile, low: int, high: int) -> bytes:
    """Compute the root over leaves low to high - 1; low is a multiple of the power of two below their number."""
    parts: list[bytes] = []
    while low < high:
        height = (high - low).bit_length() - 1
        parts.append(_subtree(read_tile, height, low >> height))
        low += 1 << height
    return fold(parts)


def _subtree(read_tile: ReadTile, height: int, index: int) -> bytes:
    level, above = divmod(height, TILE_HEIGHT)
    n, first = divmod(index << above, TILE_WIDTH)
    hashes = split_hashes(read_tile(level, n)[first * HASH_SIZE : (first + (1 << above)) * HASH_SIZE])
    if len(hashes) != 1 << above or len(hashes[-1]) != HASH_SIZE:
        raise ValueError(f"tile {level}/{n} is too short")
    return reduce_perfect(hashes)


def _split(width: int) -> int:
    """Give the largest power of two below the width (RFC 6962 section 2.1)."""
    return 1 << (width - 1).bit_length() - 1


def _hashes(*found: bytes) -> bool:
    return all(len(digest) == HASH_SIZE for digest in found)
