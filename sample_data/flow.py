"""The run: two deliveries a week through the whole chain, and a day of sales in every store.

Every day: 1. what arrived is put on the shelf, 2. stores sell, 3. on Thursdays and Sundays the planner orders
what will be delivered four days later, and the goods start on their way.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sample_data.baskets import basket_for, sell_basket
from sample_data.demand import TICK, Demand, Promotion
from sample_data.downstream import Delivery, deliver
from sample_data.goods import PRODUCTS
from sample_data.journal import Journal, Row
from sample_data.network import CROSS_DOCKED
from sample_data.pallets import PackedLot
from sample_data.roads import queue_hours
from sample_data.shelf import Shelf
from sample_data.sizes import END, SIZES, Size
from sample_data.story import STOCK_OUT_DELIVERIES, STOCK_OUT_PRODUCT
from sample_data.upstream import harvest, pack, plan_harvest

LEAD_DAYS = 4
COVER_DAYS = {0: 3, 3: 4}
"""Weekday of a delivery (Monday is 0) and the days until the next one [days]."""

SAFETY_DAYS = 0.8
"""Stock above the expected need; enough for most weeks, not for all [days]."""

QUEUE_FORESEEN = 0.7
"""Share of the wait at the cross-dock that the planner covers with more stock."""

FORESEEN = 0.75
"""Share of a promotion's uplift that the planner foresees."""

DEFAULT_SEED = 7


@dataclass(frozen=True, slots=True)
class Sample:
    """All that one run produced."""

    size: Size
    rows: tuple[Row, ...]
    promotions: tuple[Promotion, ...]
    short_days: dict[tuple[str, str], tuple[date, ...]]
    """Days on which a store could not sell all that customers wanted, by store and product code."""


class Chain:
    """The state of a run: shelves, goods under way, and the random streams."""

    def __init__(self, seed: int, size: Size) -> None:
        self.size = size
        self.demand = Demand(seed, size)
        self.journal = Journal(seed, until=END)
        self.shelves = {(store, code): Shelf(store, code) for store in size.stores for code in size.products}
        self.under_way: list[Delivery] = []
        self.short: dict[tuple[str, str], list[date]] = defaultdict(list)
        self._minutes = random.Random(f"{seed}/minutes")  # noqa: S311 (a reproducible sample, not a secret)
        self._planner = random.Random(f"{seed}/planner")  # noqa: S311 (no secret)

    def stock_shelves(self, day: date) -> None:
        """Put on the shelf what is first sold on this day."""
        for delivery in [delivery for delivery in self.under_way if delivery.shelf_day <= day]:
            self.under_way.remove(delivery)
            for lot in delivery.lots:
                self.shelves[delivery.store, lot.product].put(lot, day)

    def sell(self, day: date) -> None:
        """Let every store sell what it can."""
        for (store, code), shelf in self.shelves.items():
            wanted = self.demand.draw(store, code, day)
            if shelf.sell(self.journal, self._minutes, day, wanted):
                self.short[store, code].append(day)

    def order(self, store: str, code: str, today: date) -> int:
        """Return what the planner orders today for a store [ticks]."""
        arrival = today + timedelta(days=LEAD_DAYS)
        cover = COVER_DAYS[arrival.weekday()]
        until = [today + timedelta(days=ahead) for ahead in range(1, LEAD_DAYS)]
        days = [arrival + timedelta(days=ahead) for ahead in range(cover)]

        def expect(span: list[date]) -> float:
            return sum(self.demand.expected(store, code, day, foreseen=FORESEEN) for day in span) / TICK

        spare = SAFETY_DAYS + (QUEUE_FORESEEN * queue_hours(today) / 24 if store in CROSS_DOCKED else 0)
        need = expect(days) * (1 + spare / cover)
        coming = sum(
            lot.ticks
            for delivery in self.under_way
            if delivery.store == store
            for lot in delivery.lots
            if lot.product == code
        )
        left = max(0.0, self.shelves[store, code].on_hand + coming - expect(until))
        error = self._planner.lognormvariate(0, 0.07)
        failed = PRODUCTS[code].gtin == STOCK_OUT_PRODUCT and arrival in STOCK_OUT_DELIVERIES
        return 0 if failed else max(0, round((need - left) * error))

    def start_cycle(self, today: date) -> None:
        """Order, harvest, pack and deliver for the delivery day four days ahead."""
        arrival = today + timedelta(days=LEAD_DAYS)
        orders = {
            (store, code): self.order(store, code, today)
            for code in self.size.products
            for store in self.size.stores
        }
        totals = {
            code: total
            for code in self.size.products
            if (total := sum(orders[store, code] for store in self.size.stores))
        }
        basket, basket_store = basket_for(arrival)
        inputs = plan_harvest(self._minutes, totals, today)
        harvest(self.journal, self._minutes, today, inputs, basket)
        packed = pack(self.journal, self._minutes, today, totals, inputs, basket)
        for store in self.size.stores:
            share = tuple(
                PackedLot(lot.product, lot.lot, ticks) for lot in packed if (ticks := orders[store, lot.product])
            )
            rides = basket if store == basket_store else None
            if share or rides:
                delivery = deliver(self.journal, self._minutes, store, arrival, share, rides)
                sell_basket(self.journal, self._minutes, delivery)
                self.under_way.append(delivery)


def generate(size: str = "small", seed: int = DEFAULT_SEED) -> Sample:
    """Return the whole sample of a size.

    Args:
        size: A name in `SIZES`.
        seed: Decides every quantity and minute; the same seed gives the same sample.
    """
    chain = Chain(seed, SIZES[size])
    day = chain.size.first_sale - timedelta(days=LEAD_DAYS)
    while day < END.date():
        chain.stock_shelves(day)
        if day >= chain.size.first_sale:
            chain.sell(day)
        if (day + timedelta(days=LEAD_DAYS)).weekday() in COVER_DAYS:
            chain.start_cycle(day)
        day += timedelta(days=1)
    promotions = sorted(
        (
            promotion
            for planned in chain.demand.promotions.values()
            for promotion in planned
            if promotion.end >= chain.size.first_sale
        ),
        key=lambda promotion: (promotion.start, promotion.product),
    )
    short = {key: tuple(days) for key, days in chain.short.items()}
    return Sample(chain.size, tuple(chain.journal.rows()), tuple(promotions), short)
