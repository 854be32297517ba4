"""Judge a whole log: re-hash everything, name the first bad entry and the anchor of the verdict.

What is checked, in this order; the numbers stand again in the code:

1. storage     rows can be read, and there is a checkpoint (C2SP tlog-checkpoint) to judge them by
2. order       entries are numbered 0, 1, 2, ... without a gap, and as many as the checkpoint says
3. chain       the bytes of each entry start with the leaf hash of the one before and its own number
4. leaf        the hash of each entry's bytes (RFC 6962 section 2.1) is the one in the stored tree
5. tree        the stored tiles (C2SP tlog-tiles) are the ones that the entries give
6. checkpoint  the root over all entries is the one that the checkpoint signs, for this origin
7. key         for each algorithm of the policy a key that is believed, or that such a key was rotated to, signed
               the checkpoint; entry 0 names a key
8. pin         the head that this verifier saw before is a prefix of this log
9. private     every commitment has its value, and the value fits; one that an erase entry names has none

Bytes are hashed as they are stored; nothing is re-serialised. When something does not fit, a second pass finds
out *which* entry was changed: of the three witnesses of each leaf (its bytes, the stored tree, the link in the
entry after it) those are believed that lead to the signed root.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from itertools import islice
from typing import Final

from ledger.chain.authority import check_key, follow_keys, is_believed
from ledger.chain.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.chain.commitment import MARK
from ledger.chain.counting import counted
from ledger.chain.diagnosis import name_the_bad
from ledger.chain.entry import KEY_MARK, KEY_TAIL
from ledger.chain.epoch import Epoch, find_epochs, root_from, told
from ledger.chain.erasure import PrivateCheck
from ledger.chain.errors import NotALedger, Refused, Unreadable
from ledger.chain.hashing import ZERO_HASH
from ledger.chain.note import VerifierKey
from ledger.chain.policy import NotBelievedError, Policy, believe, ended_keys
from ledger.chain.storage.base import View
from ledger.chain.tree import TILE_WIDTH, Tree
from ledger.chain.verdict import CHECKS, Anchor, Case, Verdict, Word

_CONTENT: Final = frozenset({"storage", "order", "chain", "leaf", "tree", "checkpoint", "private"})
_CHUNK: Final = TILE_WIDTH
_BOTH: Final = "the pin and this checkpoint are signed heads that cannot both be true: keep both as evidence"
_ACCEPT: Final = "ask the owner; if you believe the reason: trace verify --accept-epoch"


def verify(
    view: View,
    *,
    origin: str | None,
    policy: Policy | None,
    pin: SignedCheckpoint | None,
    seen_epochs: frozenset[bytes] = frozenset(),
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Verify everything in a snapshot. It never writes and never raises for what it finds.

    Args:
        view: The snapshot. The pin must have been read before it was taken.
        origin: The origin that the caller expects; None: take the checkpoint's word.
        policy: The keys to believe; None: no policy for this origin, so nothing can be called ok.
        pin: The newest head that this verifier saw.
        seen_epochs: Leaf hashes of the epoch entries that it saw: they explain no later rollback.
        progress: Called now and then with (entries done, entries in all).
    """
    case = Case()
    signed: SignedCheckpoint | None = None
    try:
        signed = _read_head(view, origin, case)
        walk = _Walk(view, signed, pin, case, progress)
        walk.run()
        policy = follow_keys(walk.keys, signed, policy, case)
        if walk.suspicious:
            name_the_bad(view, signed, case, believed=is_believed(signed, policy))
        epochs = _epochs(walk, view, signed, policy, case)
    except (Unreadable, NotALedger) as error:
        case.add("storage", "unreadable", None, str(error), error.remedy)
        return _verdict("corrupt", case, signed, None, Anchor("none", 0, b""), None)
    key = check_key(walk.first, signed, policy, case)
    # What a log says of itself counts for nothing where nobody who is believed has signed it.
    told_epochs = () if "key" in case.failed else epochs
    explaining = tuple(epoch for epoch in told_epochs if epoch.old_believed and epoch.leaf not in seen_epochs)
    pinned = _check_pin(pin, walk, signed, policy, case, explaining)
    word = _judge(case, pinned)
    first_bad = min((f.seq for f in case.findings if f.seq is not None), default=None)
    verdict = _verdict(word, case, signed, key, _anchor(pin, signed, policy, pinned), first_bad, told_epochs)
    return verdict._replace(ended=() if "key" in case.failed else ended_keys(policy))


