"""Where the holds, cases and keys of a log are, as this machine has seen entry by entry, whatever the index says.

The index lies in the ledger file, so whoever can write that can delete rows of it, and what is left out cannot be
seen in what is there. Entries, though, are proven by the signed head, and each needs to be looked at once. So the
numbers of those that matter for holding goods back are kept beside the pin, with the head under which they were
proven; a later run looks at what came since. Nothing has to be trusted for it but what the pin needs, too.

1. the kept list is of this log, and the log continues the head that it names; else it is begun anew
2. every entry since is hashed and held against its tile, which is proven up to the signed root
3. its marks are looked for, and the list is kept
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from ledger.chain.checkpoint import parse_checkpoint
from ledger.chain.continuity import refuse_other_history
from ledger.chain.errors import KeyUnavailable, LedgerError, Untrue
from ledger.chain.hashing import HASH_SIZE
from ledger.chain.home import make_room, place_of, read_secret, replace_secret
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.base import View
from ledger.chain.tree import TILE_WIDTH

AT_ONCE: Final = 20_000  # entries that are looked at for one command [0.1 s]
LEAST_NEW: Final = 1_000  # fewer are looked at again rather than written down
MOST_KEPT: Final = 50_000  # of a kind; with more, nothing is kept, and the index is searched as without
# Every event that holds or releases has one of the first two in its canonical bytes (`ledger.custody.holds`).
HOLD_MARKS: Final = (b'"persistentDisposition":', b'holding"')
_KINDS: Final = {"case": b'"kind":"case","rec":"', "key": b'"kind":"key","rec":"'}


@dataclass(frozen=True, slots=True)
class SeenMarks:
    """Entries below `upto` whose marks tell that they hold or release goods, open or close cases, or name keys."""

    upto: int = 0
    holds: tuple[int, ...] = ()
    cases: tuple[int, ...] = ()
    keys: tuple[int, ...] = ()


def load_marks(home: Path, origin: str) -> tuple[SeenMarks, str]:
    """Load what was kept, with the note of the head that it was proven under; both empty: nothing.

    A list of another log, or of numbers that its head does not have, is none.
    """
    try:
        told = json.loads(read_secret(_path(home, origin), "what was seen of a log", ""))
        lists = [tuple(map(int, told[name])) for name in ("holds", "cases", "keys")]
        seen, head = SeenMarks(int(told["upto"]), *lists), parse_checkpoint(told["note"]).head
    except (LedgerError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return SeenMarks(), ""
    fits = all(0 <= seq < seen.upto for found in lists for seq in found)
    if head.origin != origin or not 0 <= seen.upto <= head.size or not fits:
        return SeenMarks(), ""
    return seen, str(told["note"])


def see_marks(view: View, reader: AuthenticReader, home: Path, *, most: int | None = AT_ONCE) -> SeenMarks:
    """Look at the entries that came since, and keep what they say.

    Args:
        view: A snapshot.
        reader: Proves its entries.
        home: Where the list is kept.
        most: How many entries to look at; None: all.

    Raises:
        Untrue: An entry does not hold.
    """
    head = reader.head
    seen, note = load_marks(home, head.origin)
    try:  # 1
        then = parse_checkpoint(note).head if note else None
        if then is not None:
            refuse_other_history(reader.tile, then, head)
    except LedgerError:
        seen = SeenMarks()
    stop = head.size if most is None else min(head.size, seen.upto + most)
    if stop <= seen.upto:
        return seen
    holds, cases, keys = list(seen.holds), list(seen.cases), list(seen.keys)
    rows = iter(view.entries(seen.upto, stop))
    at = seen.upto
    while at < stop:
        tile, first = divmod(at, TILE_WIDTH)
        part = list(islice(rows, min(stop - at, TILE_WIDTH - first)))
        leaves = b"".join(sha256(b"\x00" + data).digest() for _, data in part)
        if not part or leaves != reader.tile(0, tile)[first * HASH_SIZE : (first + len(part)) * HASH_SIZE]:  # 2
            raise Untrue(f"an entry from {at} on is not the signed one", seq=at, remedy="trace verify")
        for seq, (_, data) in enumerate(part, at):  # 3
            if any(mark in data for mark in HOLD_MARKS):
                holds.append(seq)
            for kind, found in (("case", cases), ("key", keys)):
                if _KINDS[kind] in data:
                    found.append(seq)
        at += len(part)
    fresh = SeenMarks(stop, tuple(holds), tuple(cases), tuple(keys))
    if stop - seen.upto >= LEAST_NEW and max(len(holds), len(cases), len(keys)) <= MOST_KEPT:
        _save(home, reader, fresh)
    return fresh


def _save(home: Path, reader: AuthenticReader, seen: SeenMarks) -> None:
    path = _path(home, reader.head.origin)
    lists: dict[str, Sequence[int]] = {"holds": seen.holds, "cases": seen.cases, "keys": seen.keys}
    try:
        make_room(path)
        replace_secret(path, json.dumps({"note": reader.signed.note, "upto": seen.upto, **lists}) + "\n")
    except (OSError, KeyUnavailable):
        return  # what is not kept is looked at again


def _path(home: Path, origin: str) -> Path:
    return place_of(home, "pins", origin, ".marks")
