"""Walk from a thing to what it came from, or to what it went into.

What is linked, and by which events (ADR 0011):

1. transformation: from every input to every output; events of one transformationID are one transformation
2. aggregation, association: from a child to the container that it is in, from going in to coming out. What happens
   to a container counts for what is inside at that time, at any depth; so a pallet that is used again links
   nothing of its second load to the first
3. lot: from a lot to its instances, where the code or an event says so

A lot is one thing whenever it was made or used: what is true of one part is taken to be true of all. Withdrawn
events link nothing. Order is by event time, then by number of the entry, so late records fall into their place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from ledger.custody.index import roles
from ledger.custody.index.lookup import Lookup, WrongIndexError
from ledger.custody.index.read import Row
from ledger.custody.provenance import windows
from ledger.custody.provenance.pause import no_search_for_cycles
from ledger.custody.provenance.record import Record, is_member_of, moment_of
from ledger.custody.provenance.source import Elsewhere, Source
from ledger.custody.provenance.spans import ALWAYS, Moment, Span, Spans, Timetable
from ledger.custody.provenance.stays import Stay, Stays, stays_in
from ledger.custody.units import decimal_of

Direction = Literal["back", "forward"]
_NEVER: Final = Timetable[Stay](())

# What is read of each thing: going back, nothing is asked of what else a thing went into.
_READ: Final = {
    "back": roles.PLAIN | roles.OUTPUT | roles.PARENT | roles.EMPTIED | roles.CREATED | roles.MEMBER,
    "forward": roles.NAMED | roles.LOT,
}


class Link(NamedTuple):
    """What goes from one thing into another, by which events; `quantity` is how much of `source` went."""

    source: str
    target: str
    via: Literal["transformation", "aggregation", "association", "lot"]
    seq: int
    quantity: Decimal | None
    unit: str | None
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Transformation:
    """Events that are one transformation, oldest first."""

    identifier: str | None
    records: tuple[Record, ...]


@dataclass
class Graph:
    """What a walk found. `spans` says for each thing the times for which it belongs to the answer."""

    item: str
    direction: Direction
    source: Source
    spans: dict[str, Spans] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    transformations: dict[object, Transformation] = field(default_factory=dict)
    stays: dict[tuple[str, str | None], Stays] = field(default_factory=dict)
    elsewhere: Elsewhere = field(default_factory=lambda: Elsewhere(0, ()))
    _packed: dict[str, Timetable[Stay]] | None = None
    _records: dict[str, list[Record]] = field(default_factory=dict)

    @property
    def things(self) -> list[str]:
        """List the things, the asked one first, then in the order in which they were reached."""
        return list(self.spans)

    def records_of(self, uri: str) -> list[Record]:
        """List the events on a thing that stand and fall into its spans, oldest first; going back, also those that
        made it, whenever that was."""
        if (found := self._records.get(uri)) is None:
            spans = self.spans[uri]
            found = self.source.of(uri, roles.NAMED)
            if not spans.always:
                made = windows.TIMELESS if self.direction == "back" else 0
                found = [record for record in found if spans.hold(record.moment) or record.roles[uri] & made]
            self._records[uri] = found
        return found

    def packed(self, uri: str) -> Timetable[Stay]:
        """Give the stays of a thing in containers, as far as the walk has followed them."""
        if self._packed is None:
            found: dict[str, list[Stay]] = {}
            for stays in self.stays.values():
                for stay in stays.found:
                    found.setdefault(stay.child, []).append(stay)
            self._packed = {child: Timetable(stays) for child, stays in found.items()}
        return self._packed.get(uri, _NEVER)

    def timeline(self, uri: str) -> list[Record]:
        """List the events on a thing and on what it was in at the time, oldest first."""
        own = self.records_of(uri)
        waiting = [(stay, stay.entered, stay.left) for stay in self.packed(uri) if stay.via == "aggregation"]
        if not waiting:
            return own
        found = {record.seq: record for record in own}
        done: set[tuple[str, Moment, Moment]] = set()
        while waiting:
            stay, start, end = waiting.pop()
            if (stay.container, start, end) in done or stay.container not in self.spans:
                continue
            done.add((stay.container, start, end))
            records = self.source.of(stay.container, roles.NAMED)
            first, stop = bisect_left(records, start, key=moment_of), bisect_right(records, end, key=moment_of)
            for record in records[first:stop]:
                found[record.seq] = record
            for outer in self.packed(stay.container).during(start, end):
                if outer.via == "aggregation":
                    waiting.append((outer, max(start, outer.entered), min(end, outer.left)))
        return sorted(found.values(), key=moment_of)


def trace(lookup: Lookup, item: str, direction: Direction) -> Graph:
    """Walk back or forward; every event that the answer rests on is proven.

    Args:
        lookup: The index and the reader of one snapshot; where it is found wrong, `lookup.warning` says so and the
            answer comes from the log.
        item: The thing, as `resolve` gives it.
        direction: Which way.

    Raises:
        Untrue: An event that the answer needs does not hold; `seq` names it.
    """
    with no_search_for_cycles():
        try:
            return _walk(Source(lookup), item, direction)
        except WrongIndexError as error:
            lookup.distrust(str(error))
            return _walk(Source(lookup), item, direction)


def _walk(source: Source, item: str, direction: Direction) -> Graph:
    graph = Graph(item, direction, source)
    step = _Forward(graph) if direction == "forward" else _Back(graph)
    step.reach(item, ALWAYS)
    while step.fresh:
        waiting, step.fresh = step.fresh, {}
        step.read(waiting)
        for uri, spans in waiting.items():
            step.go(uri, spans)
    graph.links = list(dict.fromkeys(graph.links))
    graph.elsewhere = source.look_elsewhere()
    return graph


class _Step(ABC):
    """What both ways share: reading in batches, remembering what was reached and when."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.source = graph.source
        self.fresh: dict[str, Spans] = {}
        self._members: set[tuple[str, str]] = set()
        self._stays: set[tuple[str, str, tuple[int, ...]]] = set()

    @abstractmethod
    def read(self, waiting: Mapping[str, Spans]) -> None:
        """Read what the next steps need: of things and the times for which they are new."""

    @abstractmethod
    def go(self, uri: str, spans: Spans) -> None:
        """Go on from a thing, for the times for which it is new."""

    def reach(self, uri: str, span: Span) -> None:
        """Remember that a thing belongs to the answer for some time; go on from there where that is new."""
        known = self.graph.spans.get(uri)
        if known is None:
            known = self.graph.spans[uri] = Spans()
        if known.add(span):
            self.fresh.setdefault(uri, Spans()).add(span)

    def load_transformations(self, records: Iterable[Record]) -> None:
        """Read the other events of the same transformations."""
        self.source.load((record.transformation for record in records if record.transformation), roles.JOINED)

    def transformation_of(self, record: Record) -> Transformation:
        """Give the whole transformation that an event is of."""
        key: object = record.transformation or record.seq
        found = self.graph.transformations.get(key)
        if found is None:
            joined = record.transformation
            whole = self.source.of(joined, roles.JOINED) if joined else [record]
            found = self.graph.transformations[key] = Transformation(joined, tuple(whole))
        return found

    def follow(self, container: str, records: Iterable[Record], spans: Spans, child: str | None) -> None:
        """Link what was in a container (one child, where it is named) during some times; reach the other end."""
        found = self.graph.stays[container, child] = stays_in(container, records, child=child)
        for stay in found.found:
            for span in spans.within(stay.entered, stay.left):
                self.link_stay(stay)
                self.reach(container if child is not None else stay.child, span)

    def link_stay(self, stay: Stay) -> None:
        """Link a child to its container, once."""
        if (key := (stay.child, stay.container, stay.seqs)) in self._stays:
            return
        self._stays.add(key)
        via: Literal["aggregation", "association"] = "association" if stay.via == "association" else "aggregation"
        self.graph.links.append(
            Link(stay.child, stay.container, via, stay.seqs[0], stay.quantity, stay.unit, stay.seqs)
        )

    def link_member(self, lot: str, instance: str, seq: int) -> None:
        """Link a lot to one of its instances, once."""
        if (lot, instance) not in self._members:
            self._members.add((lot, instance))
            self.graph.links.append(Link(lot, instance, "lot", seq, None, None, (seq,)))


