"""Find out which entries of a log were changed, when something in it does not fit.

Each leaf of the tree has three witnesses: the bytes of its entry, the stored tile, and the link (`_prev`) in the
entry after it. Those are believed that lead to the signed root; whoever disagrees with them was changed. Both
passes run in constant memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.hashing import HASH_SIZE, ZERO_HASH, leaf_hash
from ledger.chain.storage.base import View
from ledger.chain.tree import TILE_WIDTH, Tree, split_hashes
from ledger.chain.verdict import Case

_PREV_AT: Final = slice(len('{"_prev":"'), len('{"_prev":"') + 64)

Witness = Literal["hashed", "stored", "linked"]


@dataclass(slots=True)
class _Leaf:
    """The three witnesses of one leaf: its bytes, the stored tree, the link in the entry after it."""

    seq: int
    hashed: bytes | None
    stored: bytes | None
    linked: bytes | None = None


def _leaves(view: View, size: int) -> Iterator[_Leaf]:
    """Line the witnesses of entries 0 to size - 1 up; what is missing or unreadable is None."""
    waiting: _Leaf | None = None
    tile: list[bytes] = []
    for seq in range(size):
        if seq % TILE_WIDTH == 0:
            tile = split_hashes(view.tile(0, seq // TILE_WIDTH) or b"")
            rows = dict(view.entries(seq, seq + TILE_WIDTH))
        data = rows.get(seq)
        at = seq % TILE_WIDTH
        stored = tile[at] if at < len(tile) and len(tile[at]) == HASH_SIZE else None
        if waiting is not None:
            waiting.linked = _link_of(data)
            yield waiting
        waiting = _Leaf(seq, None if data is None else leaf_hash(data), stored)
    if waiting is not None:
        yield waiting


def _link_of(data: bytes | None) -> bytes | None:
    try:
        link = bytes.fromhex((data or b"")[_PREV_AT].decode("ascii"))
    except ValueError:
        return None
    return link if len(link) == HASH_SIZE else None


def name_the_bad(view: View, signed: SignedCheckpoint | None, case: Case) -> None:
    """Add a finding for each entry that does not hold."""
    rows = sum(1 for _ in view.entries())
    size = signed.head.size if signed else rows
    believed = _believe(view, size, signed.head.root if signed else b"")
    for leaf in _leaves(view, size):
        _judge_leaf(leaf, believed, case)
    for seq in _strays(view, size):
        case.add("order", "unsigned", seq, f"entry {seq} is not covered by the checkpoint of size {size}")
    if believed == "hashed":
        _judge_store(view, size, case)
    if not case.failed and signed is not None:
        message = f"the entries do not give the root that the checkpoint of size {size} signs"
        case.add("checkpoint", "root", None, message)


def _believe(view: View, size: int, root: bytes) -> Witness | None:
    """Find the witnesses that lead to the signed root."""
    trees: dict[Witness, Tree] = {"hashed": Tree(), "stored": Tree(), "linked": Tree()}
    for leaf in _leaves(view, size):
        trees["hashed"].append(leaf.hashed or ZERO_HASH)
        trees["stored"].append(leaf.stored or ZERO_HASH)
        # The last entry has no link to it, so its own bytes stand in.
        trees["linked"].append(leaf.linked or leaf.hashed or ZERO_HASH)
        for tree in trees.values():
            tree.take_full()
    return next((witness for witness, tree in trees.items() if tree.root() == root), None)


def _judge_leaf(leaf: _Leaf, believed: Witness | None, case: Case) -> None:
    seq = leaf.seq
    if leaf.hashed is None:
        case.add("order", "missing", seq, f"entry {seq} is missing", "restore the file from a backup")
    elif believed is not None:
        truth = {"hashed": leaf.hashed, "stored": leaf.stored, "linked": leaf.linked or leaf.hashed}[believed]
        if leaf.hashed != truth:
            case.add("leaf", "leaf", seq, f"the bytes of entry {seq} were changed after it was signed")
    # Nothing leads to the signed root, so every disagreement is named.
    elif leaf.stored is not None and leaf.stored != leaf.hashed:
        case.add("leaf", "leaf", seq, f"the bytes of entry {seq} do not fit the stored tree")
    elif leaf.linked is not None and leaf.linked != leaf.hashed:
        case.add("chain", "chain", seq, f"entry {seq + 1} does not continue entry {seq} as it is now")


def _judge_store(view: View, size: int, case: Case) -> None:
    """The entries give the signed root, so a tile that disagrees is itself at fault."""
    tree = Tree()
    for leaf in _leaves(view, size):
        tree.append(leaf.hashed or ZERO_HASH)
        if leaf.seq % TILE_WIDTH == TILE_WIDTH - 1:
            _compare_store(view, tree.take_full(), case)
    _compare_store(view, tree.take_changed(), case)
    for leaf in _leaves(view, size):
        if leaf.linked is not None and leaf.linked != leaf.hashed:
            # A signer that chained wrongly signed it all the same: the entry after the break is at fault.
            case.add("chain", "chain", leaf.seq + 1, f"entry {leaf.seq + 1} does not continue entry {leaf.seq}")


def _compare_store(view: View, tiles: dict[tuple[int, int], bytes], case: Case) -> None:
    for (level, n), data in tiles.items():
        stored = view.tile(level, n) or b""
        if stored != data:
            pairs = zip(split_hashes(data), split_hashes(stored.ljust(len(data), b"\0")), strict=False)
            at = next((i for i, (ours, theirs) in enumerate(pairs) if ours != theirs), 0)
            seq = (n * TILE_WIDTH + at) * TILE_WIDTH**level
            case.add("tree", "tile", seq, f"the stored tree is damaged at level {level}, above entry {seq}")


def _strays(view: View, size: int) -> list[int]:
    outside = (*islice(view.entries(None, 0), 1), *islice(view.entries(size, None), 1))
    return [seq for seq, _ in outside]
