"""Gaps: what the answer takes for granted and no event says, each with the record that would mend it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ledger.custody import vocabulary
from ledger.custody.codes import lot_of
from ledger.custody.index import roles
from ledger.custody.provenance.balance import Balance
from ledger.custody.provenance.graph import Graph
from ledger.custody.provenance.record import Record, moment_of
from ledger.custody.provenance.stays import Stays
from ledger.custody.unit_symbols import beside


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap. `seqs` are the events that show it, `remedy` is the record that would mend it.

    `kind` is one of: no_origin (nothing says how it came to be), not_received and not_shipped (one side of a
    hand-over is missing), one_sided (a transformation without inputs or outputs), no_lot (only the product
    is known), not_packed (it came out of what it never went into), two_places (it is in two containers at
    once), out_of_nothing (more came out than went in, or out of tolerance).
    """

    kind: str
    item: str
    seqs: tuple[int, ...]
    message: str
    remedy: str


def find_gaps(graph: Graph, balance: Iterable[Balance]) -> Iterator[Gap]:
    """Name every gap of a walk."""
    used = _used(graph)
    for uri in graph.things:
        if graph.direction == "back":
            yield from _origin(graph, uri)
        if not lot_of(uri):
            yield from _no_lot(graph, uri)
        yield from _hand_overs(graph, uri, used.get(uri, ()))
    for (container, _), stays in graph.stays.items():
        yield from _not_packed(container, stays)
    yield from _two_places(graph)
    for found in graph.transformations.values():
        sides = {mention.role for record in found.records for mention in record.facts.mentions}
        for side in ("input", "output"):
            if side not in sides:
                name = found.identifier or f"entry {found.records[0].seq}"
                yield Gap(
                    "one_sided",
                    name,
                    tuple(record.seq for record in found.records),
                    f"the transformation {name} has no {side}s",
                    f"a TransformationEvent with the {side}s"
                    + (f" and the id {name}" if found.identifier else ""),
                )
    for line in balance:
        if line.within is False:
            shown = beside(f"{line.inputs:f}", line.unit), beside(f"{line.outputs:f}", line.unit)
            yield Gap(
                "out_of_nothing",
                line.transformation or f"entry {line.seq}",
                line.seqs,
                f"{shown[0]} went into the transformation of entry {line.seq}, and {shown[1]} came out",
                "a TransformationEvent with what is missing, or a correction of a wrong quantity",
            )


def _origin(graph: Graph, uri: str) -> Iterator[Gap]:
    if graph.source.has_role(uri, roles.PARENT | roles.EMPTIED):
        return  # packing makes the container
    records = graph.records_of(uri)
    if any(record.roles[uri] & (roles.OUTPUT | roles.CREATED) or uri in record.lots for record in records):
        return
    if records and _comes_from_outside(records[0]):
        return
    seqs = (records[0].seq,) if records else ()
    first = f": its history begins with entry {records[0].seq} ({_step(records[0])})" if records else ""
    yield Gap(
        "no_origin",
        uri,
        seqs,
        f"nothing says how {uri} came to be{first}",
        f"the ObjectEvent (action ADD) or the TransformationEvent that brought {uri} into being, or the event by "
        "which it was received, with its source",
    )


def _comes_from_outside(record: Record) -> bool:
    """Tell whether a thing begins with being taken over from somebody who is named: one step back, and no gap."""
    facts = record.facts
    named = facts.source or any(role.startswith("source:") for role, _ in facts.parties)
    return facts.step in vocabulary.TAKING_STEPS and bool(named)


def _no_lot(graph: Graph, uri: str) -> Iterator[Gap]:
    for record in graph.records_of(uri):
        if any(mention.of_class for mention in record.named.get(uri, ())):
            has_role = graph.source.has_role
            if has_role(uri, roles.LOT) or not has_role(uri, roles.INPUT | roles.OUTPUT):
                return
            yield Gap(
                "no_lot",
                uri,
                (record.seq,),
                f"entry {record.seq} names the product {uri} and no lot, so every lot of it may be meant",
                "the same event with the lot, and a correction that withdraws this one",
            )
            return