class _Forward(_Step):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._closing: dict[tuple[str, str], set[int]] = {}  # what may end the stays of a child in a container

    def read(self, waiting: Mapping[str, Spans]) -> None:
        source, mask = self.source, _READ["forward"]
        source.ask(waiting)
        source.ask_around({uri: spans for uri, spans in waiting.items() if not spans.always})
        chosen: dict[str, Collection[Row]] = {}
        for uri, spans in waiting.items():
            rows = source.rows(uri)
            if not spans.always:
                rows = windows.ChildRows(rows, spans, source.closed, source.withdrawn_out(uri)).choose()
            chosen[uri] = rows
        source.read(chosen, mask)
        entering = {uri: windows.entering(rows) for uri, rows in chosen.items()}
        emptied = source.emptied(windows.packed_by(row) for rows in entering.values() for row in rows)
        closing: dict[str, dict[int, Row]] = {}
        for uri, rows in entering.items():
            for row in rows:
                container = source.records[row.seq].facts.container
                if container and _is_thing(container):
                    ends = {end.seq: end for end in emptied[windows.packed_by(row)]}
                    closing.setdefault(container, {}).update(ends)
                    self._closing.setdefault((container, uri), set()).update(ends)
        source.read({container: ends.values() for container, ends in closing.items()}, roles.EMPTIED)
        self.load_transformations(record for uri in waiting for record in source.of(uri, roles.INPUT))

    def go(self, uri: str, spans: Spans) -> None:
        for record in self.source.of(uri, roles.INPUT):
            if spans.hold(record.moment):
                self._transformed(uri, record)
        self._packed(uri, spans)
        for record in self.source.of(uri, roles.LOT):
            for instance in is_member_of(record, uri):
                self.link_member(uri, instance, record.seq)
                self.reach(instance, ALWAYS)

    def _packed(self, uri: str, spans: Spans) -> None:
        packing: dict[str, list[Record]] = {}
        for record in self.source.of(uri, roles.CHILD):
            container = record.facts.container
            if container and _is_thing(container):
                packing.setdefault(container, []).append(record)
        for container, records in packing.items():
            ends = (self.source.records[seq] for seq in self._closing.get((container, uri), ()))
            self.follow(container, [*records, *filter(self.source.stands, ends)], spans, uri)

    def _transformed(self, uri: str, record: Record) -> None:
        quantity, unit = record.amount_of(uri, "input")
        for event in self.transformation_of(record).records:
            for output in event.mentions("output"):
                if output.uri != uri:
                    seqs = tuple(dict.fromkeys((record.seq, event.seq)))
                    amount = decimal_of(quantity)
                    self.graph.links.append(Link(uri, output.uri, "transformation", event.seq, amount, unit, seqs))
                    self.reach(output.uri, ALWAYS)


