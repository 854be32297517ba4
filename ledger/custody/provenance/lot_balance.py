"""What was made of a lot against where it went."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ledger.custody.index import roles
from ledger.custody.provenance.graph import Graph
from ledger.custody.provenance.record import Record
from ledger.custody.provenance.stock import parts_of
from ledger.custody.units import convert, decimal_of, total


@dataclass(frozen=True)
class LotBalance:
    """What came to be (`made`, or was taken over), and what became of it, in one unit; None: unknown amounts.

    `difference` is what was made less all that is accounted for: below zero, more went away than there was.
    """

    sums: dict[str, Decimal | None]
    unit: str | None
    difference: Decimal | None


def lot_balance(graph: Graph, lot: str) -> LotBalance:
    """Add up a lot.

    Args:
        graph: A forward walk that holds the lot.
        lot: The lot.
    """
    records = graph.records_of(lot)
    made = [record for record in records if record.roles[lot] & (roles.OUTPUT | roles.CREATED)] or records[:1]
    quantity, unit = total(_amount(record, lot) for record in made)
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
        return LotBalance(sums, unit, None)
    gone = sum((value for value in sums.values() if value is not None), Decimal(0)) - (quantity or Decimal(0))
    return LotBalance(sums, unit, (quantity or Decimal(0)) - gone)


def _amount(record: Record, lot: str) -> tuple[Decimal | None, str | None]:
    quantity, unit = record.amount_of(lot)
    return decimal_of(quantity), unit