def _used(graph: Graph) -> dict[str, list[Record]]:
    """List, for each thing, the events of the walk that used it; going back, they are read for what they made."""
    found: dict[str, list[Record]] = {}
    for link in graph.links:
        if link.via == "transformation":
            records = (graph.source.records[seq] for seq in link.seqs)
            found.setdefault(link.source, []).extend(
                record for record in records if record.roles.get(link.source, 0) & roles.INPUT
            )
    return found


def _hand_overs(graph: Graph, uri: str, used: Collection[Record]) -> Iterator[Gap]:
    """Follow shipping and receiving of a thing: what was shipped must be received before it is seen there."""
    under_way: dict[str, Record] = {}
    reached: dict[str, Record] = {}
    records = graph.records_of(uri)
    if used:
        records = sorted({record.seq: record for record in (*records, *used)}.values(), key=moment_of)
    for record in records:
        facts, place = record.facts, record.facts.place
        if facts.step in vocabulary.GIVING_STEPS:
            if place:
                if place in under_way:
                    yield _arrived_unseen(uri, under_way.pop(place), place, record)
                reached.setdefault(place, record)
            if facts.destination:
                under_way[facts.destination] = record
            continue
        if place is None:
            continue
        if facts.step in vocabulary.TAKING_STEPS:
            known = under_way.pop(place, None) or under_way.pop(facts.source or "", None)
            unseen = known is None and reached and place not in reached and not under_way
            if unseen and not graph.source.has_role(uri, roles.CHILD):
                last = max(reached.values(), key=lambda found: found.moment)
                yield Gap(
                    "not_shipped",
                    uri,
                    (last.seq, record.seq),
                    f"{uri} was received at {place} (entry {record.seq}), and nothing says that it left "
                    f"{last.facts.place} (entry {last.seq})",
                    f"the shipping event at {last.facts.place}, with {place} as its destination",
                )
        elif place in under_way:
            yield _arrived_unseen(uri, under_way.pop(place), place, record)
        reached[place] = record


def _arrived_unseen(uri: str, shipped: Record, place: str, record: Record) -> Gap:
    return Gap(
        "not_received",
        uri,
        (shipped.seq, record.seq),
        f"{uri} was shipped to {place} (entry {shipped.seq}) and seen there (entry {record.seq}), and nothing "
        "says that it was received",
        f"the receiving event at {place}",
    )


def _not_packed(container: str, stays: Stays) -> Iterator[Gap]:
    for record, child in stays.unpaired:
        yield Gap(
            "not_packed",
            child,
            (record.seq,),
            f"{child} came out of {container} (entry {record.seq}), and nothing says that it went in",
            f"the AggregationEvent (action ADD) by which {child} went into {container}",
        )


def _two_places(graph: Graph) -> Iterator[Gap]:
    """Name single things that are in two containers at the same time: nothing says that they left the first."""
    packed: dict[str, list[tuple[tuple[float, float], tuple[float, float], str, int]]] = {}
    for stays in graph.stays.values():
        for stay in stays.found:
            if stay.via == "aggregation" and stay.quantity is None and not lot_of(stay.child):
                packed.setdefault(stay.child, []).append((stay.entered, stay.left, stay.container, stay.seqs[0]))
    for child, found in packed.items():
        found = sorted(dict.fromkeys(found))
        for before, after in pairwise(found):
            if after[0] < before[1] and before[2] != after[2]:
                yield Gap(
                    "two_places",
                    child,
                    (before[3], after[3]),
                    f"{child} went into {after[2]} (entry {after[3]}), and nothing says that it left {before[2]} "
                    f"(entry {before[3]})",
                    f"the AggregationEvent (action DELETE) by which {child} came out of {before[2]}",
                )


def _step(record: Record) -> str:
    return record.facts.step or record.facts.kind
