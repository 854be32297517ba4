"""Record events: who may, what is a duplicate, what is private; then one commit with its index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.chain.commitment import KEY, refuse_reserved
from ledger.chain.entry import Attachment, Draft, draft
from ledger.chain.erasure import KIND as ERASE
from ledger.chain.errors import Refused, Untrue
from ledger.chain.keys import SiteKey
from ledger.chain.log import Appended, Log
from ledger.chain.policy import Policy
from ledger.chain.storage.sqlite import SqliteStorage, SqliteTransaction
from ledger.custody.event_hash import event_digest
from ledger.custody.index.hold_probe import names_what_passes_on, refuse_missing_hold
from ledger.custody.index.read import find_idents, has_holds, seqs_of_kind
from ledger.custody.index.rebuild import read_rows
from ledger.custody.index.schema import TABLES
from ledger.custody.index.write import HASH_SIZE, MASTER, IndexRow, IndexWriter, index_row, labels_of, short_hash
from ledger.custody.privacy import PrivacyPolicy, seal

if TYPE_CHECKING:
    from ledger.custody.provenance.held import Held


class Duplicate(NamedTuple):
    """An event that the ledger has already: its place in what was given, and the entry that has it.

    `differs`: that entry has the same identity and says something else, by the event hash.
    """

    position: int
    seq: int
    event_id: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome of one commit. `appended` is None where everything was a duplicate; `held` names held goods."""

    appended: Appended | None
    seqs: tuple[int | None, ...]
    duplicates: tuple[Duplicate, ...]
    held: tuple[Held, ...] = ()

    @property
    def count(self) -> int:
        """Count what was recorded."""
        return sum(seq is not None for seq in self.seqs)


class Prepared(NamedTuple):
    """An event ready to be recorded: its draft, and what the index keeps of it."""

    draft: Draft
    row: IndexRow
    event_id: str


class _AllKnownError(Exception):
    """Everything in the batch is in the ledger already, so the transaction has nothing to do."""


