"""Refuse a log that does not continue what was seen of it: shorter, or of another history (a fork).

Whoever has the key of a site, or goes on from a restored copy of it, can sign a head that is newer than the one
seen here and yet tells another history. Its size says nothing; a consistency proof does (RFC 9162, section 2.1.4).
So every reader and every writer that knows a head asks for one, before anything is answered, recorded or pinned:
a pin that moved to the other history would be the end of the evidence.
"""

from __future__ import annotations

from typing import Final

from ledger.chain.checkpoint import Checkpoint
from ledger.chain.errors import RolledBack
from ledger.chain.proof import ReadTile, prove_consistency, verify_consistency

_RECOVER: Final = 'trace verify; if you have restored it yourself: trace recover --reason "..."'


def refuse_other_history(read_tile: ReadTile, seen: Checkpoint, head: Checkpoint) -> None:
    """Refuse a head that does not add to one that was seen before.

    Args:
        read_tile: Gives tiles of the log that are proven up to the root of `head`.
        seen: The head that was seen.
        head: The head of the log now.

    Raises:
        RolledBack: It is shorter, or the first `seen.size` entries are others.
    """
    if seen.size > head.size:
        raise RolledBack(
            f"this ledger has {head.size} entries, but {seen.size} were seen before: "
            "it was rolled back, perhaps restored from a backup",
            seq=head.size,
            remedy=_RECOVER,
        )
    if not seen.size or seen == head:
        return
    proof = prove_consistency(read_tile, seen.size, head.size) if seen.size < head.size else []
    if not verify_consistency(seen.size, head.size, proof, seen.root, head.root):
        raise RolledBack(
            f"this ledger contradicts the head that was seen before: its first {seen.size} entries are others",
            remedy="trace verify",
        )
