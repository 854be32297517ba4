"""Follow a ledger that grows: each look reads, verifies and adds only the entries that came since the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted

if TYPE_CHECKING:
    from forecasting.tables.recorded import RecordedEvents
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.custody.history import Event
    from trace_cli.context import Site
    from trace_cli.progress import Progress

_ROLLING: Final = 8


@dataclass(frozen=True)
class Update:
    """What came since the last look.

    Attributes:
        first: number of the first new entry.
        size: entries of the log now.
        events: the new events, in order.
        things: the things of which the events table may say anything else now than before: those that the new
            events name, what is or was in them where they are containers, and the same for events that were
            corrected; everything, once private values were erased.
    """

    first: int
    size: int
    events: tuple[Event, ...]
    things: frozenset[str]


class FollowedLedger:
    """A ledger whose events table grows with it.

    The first look verifies everything, or continues from what was kept (`trace_cli.known_history`); each later one
    verifies the entries that came since (`ledger.chain.quick.verify_since`), so its cost grows with these.

    Args:
        site: Whose ledger.
        schema: Of the JSON answer in which a history that does not hold is told.
        progress: Told how far verifying is.

    Raises:
        CommandError: The history does not hold (exit 3).
    """

    def __init__(self, site: Site, *, schema: str, progress: Progress) -> None:
        from forecasting.tables.extended import GrowingHistory
        from trace_cli.known_history import read_history

        self._site, self._schema, self._progress = site, schema, progress
        self.history = read_history(site, schema=schema, progress=progress)
        assert self.history.verdict.signed is not None
        self._seen: SignedCheckpoint = self.history.verdict.signed
        self._growing = GrowingHistory(self.history.recorded)
        self.latest = self.history.latest

    @property
    def size(self) -> int:
        """Count the entries that were seen."""
        return self._seen.head.size

    def look(self) -> Update | None:
        """Verify, read and add what came since the last look; None: nothing did.

        Raises:
            CommandError: The history does not hold any more (exit 3).
        """
        from forecasting.tables.extended import GrowingHistory
        from forecasting.tables.recorded import record_events
        from ledger.chain.erasure import is_erase_entry
        from ledger.chain.errors import LedgerError, Untrue
        from ledger.chain.quick import verify_since
        from ledger.custody.history import read_part
        from trace_cli.context import now
        from trace_cli.known_history import SLACK, read_history, read_snapshot, recorded_until
        from trace_cli.trust import remember

        site, first = self._site, self.size
        try:
            with site.reading() as (view, pin):
                if view.head() == self._seen.note:
                    return None
                verdict = verify_since(
                    view,
                    origin=site.origin,
                    policy=site.believed_policy(),
                    seen=self._seen,
                    pin=pin if pin is not None and pin.head.size >= first else self._seen,
                    day=now().toordinal(),
                    key_seqs=site.key_seqs(view),
                    most=_ROLLING,
                )
                events, private = read_part(view, first, verdict.size)
                until = recorded_until(view, verdict.size)
                erased = None
                if any(is_erase_entry(view.entry(seq) or b"") for seq in private):
                    # What was read of the values that are gone must go, too. All is read from the same snapshot:
                    # what is recorded meanwhile is for the next look, or it would be counted twice.
                    _, erased = read_snapshot(site, view, pin, progress=self._progress)
                    if erased is None:
                        raise Untrue("the history does not hold any more")
        except (LedgerError, ValueError):
            # Reading everything names what does not fit; where all of it holds after all, there is more than one
            # way to it, such as a new epoch, and what was followed is given up.
            whole = read_history(site, schema=self._schema, full=True, progress=self._progress)
            raise _given_up(site, first, whole.head.size) from None
        assert verdict.signed is not None
        self._seen = verdict.signed
        remember(site.home, verdict)
        if erased is not None:
            self.history = erased
            self._growing = GrowingHistory(self.history.recorded)
            things = frozenset(self.history.recorded.item.tolist())
        else:
            things = self._growing.extend(record_events(events))
        # As `KnownHistory.latest`: what is dated later than the ledger has got is not known yet.
        past = [event.known for event in events if event.known <= until + SLACK]
        self.latest = max([self.latest, *past])
        return Update(first, verdict.size, tuple(events), things)

    def events(self, as_of: int | None = None) -> Any:
        """Build the whole events table of what was known at a moment [us]; the cost grows with the history."""
        return self._growing.events(as_of=as_of)

    def events_on(self, things: frozenset[str], as_of: int | None = None) -> Any:
        """Build the rows of some things in the events table; the cost grows with what is told of them alone."""
        return self._growing.events_on(things, as_of=as_of)

    def recorded_on(self, things: frozenset[str] | None) -> RecordedEvents:
        """Give the recorded events on some things and on what these were in; None: all."""
        return self._growing.whole() if things is None else self._growing.recorded_on(things)

    def readings(self, recorded: RecordedEvents) -> Any:
        """Build the readings table of recorded events."""
        from forecasting.tables.known import known_readings

        return known_readings(recorded, corrections=self._growing.corrections)


def _given_up(site: Site, seen: int, size: int) -> Exception:
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    return CommandError(
        ExitCode.NOT_VERIFIED,
        f"the history of {site.origin}, now {counted(size, 'entry')}, does not continue the {seen} that "
        f"were followed",
        remedy="trace verify, and begin again",
    )
