"""What was made of a lot against where it went."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ledger.custody.codes import product_of
from ledger.custody.index import roles
from ledger.custody.provenance.balance import Tolerance, UnitOf, as_met, exact, in_unit
from ledger.custody.provenance.graph import Graph
from ledger.custody.provenance.record import Record
from ledger.custody.provenance.stock import parts_of
from ledger.custody.units import convert, decimal_of, total


@dataclass(frozen=True)
class LotBalance:
    """What came to be (`made`, or was taken over), and what became of it, in one unit; None: unknown amounts.

    `difference` is what was made less all that is accounted for: below zero, more went away than there was.
    `declared` is the declared size of a lot of the product, `excess` how much more of it there is than that; None:
    there is not more, nothing is declared, or the two cannot be compared.
    """

    sums: dict[str, Decimal | None]
    unit: str | None
    difference: Decimal | None
    declared: Decimal | None = None
    excess: Decimal | None = None


def lot_balance(graph: Graph, lot: str, *, unit_of: UnitOf = as_met, size_of: Tolerance = exact) -> LotBalance:
    """Add up a lot.

    Args:
        graph: A forward walk that holds the lot.
        lot: The lot.
        unit_of: Gives for a product the unit to write amounts in.
        size_of: Gives for a product the declared size of a lot, in that unit; without one, in pieces.
    """
    records = graph.records_of(lot)
    made = [record for record in records if record.roles[lot] & (roles.OUTPUT | roles.CREATED)] or records[:1]
    quantity, unit = total(_amount(record, lot) for record in made)
    wanted = unit_of(product_of(lot))
    quantity, unit = in_unit(quantity, unit, wanted)
    declared = size_of(product_of(lot))
    excess = None if declared is None else _excess(graph, lot, quantity, unit, declared, wanted)
    parts, _ = parts_of(graph, lot)
    sums: dict[str, Decimal | None] = {"made": quantity}
    names = {
        "used": "used",
        "sold": "sold",
        "destroyed": "destroyed",
        "under_way": "under_way",
        "here": "in_stock",
    }
    sums.update(dict.fromkeys(names.values(), Decimal(0)))
    for part in parts:
        name = names.get(part.state, "in_stock")
        same = None if part.quantity is None else convert(part.quantity, part.unit, unit)
        before = sums[name]
        sums[name] = None if same is None or before is None else before + same
    if None in sums.values():
        return LotBalance(sums, unit, None, declared, excess)
    gone = sum((value for value in sums.values() if value is not None), Decimal(0)) - (quantity or Decimal(0))
    return LotBalance(sums, unit, (quantity or Decimal(0)) - gone, declared, excess)


def _excess(
    graph: Graph,
    lot: str,
    made: Decimal | None,
    unit: str | None,
    declared: Decimal,
    declared_unit: str | None,
) -> Decimal | None:
    """Give how much more of a lot there is than it is declared to have; instances count as pieces."""
    pieces = {link.target for link in graph.links if link.via == "lot" and link.source == lot}
    amounts = [(made, unit)] if made is not None else []
    amounts += [(Decimal(len(pieces)), None)] if pieces else []
    found = (convert(amount, own, declared_unit) for amount, own in amounts)
    most = max((amount for amount in found if amount is not None), default=None)
    return None if most is None or most <= declared else most - declared


def _amount(record: Record, lot: str) -> tuple[Decimal | None, str | None]:
    quantity, unit = record.amount_of(lot)
    return decimal_of(quantity), unit
