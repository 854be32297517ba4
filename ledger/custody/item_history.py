"""The history of one item: every event that names it, and those on what it was packed in at the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from ledger.chain.counting import counted
from ledger.chain.entry import Entry
from ledger.chain.errors import Refused
from ledger.custody.codes import Codes
from ledger.custody.corrections import Corrections, Declaration, find_corrections
from ledger.custody.facts import Facts
from ledger.custody.history import Event, make_event
from ledger.custody.index.lookup import Lookup
from ledger.custody.index.roles import NAMED
from ledger.custody.kinds.base import thing_uri
from ledger.custody.privacy import Held, reveal

# A moment of a history: its time, and among equal times the number of the entry.
Moment = tuple[float, float]

_Load = Callable[[str], list[Event]]
_Withdrawn = Callable[[Iterable[Event]], Corrections]

_BEGIN: Final = (float("-inf"), 0.0)
_END: Final = (float("inf"), 0.0)
_NOTHING: Final = 1e-9
_ROLES_AFTER: Final = ("destination: possessing_party", "party", "source: possessing_party")


class Line(NamedTuple):
    """One event of an item; `parent` is the container it was in, where the event is on that.

    `disputed` is an imported declaration that may not withdraw the event that it names.
    """

    event: Event
    parent: str | None
    declaration: Declaration | None = None
    disputed: Declaration | None = None

    @property
    def corrected(self) -> bool:
        """Tell whether the event was withdrawn, or is what withdraws it: neither counts."""
        return self.declaration is not None or self.event.facts.withdraws


class ItemHistory(NamedTuple):
    """What happened to an item, oldest first; who has it and where, by the last event that says so."""

    item: str
    lines: tuple[Line, ...]
    holder: str | None
    place: str | None


class NotFoundError(LookupError):
    """No event names it."""


def resolve(lookup: Lookup, codes: Codes, code: str, *, mask: int = NAMED) -> str:
    """Find the thing that a typed code means.

    Args:
        lookup: The index.
        codes: How codes are read.
        code: As it was typed.
        mask: As what events must name it, of `ledger.custody.index.roles`.

    Raises:
        NotFoundError: No event names anything under that code.
        Refused: Several things fit.
    """
    for probe in (False, True):  # to search the log is dear, so what is listed comes first
        for uri in map(thing_uri, codes.candidates(code)):
            if lookup.is_known(uri, probe=probe, mask=mask):
                return uri
    tails = {uri.rpartition("/")[2] for uri in codes.candidates(code)}
    named = {uri for tail in tails for mark in (":", "/10/") for uri in lookup.ending_with(mark + tail)}
    fits = [uri for uri in sorted(named) if lookup.is_known(uri, mask=mask)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        names = ", ".join(codes.short(uri) for uri in fits[:5])
        raise Refused(f"{code!r} fits {counted(len(fits), 'thing')}: {names}", remedy="name it in full")
    raise NotFoundError(code)


def item_history(lookup: Lookup, item: str) -> ItemHistory:
    """Gather the history of an item; every entry that is shown was proven.

    Raises:
        Untrue: An entry that the answer needs does not hold.
    """

    def withdrawn(some: Iterable[Event]) -> Corrections:
        return find_corrections(lookup, [event.facts.event_id for event in some])

    return history_of(item, lookup.entries_naming, lookup.view, withdrawn, lookup.events_ahead)


def history_of(
    item: str,
    naming: Callable[[str], Iterable[Entry]],
    held: Held,
    withdrawn: _Withdrawn | None = None,
    known: Callable[[str], Sequence[Event] | None] | None = None,
) -> ItemHistory:
    """Gather the history of an item from entries that were proven, wherever they come from.

    Args:
        item: The thing.
        naming: Gives the entries whose events name a thing.
        held: Where the private values are that may be seen.
        withdrawn: Finds the error declarations on some events; None: only among the entries that name a thing.
        known: Gives the events that name a thing, where all were proven and read already; None: ask `naming`.

    Raises:
        Untrue: A private value is not the one that was recorded.
    """
    events: dict[int, Event] = {}

    def load(uri: str) -> list[Event]:
        if known is not None and (there := known(uri)) is not None:
            events.update((event.seq, event) for event in there)
        else:
            for entry in naming(uri):
                if entry.seq not in events:
                    body = reveal(entry.body, held) if entry.sealed else entry.body
                    events[entry.seq] = make_event(entry.seq, body, entry.rec, entry.via, by=entry.by)
        return [event for event in events.values() if any(m.uri == uri for m in event.facts.mentions)]

    def declared(_some: Iterable[Event]) -> Corrections:
        return Corrections(events.values())

    ask = withdrawn or declared
    found = sorted(_gather(item, load, ask).values(), key=lambda pair: (pair[0].facts.time, pair[0].seq))
    corrections = ask(event for event, _ in found)
    of, disputing = corrections.of, corrections.disputing
    lines = (
        [
            Line(event, parent, of(event.facts, event.via), disputing(event.facts, event.via))
            for event, parent in found
        ]
        if corrections.event_ids
        else [Line(event, parent) for event, parent in found]
    )
    standing = [line for line in lines if not line.corrected]
    return ItemHistory(item, tuple(lines), _holder(standing), _place(standing))


def _moment(event: Event) -> Moment:
    return event.facts.time, event.seq


def _gather(item: str, load: _Load, withdrawn: _Withdrawn) -> dict[int, tuple[Event, str | None]]:
    """Walk from the item to the containers it was in, each only for the time that it was in there."""
    own = load(item)
    if all(event.facts.container is None or event.facts.container == item for event in own):
        return {event.seq: (event, None) for event in own}  # most things are never in another
    found: dict[int, tuple[Event, str | None]] = {}
    waiting: list[tuple[str, Moment, Moment, str | None]] = [(item, _BEGIN, _END, None)]
    done: set[tuple[str, Moment, Moment]] = set()
    while waiting:
        uri, start, end, parent = waiting.pop()
        if (uri, start, end) in done:
            continue
        done.add((uri, start, end))
        events = load(uri)
        for event in events:
            if start <= _moment(event) <= end and (parent is None or not _repacks(event.facts, uri)):
                found.setdefault(event.seq, (event, parent))
        for container, entered, left in _stays_inside(uri, events, load, withdrawn):
            if entered <= end and left >= start:
                waiting.append((container, max(start, entered), min(end, left), container))
    return found


def _repacks(facts: Facts, container: str) -> bool:
    """Tell whether an event puts named things in or out of the container: that is none on what else is inside."""
    named = any(mention.role == "child" for mention in facts.mentions)
    return facts.container == container and facts.action in ("ADD", "DELETE") and named


def _stays_inside(
    uri: str, events: Sequence[Event], load: _Load, withdrawn: _Withdrawn
) -> list[tuple[str, Moment, Moment]]:
    """List the containers that a thing was in, with the moment at which it went in and came out."""
    moves = {event.seq: event for event in events if event.facts.container not in (None, uri)}
    # Whoever empties a container names none of the things in it.
    for container in {str(event.facts.container) for event in moves.values()}:
        emptied = (event for event in load(container) if event.facts.container == container)
        moves |= {event.seq: event for event in emptied if not _repacks(event.facts, container)}
    if not moves:
        return []
    corrections = withdrawn(moves.values())
    stays: list[tuple[str, Moment, Moment]] = []
    inside: dict[str, tuple[Moment, float | None]] = {}
    for event in sorted(moves.values(), key=_moment):
        facts = event.facts
        if facts.kind != "AggregationEvent" or corrections.of(facts, event.via):
            continue
        container, amount = str(facts.container), _amount_of(facts, uri)
        entered, before = inside.get(container, (_moment(event), None))
        if facts.action == "ADD":
            more = amount if before is None or amount is None else before + amount
            inside[container] = entered, more
        elif facts.action == "DELETE" and container in inside:
            if before is not None and amount is not None and before - amount > _NOTHING:
                inside[container] = entered, before - amount
            else:
                del inside[container]
                stays.append((container, entered, _moment(event)))
    return stays + [(container, entered, _END) for container, (entered, _) in inside.items()]


def _amount_of(facts: Facts, uri: str) -> float | None:
    """Give how much of a thing goes in or out; None: all of it, or one thing."""
    found = next((m.quantity for m in facts.mentions if m.uri == uri and m.role == "child"), None)
    return float(found) if isinstance(found, int | float | Decimal) else None


def _holder(lines: list[Line]) -> str | None:
    for line in reversed(lines):
        if line.event.facts.parties:
            parties: dict[str, str] = dict(line.event.facts.parties)
            for role in _ROLES_AFTER:
                if role in parties:
                    return parties[role]
    return None


def _place(lines: list[Line]) -> str | None:
    for line in reversed(lines):
        if line.event.facts.place:
            place: str = line.event.facts.place
            return place
    return None
