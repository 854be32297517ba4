# SPDX-License-Identifier: Apache-2.0
"""A made ledger to trace through, with the truth beside it, as the generator knows it.

1. the flow: ten tiers of lots, each lot made of two of the tier before and used twice, moved every day on pallets
   that stand on trucks; pallets and trucks are used again and again
2. `shapes`: a consignment nested five deep, a crate that is used thousands of times, a lot that goes into a
   thousand others

Their events are spread over the days of the flow, so what belongs together lies far apart in the log.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import chain
from typing import Any, Literal

from benchmarks import shapes
from benchmarks.shapes import Dated, Truth, lot, made, moved, packed, place, quantities, thing, unpacked

TIERS = 10
ON_PALLET = 8
ON_TRUCK = 4
HOURS = 2  # between two tiers
_START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A question, and all that belongs to the answer."""

    name: str
    direction: Literal["back", "forward"]
    item: str
    expected: set[str]

    @property
    def is_usual(self) -> bool:
        """Tell whether a node has an event or two, as the limit for each node has it; else it is told only."""
        return "many loads" not in self.name


@dataclass
class Made:
    """A ledger to be made of `count` events: how many lots a tier makes a day, how large the shapes are."""

    count: int
    truth: Truth = field(default_factory=Truth)

    @property
    def a_day(self) -> int:
        """Say how many lots of one tier are made a day; a multiple of what a truck takes."""
        return 512 if self.count >= 100_000 else 64

    @property
    def scale(self) -> int:
        """Say what share of a thousand nodes the shapes have."""
        return 1 if self.count >= 100_000 else 10

    @property
    def uses(self) -> int:
        """Say how many times the crate is used."""
        return max(500, min(5_000, self.count // 50))

    def events(self) -> Iterator[dict[str, Any]]:
        """Make about `count` events in order of time, and note the truth."""
        days = self._days()
        special = chain(
            shapes.consignment(self.truth, 800 // self.scale),
            shapes.crate(self.truth, self.uses, 1_000 // self.scale),
            shapes.wide(self.truth, 1_000 // self.scale),
        )
        found = sorted(special, key=lambda event: event[0])
        spread = ((at * days, event) for at, event in found)
        for number, (moment, event) in enumerate(merge(self._flow(days), spread, key=lambda event: event[0])):
            yield _whole(event, number, _START + timedelta(days=moment))

    def _days(self) -> float:
        """Say how many days of flow fill the ledger: the first tiers run ahead of the last."""
        lots = self.a_day
        loads = lots // ON_PALLET, lots // ON_PALLET // ON_TRUCK
        each = lots + 2 * loads[0] + 4 * loads[1]
        rest = self.count - 10 * self.uses - 5_000 // self.scale
        return max(TIERS + 1, round((rest / each + TIERS * (TIERS - 1) / 2) / TIERS))

    def _flow(self, days: float) -> Iterator[Dated]:
        dice = random.Random(6)
        before: dict[tuple[int, int], list[str]] = {}
        for day in range(int(days)):
            for tier in range(TIERS):
                start = day + tier * HOURS / 24
                for at, event in enumerate(self._tier(tier, day, before, dice)):
                    yield start + at / 86_400, event

    def _tier(
        self, tier: int, day: int, before: dict[tuple[int, int], list[str]], dice: random.Random
    ) -> Iterator[dict[str, Any]]:
        here, there = place(f"SITE-{tier}"), place(f"SITE-{tier + 1}")
        sources = before.pop((tier - 1, day - 1), []) * 2
        dice.shuffle(sources)
        if tier and not sources:
            return
        lots = [lot(f"P{tier}:{day}-{at}") for at in range(self.a_day)]
        before[tier, day] = lots
        for at, one in enumerate(lots):
            inputs = list(dict.fromkeys(sources[2 * at : 2 * at + 2]))
            self.truth.link(inputs, [one])
            yield made(one, inputs, here) if tier else shapes.grown(one, here)
        loads = self.a_day // ON_PALLET
        pool = max(8 * loads, self.count // 250)
        pallets = [thing(f"PALLET-{at}") for at in dice.sample(range(pool), loads)]
        trucks = [thing(f"TRUCK-{at}") for at in dice.sample(range(pool), loads // ON_TRUCK)]
        for at, pallet in enumerate(pallets):
            load = lots[at * ON_PALLET : (at + 1) * ON_PALLET]
            yield packed(pallet, here, childQuantityList=quantities(load))
            self.truth.pack(load, (pallet, trucks[at // ON_TRUCK]))
        for at, truck in enumerate(trucks):
            yield packed(truck, here, childEPCs=pallets[at * ON_TRUCK : (at + 1) * ON_TRUCK])
        for truck in trucks:
            yield from moved(truck, here, there)
            yield unpacked(truck, there)
        for pallet in pallets:
            yield unpacked(pallet, there)

    def cases(self) -> list[Case]:
        """List the questions."""
        truth, wanted = self.truth, 1_000 // self.scale
        lots = [one for one in truth.packed if "/lot/P" in one]
        last = [one for one in lots if f"/P{TIERS - 1}:" in one]
        deep = min(last[:: max(1, len(last) // 100)], key=lambda one: abs(len(truth.back(one)) - wanted))
        first = [one for tier in range(4) for one in lots if f"/P{tier}:" in one]
        some = first[len(first) // 3 :: max(1, len(first) // 300)]
        spread = min(some, key=lambda one: abs(len(truth.forward(one)) - wanted))
        asked: list[tuple[str, Literal["back", "forward"], str]] = [
            ("ten tiers", "back", deep),
            ("ten tiers on pallets", "forward", spread),
            ("nested five deep", "back", shapes.UNLOADED),
            ("nested five deep", "forward", shapes.CONSIGNED),
            (f"a crate used {self.uses:,} times", "back", shapes.MEAL),
            (f"a crate used {self.uses:,} times", "forward", shapes.SPLIT),
            (f"one load of a crate used {self.uses:,} times", "back", shapes.PLATE),
            (f"one load of a crate used {self.uses:,} times", "forward", shapes.ONE_LOAD),
            ("many loads of that crate", "back", shapes.STEW),
            ("many loads of that crate", "forward", shapes.BULK),
            ("wide", "back", shapes.MIXED),
            ("wide", "forward", shapes.FLOUR),
        ]
        return [Case(name, way, item, getattr(truth, way)(item)) for name, way, item in asked]


def _whole(event: dict[str, Any], number: int, moment: datetime) -> dict[str, Any]:
    whole = {
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": f"{moment:%Y-%m-%dT%H:%M:%S}Z",
        "eventTimeZoneOffset": "+00:00",
        "bizStep": "creating_class_instance",
    }
    return whole | event
