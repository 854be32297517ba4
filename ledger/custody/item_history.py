"""The history of one item: every event that names it, and those on what it was packed in at the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ledger.chain.errors import Refused
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteView
from ledger.custody.codes import Codes
from ledger.custody.facts import Facts
from ledger.custody.history import Event, make_event
from ledger.custody.index.read import ending_with, is_known, mentions_of
from ledger.custody.privacy import reveal

_ROLES_AFTER = ("destination: possessing_party", "party", "source: possessing_party")


@dataclass(frozen=True, slots=True)
class Line:
    """One event of an item; `parent` is the container it was in, where the event is on that."""

    event: Event
    parent: str | None
    corrected: bool


@dataclass(frozen=True, slots=True)
class ItemHistory:
    """What happened to an item, oldest first; who has it and where, by the last event that says so."""

    item: str
    lines: tuple[Line, ...]
    holder: str | None
    place: str | None


class NotFoundError(LookupError):
    """No event names it."""


def resolve(view: SqliteView, codes: Codes, code: str) -> str:
    """Find the thing that a typed code means.

    Raises:
        NotFoundError: No event names anything under that code.
        Refused: Several things fit.
    """
    for uri in codes.candidates(code):
        if is_known(view.connection, uri):
            return uri
    tails = {uri.rsplit("/", 1)[1] for uri in codes.candidates(code)}
    fits = sorted(
        {uri for tail in tails for mark in (":", "/10/") for uri in ending_with(view.connection, mark + tail)}
    )
    if len(fits) == 1:
        return fits[0]
    if fits:
        names = ", ".join(codes.short(uri) for uri in fits[:5])
        raise Refused(f"{code!r} fits {len(fits)} things: {names}", remedy="name it in full")
    raise NotFoundError(code)


def item_history(view: SqliteView, reader: AuthenticReader, item: str) -> ItemHistory:
    """Gather the history of an item; every entry that is shown was proven.

    Raises:
        Untrue: An entry that the answer needs does not hold.
    """
    events: dict[int, Event] = {}

    def load(uri: str) -> list[Event]:
        for seq in mentions_of(view.connection, uri):
            if seq not in events and seq < reader.size:
                entry = reader.entry(seq)
                if entry.kind == "event":
                    events[seq] = make_event(seq, reveal(entry.body, view), entry.rec, entry.via)
        return [event for event in events.values() if any(m.uri == uri for m in event.facts.mentions)]

    found = _gather(item, load)
    withdrawn = {event.facts.event_id for event in events.values() if event.facts.withdraws}
    lines = tuple(
        Line(event, parent, event.facts.event_id in withdrawn)
        for event, parent in sorted(found.values(), key=lambda pair: (pair[0].facts.time, pair[0].seq))
    )
    standing = [line for line in lines if not line.corrected]
    return ItemHistory(item, lines, _holder(standing), _place(standing))


def _gather(item: str, load: Callable[[str], list[Event]]) -> dict[int, tuple[Event, str | None]]:
    """Walk from the item to the containers it was in, each only for the time that it was in there."""
    found: dict[int, tuple[Event, str | None]] = {}
    waiting: list[tuple[str, float, float, str | None]] = [(item, float("-inf"), float("inf"), None)]
    done: set[tuple[str, float, float]] = set()
    while waiting:
        uri, start, end, parent = waiting.pop()
        if (uri, start, end) in done:
            continue
        done.add((uri, start, end))
        events = sorted(load(uri), key=lambda event: (event.facts.time, event.seq))
        for event in events:
            if start <= event.facts.time <= end and (parent is None or not _repacks(event.facts, uri)):
                found.setdefault(event.seq, (event, parent))
        for container, entered, left in _stays_inside(uri, events):
            until = min(left, _emptied(container, load(container), entered))
            if entered <= end and until >= start:
                waiting.append((container, max(start, entered), min(end, until), container))
    return found


def _repacks(facts: Facts, container: str) -> bool:
    """Tell whether an event puts named things in or out of the container: that is none on what else is inside."""
    named = any(mention.role == "child" for mention in facts.mentions)
    return facts.container == container and facts.action in ("ADD", "DELETE") and named


def _emptied(container: str, events: Iterable[Event], since: float) -> float:
    """Find when everything was taken out of a container at once, after a moment."""
    times = [
        event.facts.time
        for event in events
        if event.facts.container == container
        and event.facts.action == "DELETE"
        and not event.facts.withdraws
        and not _repacks(event.facts, container)
        and event.facts.time >= since
    ]
    return min(times, default=float("inf"))


def _stays_inside(uri: str, events: Iterable[Event]) -> list[tuple[str, float, float]]:
    """List the containers that a thing was in, with the time at which it went in and came out."""
    stays: list[tuple[str, float, float]] = []
    inside: dict[str, float] = {}
    for event in events:
        facts = event.facts
        if facts.kind != "AggregationEvent" or facts.container in (None, uri) or facts.withdraws:
            continue
        if facts.action == "ADD":
            inside.setdefault(str(facts.container), facts.time)
        elif facts.action == "DELETE" and (entered := inside.pop(str(facts.container), None)) is not None:
            stays.append((str(facts.container), entered, facts.time))
    return stays + [(container, entered, float("inf")) for container, entered in inside.items()]


def _holder(lines: list[Line]) -> str | None:
    for line in reversed(lines):
        parties = dict(line.event.facts.parties)
        for role in _ROLES_AFTER:
            if role in parties:
                return parties[role]
    return None


def _place(lines: list[Line]) -> str | None:
    return next((line.event.facts.place for line in reversed(lines) if line.event.facts.place), None)
