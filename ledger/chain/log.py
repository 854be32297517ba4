"""Append to a log: entries, tree and signed checkpoint in one transaction.

The order inside a transaction is fixed: (1) take the writer's lock, (2) make sure that the head is the one this
log continues, (3) chain and write the entries, (4) read them back and hash them again, (5) write the tiles,
(6) write what is derived, (7) sign and write the checkpoint, (8) commit. Nothing leaves the process before
(8); the pin follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledger.chain import pins
from ledger.chain.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    check_origin,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.chain.counting import counted
from ledger.chain.entry import Draft, draft, entry_bytes, parse_entry, record_time
from ledger.chain.errors import KeyUnavailable, LedgerError, Refused, RolledBack, Untrue
from ledger.chain.hashing import ZERO_HASH, leaf_hash
from ledger.chain.keys import SiteKey
from ledger.chain.note import VerifierKey
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.base import Storage, Transaction, View
from ledger.chain.tree import Tree, edge_of

FIRST_BODY_KEY: Final = "add"


class Appended(NamedTuple):
    """What a commit recorded: entries `first` up to but not including `head.size`."""

    first: int
    head: Checkpoint
    note: str


class Log:
    """One log, open for appending.

    Args:
        storage: Where it lies.
        key: The site's key; its origin must be the log's.
        clock: Gives the present moment, aware of its zone.
        home: Where pins are kept; None: no pins (a log in memory).

    Raises:
        Untrue: The head in the store is not signed by the site's key or does not fit the tiles.
        RolledBack: This verifier has seen a longer history of this log, or another one.
    """

    pin_fault: str
    clock_fault: str
    _tree: Tree
    _last_leaf: bytes
    _last_rec: str
    _note: str

    def __init__(self, storage: Storage, key: SiteKey, clock: Callable[[], datetime], home: Path | None) -> None:
        self._storage = storage
        self._key = key
        self._clock = clock
        self._home = home
        self.pin_fault = self.clock_fault = self._last_rec = ""
        # The pin first: what it has seen was committed before it, so any snapshot taken after has that, too.
        pin = None if home is None else pins.load_pin(home, key.origin)
        with storage.snapshot() as view:
            self._tree, self._last_leaf, self._note = _newest(view, key, pin)

    @classmethod
    def create(
        cls,
        storage: Storage,
        key: SiteKey,
        clock: Callable[[], datetime],
        home: Path | None,
        by: str,
        *,
        derive: Callable[[Any, int], None] | None = None,
    ) -> Log:
        """Begin a log in an empty store with the entry that names the site's key.

        Raises:
            Refused: The store holds a log already.
        """
        check_origin(key.origin)
        log = cls.__new__(cls)
        log._storage, log._key, log._clock, log._home = storage, key, clock, home
        log.pin_fault = log.clock_fault = log._last_rec = ""
        log._tree, log._last_leaf, log._note = Tree(), ZERO_HASH, ""
        body: dict[str, object] = {FIRST_BODY_KEY: str(key.verifier), "purpose": "site"}
        if key.second is not None:
            body["also"] = [str(verifier) for verifier in key.verifiers[1:]]
        log.append([draft("key", body, by=by, via="typed")], derive=derive, keep=True)
        return log

    @classmethod
    def begin_epoch(
        cls,
        storage: Storage,
        key: SiteKey,
        clock: Callable[[], datetime],
        home: Path,
        policy: Policy,
        body: dict[str, object],
        by: str,
        *,
        key_seqs: Sequence[int] = (),
        derive: Callable[[Any, int], None] | None = None,
    ) -> Log:
        """Go on from an older state of a log, or under another key, with the entry that says so.

        Args:
            storage: A log that was verified, but for the pin.
            key: Signs from here on.
            clock: As `Log`.
            home: Where the pin is set back.
            policy: Believes the head that is there.
            body: As `ledger.chain.epoch.epoch_body` made it.
            by: Who does it.
            key_seqs: As `AuthenticReader`.
            derive: As `append`.

        Raises:
            Untrue: The head in the store is not to be believed under the policy.
        """
        log = cls.__new__(cls)
        log._storage, log._key, log._clock, log._home = storage, key, clock, None
        log.pin_fault = log.clock_fault = log._last_rec = ""
        with storage.snapshot() as view:
            reader = AuthenticReader(view, origin=key.origin, policy=policy, key_seqs=key_seqs)
            log._tree, log._last_leaf, log._note = _continued(view, reader)
        kept = log.size

        def judge(_transaction: Any, first: int) -> tuple[Sequence[Draft], Callable[[Any, int], None] | None]:
            if first != kept:
                raise Refused("the ledger has grown meanwhile", remedy="trace recover, again")
            return [draft("key", body, by=by, via="typed")], derive

        done = log.append_judged(judge, keep=True)
        log._home = home
        pins.save_pin(home, parse_checkpoint(done.note), new_epoch=True)
        return log

    @property
    def origin(self) -> str:
        """Name the log."""
        return self._key.origin

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Give the public side of the key that signs."""
        return self._key.verifiers

    @property
    def size(self) -> int:
        """Count the entries, as of the last commit that this object saw."""
        return self._tree.size

    def close(self) -> None:
        """Give the store back."""
        self._storage.close()

    def append(
        self,
        items: Sequence[Draft],
        *,
        derive: Callable[[Any, int], None] | None = None,
        keep: bool = False,
    ) -> Appended:
        """Record a batch of drafts durably, in the order given.

        Args:
            items: At least one draft.
            derive: Called inside the transaction with it and the first number, to write derived tables
                and to judge what may only be judged under the lock; an exception takes everything back.
            keep: Keep the checkpoint for ever.

        Raises:
            Refused: There is nothing to record.
            Locked: Another process writes for too long.
            Untrue: The head changed in a way that this log cannot continue, or the store gave back
                other bytes than were written.
        """
        return self.append_judged(lambda _transaction, _first: (items, derive), keep=keep)

    def append_judged(
        self,
        judge: Callable[[Any, int], tuple[Sequence[Draft], Callable[[Any, int], None] | None]],
        *,
        keep: bool = False,
        heir: SiteKey | None = None,
    ) -> Appended:
        """Record what `judge`, called under the writer's lock with the transaction, decides to record.

        Args:
            judge: Decides.
            keep: Keep the checkpoint for ever.
            heir: A key that signs this commit with the present one, and all later ones in its place.

        Raises:
            As `append`.
        """
        with self._storage.begin() as transaction:
            self._follow(transaction)
            first = self._tree.size
            items, derive = judge(transaction, first)
            if not items:
                raise Refused("there is nothing to record")
            moment = self._clock()
            rec = record_time(moment)
            self._look_at_clock(transaction, first, rec)
            data, leaves = self._chain(items, rec)
            transaction.put_entries(first, data)
            _check_written(transaction, first, leaves)
            # A failed commit must leave this object as it was, so a copy grows.
            tree = self._tree.copy()
            tree.extend(leaves)
            transaction.put_tiles(tree.take_changed())
            transaction.put_attachments([held for item in items for held in item.attachments])
            if derive is not None:
                derive(transaction, first)
            head = Checkpoint(self.origin, tree.size, tree.root())
            signers = self._key.signers + (heir.signers if heir else ())
            note = sign_checkpoint(head, signers, int(moment.timestamp()))
            transaction.put_head(head.size, note, rec[:10], keep=keep)
        self._tree, self._last_leaf, self._note, self._last_rec = tree, leaves[-1], note, rec
        self._key = heir or self._key
        self._remember(note)
        return Appended(first, head, note)

    def keep_checkpoint(self, signed: SignedCheckpoint) -> None:
        """Keep a checkpoint of this log for ever, because it leaves the house."""
        with self._storage.begin() as transaction:
            transaction.keep_checkpoint(signed.head.size, signed.note)

    def _remember(self, note: str) -> None:
        """Pin the new head. The commit stands whatever becomes of the pin, so a fault is kept, not raised."""
        if self._home is None:
            return
        try:
            pins.save_pin(self._home, parse_checkpoint(note))
            self.pin_fault = ""
        except (OSError, LedgerError) as error:
            self.pin_fault = f"recorded, but the pin could not be written: {error}"

    def scrub(self, secrets: Sequence[bytes]) -> bool:
        """Take what was deleted out of free space and journals, too; see `Storage.scrub`."""
        return self._storage.scrub(secrets)

    def _look_at_clock(self, view: View, first: int, rec: str) -> None:
        """Notice a clock that went back. The order of entries is their numbers, so nothing is refused for it."""
        if first and not self._last_rec:
            self._last_rec = parse_entry(view.entry(first - 1) or b"").rec
        if rec < self._last_rec:
            self.clock_fault = (
                f"the clock of this machine says {rec}, and entry {first - 1} was recorded at {self._last_rec}: "
                "one of the two clocks was wrong; entries keep the order of their numbers"
            )

    def _chain(self, items: Sequence[Draft], rec: str) -> tuple[list[bytes], list[bytes]]:
        data: list[bytes] = []
        leaves: list[bytes] = []
        leaf = self._last_leaf
        for seq, item in enumerate(items, self._tree.size):
            entry = entry_bytes(leaf, seq, item, rec)
            leaf = sha256(b"\x00" + entry).digest()
            data.append(entry)
            leaves.append(leaf)
        return data, leaves

    def _follow(self, view: View) -> None:
        """Catch up when another process has appended since the last commit seen here."""
        if (view.head() or "") == self._note:
            return
        seen = self._tree.size
        if not seen:
            raise Refused("there is a log in the store already")
        tree, last_leaf, note = _newest(view, self._key)
        if tree.size < seen:
            raise RolledBack(
                f"the ledger has {counted(tree.size, 'entry')}, but this process has seen {seen}",
                remedy="trace verify",
            )
        # Entry seen - 1 is chained to all before it, so it stands for everything that this object knew.
        if leaf_hash(view.entry(seen - 1) or b"") != self._last_leaf:
            raise RolledBack(
                f"the first {counted(seen, 'entry')} are not the ones that this process has seen",
                remedy="trace verify",
            )
        self._tree, self._last_leaf, self._note, self._last_rec = tree, last_leaf, note, ""


