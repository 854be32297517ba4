"""Read single entries of a log, each proven up to the signed root.

An `AuthenticReader` gives out nothing that it has not checked: (1) the head carries a signature that the policy
believes; (2) the tiles of the right edge give the signed root; (3) a full tile gives the hash that stands for
it one level above; (4) the hash of an entry's bytes stands in its tile. Tiles are checked once and remembered,
so an entry costs one hash after the first of its tile. Where somebody keeps the roots of the sixteenths of a tile
(`hints`, which need no trust), 30 hashes prove the sixteen leaves around an entry, instead of 255 for all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint
from ledger.chain.entry import Entry, parse_entry
from ledger.chain.errors import BadJson, Refused, RolledBack, Untrue
from ledger.chain.hashing import HASH_SIZE, leaf_hash
from ledger.chain.policy import Policy, believe
from ledger.chain.storage.base import View
from ledger.chain.tree import (
    TILE_BYTES,
    TILE_WIDTH,
    TileId,
    Tree,
    edge_of,
    reduce_bytes,
    tile_width,
)

GROUP: Final = 16
_GROUP_BYTES: Final = GROUP * HASH_SIZE
_REMEMBERED_TILES: Final = 4096
_REMEDY: Final = "trace verify"


class AuthenticReader:
    """Entries of one snapshot, proven.

    Args:
        view: The snapshot.
        origin: The origin that is expected.
        policy: The keys to believe.
        pin: The head seen before, if any: a shorter log is refused.
        key_seqs: Where entries on the life of keys are, from an index that need not be trusted: each is proven
            before the reader gives anything out. What it leaves out stays unknown.

    Raises:
        Untrue: The head is not to be believed, or the tree does not give its root.
        RolledBack: The log is shorter than the pin.
    """

    def __init__(
        self,
        view: View,
        *,
        origin: str,
        policy: Policy,
        pin: SignedCheckpoint | None = None,
        key_seqs: Sequence[int] = (),
    ) -> None:
        self._view = view
        self.key_entries = keys = _key_entries(view, key_seqs)
        self.policy = _follow_keys(origin, policy, keys)
        self.signed = _believed_head(view, origin, self.policy)
        self.head: Checkpoint = self.signed.head
        if pin is not None and pin.head.size > self.head.size:
            raise RolledBack(
                f"this ledger has {self.head.size} entries, but {pin.head.size} were seen before",
                seq=self.head.size,
                remedy=_REMEDY,
            )
        self._tiles: OrderedDict[TileId, bytes] = OrderedDict()
        self._parts: OrderedDict[int, tuple[bytes, bytes, set[int]]] = OrderedDict()
        self.hints: Callable[[int], bytes | None] | None = None
        self._edge: dict[TileId, bytes] = {}
        self._check_edge()
        for seq, data in keys:
            if seq >= self.size:
                raise Untrue(f"entry {seq} is not covered by the checkpoint", seq=seq, remedy=_REMEDY)
            self._checked(seq, data)

    @property
    def size(self) -> int:
        """Count the entries."""
        return self.head.size

    def entry(self, seq: int) -> Entry:
        """Read and prove one entry.

        Raises:
            Untrue: It is missing, or does not hold.
            IndexError: There is no such entry in the log.
        """
        return self.prove(seq, self._view.entry(seq))

    def prove(self, seq: int, data: bytes | None) -> Entry:
        """Prove bytes that were read as entry `seq`.

        Raises:
            As `entry`.
        """
        try:
            return parse_entry(self._checked(seq, data))
        except BadJson as error:
            raise Untrue(f"entry {seq} is signed but malformed: {error}", seq=seq, remedy=_REMEDY) from None

    def proven_bytes(self, seq: int) -> bytes:
        """Read the bytes of one entry and prove them.

        Raises:
            As `entry`.
        """
        return self._checked(seq, self._view.entry(seq))

    def _checked(self, seq: int, data: bytes | None) -> bytes:
        if not 0 <= seq < self.size:
            raise IndexError(f"the log has entries 0 to {self.size - 1}, asked for {seq}")
        if data is None:
            raise Untrue(f"entry {seq} is missing", seq=seq, remedy=_REMEDY)
        if self._leaf(seq) != leaf_hash(data):
            raise Untrue(f"the bytes of entry {seq} were changed after it was signed", seq=seq, remedy=_REMEDY)
        return data

    def check(self, seq: int, data: bytes | None) -> None:
        """Prove bytes that were read as entry `seq`, without reading what they say.

        Raises:
            As `entry`.
        """
        self._checked(seq, data)

    def _leaf(self, seq: int) -> bytes:
        """Give the hash that the signed root has for entry `seq`."""
        n, at = seq // TILE_WIDTH, seq % TILE_WIDTH * HASH_SIZE
        if self.hints is None or (0, n) in self._edge or (0, n) in self._tiles:
            return self.tile(0, n)[at : at + HASH_SIZE]
        part = self._parts.get(n) or self._open_part(n)
        if part is None:
            return self.tile(0, n)[at : at + HASH_SIZE]
        data, nodes, proven = part
        group = seq % TILE_WIDTH // GROUP
        if group not in proven:
            leaves, root = data[group * _GROUP_BYTES :][:_GROUP_BYTES], nodes[group * HASH_SIZE :][:HASH_SIZE]
            if reduce_bytes(leaves) != root:
                # Either the tile or the hint is wrong: the tile as a whole says which.
                return self.tile(0, n)[at : at + HASH_SIZE]
            proven.add(group)
        return data[at : at + HASH_SIZE]

    def _open_part(self, n: int) -> tuple[bytes, bytes, set[int]] | None:
        """Hold the hint for a tile against the hash of the tile; None: it is of no use."""
        nodes = self.hints(n) if self.hints is not None else None
        if nodes is None or len(nodes) != TILE_WIDTH // GROUP * HASH_SIZE:
            return None
        at = n % TILE_WIDTH * HASH_SIZE
        if reduce_bytes(nodes) != self.tile(1, n // TILE_WIDTH)[at : at + HASH_SIZE]:
            return None
        data = self._view.tile(0, n) or b""
        if len(data) != TILE_BYTES:
            return None
        part = self._parts[n] = (data, nodes, set())
        if len(self._parts) > _REMEMBERED_TILES:
            self._parts.popitem(last=False)
        return part

    def _check_edge(self) -> None:
        edge: list[bytes] = []
        for level, (n, _) in enumerate(edge_of(self.size)):
            edge.append(self._view.tile(level, n) or b"")
            self._edge[level, n] = edge[-1]
        try:
            root = Tree(self.size, edge).root()
        except ValueError as error:
            raise Untrue(f"the stored tree is damaged: {error}", remedy=_REMEDY) from None
        if root != self.head.root:
            raise Untrue(
                f"the stored tree does not give the root of the checkpoint of size {self.size}",
                remedy=_REMEDY,
            )

    def tile(self, level: int, n: int) -> bytes:
        """Give the hashes of one tile, proven up to the signed root.

        Raises:
            Untrue: The stored tile does not hold.
        """
        if (level, n) in self._edge:
            return self._edge[level, n]
        if (known := self._tiles.get((level, n))) is not None:
            self._tiles.move_to_end((level, n))
            return known
        above = self.tile(level + 1, n // TILE_WIDTH)
        at = n % TILE_WIDTH * HASH_SIZE
        data = self._view.tile(level, n) or b""
        full = len(data) == tile_width(self.size, level, n) * HASH_SIZE
        if not full or reduce_bytes(data) != above[at : at + HASH_SIZE]:
            first = n * TILE_WIDTH ** (level + 1)
            raise Untrue(f"the stored tree is damaged above entry {first}", seq=first, remedy=_REMEDY)
        self._tiles[level, n] = data
        if len(self._tiles) > _REMEMBERED_TILES:
            self._tiles.popitem(last=False)
        return data


def _key_entries(view: View, seqs: Sequence[int]) -> list[tuple[int, bytes]]:
    """Read the key entries; a log that has only the first says nothing that matters here."""
    if len(seqs) < 2:
        return []
    return [(seq, data) for seq in seqs if seq >= 0 and (data := view.entry(seq)) is not None]


def _follow_keys(origin: str, policy: Policy, keys: list[tuple[int, bytes]]) -> Policy:
    if not keys:
        return policy
    from ledger.chain.keyring import follow

    followed, faults = follow(policy, origin, keys)
    if faults:
        raise Untrue(faults[0].message, seq=faults[0].seq, remedy=_REMEDY)
    return followed


def _believed_head(view: View, origin: str, policy: Policy) -> SignedCheckpoint:
    note = view.head()
    if note is None:
        raise Untrue("the ledger has no checkpoint", remedy=_REMEDY)
    try:
        signed = parse_checkpoint(note)
        if signed.head.origin != origin:
            raise Refused(f"it is of {signed.head.origin}, expected {origin}")
        believe(signed, policy)
    except Refused as error:
        raise Untrue(f"the newest checkpoint is not to be believed: {error}", remedy=_REMEDY) from None
    return signed
