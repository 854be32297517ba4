"""Mass balance: what went into a transformation against what came out, in one unit for each dimension."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple

from ledger.custody.codes import product_of
from ledger.custody.provenance.graph import Transformation
from ledger.custody.units import PIECE, convert, decimal_of, dimension_of

_SIDES: Final = {"input": 0, "output": 1}
_ZERO: Final = Decimal(0)

Tolerance = Callable[[str | None], Decimal | None]
UnitOf = Callable[[str | None], str | None]


class Balance(NamedTuple):
    """One transformation in one unit. `inputs` or `outputs` None: nothing of it, or an unknown amount.

    `difference` is inputs less outputs; None: the two sides cannot be compared. `within` tells whether it is at
    most the tolerance; None where there is nothing to compare.
    """

    seq: int
    seqs: tuple[int, ...]
    transformation: str | None
    unit: str | None
    inputs: Decimal | None
    outputs: Decimal | None
    difference: Decimal | None
    tolerance: Decimal | None
    within: bool | None


def exact(product: str | None) -> Decimal | None:
    """Name no tolerance for any product: nothing may come from nothing, and losses are told, not judged."""
    del product
    return None


def as_met(product: str | None) -> str | None:
    """Name no unit for any product: amounts stay in the unit in which they were met first."""
    del product
    return None


def in_unit(quantity: Decimal | None, unit: str | None, wanted: str | None) -> tuple[Decimal | None, str | None]:
    """Write an amount in the unit that is wanted, where both measure the same; else as it is.

    A count stays a count: an amount without a unit counts pieces (EPCIS 2.0 section 7.3.3.3), and is never taken
    for so many of the unit in which a product is weighed.
    """
    if quantity is None or wanted is None or (not unit and wanted == PIECE):
        return quantity, unit
    same = convert(quantity, unit, wanted)
    return (quantity, unit) if same is None else (same, wanted)


def balance_of(found: Transformation, tolerance: Tolerance = exact, unit_of: UnitOf = as_met) -> list[Balance]:
    """Hold inputs against outputs.

    Without a tolerance, only more coming out than went in is beyond it. What is counted on one side and weighed
    on the other cannot be compared.

    Args:
        found: The transformation.
        tolerance: Gives for a product the share of the inputs by which the two sides may differ.
        unit_of: Gives for a product the unit to write amounts in.
    """
    sums: dict[str, tuple[str | None, list[Decimal | None]]] = {}
    products: list[str | None] = []
    unknown = False
    for record in found.records:
        for mention in record.facts.mentions:  # inputs first, as the event type lists them
            if (side := _SIDES.get(mention.role)) is None:
                continue
            quantity, unit = record.amount_of(mention.uri, mention.role)
            amount = decimal_of(quantity)
            if side:
                products.append(product_of(mention.uri))
            if amount is None:
                unknown = unknown or mention.of_class
                continue
            own, sides = sums.setdefault(dimension_of(unit), (unit, [None, None]))
            before, same = sides[side], convert(amount, unit, own) or _ZERO
            sides[side] = same if before is None else before + same
    allowed = None
    for product in products:
        if (allowed := tolerance(product)) is not None:
            break
    seqs = tuple(sorted(record.seq for record in found.records))
    lines = []
    wanted = [unit for product in products if (unit := unit_of(product)) is not None]
    for own, (gone_in, come_out) in sums.values():
        shown = next((unit for unit in wanted if dimension_of(unit) == dimension_of(own)), own)
        gone_in, come_out = in_unit(gone_in, own, shown)[0], in_unit(come_out, own, shown)[0]
        difference = within = None
        if gone_in is not None and come_out is not None and not unknown:
            difference = gone_in - come_out
            share = allowed if allowed is not None else _ZERO
            within = -difference <= share * gone_in and (allowed is None or difference <= share * gone_in)
        lines.append(
            Balance(seqs[0], seqs, found.identifier, shown, gone_in, come_out, difference, allowed, within)
        )
    return lines
