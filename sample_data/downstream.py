"""From the distribution centre to the shelf: picking for each store, the cross-dock, the unpacking."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sample_data.clock import at, to_local
from sample_data.journal import Journal
from sample_data.network import CROSS_DOCKED, PLACES
from sample_data.pallets import PackedLot, day_code, empty_pallets, lines_of, load_pallets
from sample_data.roads import draw_wait, drive, later
from sample_data.upstream import CENTRE

LINES_PER_PALLET = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """What lies on the shelf of a store from some day on."""

    store: str
    shelf_day: date
    """The first local day on which it is sold."""
    lots: tuple[PackedLot, ...]
    """With the quantity of this store."""
    basket: str | None


def open_morning(rng: random.Random, store: str, arrive: datetime) -> datetime:
    """Return when a store unpacks: within the hour by day, at half past five after a night."""
    zone = PLACES[store].zone
    moment = later(arrive, rng.uniform(0.6, 1.0))
    local = to_local(zone, moment)
    if local.hour >= 17:
        return at(zone, local.date() + timedelta(days=1), 5.5 + rng.uniform(0, 0.5))
    if local.hour < 5:
        return at(zone, local.date(), 5.5 + rng.uniform(0, 0.5))
    return moment


def deliver(
    journal: Journal,
    rng: random.Random,
    store: str,
    day: date,
    lots: tuple[PackedLot, ...],
    basket: str | None,
) -> Delivery:
    """Write one store's delivery for day `day`, picked and shipped on the day before.

    Args:
        journal: Where rows go.
        rng: Draws minutes.
        store: The store.
        day: The delivery day D.
        lots: This store's share of each lot.
        basket: The serial of a basket for this store.
    """
    eve, zone = day - timedelta(days=1), PLACES[CENTRE].zone
    lines = lines_of(lots, basket)
    hub = CROSS_DOCKED.get(store)
    pallets = load_pallets(journal, rng, CENTRE, at(zone, eve, 9.5), lines, LINES_PER_PALLET)
    things = [{"container": pallet} for pallet in pallets]
    document = f"BOL-D{day_code(eve)}-{store.removeprefix('STORE-')[:3]}"
    trip = drive(rng, CENTRE, hub or store, at(zone, eve, rng.uniform(14, 15.5)), document)
    journal.add(trip.leave, "shipping", CENTRE, things, shared=trip.route, promised=trip.promised)
    journal.add(trip.arrive, "receiving", hub or store, things, shared=trip.route)
    if hub:
        onward = f"BOL-X{day_code(eve)}-{store.removeprefix('STORE-')[:3]}"
        trip = drive(rng, hub, store, later(trip.arrive, draw_wait(rng, eve)), onward)
        journal.add(trip.leave, "shipping", hub, things, shared=trip.route, promised=trip.promised)
        journal.add(trip.arrive, "receiving", store, things, shared=trip.route)
    opened = open_morning(rng, store, trip.arrive)
    empty_pallets(journal, store, opened, pallets, kept=rng.uniform(70, 86))
    local = to_local(PLACES[store].zone, opened)
    shelf_day = local.date() + timedelta(days=local.hour >= 12)
    return Delivery(store, shelf_day, lots, basket)
