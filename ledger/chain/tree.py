"""The Merkle tree of RFC 6962, stored in the tiles of C2SP `tlog-tiles`.

A tile at level L, number N holds up to 256 hashes; its hash i is the root of the perfect subtree of
256**L leaves that starts at leaf (N * 256 + i) * 256**L. Level 0 holds leaf hashes. Only the last tile of a
level may be partial.

::

    level 1   tile 0: [ root of tile 0/0 | root of tile 0/1 |      ]        partial
    level 0   tile 0: [ 256 leaf hashes ]  tile 1: [ 256 ]  tile 2: [ 17 ]  partial
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from ledger.chain.hashing import EMPTY_ROOT, HASH_SIZE, node_hash

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_BYTES: Final = TILE_WIDTH * HASH_SIZE

TileId = tuple[int, int]


def split_hashes(data: bytes) -> list[bytes]:
    """Cut the bytes of a tile into its hashes."""
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


def reduce_perfect(hashes: Sequence[bytes]) -> bytes:
    """Compute the root over a number of hashes that is a power of two, at least 1."""
    level = hashes
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


def reduce_bytes(data: bytes) -> bytes:
    """As `reduce_perfect`, over hashes that lie one behind the other."""
    while len(data) > HASH_SIZE:
        pairs = range(0, len(data), 2 * HASH_SIZE)
        data = b"".join([sha256(b"\x01" + data[at : at + 2 * HASH_SIZE]).digest() for at in pairs])
    return data


def _merge(stack: list[tuple[int, bytes]], height: int, digest: bytes) -> None:
    while stack and stack[-1][0] == height:
        digest = node_hash(stack.pop()[1], digest)
        height += 1
    stack.append((height, digest))


def fold(roots: Iterable[bytes]) -> bytes:
    """Fold perfect subtrees, largest first, into the root of the whole tree; no subtree: the empty root."""
    acc: bytes | None = None
    for digest in reversed(list(roots)):
        acc = digest if acc is None else node_hash(digest, acc)
    return EMPTY_ROOT if acc is None else acc


class Tree:
    """A growing tree: it keeps the right edge and says which tiles changed.

    Args:
        size: The number of leaves so far.
        edge: For each level, lowest first, the bytes of its partial last tile (may be empty); as
            `edge_of` names them for that size.
    """

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        self.size = size
        self._edge: list[bytearray] = []
        self._stacks: list[list[tuple[int, bytes]]] = []
        self._counts: list[int] = []
        for level, (n, width) in enumerate(edge_of(size)):
            data = edge[level]
            if len(data) != width * HASH_SIZE:
                raise ValueError(f"tile {level}/{n} must hold {width} hashes, got {len(data)} bytes")
            stack: list[tuple[int, bytes]] = []
            for digest in split_hashes(data):
                _merge(stack, 0, digest)
            self._edge.append(bytearray(data))
            self._stacks.append(stack)
            self._counts.append(n)
        self._changed: dict[TileId, bytes] = {}

    def append(self, digest: bytes) -> None:
        """Add one leaf hash."""
        self.size += 1
        self._push(0, digest)

    def extend(self, digests: Sequence[bytes]) -> None:
        """Add many leaf hashes; whole tiles are reduced level by level, which is twice as fast."""
        start, total = 0, len(digests)
        while start < total:
            if total - start >= TILE_WIDTH and not (self._edge and self._edge[0]):
                tile = digests[start : start + TILE_WIDTH]
                self._open_level(0)
                self._close_tile(0, b"".join(tile), reduce_perfect(tile))
                start += TILE_WIDTH
                self.size += TILE_WIDTH
            else:
                self.append(digests[start])
                start += 1

    def root(self) -> bytes:
        """Compute the root over all leaves so far."""
        return fold(digest for stack in reversed(self._stacks) for _, digest in stack)

    def copy(self) -> Tree:
        """Make an independent tree of the same leaves, in time that does not depend on their number."""
        twin = Tree()
        twin.size = self.size
        twin._edge = [bytearray(data) for data in self._edge]
        twin._stacks = [list(stack) for stack in self._stacks]
        twin._counts = list(self._counts)
        twin._changed = dict(self._changed)
        return twin

    def take_full(self) -> dict[TileId, bytes]:
        """Give the tiles that were filled since the last call."""
        changed, self._changed = self._changed, {}
        return changed

    def take_changed(self) -> dict[TileId, bytes]:
        """Give the tiles that changed since the last call, the partial ones included."""
        changed = self.take_full()
        for level, data in enumerate(self._edge):
            if data:
                changed[level, self._counts[level]] = bytes(data)
        return changed

    def _open_level(self, level: int) -> None:
        while len(self._edge) <= level:
            self._edge.append(bytearray())
            self._stacks.append([])
            self._counts.append(0)

    def _push(self, level: int, digest: bytes) -> None:
        self._open_level(level)
        edge, stack = self._edge[level], self._stacks[level]
        edge += digest
        _merge(stack, 0, digest)
        if len(edge) == TILE_BYTES:
            self._close_tile(level, bytes(edge), stack[0][1])

    def _close_tile(self, level: int, data: bytes, root: bytes) -> None:
        self._changed[level, self._counts[level]] = data
        self._counts[level] += 1
        self._edge[level].clear()
        self._stacks[level].clear()
        self._push(level + 1, root)


def edge_of(size: int) -> Iterator[tuple[int, int]]:
    """Name the partial last tile of each level, lowest first, as (number, hashes in it).

    A level whose tiles are all full has an empty last tile (0 hashes), as long as a level above it exists.

    >>> list(edge_of(0)), list(edge_of(3)), list(edge_of(256)), list(edge_of(700))
    ([], [(0, 3)], [(1, 0), (0, 1)], [(2, 188), (0, 2)])
    """
    count = size
    while count:
        yield count // TILE_WIDTH, count % TILE_WIDTH
        count //= TILE_WIDTH


def tile_width(size: int, level: int, n: int) -> int:
    """Tell how many hashes tile (level, n) holds in a tree of that size; 0: there is no such tile."""
    count = size >> (TILE_HEIGHT * level)
    return max(0, min(TILE_WIDTH, count - n * TILE_WIDTH))


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Compute the root over a list of leaf hashes."""
    tree = Tree()
    tree.extend(leaf_hashes)
    return tree.root()
