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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from ledger.custody.index import roles
from ledger.custody.index.lookup import Lookup, WrongIndexError
from ledger.custody.index.read import Row
from ledger.custody.provenance import windows
from ledger.custody.provenance.source import BEGIN, END, Elsewhere, Moment, Record, Source, is_member_of
from ledger.custody.provenance.stays import Stay, Stays, stays_in
from ledger.custody.units import decimal_of

Direction = Literal["back", "forward"]
Span = tuple[Moment, Moment]
ALWAYS: Final[Span] = (BEGIN, END)

# What is read of each thing: going back, nothing is asked of what else a thing went into.
_READ: Final = {
    "back": roles.PLAIN | roles.OUTPUT | roles.PARENT | roles.EMPTIED | roles.CREATED | roles.MEMBER,
    "forward": roles.NAMED | roles.LOT,
}


@dataclass(frozen=True, slots=True)
class Link:
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
    spans: dict[str, list[Span]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    transformations: dict[object, Transformation] = field(default_factory=dict)
    stays: dict[tuple[str, str | None], Stays] = field(default_factory=dict)
    elsewhere: Elsewhere = field(default_factory=lambda: Elsewhere(0, ()))
    _packed: dict[str, list[Stay]] | None = None

    @property
    def things(self) -> list[str]:
        """List the things, the asked one first, then in the order in which they were reached."""
        return list(self.spans)

    def records_of(self, uri: str) -> list[Record]:
        """List the events on a thing that stand and fall into its spans, oldest first."""
        spans = self.spans[uri]
        found = self.source.of(uri, roles.NAMED)
        if ALWAYS in spans:
            return found
        return [record for record in found if any(start <= record.moment <= end for start, end in spans)]

    def packed(self, uri: str) -> list[Stay]:
        """List the stays of a thing in containers, as far as the walk has followed them."""
        if self._packed is None:
            self._packed = {}
            for stays in self.stays.values():
                for stay in stays.found:
                    self._packed.setdefault(stay.child, []).append(stay)
        return self._packed.get(uri, [])

    def timeline(self, uri: str) -> list[Record]:
        """List the events on a thing and on what it was in at the time, oldest first."""
        found = {record.seq: record for record in self.records_of(uri)}
        waiting = [(stay, stay.entered, stay.left) for stay in self.packed(uri) if stay.via == "aggregation"]
        done: set[tuple[str, Moment, Moment]] = set()
        while waiting:
            stay, start, end = waiting.pop()
            if (stay.container, start, end) in done or stay.container not in self.spans:
                continue
            done.add((stay.container, start, end))
            for record in self.source.of(stay.container, roles.NAMED):
                if start <= record.moment <= end:
                    found.setdefault(record.seq, record)
            for outer in self.packed(stay.container):
                if outer.entered <= end and start <= outer.left and outer.via == "aggregation":
                    waiting.append((outer, max(start, outer.entered), min(end, outer.left)))
        return sorted(found.values(), key=lambda record: record.moment)


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
    try:
        return _walk(Source(lookup), item, direction)
    except WrongIndexError as error:
        lookup.distrust(str(error))
        return _walk(Source(lookup), item, direction)


def _walk(source: Source, item: str, direction: Direction) -> Graph:
    graph = Graph(item, direction, source)
    step = _Forward(graph) if direction == "forward" else _Back(graph)
    waiting: dict[str, list[Span]] = {item: [ALWAYS]}
    graph.spans[item] = [ALWAYS]
    while waiting:
        step.fresh = {}
        step.read(waiting)
        for uri, spans in waiting.items():
            step.go(uri, spans)
        waiting = step.fresh
    graph.links = list(dict.fromkeys(graph.links))
    source.check()
    graph.elsewhere = source.look_elsewhere()
    return graph


class _Step(ABC):
    """What both ways share: reading in batches, remembering what was reached and when."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.source = graph.source
        self.fresh: dict[str, list[Span]] = {}
        self._members: set[tuple[str, str]] = set()

    @abstractmethod
    def read(self, waiting: Mapping[str, Sequence[Span]]) -> None:
        """Read what the next steps need: of things and the times for which they are new."""

    @abstractmethod
    def go(self, uri: str, spans: list[Span]) -> None:
        """Go on from a thing, for the times for which it is new."""

    def reach(self, uri: str, span: Span) -> None:
        """Remember that a thing belongs to the answer for some time; go on from there where that is new."""
        known = self.graph.spans.setdefault(uri, [])
        if any(start <= span[0] and span[1] <= end for start, end in known):
            return
        known.append(span)
        self.fresh.setdefault(uri, []).append(span)

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

    def stays(self, container: str, child: str | None, mask: int) -> Stays:
        """Follow a container (of one child where it is named), by what was read of both so far."""
        records = self.source.of(container, mask)
        if child is not None:
            records = records + self.source.of(child, roles.CHILD)
        found = self.graph.stays[container, child] = stays_in(container, records, child=child)
        return found

    def link_stay(self, stay: Stay) -> None:
        """Link a child to its container."""
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
    def read(self, waiting: Mapping[str, Sequence[Span]]) -> None:
        source, mask = self.source, _READ["forward"]
        source.ask(waiting)
        numbers = {row.container for uri in waiting for row in source.rows(uri) if row.role & roles.CHILD}
        emptied = source.emptied(numbers)
        chosen = {uri: windows.of_child(source.rows(uri), spans, emptied) for uri, spans in waiting.items()}
        source.read(chosen, mask)
        closing: dict[str, list[Row]] = {}
        for uri in waiting:
            rows = {row.seq: row for row in source.rows(uri)}
            for record in source.of(uri, roles.CHILD):
                container = record.facts.container
                if container and _is_thing(container):
                    row = rows[record.seq]
                    closing.setdefault(container, []).extend(windows.closing(row, emptied.get(row.container, ())))
        source.ask(closing)
        source.read(closing, roles.EMPTIED)
        self.load_transformations(record for uri in waiting for record in source.of(uri, roles.INPUT))

    def _containers(self, uri: str) -> list[str]:
        found = (record.facts.container for record in self.source.of(uri, roles.CHILD))
        return list(dict.fromkeys(container for container in found if container and _is_thing(container)))

    def go(self, uri: str, spans: list[Span]) -> None:
        for record in self.source.of(uri, roles.INPUT):
            if any(start <= record.moment <= end for start, end in spans):
                self._transformed(uri, record)
        for container in self._containers(uri):
            for stay in self.stays(container, uri, roles.EMPTIED).found:
                for start, end in spans:
                    if stay.entered <= end and start <= stay.left:
                        self.link_stay(stay)
                        self.reach(container, (max(start, stay.entered), min(end, stay.left)))
        for record in self.source.of(uri, roles.LOT):
            for instance in is_member_of(record, uri):
                self.link_member(uri, instance, record.seq)
                self.reach(instance, ALWAYS)

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
    def read(self, waiting: Mapping[str, Sequence[Span]]) -> None:
        source, mask = self.source, _READ["back"]
        source.ask(waiting)
        chosen = {}
        for uri, spans in waiting.items():
            rows = [row for row in source.rows(uri) if row.role & mask]
            emptied = source.standing(row for row in rows if row.role & roles.EMPTIED)
            chosen[uri] = windows.of_container(rows, spans, emptied)
        source.read(chosen, mask)
        self.load_transformations(record for uri in waiting for record in source.of(uri, roles.OUTPUT))

    def go(self, uri: str, spans: list[Span]) -> None:
        for record in self.source.of(uri, roles.OUTPUT):
            self._made(uri, record)
        if self.source.roles(uri) & roles.PARENT:
            for stay in self.stays(uri, None, roles.PARENT | roles.EMPTIED).found:
                for start, end in spans:
                    if stay.entered <= end and start <= stay.left:
                        self.link_stay(stay)
                        self.reach(stay.child, (max(start, stay.entered), min(end, stay.left)))
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