def _read_head(view: View, origin: str | None, case: Case) -> SignedCheckpoint | None:
    """1. storage: the checkpoint by which everything else is judged."""
    case.counts["storage"] = 1
    note = view.head()
    if note is None:
        case.add("checkpoint", "missing", None, "there is no checkpoint", "restore the file from a backup")
        return None
    try:
        signed = parse_checkpoint(note)
    except Refused as error:
        case.add("checkpoint", "form", None, f"the newest checkpoint cannot be read: {error}")
        return None
    if origin is not None and signed.head.origin != origin:
        case.add("checkpoint", "origin", None, f"the checkpoint is of {signed.head.origin}, expected {origin}")
    return signed


class _Walk:
    """One pass over all entries: checks 2 to 6 and 9, and the root at the size of the pin."""

    def __init__(
        self,
        view: View,
        signed: SignedCheckpoint | None,
        pin: SignedCheckpoint | None,
        case: Case,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._view = view
        self._signed = signed
        self._pin_size = pin.head.size if pin else -1
        self._case = case
        self._progress = progress
        self._tree = Tree()
        self._private = PrivateCheck(view, case)
        self.suspicious = False
        self.first: bytes | None = None
        self.keys: list[tuple[int, bytes]] = []
        self.pin_root: bytes | None = None
        self.root = b""
        self.size = 0

    def run(self) -> None:
        """Go through everything once."""
        case, tree = self._case, self._tree
        total = self._signed.head.size if self._signed else 0
        rows = iter(self._view.entries())
        leaf, expected = ZERO_HASH, 0
        while chunk := list(islice(rows, _CHUNK)):
            if expected == 0:
                self.first = chunk[0][1]
            leaves, leaf, expected = self._hash(chunk, leaf, expected)
            if tree.size < self._pin_size <= tree.size + len(leaves):
                cut = self._pin_size - tree.size
                tree.extend(leaves[:cut])
                self.pin_root = tree.root()
                leaves = leaves[cut:]
            tree.extend(leaves)
            self._compare_tiles(tree.take_full())
            if self._progress is not None:
                self._progress(tree.size, total)
        self._compare_tiles(tree.take_changed())
        self.size, self.root = tree.size, tree.root()
        for name in ("order", "chain", "leaf"):
            case.counts[name] = tree.size
        self._private.judge()
        self._compare_head()

    def _hash(self, chunk: list[tuple[int, bytes]], leaf: bytes, expected: int) -> tuple[list[bytes], bytes, int]:
        leaves = [sha256(b"\x00" + data).digest() for _, data in chunk]  # 4. leaf
        for (seq, data), after in zip(chunk, leaves, strict=True):
            # 2. order and 3. chain: one comparison of bytes says both.
            if seq != expected or not data.startswith(
                f'{{"_prev":"{leaf.hex()}","_seq":{seq},"body":'.encode("ascii")
            ):
                self.suspicious = True
                expected = seq
            leaf = after
            expected += 1
            if data.find(KEY_MARK, KEY_TAIL) >= 0:
                self.keys.append((seq, data))
            if data.find(MARK) >= 0:  # twice as fast as `in`
                self._private.see(seq, data)
        return leaves, leaf, expected

    def _compare_tiles(self, tiles: dict[tuple[int, int], bytes]) -> None:
        for (level, n), data in tiles.items():
            self._case.counts["tree"] += 1
            if self._view.tile(level, n) != data:  # 4. leaf, 5. tree
                self.suspicious = True

    def _compare_head(self) -> None:
        """6. checkpoint: what was hashed is what was signed."""
        if self._signed is None:
            return
        self._case.counts["checkpoint"] = 1
        head = self._signed.head
        if self.size != head.size or self.root != head.root:
            self.suspicious = True


def _epochs(
    walk: _Walk, view: View, signed: SignedCheckpoint | None, policy: Policy | None, case: Case
) -> tuple[Epoch, ...]:
    """7. key: what the log declares given up, which must fit what is there."""
    if signed is None or len(walk.keys) < 2 or case.failed & _CONTENT:
        return ()
    root_at = root_from(view.tile, walk.size)
    epochs, faults = find_epochs(walk.keys, signed.head.origin, policy, root_at)
    for fault in faults:
        case.add("key", "epoch", fault.seq, fault.message)
    return epochs


def _check_pin(
    pin: SignedCheckpoint | None,
    walk: _Walk,
    signed: SignedCheckpoint | None,
    policy: Policy | None,
    case: Case,
    epochs: tuple[Epoch, ...],
) -> Word | None:
    """8. pin: the head seen before is a prefix of this log."""
    if pin is None or signed is None:
        return None
    case.counts["pin"] = 1
    declared = next((epoch for epoch in epochs if epoch.gives_up(pin.head.size)), None)
    if policy is not None:
        try:
            # The key of a head that an epoch gives up may have been replaced by that very epoch.
            believe(pin, policy if declared is None else policy._replace(lives=()))
        except NotBelievedError as error:
            if case.failed & _CONTENT:
                return None  # a key entry that was changed breaks the chain of keys; it is named already
            message = f"the remembered head of size {pin.head.size} is not to be believed: {error}"
            case.add("pin", "pin", None, message)
            return "untrusted"
    given_up = "" if declared is None else f"; {told(declared)}"
    if pin.head.size > signed.head.size:
        first = declared.seq if declared else signed.head.size
        case.add(
            "pin",
            "rolled back",
            first,
            f"{counted(pin.head.size, 'entry')} were seen before, now there are {signed.head.size}: "
            f"entries {first} to {pin.head.size - 1} are gone{given_up}",
            _ACCEPT if declared else "find the newer copy; the pin holds the signed proof that it existed",
        )
        return "rolled_back"
    if pin.head.size == signed.head.size:
        contradicts = pin.head.root != signed.head.root
    elif case.failed & _CONTENT:
        return "ok"  # what was changed after signing is named already; it is no second signed history
    else:
        contradicts = walk.pin_root is not None and walk.pin_root != pin.head.root
    if contradicts:
        case.add(
            "pin",
            "forked",
            None,
            f"the first {counted(pin.head.size, 'entry')} are not the ones that were seen before under "
            f"a signed head"
            f"{given_up}",
            _ACCEPT if declared else _BOTH,
        )
        return "forked"
    return "ok"


def _judge(case: Case, pinned: Word | None) -> Word:
    if case.failed & _CONTENT:
        return "tampered"
    if "key" in case.failed or pinned == "untrusted":
        return "tampered" if any(f.kind == "genesis" for f in case.findings) else "untrusted"
    return pinned or "ok"


def _anchor(
    pin: SignedCheckpoint | None, signed: SignedCheckpoint | None, policy: Policy | None, pinned: Word | None
) -> Anchor:
    if pin is not None and pinned in ("ok", "rolled_back", "forked"):
        return Anchor("pinned", pin.head.size, pin.head.root)
    if policy is None or signed is None:
        return Anchor("none", 0, b"")
    return Anchor("self" if policy.source == "home" else "key", signed.head.size, signed.head.root)


def _verdict(
    word: Word,
    case: Case,
    signed: SignedCheckpoint | None,
    key: VerifierKey | None,
    anchor: Anchor,
    first_bad: int | None,
    epochs: tuple[Epoch, ...] = (),
) -> Verdict:
    head = signed.head if signed else None
    return Verdict(
        word=word,
        anchor=anchor,
        origin=head.origin if head else "",
        size=head.size if head else 0,
        root=head.root if head else b"",
        first_bad_seq=first_bad,
        checks=tuple((name, name not in case.failed, case.counts[name]) for name in CHECKS),
        findings=tuple(sorted(case.findings, key=lambda f: (f.seq is None, f.seq or 0))),
        signed=signed,
        key=key,
        epochs=epochs,
    )
