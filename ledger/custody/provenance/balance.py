"""Mass balance: what went into a transformation against what came out, in one unit for each dimension."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from ledger.custody.codes import product_of
from ledger.custody.provenance.graph import Transformation
from ledger.custody.units import convert, decimal_of, dimension_of

Tolerance = Callable[[str | None], Decimal | None]


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


def balance_of(found: Transformation, tolerance: Tolerance = exact) -> list[Balance]:
    """Hold inputs against outputs.

    Without a tolerance, only more coming out than went in is beyond it. What is counted on one side and weighed
    on the other cannot be compared.

    Args:
        found: The transformation.
        tolerance: Gives for a product the share of the inputs by which the two sides may differ.
    """
    sums: dict[str, tuple[str | None, list[Decimal | None]]] = {}
    products: list[str | None] = []
    unknown = False
    for record in found.records:
        for side, role in enumerate(("input", "output")):
            for mention in record.mentions(role):
                quantity, unit = record.amount_of(mention.uri, role)
                amount = decimal_of(quantity)
                if role == "output":
                    products.append(product_of(mention.uri))
                if amount is None:
                    unknown = unknown or mention.of_class
                    continue
                own, sides = sums.setdefault(dimension_of(unit), (unit, [None, None]))
                before, same = sides[side], convert(amount, unit, own) or Decimal(0)
                sides[side] = same if before is None else before + same
    allowed = next((share for product in products if (share := tolerance(product)) is not None), None)
    seqs = tuple(sorted(record.seq for record in found.records))
    lines = []
    for own, (gone_in, come_out) in sums.values():
        difference = within = None
        if gone_in is not None and come_out is not None and not unknown:
            difference = gone_in - come_out
            share = allowed if allowed is not None else Decimal(0)
            within = -difference <= share * gone_in and (allowed is None or difference <= share * gone_in)
        lines.append(Balance(seqs[0], seqs, found.identifier, own, gone_in, come_out, difference, allowed, within))
    return lines