class Recorder:
    """Appends custody events to a site's ledger file.

    Args:
        log: The log, open for appending, on a `SqliteStorage`.
        privacy: Which fields enter as commitments only.
    """

    def __init__(self, log: Log, privacy: PrivacyPolicy) -> None:
        self.log = log
        self._privacy = privacy
        self._index, self._probed = IndexWriter(), False

    @classmethod
    def create(
        cls,
        path: Path,
        key: SiteKey,
        privacy: PrivacyPolicy,
        *,
        clock: Callable[[], datetime],
        home: Path,
        by: str,
    ) -> Recorder:
        """Begin a ledger file: its tables, and entry 0, which names the site's key.

        Raises:
            Refused: There is a file already.
        """
        storage = SqliteStorage.create(path, more_tables=TABLES)
        log = Log.create(storage, key, clock, home, by, derive=_index_first)
        return cls(log, privacy)

    @classmethod
    def begin_epoch(
        cls,
        storage: SqliteStorage,
        key: SiteKey,
        privacy: PrivacyPolicy,
        *,
        clock: Callable[[], datetime],
        home: Path,
        policy: Policy,
        body: dict[str, Any],
        by: str,
    ) -> Recorder:
        """Go on from an older state of a ledger, or under another key: `Log.begin_epoch`, with the index.

        Raises:
            As `Log.begin_epoch`.
        """
        with storage.snapshot() as view:
            seqs = seqs_of_kind(view.connection, "key")
        index = IndexWriter()
        log = Log.begin_epoch(
            storage,
            key,
            clock,
            home,
            policy,
            body,
            by,
            key_seqs=seqs,
            derive=lambda transaction, seq: index.write_other(transaction.connection, "key", seq),
        )
        return cls(log, privacy)

    def prepare(self, body: dict[str, Any], *, by: str, via: str, digest: bytes | None = None) -> Prepared:
        """Seal private fields and write the canonical bytes.

        Args:
            body: The event, with its eventID.
            by: Who records.
            via: How it came.
            digest: Its event hash (CBV 2.0 section 8.9), where it was computed already.

        Raises:
            Refused: The event uses a reserved key or has no canonical form.
        """
        refuse_reserved(body)
        sealed, attachments = seal(body, self._privacy)
        # A hash over private values is kept nowhere (DESIGN section 3).
        kept = None if attachments else (digest or event_digest(body))[:HASH_SIZE]
        return _prepared(sealed, attachments, kept, by=by, via=via)

    def prepare_derived(self, body: dict[str, Any], *, by: str, via: str) -> Prepared:
        """Prepare an event that was made of one in this ledger: its commitments stand for the same values.

        Args:
            body: From a proven entry, private values as commitments; what is new in it is sealed.
            by: Who records.
            via: The way of entry.

        Raises:
            Refused: The event has no canonical form.
        """
        sealed, attachments = seal(body, self._privacy)
        return _prepared(sealed, attachments, short_hash(sealed), by=by, via=via)

    def record(
        self,
        events: Sequence[Prepared],
        *,
        guard: Callable[[SqliteTransaction, int], None] | None = None,
        refuse_held: bool = False,
    ) -> Recorded:
        """Record a batch in one commit; what the ledger has already is left out and told.

        Args:
            events: The batch.
            guard: Called under the writer's lock with the transaction and the number of the next entry; what it
                raises keeps the batch out.
            refuse_held: Refuse what passes on goods that are on hold; else it is recorded and told.

        Raises:
            Refused: Something in the batch is on hold; nothing is recorded then.
            Locked, Unreadable, Untrue: As `Log.append`; nothing of the batch is recorded then.
        """
        outcome: list[tuple[tuple[int | None, ...], tuple[Duplicate, ...], tuple[Held, ...]]] = []

        def judge(
            transaction: SqliteTransaction, first: int
        ) -> tuple[Sequence[Draft], Callable[[Any, int], None]]:
            if guard is not None:
                guard(transaction, first)
            fresh, seqs, duplicates = _part(transaction, first, events)
            if refuse_held and not self._probed and names_what_passes_on(one.draft.body for one in fresh):
                refuse_missing_hold(transaction.connection, first)
                self._probed = True  # once: a scan of a session does not wait for it again
            held = _held(transaction, self.log, fresh, refuse=refuse_held)
            outcome[:] = [(seqs, duplicates, held)]
            if not fresh:
                raise _AllKnownError

            def derive(inner: SqliteTransaction, start: int) -> None:
                self._index.write_events(inner.connection, start, [event.row for event in fresh])

            return [event.draft for event in fresh], derive

        try:
            appended = self.log.append_judged(judge)
        except _AllKnownError:
            return Recorded(None, *outcome[0])
        except BaseException:
            self._index.forget()
            raise
        return Recorded(appended, *outcome[0])

    def record_other(
        self, kind: str, body: object, *, by: str, via: str, attachments: tuple[Attachment, ...] = ()
    ) -> Appended:
        """Record an entry that is no event: a decision, master data; with the values of its commitments.

        Raises:
            As `record`.
        """

        def derive(transaction: SqliteTransaction, first: int) -> None:
            self._index.write_other(transaction.connection, kind, first)

        return self.log.append([draft(kind, body, by=by, via=via, attachments=attachments)], derive=derive)

    def record_judged(
        self,
        kind: str,
        decide: Callable[[SqliteTransaction, int], tuple[Sequence[Prepared], dict[str, Any]]],
        *,
        by: str,
        via: str,
    ) -> Appended:
        """Record new events and, after them in the same commit, an entry that names them.

        Args:
            kind: Of the entry.
            decide: Called under the writer's lock with the transaction and the number of the first event; gives
                the events and the body of the entry. What it raises keeps all of it out.
            by: Who records.
            via: The way of entry.

        Raises:
            As `record`.
        """

        def judge(
            transaction: SqliteTransaction, first: int
        ) -> tuple[Sequence[Draft], Callable[[Any, int], None]]:
            events, body = decide(transaction, first)

            def derive(inner: SqliteTransaction, start: int) -> None:
                self._index.write_events(inner.connection, start, [event.row for event in events])
                self._index.write_other(inner.connection, kind, start + len(events))

            return [*(event.draft for event in events), draft(kind, body, by=by, via=via)], derive

        try:
            return self.log.append_judged(judge)
        except BaseException:
            self._index.forget()
            raise

    def record_master(self, bodies: Sequence[dict[str, Any]], *, by: str, via: str) -> Appended:
        """Record master data in one commit, one entry each; private fields are sealed as those of events are.

        Args:
            bodies: From `ledger.custody.master.merged`; commitments of earlier entries stay what they are.
            by: Who records.
            via: The way of entry.

        Raises:
            As `record`.
        """
        sealed = [seal(body, self._privacy) for body in bodies]
        drafts = [draft(MASTER, body, by=by, via=via, attachments=held) for body, held in sealed]

        def derive(transaction: SqliteTransaction, first: int) -> None:
            for seq, (body, _) in enumerate(sealed, first):
                self._index.write_labels(transaction.connection, labels_of(MASTER, body), seq)

        return self.log.append(drafts, derive=derive)

    def record_keys(self, write: Callable[..., Appended], *arguments: object, by: str) -> Appended:
        """Record entries on the life of keys: `ledger.chain.rotation.rotate` or `revoke`, with their arguments.

        Raises:
            Refused: They do not hold; nothing is written.
        """
        return write(
            self.log,
            *arguments,
            by=by,
            seqs=lambda transaction: seqs_of_kind(transaction.connection, "key"),
            index=lambda transaction, seq: self._index.write_other(transaction.connection, "key", seq),
        )

    def erase(self, seq: int, field: str, held: Sequence[Attachment], reason: str, *, by: str) -> Appended:
        """Delete private values of an entry, and record in the same commit that and why.

        Args:
            seq: The entry.
            field: The field, as it was named.
            held: The values, as the ledger holds them.
            reason: Why; it stays in the log for ever.
            by: Who does it.

        Raises:
            As `record`.
        """
        digests = [{KEY: item.digest.hex()} for item in held]
        body = {"seq": seq, "field": field, "digests": digests, "reason": reason}

        def derive(transaction: SqliteTransaction, first: int) -> None:
            transaction.drop_attachments(item.digest for item in held)
            self._index.write_other(transaction.connection, ERASE, first)

        return self.log.append([draft(ERASE, body, by=by, via="typed")], derive=derive)


