"""Read single entries of a log, each proven up to the signed root.

An `AuthenticReader` gives out nothing that it has not checked: (1) the head carries a signature that the policy
believes; (2) the tiles of the right edge give the signed root; (3) a full tile gives the hash that stands for
it one level above; (4) the hash of an entry's bytes stands in its tile. Tiles are checked once and remembered,
so an entry costs one hash after the first of its tile. Where somebody keeps the roots of the sixteenths of a tile
(`hints`, which need no trust), 30 hashes prove the sixteen leaves around an entry, instead of 255 for all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint
from ledger.chain.continuity import refuse_other_history
from ledger.chain.entry import Entry, parse_entry
from ledger.chain.errors import BadJson, Refused, Untrue
from ledger.chain.hashing import HASH_SIZE, leaf_hash
from ledger.chain.policy import Policy, believe
from ledger.chain.storage.base import View
from ledger.chain.tree import (
    TILE_WIDTH,
    TileId,
    Tree,
    edge_of,
    reduce_bytes,
    tile_width,
)

GROUP: Final = 16
_GROUPS: Final = TILE_WIDTH // GROUP
_GROUP_BYTES: Final = GROUP * HASH_SIZE
_REMEMBERED_TILES: Final = 4096
# For sixteenths of tiles: the roots of all sixteenths of the tile, and the leaves of the one; whatever is known.
Hints = Callable[[Sequence[tuple[int, int]]], Mapping[tuple[int, int], tuple[bytes, bytes]]]
_REMEDY: Final = "trace verify"


class AuthenticReader:
    """Entries of one snapshot, proven.

    Args:
        view: The snapshot.
        origin: The origin that is expected.
        policy: The keys to believe.
        pin: The head seen before, if any: a log that is shorter, or does not continue it, is refused.
        key_seqs: Where entries on the life of keys are, from an index that need not be trusted: each is proven
            before the reader gives anything out. What it leaves out stays unknown.

    Raises:
        Untrue: The head is not to be believed, or the tree does not give its root.
        RolledBack: The log is shorter than the pin, or contradicts it.
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
        self.pinned = pin is not None
        self._tiles: OrderedDict[TileId, bytes] = OrderedDict()
        self._nodes: OrderedDict[int, bytes] = OrderedDict()
        self._leaves: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self.hints: Hints | None = None
        self._edge: dict[TileId, bytes] = {}
        self._check_edge()
        if pin is not None:
            refuse_other_history(self.tile, pin.head, self.head)
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

    def check_all(self, entries: Iterable[tuple[int, bytes | None]]) -> None:
        """Prove many, most of which `prepare` has seen.

        Raises:
            As `entry`.
        """
        proven = self._leaves
        for seq, data in entries:
            leaves = proven.get(divmod(seq // GROUP, _GROUPS))
            at = seq % GROUP * HASH_SIZE
            if leaves is None or data is None or leaf_hash(data) != leaves[at : at + HASH_SIZE]:
                self._checked(seq, data)  # which proves it by the tile, or says what does not hold

    def prove_some(self, entries: Iterable[tuple[int, bytes | None]]) -> dict[int, Entry]:
        """Prove many, most of which `prepare` has seen; what does not hold is left out.

        Raises:
            IndexError: There is no such entry in the log.
        """
        found: dict[int, Entry] = {}
        proven = self._leaves
        for seq, data in entries:
            leaves = proven.get(divmod(seq // GROUP, _GROUPS))
            at = seq % GROUP * HASH_SIZE
            try:
                if leaves is None or data is None or leaf_hash(data) != leaves[at : at + HASH_SIZE]:
                    data = self._checked(seq, data)
                found[seq] = parse_entry(data)
            except (Untrue, BadJson):
                continue
        return found

    def prepare(self, seqs: Iterable[int]) -> None:
        """Prove the leaves around many entries at once, as far as hints help; `check` says what does not hold."""
        if self.hints is None:
            return
        groups = {divmod(seq // GROUP, _GROUPS) for seq in seqs if 0 <= seq < self.size}
        wanted = [one for one in groups if one not in self._leaves and self._is_hinted(one[0])]
        for (n, part), (nodes, leaves) in self.hints(sorted(wanted)).items():
            if self._nodes.get(n) != nodes:
                if len(nodes) != _GROUPS * HASH_SIZE or reduce_bytes(nodes) != self._hash_of(n):
                    continue
                self._nodes[n] = nodes
            if len(leaves) == _GROUP_BYTES and reduce_bytes(leaves) == nodes[part * HASH_SIZE :][:HASH_SIZE]:
                self._leaves[n, part] = leaves
        for known in (self._nodes, self._leaves):
            while len(known) > _REMEMBERED_TILES:
                known.popitem(last=False)

    def _is_hinted(self, n: int) -> bool:
        return (0, n) not in self._edge and (0, n) not in self._tiles

    def _hash_of(self, n: int) -> bytes:
        """Give the proven hash of a full tile of leaves."""
        at = n % TILE_WIDTH * HASH_SIZE
        return self.tile(1, n // TILE_WIDTH)[at : at + HASH_SIZE]

    def _leaf(self, seq: int) -> bytes:
        """Give the hash that the signed root has for entry `seq`."""
        n, part = divmod(seq // GROUP, _GROUPS)
        if self.hints is not None and self._is_hinted(n):
            if (n, part) not in self._leaves:
                self.prepare([seq])
            if (leaves := self._leaves.get((n, part))) is not None:
                at = seq % GROUP * HASH_SIZE
                return leaves[at : at + HASH_SIZE]
        # Without a hint that is of use, the tile as a whole says what holds.
        at = seq % TILE_WIDTH * HASH_SIZE
        return self.tile(0, n)[at : at + HASH_SIZE]

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
