"""Verified history: what the ledger holds, handed out only after it was proven.

`open_history` verifies the whole log in one snapshot and then reads the events of the same snapshot; a
`History` cannot be made in any other way but by asking for unverified history, which says so on itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.commitment import MARK
from ledger.chain.entry import IMPORTED
from ledger.chain.errors import Refused
from ledger.chain.policy import Policy
from ledger.chain.storage.base import View
from ledger.custody.expiry import read_expiry, read_production
from ledger.custody.facts import Facts, NoEventError, read_facts
from ledger.custody.label import stated_lot
from ledger.custody.privacy import reveal
from ledger.custody.readings import Reading, read_readings
from ledger.custody.statement import LOT, PRODUCT, QUANTITY, UNIT
from ledger.custody.times import micros

if TYPE_CHECKING:
    from ledger.chain.verdict import Verdict


class Event(NamedTuple):
    """One recorded event of a history. `known` is when it was known [us since the epoch]."""

    seq: int
    facts: Facts
    known: int
    product: str | None
    lot: str | None
    quantity: Any
    unit: str | None
    via: str
    expiry: date | None = None
    by: str | None = None
    produced: date | None = None
    readings: tuple[Reading, ...] = ()


class History(NamedTuple):
    """The events of a log up to a checkpoint, in order of their number."""

    head: Checkpoint
    verdict: Verdict
    verified: bool
    events: tuple[Event, ...]

    @property
    def latest(self) -> int:
        """Give the latest time at which anything became known [us]; 0: nothing ever did."""
        return max((event.known for event in self.events), default=0)


def open_history(
    view: View,
    *,
    origin: str | None,
    policy: Policy | None,
    pin: SignedCheckpoint | None,
    unverified: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Verdict, History | None]:
    """Verify a log and read its events.

    Args:
        view: The snapshot; the pin must have been read before it was taken.
        origin: The origin that is expected.
        policy: The keys to believe.
        pin: The head seen before.
        unverified: Read the events even where the log does not hold.
        progress: As `verify`.

    Returns:
        The verdict, and the history; None where the log does not hold and `unverified` is not set.
    """
    from ledger.chain.verify import verify  # who reads single entries needs none of it

    verdict = verify(view, origin=origin, policy=policy, pin=pin, progress=progress)
    verified = verdict.word == "ok"
    if not verified and not unverified:
        return verdict, None
    head = Checkpoint(verdict.origin, verdict.size, verdict.root)
    events = read_events(view, verdict.size) if verified else read_doubtful(view, verdict.size)
    return verdict, History(head, verdict, verified, tuple(events))


def read_events(view: View, size: int) -> Iterator[Event]:
    """Read the events among the first entries of a snapshot that has been verified."""
    for seq, data in view.entries(0, size):
        if (event := _read_event(seq, data, view)) is not None:
            yield event


def read_part(view: View, start: int, stop: int) -> tuple[list[Event], list[int]]:
    """Read the events among some entries of a snapshot that has been verified.

    Args:
        view: The snapshot.
        start: The first entry.
        stop: The one after the last.

    Returns:
        The events, and the numbers of the entries that hold commitments or erase some: what they say may change.
    """
    events, private = [], []
    for seq, data in view.entries(start, stop):
        if MARK in data:
            private.append(seq)
        if (event := _read_event(seq, data, view)) is not None:
            events.append(event)
    return events, private


def read_again(view: View, seqs: Iterable[int]) -> Iterator[Event]:
    """Read the events among entries that were proven in this snapshot."""
    for seq in seqs:
        data = view.entry(seq)
        if data is not None and (event := _read_event(seq, data, view)) is not None:
            yield event


def read_doubtful(view: View, size: int) -> Iterator[Event]:
    """Read what can still be read as events, of a log that does not hold."""
    for seq, data in view.entries(0, size):
        try:
            event = _read_event(seq, data, view, doubtful=True)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, Refused):
            continue
        if event is not None:
            yield event


def _read_event(seq: int, data: bytes, view: View, *, doubtful: bool = False) -> Event | None:
    entry = json.loads(data)
    if entry["kind"] != "event":
        return None
    private = MARK in data
    body = reveal(entry["body"], view, doubtful=doubtful) if private else entry["body"]
    try:
        return make_event(seq, body, entry["rec"], entry["via"], by=entry["by"])
    except NoEventError:
        return None  # signed, but no event that this program would record: it says nothing that can be counted


def make_event(seq: int, body: dict[str, Any], rec: str, via: str, *, by: str | None = None) -> Event:
    """Make the event of an entry.

    What was scanned or typed is known from the ledger's own time; imported history from the time that its
    source gives, else from the time of the event (DESIGN section 5, "What was known when"). A correction repeats
    the time of what it corrects, so it counts from when it was declared.
    """
    facts = read_facts(body, seq)
    if via == IMPORTED:
        since = facts.time if facts.declared is None else facts.declared
        known = since if facts.recorded is None else facts.recorded
    else:
        known = micros(datetime.fromisoformat(rec))
    get = body.get
    if not (lot := get(LOT)):
        lot = stated_lot(body) if "ilmd" in body else None
    readings = read_readings(body) if "sensorElementList" in body else ()
    # By position, in the order of the fields, as names take longer.
    return Event(
        seq,
        facts,
        known,
        get(PRODUCT),
        lot,
        get(QUANTITY),
        get(UNIT),
        via,
        read_expiry(body),
        by,
        read_production(body),
        readings,
    )