class _Back(_Step):
    def read(self, waiting: Mapping[str, Spans]) -> None:
        source, mask = self.source, _READ["back"]
        source.ask(waiting)
        source.ask_inside({uri: spans for uri, spans in waiting.items() if not spans.always}, windows.TIMELESS)
        source.read({uri: [row for row in source.rows(uri) if row.role & mask] for uri in waiting}, mask)
        self.load_transformations(record for uri in waiting for record in source.of(uri, roles.OUTPUT))

    def go(self, uri: str, spans: Spans) -> None:
        for record in self.source.of(uri, roles.OUTPUT):
            self._made(uri, record)
        if packing := self.source.of(uri, roles.PARENT | roles.EMPTIED):
            self.follow(uri, packing, spans, None)
        for record in self.source.of(uri, roles.MEMBER):
            if lot := record.lots.get(uri):
                self.link_member(lot, uri, record.seq)
                self.reach(lot, ALWAYS)

    def _made(self, uri: str, record: Record) -> None:
        for event in self.transformation_of(record).records:
            for mention in event.mentions("input"):
                if mention.uri != uri:
                    quantity, unit = event.amount_of(mention.uri, "input")
                    seqs = tuple(dict.fromkeys((event.seq, record.seq)))
                    amount = decimal_of(quantity)
                    self.graph.links.append(
                        Link(mention.uri, uri, "transformation", record.seq, amount, unit, seqs)
                    )
                    # A container went in with what it held at that moment.
                    self.reach(mention.uri, ALWAYS if mention.of_class else (event.moment, event.moment))


def _is_thing(uri: str) -> bool:
    """Tell whether a parent is a thing: an association may tie things to a place."""
    return not uri.startswith("https://id.gs1.org/414/") and "/loc/" not in uri
