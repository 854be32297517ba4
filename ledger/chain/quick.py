"""Verify only what is new since the pin, and each day another part of the old.

What is checked; whatever does not fit is judged by the full verification (`ledger.chain.verify`), which names the
first bad entry, so both know the same verdicts:

1. head         a believed key signed the pin; the same one, or one that a new entry puts in its place, the newest
                checkpoint (an old revocation hidden from the index therefore revives no key)
2. tree         the stored right edge gives the signed root; each tile that is read leads up to it
3. consistency  the head only adds to the pin (RFC 9162 section 2.1.4)
4. link         the last entry under the pin is read and proven; the first new one links to its leaf hash
5. new          order, chain and leaf of each entry after the pin, and none beyond the head
6. old          the same for the entries of a few old tiles, chosen by the day (`rolling_tiles`)
7. private      every commitment in the new entries has its value or was erased by one of them, and the value fits;
                what is missing from the old part is for the full verification, which knows every erase entry

The cost is O(new + log n) and the old part: at most `MAX_ROLLING` tiles of 256 entries a run, so that a large
log is verified in some milliseconds, too. With daily runs everything old has its turn each day up to 2,048
entries, within a month up to 61,440, and beyond that in proportion to the size (960 days at a million); a full
verification sees everything at once. Changes of old entries that the day's part does not touch are not seen
here: that is what makes it quick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Final

from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.commitment import MARK
from ledger.chain.counting import counted
from ledger.chain.entry import KEY_MARK, KEY_TAIL
from ledger.chain.epoch import Epoch, find_epochs, root_from
from ledger.chain.erasure import PrivateCheck
from ledger.chain.errors import LedgerError, Untrue
from ledger.chain.hashing import HASH_SIZE, ZERO_HASH, leaf_hash
from ledger.chain.note import VerifierKey
from ledger.chain.policy import Policy, believe, ended_keys
from ledger.chain.proof import prove_consistency, verify_consistency
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.base import View
from ledger.chain.tree import TILE_WIDTH
from ledger.chain.verdict import CHECKS, Anchor, Case, Verdict
from ledger.chain.verify import verify

MONTH: Final = 30
MAX_ROLLING: Final = 8
_STEPS: Final = (1, 2, 5, 10, 15)


@dataclass(frozen=True, slots=True)
class Quick:
    """A verdict, and how it was reached.

    `full_because` is empty when the quick way was enough, else it says why everything was verified instead. `new`
    entries were verified since the pin, and the entries of `rolled` of the `old_tiles` tiles before it, which all
    have their turn in `days` daily runs.
    """

    verdict: Verdict
    full_because: str = ""
    new: int = 0
    rolled: int = 0
    old_tiles: int = 0
    days: int = 0


def rolling_days(tiles: int, most: int = MAX_ROLLING) -> int:
    """Tell in how many days every one of that many old tiles has its turn, at most so many a day.

    It grows in few steps, so that growth from one day to the next seldom puts off anybody's turn.

    >>> rolling_days(0), rolling_days(8), rolling_days(9), rolling_days(240), rolling_days(241), rolling_days(3906)
    (1, 1, 2, 30, 60, 960)
    """
    days = next((step for step in _STEPS if step * most >= tiles), MONTH)
    while days * most < tiles:
        days *= 2
    return days


def rolling_tiles(day: int, tiles: int, most: int = MAX_ROLLING) -> range:
    """Choose the old level-0 tiles, the last of which may be partial, whose entries are hashed again on a day.

    Args:
        day: Number of the day, for example `date.toordinal`.
        tiles: How many old tiles there are.
        most: How many of them a day.

    >>> list(rolling_tiles(3, 100)), list(rolling_tiles(18, 100)), list(rolling_tiles(700_000, 3))
    ([3, 18, 33, 48, 63, 78, 93], [3, 18, 33, 48, 63, 78, 93], [0, 1, 2])
    """
    days = rolling_days(tiles, most)
    return range(day % days, tiles, days)


def verify_quick(
    view: View,
    *,
    origin: str | None,
    policy: Policy | None,
    pin: SignedCheckpoint | None,
    day: int,
    key_seqs: Sequence[int] = (),
    seen_epochs: frozenset[bytes] = frozenset(),
    progress: Callable[[int, int], None] | None = None,
) -> Quick:
    """Verify what is new since the pin in a snapshot, or everything where that is not possible.

    Args:
        view: The snapshot. The pin must have been read before it was taken.
        origin: The origin that the caller expects; None: the pin's.
        policy: The keys to believe; None: no policy for this origin.
        pin: The newest head that this verifier saw.
        day: Number of the day; it chooses the part of the old that is verified again.
        key_seqs: Where the key entries are, as for `AuthenticReader`.
        seen_epochs: As `verify`.
        progress: As `verify`.
    """
    if pin is None or not pin.head.size:
        why = "no head was seen here before"
    elif policy is None:
        why = "there is no trust policy"
    else:
        try:
            return _Run(view, origin or pin.head.origin, policy, pin, key_seqs).go(day, MAX_ROLLING)
        except (LedgerError, ValueError) as error:
            why = f"something does not fit: {error}"
    full = verify(view, origin=origin, policy=policy, pin=pin, seen_epochs=seen_epochs, progress=progress)
    return Quick(full, why)


def verify_since(
    view: View,
    *,
    origin: str,
    policy: Policy,
    seen: SignedCheckpoint,
    pin: SignedCheckpoint,
    day: int,
    private_seqs: Sequence[int] = (),
    key_seqs: Sequence[int] = (),
    most: int = MAX_ROLLING,
) -> Verdict:
    """Verify what is new since a head up to which everything was verified before, for whoever kept what it said.

    As `verify_quick`, and further: the newest head only adds to the pin, too; every private value of the old part
    is there or was erased, as far as `private_seqs` names it.

    Args:
        view: As `verify_quick`.
        origin: The origin that is expected.
        policy: The keys to believe.
        seen: The head up to which everything was verified, from outside the log; not beyond the pin.
        pin: The newest head that this verifier saw.
        day: As `verify_quick`.
        private_seqs: The entries under `seen` that hold commitments or erase some.
        key_seqs: As `verify_quick`.
        most: How many old tiles are hashed again.

    Returns:
        The verdict, which is ok, with the pin as its anchor.

    Raises:
        LedgerError: Something does not fit; `verify` says what.
        ValueError: The same, of a number that no head can have.
    """
    run = _Run(view, origin, policy, seen, key_seqs)
    run.check_pin(pin)
    run.private_seqs = private_seqs
    verdict = run.go(day, most).verdict
    return verdict._replace(anchor=Anchor("pinned", pin.head.size, pin.head.root))


class _Run:
    """One run; it gives a verdict of ok or raises what did not fit."""

    def __init__(
        self, view: View, origin: str, policy: Policy, pin: SignedCheckpoint, key_seqs: Sequence[int]
    ) -> None:
        self.private_seqs: Sequence[int] = ()
        self._view = view
        self._pin = pin
        # 1. head, 2. tree
        self._reader = AuthenticReader(view, origin=origin, policy=policy, pin=pin, key_seqs=key_seqs)
        self._new_keys: list[tuple[int, bytes]] = []
        self._case = Case()
        self._counts = self._case.counts

    def check_pin(self, pin: SignedCheckpoint) -> None:
        """Check that the head only adds to a head that was seen later than the one that this run starts at."""
        head = self._reader.head
        if not self._pin.head.size <= pin.head.size <= head.size:
            raise Untrue(f"the pin is of size {pin.head.size}, the head of {head.size}")
        believe(pin, self._reader.policy)
        self._check_consistency(pin.head)

    def _check_consistency(self, old: Checkpoint) -> None:
        head = self._reader.head
        proof = prove_consistency(self._reader.tile, old.size, head.size)
        if not verify_consistency(old.size, head.size, proof, old.root, head.root):
            raise Untrue(f"the first {counted(old.size, 'entry')} are not the ones that were seen before")

    def go(self, day: int, most: int) -> Quick:
        """Make all checks."""
        head, old = self._reader.head, self._pin.head
        self._check_consistency(old)  # 3. consistency
        leaf = leaf_hash(self._reader.proven_bytes(old.size - 1))  # 4. link
        private = PrivateCheck(self._view, self._case)
        for seq in self.private_seqs:
            private.see(seq, self._reader.proven_bytes(seq))
        self._check_entries(old.size, head.size, leaf, private)  # 5. new
        private.judge()  # 7. private
        key = self._key()
        if any(True for bounds in ((None, 0), (head.size, None)) for _ in self._view.entries(*bounds)):
            raise Untrue(f"there are entries beyond the checkpoint of size {head.size}")
        tiles = -(-old.size // TILE_WIDTH)
        chosen = rolling_tiles(day, tiles, most)
        for n in chosen:  # 6. old
            first = n * TILE_WIDTH
            # The link of a proven entry proves the one before it.
            before = leaf_hash(self._view.entry(first - 1) or b"") if first else ZERO_HASH
            stop = min(first + TILE_WIDTH, old.size)
            self._check_entries(first, stop, before, PrivateCheck(self._view, self._case))
        if self._case.findings:
            raise Untrue(self._case.findings[0].message)
        for name in ("storage", "checkpoint", "key", "pin"):
            self._counts[name] = 1
        verdict = Verdict(
            word="ok",
            anchor=Anchor("pinned", old.size, old.root),
            origin=head.origin,
            size=head.size,
            root=head.root,
            first_bad_seq=None,
            checks=tuple((name, True, self._counts[name]) for name in CHECKS),
            findings=(),
            signed=self._reader.signed,
            key=key,
            epochs=self._epochs(),
            ended=ended_keys(self._reader.policy),
        )
        return Quick(verdict, "", head.size - old.size, len(chosen), tiles, rolling_days(tiles, most))

    def _epochs(self) -> tuple[Epoch, ...]:
        """1. head: the epochs among the key entries that are known to be there."""
        keys = {**dict(self._reader.key_entries), **dict(self._new_keys)}
        root_at = root_from(self._reader.tile, self._reader.size)
        head = self._reader.head
        epochs, faults = find_epochs(sorted(keys.items()), head.origin, self._reader.policy, root_at)
        if faults:
            raise Untrue(faults[0].message, seq=faults[0].seq)
        return epochs

    def _key(self) -> VerifierKey:
        """1. head: a key that signed the pin, or that a new entry puts in the place of one, signed the head."""
        policy = Policy(tuple(believe(self._pin, self._reader.policy)))
        if self._new_keys:
            from ledger.chain.keyring import follow

            policy, faults = follow(policy, self._reader.head.origin, self._new_keys)
            if faults:
                raise Untrue(faults[0].message, seq=faults[0].seq)
        return believe(self._reader.signed, policy)[0]

    def _check_entries(self, start: int, stop: int, leaf: bytes, private: PrivateCheck) -> None:
        """Check order, chain and leaf of a run of entries, the first of which continues `leaf`."""
        rows = iter(self._view.entries(start, stop))
        expected = start
        while expected < stop:
            n, at = divmod(expected, TILE_WIDTH)
            chunk = list(islice(rows, min(stop - expected, TILE_WIDTH - at)))
            leaves = [sha256(b"\x00" + data).digest() for _, data in chunk]
            stored = self._reader.tile(0, n)[at * HASH_SIZE : (at + len(chunk)) * HASH_SIZE]
            if not chunk or b"".join(leaves) != stored:
                raise Untrue(f"an entry from {expected} on is not the signed one", seq=expected)
            for (seq, data), after in zip(chunk, leaves, strict=True):
                if seq != expected or not data.startswith(
                    f'{{"_prev":"{leaf.hex()}","_seq":{seq},"body":'.encode("ascii")
                ):
                    raise Untrue(f"entry {seq} does not continue the one before it", seq=seq)
                if seq >= self._pin.head.size and data.find(KEY_MARK, KEY_TAIL) >= 0:
                    self._new_keys.append((seq, data))
                if data.find(MARK) >= 0:
                    private.see(seq, data)
                leaf = after
                expected += 1
            self._counts["tree"] += 1
        for name in ("order", "chain", "leaf"):
            self._counts[name] += stop - start
