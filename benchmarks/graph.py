# SPDX-License-Identifier: Apache-2.0
"""A made ledger to trace through: ten tiers of lots, each made of two of the tier before, moved on nested pallets.

Every day each tier makes lots out of those that the tier before made some days ago (each is used twice), packs
four on a pallet and four pallets on a truck, ships, receives and unpacks the truck and the pallets. Trucks and
pallets are used again and again. The truth is kept beside, as the generator knows it, so that answers can be
compared.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.site import DOMAIN

TIERS = 10
ON_PALLET = 4
ON_TRUCK = 4
MADE_A_DAY = 64  # lots of one tier; a multiple of what a truck takes
AGE = 3  # days between making and using
_START = datetime(2026, 1, 1, tzinfo=UTC)
_PALLETS = 40_000


@dataclass
class Truth:
    """What is linked to what, as it was made."""

    onward: dict[str, list[str]] = field(default_factory=dict)
    behind: dict[str, list[str]] = field(default_factory=dict)
    packed: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # lot: pallet, truck, load

    def forward(self, lot: str) -> set[str]:
        """List a lot and everything that it went into."""
        lots = _closure(lot, self.onward)
        return lots | {box for one in lots if one in self.packed for box in self.packed[one][:2]}

    def back(self, lot: str) -> set[str]:
        """List a lot and everything that went into it."""
        return _closure(lot, self.behind)


def _closure(start: str, edges: dict[str, list[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for other in edges.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def make_events(count: int, truth: Truth, seed: int = 6) -> Iterator[dict[str, Any]]:
    """Make about `count` events in order of time, and note the truth."""
    dice = random.Random(seed)
    made: dict[tuple[int, int], list[str]] = {}
    number = day = 0
    while number < count:
        for tier in range(TIERS):
            moment = _START + timedelta(days=day, hours=2 * tier)
            for event in _day(tier, day, made, dice, truth):
                moment += timedelta(seconds=1)
                yield _whole(event, number, moment)
                number += 1
        day += 1


def _day(
    tier: int, day: int, made: dict[tuple[int, int], list[str]], dice: random.Random, truth: Truth
) -> Iterator[dict[str, Any]]:
    place = {"id": f"https://{DOMAIN}/loc/SITE-{tier}"}
    sources = made.pop((tier - 1, day - AGE), []) * 2
    dice.shuffle(sources)
    if tier and not sources:
        return
    lots = [f"https://{DOMAIN}/lot/P{tier}:{day}-{at}" for at in range(MADE_A_DAY)]
    made[tier, day] = lots
    for at, lot in enumerate(lots):
        output = [{"epcClass": lot, "quantity": 100, "uom": "KGM"}]
        if not tier:
            yield {"type": "ObjectEvent", "action": "ADD", "quantityList": output, "readPoint": place}
            continue
        inputs = list(dict.fromkeys(sources[2 * at : 2 * at + 2]))
        for one in inputs:
            truth.onward.setdefault(one, []).append(lot)
        truth.behind[lot] = inputs
        used = [{"epcClass": one, "quantity": 100 // len(inputs), "uom": "KGM"} for one in inputs]
        yield {
            "type": "TransformationEvent",
            "inputQuantityList": used,
            "outputQuantityList": output,
            "readPoint": place,
        }
    pallets = [f"https://{DOMAIN}/obj/PALLET-{at}" for at in dice.sample(range(_PALLETS), MADE_A_DAY // ON_PALLET)]
    trucks = [f"https://{DOMAIN}/obj/TRUCK-{at}" for at in dice.sample(range(_PALLETS), len(pallets) // ON_TRUCK)]
    for at, pallet in enumerate(pallets):
        load = lots[at * ON_PALLET : (at + 1) * ON_PALLET]
        held = [{"epcClass": lot, "quantity": 100, "uom": "KGM"} for lot in load]
        yield _packing(pallet, "ADD", place, childQuantityList=held)
        for lot in load:
            truth.packed[lot] = pallet, trucks[at // ON_TRUCK], day
    for at, truck in enumerate(trucks):
        yield _packing(truck, "ADD", place, childEPCs=pallets[at * ON_TRUCK : (at + 1) * ON_TRUCK])
    there = {"id": f"https://{DOMAIN}/loc/SITE-{tier + 1}"}
    moving = {"type": "ObjectEvent", "action": "OBSERVE"}
    target = [{"type": "location", "destination": there["id"]}]
    for truck in trucks:
        yield moving | {
            "bizStep": "shipping",
            "epcList": [truck],
            "readPoint": place,
            "destinationList": target,
        }
        yield moving | {"bizStep": "receiving", "epcList": [truck], "readPoint": there}
        yield _packing(truck, "DELETE", there)
    for pallet in pallets:
        yield _packing(pallet, "DELETE", there)


def _packing(container: str, action: str, place: dict[str, str], **children: Any) -> dict[str, Any]:
    step = "packing" if action == "ADD" else "unpacking"
    found = {"type": "AggregationEvent", "action": action, "bizStep": step, "parentID": container}
    return found | {"readPoint": place} | children


def _whole(event: dict[str, Any], number: int, moment: datetime) -> dict[str, Any]:
    whole = {
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": f"{moment:%Y-%m-%dT%H:%M:%S}Z",
        "eventTimeZoneOffset": "+00:00",
        "bizStep": "creating_class_instance",
    }
    return whole | event
