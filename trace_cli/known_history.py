"""The verified history that a prediction rests on: read whole, or continued from what was kept of it.

Both ways give the same columns, since what is kept of an entry depends on its bytes alone. What they promise:

* Read whole: every entry was hashed again now (`ledger.chain.verify`).
* Continued: the head is signed and only adds to the head under which everything was verified before, and to the
  pin; every new entry was verified now, and so were all private values and a part of the old entries, by turns
  (`ledger.chain.quick.verify_since`; all of them up to 131,072 entries). The rest was not read: the answer comes
  from what those entries said when they were verified, so changing them in the file changes no answer; it is found
  by `trace verify`, by their turn, and where an answer names one of them (`prove_named`).

Whatever does not fit when continuing leads to reading everything, which names the first bad entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from forecasting.tables.recorded import RecordedEvents
    from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
    from ledger.chain.storage.sqlite import SqliteView
    from ledger.chain.verdict import Verdict
    from trace_cli.context import Site
    from trace_cli.kept_history import KeptHistory
    from trace_cli.progress import Progress

ROLLING: Final = 512
"""Tiles of 256 old entries that are hashed again for an answer: a third of a second."""

SLACK: Final = 86_400_000_000
"""How far clocks may differ before a time is taken for one that has not come [us]: a day, for wrong zones."""

_CHUNK: Final = 8192


@dataclass(frozen=True)
class KnownHistory:
    """Recorded events up to a checkpoint.

    Attributes:
        head: the checkpoint.
        verdict: on the log.
        verified: whether it holds.
        recorded: what the entries say.
        read: how many entries were read for it; the others were kept.
        until: when the newest entry was recorded, by the clock of the ledger [us]; 0: it does not say.
    """

    head: Checkpoint
    verdict: Verdict
    verified: bool
    recorded: RecordedEvents
    read: int
    until: int

    @property
    def latest(self) -> int:
        """Give the latest time at which anything became known [us]; 0: nothing ever did.

        An import may say when things became known. What it dates later than the ledger itself has got is not known
        yet: one event of the year 2199 would else make every answer one about that year.
        """
        known = self.recorded.known
        if not len(known):
            return 0
        past = known[known <= self.until + SLACK]
        return int((past if len(past) else known).max())

    @property
    def ahead(self) -> list[int]:
        """List the entries that are dated later than that; no answer counts them before their time has come."""
        return [int(seq) for seq in self.recorded.seq[self.recorded.known > max(self.until + SLACK, self.latest)]]

    @property
    def imported(self) -> int:
        """Count the events that came in files of others."""
        return int(self.recorded.imported.sum())

    @property
    def earliest(self) -> int:
        """Give the first such time."""
        return int(self.recorded.known.min()) if len(self.recorded) else 0


def read_history(
    site: Site, *, schema: str, unverified: bool = False, full: bool = False, progress: Progress
) -> KnownHistory:
    """Verify a history and read it.

    Args:
        site: Whose.
        schema: Of the JSON answer.
        unverified: Go on where it does not hold.
        full: Verify and read everything again.
        progress: Told how far verifying is.

    Raises:
        CommandError: The history does not hold.
    """
    from trace_cli.kept_history import save_kept
    from trace_cli.trust import remember

    with site.reading() as (view, pin):
        # Where there is no pin, whoever removed it wants this machine to know nothing of before.
        kept = None if full or unverified or pin is None else _continued(site, view, pin)
        if kept is None:
            history, private, new = _read_whole(site, view, pin, schema, unverified, progress)
            before = None
        else:
            history, private, new, before = kept
    if history.verdict.word == "ok" and (signed := history.verdict.signed) is not None:
        remember(site.home, history.verdict)
        save_kept(site, signed, before, new, private)
    return history


def prove_named(
    site: Site, history: KnownHistory, seqs: Iterable[int], *, schema: str, progress: Progress
) -> None:
    """Prove the entries that an answer names once more, where they were not read for it.

    Raises:
        CommandError: One of them is no longer the signed one (exit 3).
    """
    from ledger.chain.errors import LedgerError

    named = sorted(set(seqs))
    if not history.verified or history.read >= history.head.size or not named:
        return
    try:
        with site.proving() as (_, reader):
            for seq in named:
                reader.proven_bytes(seq)
        return
    except (LedgerError, IndexError):
        pass  # what it is, reading everything says
    read_history(site, schema=schema, full=True, progress=progress)


def _continued(
    site: Site, view: SqliteView, pin: SignedCheckpoint
) -> tuple[KnownHistory, Sequence[int], RecordedEvents, KeptHistory] | None:
    """Go on from what was kept; None: there is nothing, or something does not fit."""
    from forecasting.tables.recorded import by_number, join_recorded, record_events
    from ledger.chain.checkpoint import Checkpoint
    from ledger.chain.errors import LedgerError
    from ledger.chain.quick import verify_since
    from ledger.custody.history import read_again
    from trace_cli.context import now
    from trace_cli.kept_history import load_kept

    if site.policy is None or (kept := load_kept(site)) is None:
        return None
    try:
        verdict = verify_since(
            view,
            origin=site.origin,
            policy=site.policy,
            seen=kept.seen,
            pin=pin,
            day=now().toordinal(),
            private_seqs=kept.private,
            key_seqs=site.key_seqs(view),
            most=ROLLING,
        )
        again = record_events(read_again(view, kept.private))
        public, withheld, private = _read(view, kept.seen.head.size, verdict.size)
    except (LedgerError, ValueError):
        return None
    parts = [kept.recorded, *(part for part in (again, public, withheld) if len(part))]
    head = Checkpoint(verdict.origin, verdict.size, verdict.root)
    read = len(kept.private) + verdict.size - kept.seen.head.size
    history = KnownHistory(
        head, verdict, True, by_number(join_recorded(parts)), read, recorded_until(view, head.size)
    )
    return history, [*kept.private, *private], public, kept


def read_snapshot(
    site: Site, view: SqliteView, pin: SignedCheckpoint | None, *, progress: Progress
) -> tuple[Verdict, KnownHistory | None]:
    """Verify everything in a snapshot and read it.

    Returns:
        The verdict, and the history; None where it does not hold.
    """
    from ledger.chain.verify import verify

    verdict = verify(view, origin=site.origin, policy=site.policy, pin=pin, progress=progress.step)
    return verdict, None if verdict.word != "ok" else _whole(view, verdict)[0]


def _read_whole(
    site: Site,
    view: SqliteView,
    pin: SignedCheckpoint | None,
    schema: str,
    unverified: bool,
    progress: Progress,
) -> tuple[KnownHistory, Sequence[int], RecordedEvents]:
    from forecasting.tables.recorded import record_events
    from ledger.chain.checkpoint import Checkpoint
    from ledger.chain.verify import verify
    from ledger.custody.history import read_doubtful
    from trace_cli.not_verified import refuse

    verdict = verify(view, origin=site.origin, policy=site.policy, pin=pin, progress=progress.step)
    if verdict.word == "ok":
        return _whole(view, verdict)
    if not unverified:
        refuse(site, verdict, schema)
    head = Checkpoint(verdict.origin, verdict.size, verdict.root)
    recorded = record_events(read_doubtful(view, verdict.size))
    return (
        KnownHistory(head, verdict, False, recorded, verdict.size, recorded_until(view, head.size)),
        (),
        recorded,
    )


def _whole(view: SqliteView, verdict: Verdict) -> tuple[KnownHistory, Sequence[int], RecordedEvents]:
    """Read everything; give it, the private entries, and what is said without them."""
    from forecasting.tables.recorded import by_number, join_recorded
    from ledger.chain.checkpoint import Checkpoint

    head = Checkpoint(verdict.origin, verdict.size, verdict.root)
    public, withheld, private = _read(view, 0, verdict.size)
    recorded = by_number(join_recorded([public, withheld])) if len(withheld) else public
    return (
        KnownHistory(head, verdict, True, recorded, verdict.size, recorded_until(view, head.size)),
        private,
        public,
    )


def recorded_until(view: SqliteView, size: int) -> int:
    """Say when the newest entry was recorded [us]; 0: it is no entry, which an unverified history may hold."""
    from ledger.chain.entry import parse_entry
    from ledger.chain.errors import Refused
    from ledger.custody.times import micros, read_time

    try:
        return micros(read_time(parse_entry(view.entry(size - 1) or b"").rec)) if size else 0
    except Refused:
        return 0


def _read(view: SqliteView, start: int, stop: int) -> tuple[RecordedEvents, RecordedEvents, list[int]]:
    """Read the events among some entries: those without private values, those with, and which these are."""
    from forecasting.tables.recorded import join_recorded, record_events
    from ledger.custody.history import read_part

    public, withheld, private = [record_events(())], [record_events(())], []
    for at in range(start, stop, _CHUNK):
        events, hidden = read_part(view, at, min(at + _CHUNK, stop))
        if hidden:
            apart = frozenset(hidden)
            withheld.append(record_events(event for event in events if event.seq in apart))
            events = [event for event in events if event.seq not in apart]
        public.append(record_events(events))
        private += hidden
    return join_recorded(public), join_recorded(withheld), private
