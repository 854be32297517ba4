"""From the field to the distribution centre: harvest, transport, packing of lots, pallets to Dallas.

One cycle serves one delivery day D: harvest on D-4, packing on D-3, arrival in Dallas in the evening of D-2.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from datetime import date, timedelta

from sample_data.clock import at
from sample_data.goods import CROPS, PRODUCTS
from sample_data.journal import Journal, lot_cells
from sample_data.network import PLACES
from sample_data.pallets import PackedLot, day_code, empty_pallets, lines_of, load_pallets
from sample_data.roads import drive, later

PACKHOUSE = "PACK-YUMA"
CENTRE = "DC-DALLAS"
BASKET_FARM = "FARM-SALINAS"
LINES_PER_PALLET = 6

FarmLots = dict[tuple[str, str], int]
"""Quantity of each farm's lot of a crop [ticks]."""


def farm_lot(farm: str, crop: str, day: date) -> str:
    """Return the code of the lot that a farm harvests of a crop on a day."""
    return f"{farm.removeprefix('FARM-')[0]}{day_code(day)}-{crop}"


def packed_lot(product: str, day: date) -> str:
    """Return the code of the lot that is packed of a product on a day."""
    return f"P{day_code(day)}-{product}"


def plan_harvest(rng: random.Random, totals: dict[str, int], day: date) -> dict[str, FarmLots]:
    """Return, per product, what it takes from each farm's lot of each crop, trimming loss included.

    Args:
        rng: Draws the loss, 2 to 4 per cent of the mass.
        totals: Kilograms to be packed of each product [ticks].
        day: The day of the harvest; it decides which farms deliver.
    """
    inputs: dict[str, FarmLots] = {}
    for product, total in totals.items():
        gross = total / rng.uniform(0.96, 0.98)
        takes: FarmLots = {}
        for crop, share in PRODUCTS[product].recipe:
            farms = CROPS[crop].farms(day)
            for farm in farms:
                takes[farm, crop] = math.ceil(gross * share / len(farms))
        inputs[product] = takes
    return inputs


def harvest(
    journal: Journal, rng: random.Random, day: date, inputs: dict[str, FarmLots], basket: str | None
) -> None:
    """Write the harvest of one day, and its transport to the packhouse by one truck a farm."""
    lots: FarmLots = defaultdict(int)
    for takes in inputs.values():
        for key, ticks in takes.items():
            lots[key] += ticks
    farms = sorted({farm for farm, _ in lots} | ({BASKET_FARM} if basket else set()))
    for farm in farms:
        zone = PLACES[farm].zone
        load = []
        for crop in sorted(crop for owner, crop in lots if owner == farm):
            cells = lot_cells(CROPS[crop].gtin, farm_lot(farm, crop, day), lots[farm, crop])
            journal.add(at(zone, day, rng.uniform(6.5, 11)), "commissioning", farm, [cells])
            load.append(cells)
        if basket and farm == BASKET_FARM:
            journal.add(at(zone, day, rng.uniform(11, 13)), "commissioning", farm, [{"item": basket}])
            load.append({"item": basket})
        trip = drive(rng, farm, PACKHOUSE, at(zone, day, rng.uniform(14.5, 16)), f"BOL-{farm[5]}{day_code(day)}")
        journal.add(trip.leave, "shipping", farm, load, shared=trip.route, promised=trip.promised)
        journal.add(trip.arrive, "receiving", PACKHOUSE, load, shared=trip.route)


def pack(
    journal: Journal,
    rng: random.Random,
    cut: date,
    totals: dict[str, int],
    inputs: dict[str, FarmLots],
    basket: str | None,
) -> list[PackedLot]:
    """Write packing and transport to Dallas, where the pallets are unpacked; return the packed lots.

    Args:
        journal: Where rows go.
        rng: Draws minutes.
        cut: The day of the harvest.
        totals: What is packed of each product [ticks].
        inputs: What `plan_harvest` returned.
        basket: The serial of the basket that travels along.
    """
    day, zone = cut + timedelta(days=1), PLACES[PACKHOUSE].zone
    lots = []
    for product, total in totals.items():
        lot = PackedLot(product, packed_lot(product, day), total)
        lots.append(lot)
        things = [
            {**lot_cells(CROPS[crop].gtin, farm_lot(farm, crop, cut), ticks), "role": "input"}
            for (farm, crop), ticks in sorted(inputs[product].items())
        ]
        things.append({**lot_cells(PRODUCTS[product].gtin, lot.lot, total), "role": "output"})
        start = at(zone, day, rng.uniform(8, 12))
        run = {"transformation": f"RUN-{day_code(day)}-{product}"}
        journal.add(start, "creating_class_instance", PACKHOUSE, things, shared=run)
    if basket:
        journal.add(at(zone, day, rng.uniform(8, 12)), "inspecting", PACKHOUSE, [{"item": basket}])

    lines = lines_of(lots, basket)
    pallets = load_pallets(journal, rng, PACKHOUSE, at(zone, day, 13), lines, LINES_PER_PALLET)
    document = f"BOL-P{day_code(day)}"
    trip = drive(rng, PACKHOUSE, CENTRE, at(zone, day, rng.uniform(16.8, 17.5)), document)
    bare = [{"container": pallet} for pallet in pallets]
    journal.add(trip.leave, "shipping", PACKHOUSE, bare, shared=trip.route, promised=trip.promised)
    journal.add(trip.arrive, "receiving", CENTRE, bare, shared=trip.route)
    empty_pallets(journal, CENTRE, later(trip.arrive, rng.uniform(1, 1.7)), pallets, kept=0.25)
    return lots
