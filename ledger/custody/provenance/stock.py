"""Where a thing is now, and how much of it: what was made, moved, packed, used, sold and destroyed, added up.

A lot is followed in parts. Making adds to a place, shipping takes from it and puts under way, receiving ends that,
packing moves a part into a container that takes it along, unpacking puts it down where that happens. What is used
in a transformation, sold or destroyed is gone. Amounts that are not stated mean: all that is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from ledger.custody import vocabulary
from ledger.custody.index import roles
from ledger.custody.index.roles import AGGREGATING
from ledger.custody.provenance.answer import holder_of
from ledger.custody.provenance.graph import Graph
from ledger.custody.provenance.record import Record
from ledger.custody.units import convert, decimal_of

State = Literal["here", "under_way", "packed", "used", "sold", "destroyed"]
GONE: Final = frozenset({"used", "sold", "destroyed"})
SELLING: Final = frozenset({"retail_selling", "dispensing"})
_NONE: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a thing: where (a place; under way: the destination), in what state, in which container.

    `quantity` None: a container, or an unknown amount. `last_seq` is the last event that says so.
    """

    uri: str
    state: State
    place: str | None
    container: str | None
    holder: str | None
    quantity: Decimal | None
    unit: str | None
    last_seq: int


@dataclass(slots=True)
class _Pile:
    quantity: Decimal | None
    last: Record


_Key = tuple[State, str | None, str | None]  # state, place, container


class _Tally:
    """The piles of one lot."""

    def __init__(self, unit: str | None) -> None:
        self.unit = unit
        self.piles: dict[_Key, _Pile] = {}
        self.short = _NONE

    def add(self, key: _Key, quantity: Decimal | None, record: Record) -> None:
        pile = self.piles.get(key)
        if pile is None:
            self.piles[key] = _Pile(quantity, record)
            return
        pile.quantity = None if pile.quantity is None or quantity is None else pile.quantity + quantity
        pile.last = record

    def take(self, quantity: Decimal | None, keys: list[_Key]) -> Decimal | None:
        """Take from the first of the piles that are there; give how much was taken; None: an unknown pile."""
        found = [key for key in keys if key in self.piles]
        if quantity is None:
            piles = [self.piles.pop(key) for key in found]
            known = [pile.quantity for pile in piles]
            return None if not known or None in known else sum((one for one in known if one is not None), _NONE)
        left = quantity
        for key in found:
            pile = self.piles[key]
            if pile.quantity is None:
                return quantity
            part = min(pile.quantity, left)
            pile.quantity -= part
            left -= part
            if pile.quantity <= 0:
                del self.piles[key]
            if left <= 0:
                break
        self.short += left
        return quantity

    def keys(self, *wanted: tuple[State, str | None]) -> list[_Key]:
        """List the piles in these states and places, then all others that are not gone, largest first."""
        first = [key for state, place in wanted for key in self.piles if key[:2] == (state, place)]
        rest = [key for key in self.piles if key[0] in ("here", "under_way") and key not in first]
        return first + sorted(rest, key=lambda key: -(self.piles[key].quantity or _NONE))


def parts_of(graph: Graph, uri: str) -> tuple[list[Part], Decimal]:
    """Say where a thing of a forward walk is now, in parts.

    Returns:
        The parts, and how much more of it was used, sold or moved than there was [in the unit of the parts].
    """
    records = graph.records_of(uri)
    if any(mention.of_class for record in records for mention in record.facts.mentions if mention.uri == uri):
        tally = _follow(graph, uri, records)
        return list(_parts_of_tally(graph, uri, tally)), tally.short
    return ([_single(graph, uri, records)] if records else []), _NONE


def _follow(graph: Graph, uri: str, records: list[Record]) -> _Tally:
    unit = next(
        (mention.unit for r in records for mention in r.facts.mentions if mention.uri == uri and mention.unit),
        None,
    )
    tally = _Tally(unit)
    events = {record.seq: record for record in records}
    for stay in graph.packed(uri):  # who empties a container names none of the things in it
        events |= {seq: graph.source.records[seq] for seq in stay.seqs if seq not in events}
    for record in sorted(events.values(), key=lambda record: record.moment):
        _apply(tally, uri, record)
    return tally


def _apply(tally: _Tally, uri: str, record: Record) -> None:
    facts, place = record.facts, record.facts.place
    for mention in record.facts.mentions:
        if mention.uri == uri:
            stated = decimal_of(mention.quantity)
            amount = None if stated is None else convert(stated, mention.unit, tally.unit)
            _move(tally, mention.role, amount, record)
            return
    if facts.kind in AGGREGATING and facts.action == "DELETE":
        packed = [key for key in tally.piles if key[0] == "packed" and key[2] == facts.container]
        if packed:
            tally.add(("here", place, None), tally.take(None, packed), record)