def _newest(view: View, key: SiteKey, pin: SignedCheckpoint | None = None) -> tuple[Tree, bytes, str]:
    """Read what the next entry continues: the tree, the last leaf and the note, each proven by the head."""
    reader = AuthenticReader(view, origin=key.origin, policy=Policy(key.verifiers), pin=pin)
    size = reader.size
    if not size:
        raise Untrue("the newest checkpoint is of an empty log", remedy="trace verify")
    last = view.entry(size - 1)
    entry = reader.prove(size - 1, last)
    # The commit of a rotation carries both keys' lines; from here on only the new one may sign.
    replaced = entry.body.get("replaces") if entry.kind == "key" and type(entry.body) is dict else None
    if replaced in [str(verifier) for verifier in key.verifiers]:
        raise KeyUnavailable(
            f"the key of {key.origin} was replaced by entry {size - 1}, and this is the old one",
            remedy="start the command again; on another machine: trace key import, with the new key file",
        )
    return _continued(view, reader)


def _continued(view: View, reader: AuthenticReader) -> tuple[Tree, bytes, str]:
    """Read the proven tree, last leaf and note."""
    size = reader.size
    tree = Tree(size, [view.tile(level, n) or b"" for level, (n, _) in enumerate(edge_of(size))])
    return tree, leaf_hash(reader.proven_bytes(size - 1)), reader.signed.note


def _check_written(transaction: Transaction, first: int, leaves: Sequence[bytes]) -> None:
    """Read back what was written and hash it again, so that no bit that flipped on the way gets signed."""
    expected = first
    rows = transaction.entries(first)
    for leaf, (seq, data) in zip(leaves, rows, strict=False):
        if seq != expected or sha256(b"\x00" + data).digest() != leaf:
            raise Untrue(f"the store gave back other bytes for entry {seq} than were written", seq=seq)
        expected += 1
    if expected != first + len(leaves):
        found = expected - first
        raise Untrue(
            f"the store gave back {found} of {counted(len(leaves), 'entry')} that were written", seq=first
        )
    if (more := next(rows, None)) is not None:
        raise Untrue(f"the store gave back other bytes for entry {more[0]} than were written", seq=more[0])
