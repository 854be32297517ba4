"""Gift baskets: single things with a serial number, one in each cycle, and the clone of one of them."""

from __future__ import annotations

import random
from datetime import date, timedelta

from sample_data.clock import at
from sample_data.downstream import Delivery
from sample_data.journal import Journal
from sample_data.network import PLACES
from sample_data.roads import later
from sample_data.sizes import SIZES
from sample_data.story import CLONE_DAY, CLONE_PLACES, CLONED_SERIAL

BASKET_STORES = SIZES["small"].stores
"""The stores that sell baskets, in turn."""

FIRST_DELIVERY = date(2024, 1, 1)


def basket_for(day: date) -> tuple[str, str]:
    """Return serial and store of the basket that is delivered on a day, a Monday or a Thursday.

    Example:
        >>> basket_for(date(2024, 1, 4))
        ('BASKET-0002', 'STORE-OMAHA')
    """
    weeks, rest = divmod((day - FIRST_DELIVERY).days, 7)
    number = 2 * weeks + 1 + (rest > 0)
    return f"BASKET-{number:04d}", BASKET_STORES[number % len(BASKET_STORES)]


def sell_basket(journal: Journal, rng: random.Random, delivery: Delivery) -> None:
    """Write the end of a basket's life: stored, sold some days later, its serial retired at the till."""
    if delivery.basket is None:
        return
    item, store = {"item": delivery.basket}, delivery.store
    zone = PLACES[store].zone
    day = delivery.shelf_day + timedelta(days=rng.randint(0, 2))
    hour = rng.uniform(13, 17)
    if delivery.basket == CLONED_SERIAL:
        day, hour = CLONE_DAY, 16.4
        clone_basket(journal)
    journal.add(at(zone, delivery.shelf_day, rng.uniform(12.1, 12.8)), "storing", store, [item])
    sold = at(zone, day, hour)
    journal.add(sold, "retail_selling", store, [item])
    journal.add(later(sold, 0.05), "decommissioning", store, [item])


def clone_basket(journal: Journal) -> None:
    """Write what cannot be: counted in Houston, seen in Wichita 35 minutes later, and sold in both."""
    item = {"item": CLONED_SERIAL}
    for hour, step, store in (
        (11 + 7 / 60, "storing", CLONE_PLACES[0]),
        (11 + 42 / 60, "storing", CLONE_PLACES[1]),
        (15 + 10 / 60, "retail_selling", CLONE_PLACES[1]),
    ):
        journal.add(at(PLACES[store].zone, CLONE_DAY, hour), step, store, [item])
