"""A store's shelf: first in, first out; what is trimmed or too old is destroyed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from sample_data.clock import at
from sample_data.demand import is_closed
from sample_data.goods import PRODUCTS
from sample_data.journal import Journal, lot_cells
from sample_data.network import PLACES
from sample_data.pallets import PackedLot

TRIM = 0.012
"""Share of every lot that is never fit for sale, one tick at least."""


@dataclass(slots=True)
class Stock:
    """What is left of a lot on a shelf."""

    lot: str
    left: int
    """[ticks]"""
    trim: int
    """What of it cannot be sold [ticks]."""
    last_day: date


class Shelf:
    """One product in one store. A sales row is the day's total, when the till is closed at half past five."""

    def __init__(self, store: str, product: str) -> None:
        self._store = store
        self._product = product
        self._stocks: list[Stock] = []

    @property
    def on_hand(self) -> int:
        """What could be sold [ticks]."""
        return sum(stock.left - stock.trim for stock in self._stocks)

    def put(self, lot: PackedLot, day: date) -> None:
        """Put a lot on the shelf, behind what lies there."""
        trim = max(1, round(lot.ticks * TRIM))
        last = day + timedelta(days=PRODUCTS[self._product].shelf_days)
        self._stocks.append(Stock(lot.lot, lot.ticks, trim, last))

    def sell(self, journal: Journal, rng: random.Random, day: date, wanted: int) -> int:
        """Write the day's sales and what is destroyed after them; return what could not be sold [ticks]."""
        zone, gtin = PLACES[self._store].zone, PRODUCTS[self._product].gtin
        if is_closed(day):
            return 0
        for stock in self._stocks:
            sold = min(wanted, stock.left - stock.trim)
            if sold <= 0:
                continue
            wanted -= sold
            stock.left -= sold
            moment = at(zone, day, rng.uniform(17.35, 17.6))
            journal.add(moment, "retail_selling", self._store, [lot_cells(gtin, stock.lot, sold)])
        for stock in self._stocks:
            if stock.left == stock.trim or stock.last_day <= day:
                moment = at(zone, day, rng.uniform(17.7, 17.95))
                journal.add(moment, "destroying", self._store, [lot_cells(gtin, stock.lot, stock.left)])
                stock.left = 0
        self._stocks = [stock for stock in self._stocks if stock.left]
        return wanted
