"""Find out which entries of a log were changed, when something in it does not fit.

Each leaf of the tree has three witnesses: the bytes of its entry, the stored tile, and the link (`_prev`) in the
entry after it. Those are believed that lead to the signed root; whoever disagrees with them was changed. All
passes run in constant memory, and in time that depends on what is stored, never on what a checkpoint claims.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Final, Literal

from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import head_bytes
from ledger.chain.hashing import HASH_SIZE, ZERO_HASH, leaf_hash
from ledger.chain.storage.base import View
from ledger.chain.tree import TILE_WIDTH, Tree, split_hashes
from ledger.chain.verdict import Case

_PREV_AT: Final = slice(len('{"_prev":"'), len('{"_prev":"') + 64)

Witness = Literal["hashed", "stored", "linked", "vouched"]


@dataclass(slots=True)
class _Leaf:
    """The three witnesses of one leaf: its bytes, the stored tree, the link in the entry after it.

    `sound_heir` says that the entry after it is itself the one that its own successor links to, so its link is
    worth more; None: nothing links to that entry, it is the last.
    """

    seq: int
    hashed: bytes | None
    stored: bytes | None
    linked: bytes | None = None
    sound_heir: bool | None = None

    def truth(self, believed: Witness) -> bytes | None:
        """Give the leaf that was signed, if that witness is the one to believe."""
        if believed == "hashed":
            return self.hashed
        if believed == "stored":
            return self.stored
        # The last entry has no link to it, so its own bytes stand in.
        if believed == "linked" or self.sound_heir is not False:
            return self.linked or self.hashed
        return self.stored


def _leaves(view: View, size: int) -> Iterator[_Leaf]:
    """Line the witnesses of entries 0 to size - 1 up; what is missing or unreadable is None."""
    waiting: deque[_Leaf] = deque()
    tile: list[bytes] = []
    for seq in range(size):
        if seq % TILE_WIDTH == 0:
            tile = split_hashes(view.tile(0, seq // TILE_WIDTH) or b"")
            rows = dict(view.entries(seq, seq + TILE_WIDTH))
        data = rows.get(seq)
        at = seq % TILE_WIDTH
        stored = tile[at] if at < len(tile) and len(tile[at]) == HASH_SIZE else None
        if waiting:
            waiting[-1].linked = _link_of(data)
        if len(waiting) == 2:
            waiting[0].sound_heir = waiting[1].linked == waiting[1].hashed
            yield waiting.popleft()
        waiting.append(_Leaf(seq, None if data is None else leaf_hash(data), stored))
    yield from waiting


def _link_of(data: bytes | None) -> bytes | None:
    try:
        link = bytes.fromhex((data or b"")[_PREV_AT].decode("ascii"))
    except ValueError:
        return None
    return link if len(link) == HASH_SIZE else None


def name_the_bad(view: View, signed: SignedCheckpoint | None, case: Case, *, believed: bool) -> None:
    """Add a finding for each entry that does not hold.

    Args:
        view: The snapshot.
        signed: The head to judge by.
        case: Where findings go.
        believed: Whether a believed key signed the head; if not, its root accuses nobody.
    """
    rows = sum(1 for _ in view.entries())
    claimed = signed.head.size if signed else rows
    # A head that nobody signed may claim any size; beyond what is stored there is nothing to look at.
    size = min(claimed, max(rows, _stored_leaves(view)))
    witness = _believe(view, size, signed.head.root if signed else b"")
    missing = named = False
    for leaf in _leaves(view, size):
        missing = missing or leaf.hashed is None
        named = _judge_leaf(leaf, witness, case) or named
    if size < claimed and not missing:
        named = True
        case.add(
            "order",
            "missing",
            size,
            f"entries {size} to {claimed - 1} are missing",
            "restore the file from a backup",
        )
    for seq in _strays(view, claimed):
        case.add("order", "unsigned", seq, f"entry {seq} is not covered by the checkpoint of size {claimed}")
    if witness == "hashed":
        _judge_store(view, size, case)
    elif not named and signed is not None:
        _judge_root(signed, case, believed)


def _stored_leaves(view: View) -> int:
    return sum(len(data) // HASH_SIZE for level, _, data in view.tiles() if level == 0)


def _believe(view: View, size: int, root: bytes) -> Witness | None:
    """Find the witnesses that lead to the signed root."""
    trees: dict[Witness, Tree] = {name: Tree() for name in ("hashed", "stored", "linked", "vouched")}
    for leaf in _leaves(view, size):
        for witness, tree in trees.items():
            tree.append(leaf.truth(witness) or ZERO_HASH)
            tree.take_full()
    return next((witness for witness, tree in trees.items() if tree.root() == root), None)


def _judge_leaf(leaf: _Leaf, believed: Witness | None, case: Case) -> bool:
    """Add a finding if this leaf does not hold; tell whether it did not."""
    seq = leaf.seq
    if leaf.hashed is None:
        case.add("order", "missing", seq, f"entry {seq} is missing", "restore the file from a backup")
    elif believed is not None:
        if leaf.hashed == leaf.truth(believed):
            return False
        case.add("leaf", "leaf", seq, f"the bytes of entry {seq} were changed after it was signed")
    # Nothing leads to the signed root, so every disagreement is named.
    elif leaf.stored is not None and leaf.stored != leaf.hashed:
        case.add("leaf", "leaf", seq, f"the bytes of entry {seq} do not fit the stored tree")
    elif leaf.linked is not None and leaf.linked != leaf.hashed:
        # Two against one: the link is at fault, unless what carries it is vouched for.
        at = seq if leaf.sound_heir else seq + 1
        case.add("chain", "chain", at, f"entry {seq + 1} does not continue entry {seq} as it is now")
    else:
        return False
    return True


def _judge_root(signed: SignedCheckpoint, case: Case, believed: bool) -> None:
    """Everything agrees with everything except with the signed root."""
    size = signed.head.size
    message = f"the entries do not give the root that the checkpoint of size {size} signs"
    if believed and size:
        # Whichever entry was changed first, each one after it links to it and so differs too: the last for sure.
        case.add(
            "checkpoint",
            "root",
            size - 1,
            f"{message}: entry {size - 1} is not the signed one, and those before it may have been changed too",
            "compare with a backup or with a kept checkpoint to find where the change begins",
        )
    else:
        case.add("checkpoint", "root", None, message)


def _judge_store(view: View, size: int, case: Case) -> None:
    """The entries give the signed root, so a tile that disagrees is itself at fault."""
    tree = Tree()
    last = ZERO_HASH
    for seq, data in view.entries(0, size):
        if not data.startswith(head_bytes(last.hex(), seq)):
            # A signer that chained wrongly signed it all the same: the entry after the break is at fault.
            case.add("chain", "chain", seq, f"entry {seq} does not continue the one before it")
        last = leaf_hash(data)
        tree.append(last)
        if seq % TILE_WIDTH == TILE_WIDTH - 1:
            _compare_store(view, tree.take_full(), case)
    _compare_store(view, tree.take_changed(), case)


def _compare_store(view: View, tiles: dict[tuple[int, int], bytes], case: Case) -> None:
    for (level, n), data in tiles.items():
        stored = view.tile(level, n) or b""
        if stored != data:
            pairs = zip_longest(split_hashes(data), split_hashes(stored))
            at = next(i for i, (ours, theirs) in enumerate(pairs) if ours != theirs)
            seq = (n * TILE_WIDTH + at) * TILE_WIDTH**level
            case.add("tree", "tile", seq, f"the stored tree is damaged at level {level}, above entry {seq}")


def _strays(view: View, size: int) -> list[int]:
    outside = (*islice(view.entries(None, 0), 1), *islice(view.entries(size, None), 1))
    return [seq for seq, _ in outside]
