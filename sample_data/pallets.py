"""Pallets: what is put on them, and how they end. A lot keeps its code on every pallet."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sample_data.goods import PRODUCTS
from sample_data.journal import Cells, Journal, lot_cells
from sample_data.roads import later

Lines = list[Cells]
"""The cells of the things on a pallet."""


@dataclass(frozen=True, slots=True)
class PackedLot:
    """A lot of a packed product, made for one delivery day."""

    product: str
    lot: str
    ticks: int


def day_code(day: date) -> str:
    """Return year and day of the year, as lot codes and documents carry it."""
    return f"{day:%y%j}"


def lines_of(lots: Sequence[PackedLot], basket: str | None) -> Lines:
    """Return the cells of some lots and of the basket that rides along."""
    lines: Lines = [lot_cells(PRODUCTS[lot.product].gtin, lot.lot, lot.ticks) for lot in lots]
    return [*lines, {"item": basket}] if basket else lines


def load_pallets(
    journal: Journal, rng: random.Random, place: str, start: datetime, lines: Lines, per_pallet: int
) -> dict[str, Lines]:
    """Write the packing of lines onto new pallets, within two hours of `start`; return what is on each."""
    pallets: dict[str, Lines] = {}
    for first in range(0, len(lines), per_pallet):
        sscc = journal.next_sscc()
        pallets[sscc] = lines[first : first + per_pallet]
        moment = later(start, rng.uniform(0, 2))
        journal.add(moment, "packing", place, pallets[sscc], shared={"container": sscc})
    return pallets


def empty_pallets(
    journal: Journal, place: str, start: datetime, pallets: dict[str, Lines], *, kept: float
) -> None:
    """Write the unpacking of pallets at `start`, and the end of their SSCC when the label comes off.

    Args:
        journal: Where rows go.
        place: Where they are unpacked.
        start: When, UTC.
        pallets: What is on each.
        kept: How long an empty pallet stands there before it is collected [hours].
    """
    for sscc, lines in pallets.items():
        journal.add(start, "unpacking", place, lines, shared={"container": sscc})
        journal.add(later(start, kept), "decommissioning", place, [{"container": sscc}])
