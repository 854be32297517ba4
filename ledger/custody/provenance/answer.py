"""What is told of a walk: the things with place, holder and quantity, the links, the balance, and every gap."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from ledger.custody.codes import lot_of, product_of
from ledger.custody.index import roles
from ledger.custody.provenance.balance import Balance, Tolerance, UnitOf, as_met, balance_of, exact, in_unit
from ledger.custody.provenance.gaps import Gap, find_gaps
from ledger.custody.provenance.graph import Graph, Link
from ledger.custody.provenance.pause import no_search_for_cycles
from ledger.custody.provenance.record import Record
from ledger.custody.units import decimal_of, total

NodeKind = Literal["lot", "product", "container", "item"]
CONTAINER: Final = roles.PARENT | roles.EMPTIED
_SSCC: Final = "https://id.gs1.org/00/"
# After these an event's party has the goods; before all others it had them.
_ROLES_AFTER: Final = ("destination: possessing_party", "party", "source: possessing_party")


class Node(NamedTuple):
    """A thing of the answer. Going back, place and holder are where it came to be, going forward where it is now.

    `quantity` is how much of it came to be, None for one thing or an unknown amount; `seqs` are the events on it.
    """

    uri: str
    kind: NodeKind
    product: str | None
    lot: str | None
    quantity: Decimal | None
    unit: str | None
    place: str | None
    holder: str | None
    seqs: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """The whole answer. `complete`: history supports every link, and the index was sound."""

    graph: Graph
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    balance: tuple[Balance, ...]
    gaps: tuple[Gap, ...]

    @property
    def complete(self) -> bool:
        """Tell whether no gap is known."""
        return not self.gaps

    @property
    def seqs(self) -> list[int]:
        """List every event that the answer rests on."""
        found = {seq for node in self.nodes for seq in node.seqs}
        return sorted(found | {seq for link in self.links for seq in link.seqs})


@no_search_for_cycles()
def make_answer(graph: Graph, tolerance: Tolerance = exact, unit_of: UnitOf = as_met) -> Answer:
    """Tell what a walk found.

    Args:
        graph: The walk.
        tolerance: Gives for a product how far inputs and outputs may differ, as a share of the inputs.
        unit_of: Gives for a product the unit to write amounts in.
    """
    graph.source.learn_roles(uri for uri in graph.things if not graph.source.is_listed(uri, CONTAINER))
    nodes = tuple(_node(graph, uri, unit_of) for uri in graph.things)
    balance = tuple(
        line
        for found in graph.transformations.values()
        for line in balance_of(found, tolerance, unit_of)
        if found.records
    )
    balance = tuple(sorted(balance, key=lambda line: (line.seq, line.unit or "")))
    return Answer(graph, nodes, tuple(graph.links), balance, tuple(find_gaps(graph, balance)))


def _kind_of(graph: Graph, uri: str, of_class: bool) -> NodeKind:
    """Say what sort of thing a URI names; `of_class`: an event counts it as a class."""
    if graph.source.has_role(uri, CONTAINER) or uri.startswith(_SSCC):
        return "container"
    if lot_of(uri) or graph.source.has_role(uri, roles.LOT):
        return "lot"
    return "product" if of_class else "item"


def holder_of(records: list[Record]) -> str | None:
    """Say who has a thing, by the last of its events that tells."""
    for record in reversed(records):
        if not (told := record.facts.parties):
            continue
        parties: dict[str, str] = dict(told)
        for role in _ROLES_AFTER:
            if role in parties:
                return parties[role]
    return None


def _node(graph: Graph, uri: str, unit_of: UnitOf) -> Node:
    records = graph.records_of(uri)
    product = lot = None
    of_class = False
    for record in records:
        if not of_class:
            for mention in record.named.get(uri, ()):
                of_class = of_class or mention.of_class
        if record.lots:
            lot = lot or record.lots.get(uri)
    product = product_of(uri) or (product_of(lot) if lot else None)
    made = [record for record in records if record.roles[uri] & (roles.OUTPUT | roles.CREATED)]
    quantity, unit = total(_amount(record, uri) for record in made)
    if not made and records:
        quantity, unit = total([_amount(records[0], uri)])
    quantity, unit = in_unit(quantity, unit, unit_of(product))
    told = (made or records) if graph.direction == "back" else graph.timeline(uri)
    place = None
    for record in reversed(told):
        if place := record.facts.place:
            break
    seqs = tuple(sorted([record.seq for record in records]))
    kind = _kind_of(graph, uri, of_class)
    own_lot = lot_of(uri) or (lot_of(lot) if lot else None)
    return Node(uri, kind, product, own_lot, quantity, unit, place, holder_of(told), seqs)


def _amount(record: Record, uri: str) -> tuple[Decimal | None, str | None]:
    quantity, unit = record.amount_of(uri)
    return decimal_of(quantity), unit