def _move(tally: _Tally, role: str, amount: Decimal | None, record: Record) -> None:
    facts, place = record.facts, record.facts.place
    here: _Key = ("here", place, None)
    nearby = tally.keys(("here", place), ("under_way", place))
    if role == "output" or (facts.kind == "ObjectEvent" and facts.action == "ADD"):
        tally.add(here, amount, record)
    elif role == "input":
        tally.add(("used", place, None), tally.take(amount, nearby), record)
    elif role == "child" and facts.action in ("ADD", "OBSERVE"):
        if facts.action == "ADD" or not any(key[2] == facts.container for key in tally.piles):
            tally.add(("packed", None, facts.container), tally.take(amount, nearby), record)
    elif role == "child":
        packed = [key for key in tally.piles if key[0] == "packed" and key[2] == facts.container]
        tally.add(here, tally.take(amount, packed) if packed else amount, record)
    elif facts.step in SELLING:
        tally.add(("sold", place, None), tally.take(amount, nearby), record)
    elif facts.step in vocabulary.ENDING_STEPS or facts.action == "DELETE":
        tally.add(("destroyed", place, None), tally.take(amount, nearby), record)
    elif facts.step in vocabulary.GIVING_STEPS:
        taken = tally.take(amount, nearby) if nearby else amount
        tally.add(("under_way", facts.destination, None), taken, record)
    elif facts.step in vocabulary.TAKING_STEPS:
        _receive(tally, amount, record)
    elif not tally.piles:
        tally.add(here, amount, record)
    elif here in tally.piles:
        tally.piles[here].last = record
    elif place is not None and amount is not None:
        tally.add(here, tally.take(amount, nearby), record)


def _receive(tally: _Tally, amount: Decimal | None, record: Record) -> None:
    place = record.facts.place
    coming = [key for key in tally.piles if key[:2] in (("under_way", place), ("under_way", None))]
    source = [key for key in tally.piles if key[:2] == ("here", record.facts.source)]
    known = coming or source or [key for key in tally.piles if key[0] == "under_way"]
    taken = tally.take(amount, known) if known else amount
    tally.add(("here", place, None), taken if taken is not None else amount, record)


def _parts_of_tally(graph: Graph, uri: str, tally: _Tally) -> Iterator[Part]:
    for (state, place, container), pile in tally.piles.items():
        last = pile.last
        if state == "packed" and container is not None:
            yield _packed(graph, uri, container, pile.quantity, tally.unit, last)
            continue
        holder = holder_of([last]) if state != "under_way" else None
        yield Part(
            uri, state, place, None, holder or _holder_at(graph, uri, place), pile.quantity, tally.unit, last.seq
        )


def _packed(
    graph: Graph, uri: str, container: str, quantity: Decimal | None, unit: str | None, last: Record
) -> Part:
    """Say where a part is by where its container is, the outermost first."""
    found = _single(graph, container, graph.records_of(container)) if container in graph.spans else None
    if found is None:
        return Part(uri, "packed", last.facts.place, container, holder_of([last]), quantity, unit, last.seq)
    seq = max(found.last_seq, last.seq)
    return Part(uri, found.state, found.place, container, found.holder, quantity, unit, seq)


def _single(graph: Graph, uri: str, records: list[Record]) -> Part:
    """Say where one thing is: by its own last event, or by what it is packed in."""
    own = records[-1]
    state: State = "here"
    for record in records:
        facts = record.facts
        if record.roles.get(uri, 0) & roles.INPUT:
            state = "used"
        elif facts.step in SELLING:
            state = "sold"
        elif state not in GONE and (
            facts.step in vocabulary.ENDING_STEPS or (facts.action == "DELETE" and facts.kind == "ObjectEvent")
        ):
            state = "destroyed"
    timeline = graph.timeline(uri)
    last = timeline[-1]
    if state not in GONE:
        state = "under_way" if last.facts.step in vocabulary.GIVING_STEPS else "here"
    place = next((record.facts.place for record in reversed(timeline) if record.facts.place), None)
    if state == "under_way":
        place = last.facts.destination or place
    stated, unit = own.amount_of(uri)
    is_container = graph.source.has_role(uri, roles.PARENT | roles.EMPTIED)
    quantity = decimal_of(stated) or (None if is_container else Decimal(1))
    inside = [stay.container for stay in graph.packed(uri) if stay.is_open and stay.via == "aggregation"]
    container = inside[-1] if inside and state not in GONE else None
    return Part(uri, state, place, container, holder_of(timeline), quantity, unit, last.seq)


def _holder_at(graph: Graph, uri: str, place: str | None) -> str | None:
    """Say who had the thing, or what it came in, at a place, by the last event there that tells."""
    return holder_of([record for record in graph.timeline(uri) if record.facts.place == place])