def _prepared(
    sealed: dict[str, Any], attachments: Sequence[Attachment], hashed: bytes | None, *, by: str, via: str
) -> Prepared:
    made = draft("event", sealed, by=by, via=via, attachments=tuple(attachments))
    return Prepared(made, index_row(sealed, hashed, via=via), sealed["eventID"])


def _part(
    transaction: SqliteTransaction, first: int, events: Sequence[Prepared]
) -> tuple[list[Prepared], tuple[int | None, ...], tuple[Duplicate, ...]]:
    known = find_idents(transaction.connection, [event.row.ident for event in events])
    fresh: list[Prepared] = []
    seqs: list[int | None] = []
    duplicates: list[Duplicate] = []
    hashes: dict[bytes, bytes | None] = {}
    for event in events:
        if (seq := known.get(event.row.ident)) is not None:
            hashes[event.row.ident] = _check_known(transaction, first, seq, event)
    for position, event in enumerate(events):
        seq = known.get(event.row.ident)
        if seq is None:
            seq = known[event.row.ident] = first + len(fresh)
            hashes[event.row.ident] = event.row.hash
            fresh.append(event)
            seqs.append(seq)
        else:
            had, has = hashes[event.row.ident], event.row.hash
            differs = had is not None and has is not None and had != has
            duplicates.append(Duplicate(position, seq, event.event_id, differs))
            seqs.append(None)
    return fresh, tuple(seqs), tuple(duplicates)


def _held(
    transaction: SqliteTransaction, log: Log, fresh: Sequence[Prepared], *, refuse: bool
) -> tuple[Held, ...]:
    """Find what names held goods; refuse what passes them on, where that is asked for."""
    if not fresh or not has_holds(transaction.connection):
        return ()
    from ledger.custody.provenance.held import find_held

    found = find_held(transaction, log.origin, log.verifiers, [event.draft.body for event in fresh])
    stopped = next((held for held in found if held.passes_on), None)
    if refuse and stopped is not None:
        hold = stopped.hold
        what = stopped.thing if stopped.thing == hold.thing else f"{stopped.thing}, which holds {hold.thing},"
        raise Refused(
            f"{what} is on hold since entry {hold.seq} ({', '.join(sorted(hold.words))}), so it is not passed on",
            remedy=f"trace release {hold.thing}, or where it goes back, record it all the same: --anyway REASON",
        )
    return tuple(found)


def _check_known(transaction: SqliteTransaction, size: int, seq: int, event: Prepared) -> bytes | None:
    """Make sure that what the index calls known is in the log: else a wrong index could keep events out.

    Returns:
        The event hash of what is there, as the index keeps it; None where it covers private values.
    """
    data = transaction.entry(seq) if 0 <= seq < size else None
    row = next(read_rows([(seq, data)], hashed=True))[2] if data is not None else None
    if row is None or row.ident != event.row.ident:
        raise Untrue(
            f"the index is wrong: it says that entry {seq} is the event {event.event_id}, which it is not",
            remedy="trace index rebuild",
        )
    return row.hash


def _index_first(transaction: SqliteTransaction, first: int) -> None:
    IndexWriter().write_other(transaction.connection, "key", first)
