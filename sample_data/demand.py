"""How much customers want: level, week, year, growth, promotions and noise.

What they want is not what is sold: a shelf may be empty (`shelf.py`).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date, timedelta

from sample_data.goods import PRODUCTS
from sample_data.network import STORES
from sample_data.sizes import Size

WEEK = (0.86, 0.82, 0.88, 0.95, 1.14, 1.28, 1.07)
"""Monday to Sunday; the mean is 1."""

YEARLY_GROWTH = 0.04
EPOCH = date(2024, 1, 1)
TICK = 0.1
"""Quantities are whole numbers of ticks, so that sums are exact [kg]."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """A week, Wednesday to Tuesday, in which a product sells better in every store."""

    product: str
    start: date
    end: date
    uplift: float


def is_closed(day: date) -> bool:
    """Say whether all stores are closed: on Christmas Day only."""
    return (day.month, day.day) == (12, 25)


def plan_promotions(seed: int, product: str) -> tuple[Promotion, ...]:
    """Return a product's promotions from 2024 on: one about every nine weeks, the same in both sizes."""
    rng = random.Random(f"{seed}/promotions/{product}")  # noqa: S311 (a reproducible sample, not a secret)
    promotions = []
    week = rng.randrange(2, 9)
    while week < 114:
        start = EPOCH + timedelta(days=7 * week + 2)
        uplift = round(rng.uniform(1.35, 1.9), 2)
        promotions.append(Promotion(product, start, start + timedelta(days=6), uplift))
        week += rng.randrange(6, 13)
    return tuple(promotions)


class Demand:
    """Expected and actual demand of every series of one size."""

    def __init__(self, seed: int, size: Size) -> None:
        self.promotions = {code: plan_promotions(seed, code) for code in size.products}
        self._uplift = {
            (promotion.product, promotion.start + timedelta(days=day)): promotion.uplift
            for promotions in self.promotions.values()
            for promotion in promotions
            for day in range(7)
        }
        self._base: dict[tuple[str, date], float] = {}
        self._rng = {
            (store, code): random.Random(f"{seed}/demand/{store}/{code}")  # noqa: S311 (no secret)
            for store in size.stores
            for code in size.products
        }
        self._level = dict.fromkeys(self._rng, 0.0)

    def _average_store(self, code: str, day: date) -> float:
        key = (code, day)
        if key not in self._base:
            product = PRODUCTS[code]
            season = 1 + product.swing * math.cos(2 * math.pi * (day.timetuple().tm_yday - product.peak) / 365.25)
            growth = 1 + YEARLY_GROWTH * (day - EPOCH).days / 365.25
            on_sale = day.month in product.months and not is_closed(day)
            self._base[key] = product.daily * season * growth * WEEK[day.weekday()] * on_sale
        return self._base[key]

    def expected(self, store: str, code: str, day: date, *, foreseen: float = 1.0) -> float:
        """Return the mean demand of a day [kg].

        Args:
            store: A store code.
            code: A product code.
            day: The local day.
            foreseen: Share of a promotion's uplift that counts; a planner sees less than all of it.
        """
        uplift = 1 + foreseen * (self._uplift.get((code, day), 1.0) - 1)
        return round(self._average_store(code, day) * STORES[store] * uplift, 6)

    def draw(self, store: str, code: str, day: date) -> int:
        """Return what customers want on a day [ticks]. Ask for each day once, in order."""
        key = (store, code)
        rng = self._rng[key]
        self._level[key] = 0.9 * self._level[key] + rng.gauss(0, 0.04)
        noise = math.exp(self._level[key] + rng.gauss(0, 0.13))
        return round(self.expected(store, code, day) * noise / TICK)
