# SPDX-License-Identifier: Apache-2.0
"""Shapes of history that are hard to trace through, each with its truth. Times are shares of the whole, 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.site import DOMAIN

Dated = tuple[float, dict[str, Any]]


def lot(name: str) -> str:
    """Write the URI of a lot."""
    return f"https://{DOMAIN}/lot/{name}"


def thing(name: str) -> str:
    """Write the URI of a single thing."""
    return f"https://{DOMAIN}/obj/{name}"


def place(name: str) -> dict[str, str]:
    """Write a place as events have it."""
    return {"id": f"https://{DOMAIN}/loc/{name}"}


CONSIGNED, UNLOADED = lot("APPLE:1"), lot("SAUCE:1")
SPLIT, MEAL, ONE_LOAD, PLATE = lot("GRAIN:1"), lot("MEAL:1"), lot("PORTION:7"), lot("PLATE:7")
BULK, STEW = lot("BEANS:1"), lot("STEW:1")
FLOUR, MIXED = lot("FLOUR:1"), lot("MUESLI:1")
CRATE = thing("CRATE-1")
_IN_EACH = 8
_NEST = ("CASE", "LAYER", "CONTAINER", "VESSEL")


@dataclass
class Truth:
    """What is linked to what, as it was made; `packed` has for each lot the containers that it was moved in."""

    onward: dict[str, list[str]] = field(default_factory=dict)
    behind: dict[str, list[str]] = field(default_factory=dict)
    packed: dict[str, set[str]] = field(default_factory=dict)

    def link(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        """Note that each source went into each target."""
        for source in sources:
            self.onward.setdefault(source, []).extend(targets)
        for target in targets:
            self.behind.setdefault(target, []).extend(sources)

    def pack(self, load: Iterable[str], containers: Iterable[str]) -> None:
        """Note that things were moved in containers: those lead nowhere but to where the load goes."""
        for one in load:
            self.packed.setdefault(one, set()).update(containers)

    def forward(self, one: str) -> set[str]:
        """List a thing and everything that it went into."""
        found = _closure(one, self.onward)
        return found.union(*(self.packed.get(one, set()) for one in found))

    def back(self, one: str) -> set[str]:
        """List a thing and everything that went into it."""
        return _closure(one, self.behind)


def _closure(start: str, edges: dict[str, list[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for other in edges.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def quantities(lots: Iterable[str]) -> list[dict[str, Any]]:
    """Write a quantity list."""
    return [{"epcClass": one, "quantity": 100, "uom": "KGM"} for one in lots]


def made(output: str, inputs: Sequence[str], here: dict[str, str]) -> dict[str, Any]:
    """Make one lot of others."""
    used = [{"epcClass": one, "quantity": 100 // len(inputs), "uom": "KGM"} for one in inputs]
    return {
        "type": "TransformationEvent",
        "inputQuantityList": used,
        "outputQuantityList": quantities([output]),
        "readPoint": here,
    }


def packed(container: str, here: dict[str, str], **children: Any) -> dict[str, Any]:
    """Pack."""
    return _packing(container, "ADD", here) | children


def unpacked(container: str, here: dict[str, str]) -> dict[str, Any]:
    """Take out everything."""
    return _packing(container, "DELETE", here)


def _packing(container: str, action: str, here: dict[str, str]) -> dict[str, Any]:
    step = "packing" if action == "ADD" else "unpacking"
    found = {"type": "AggregationEvent", "action": action, "bizStep": step, "parentID": container}
    return found | {"readPoint": here}


def moved(container: str, here: dict[str, str], there: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Ship and receive."""
    moving = {"type": "ObjectEvent", "action": "OBSERVE", "epcList": [container]}
    target = [{"type": "location", "destination": there["id"]}]
    yield moving | {"bizStep": "shipping", "readPoint": here, "destinationList": target}
    yield moving | {"bizStep": "receiving", "readPoint": there}


def grown(one: str, here: dict[str, str]) -> dict[str, Any]:
    """Create some of a lot."""
    return {"type": "ObjectEvent", "action": "ADD", "quantityList": quantities([one]), "readPoint": here}


def _joined(name: str, here: dict[str, str]) -> dict[str, Any]:
    joined = f"https://{DOMAIN}/xform/{name}"
    return {"type": "TransformationEvent", "transformationID": joined, "readPoint": here}


def _spread(events: Iterable[dict[str, Any]], start: float, end: float) -> Iterator[Dated]:
    every = list(events)
    return ((start + (end - start) * at / len(every), event) for at, event in enumerate(every))


def consignment(truth: Truth, count: int) -> Iterator[Dated]:
    """Single items of one lot in cases, pallets, containers and a vessel, of whose content a lot is made."""
    here, there = place("ORCHARD"), place("PLANT")
    items = [thing(f"APPLE-{at}") for at in range(count)]
    events = [grown(CONSIGNED, here)]
    picking = {
        "type": "TransformationEvent",
        "transformationID": f"https://{DOMAIN}/xform/PICK",
        "readPoint": here,
    }
    events.append(picking | {"inputQuantityList": quantities([CONSIGNED])})
    events += [picking | {"outputEPCList": items[at : at + 50]} for at in range(0, count, 50)]
    truth.link([CONSIGNED], items)
    inside, containers = items, []
    for name in _NEST:
        size = _IN_EACH if name != "VESSEL" else len(inside)
        outer = [thing(f"{name}-{at}") for at in range(-(-len(inside) // size))]
        for at, container in enumerate(outer):
            load = inside[at * size : (at + 1) * size]
            events.append(packed(container, here, childEPCs=load))
            truth.link(load, [container])
        containers += outer
        inside = outer
    vessel = inside[0]
    events += moved(vessel, here, there)
    truth.link([vessel], [UNLOADED])
    pressed = {"type": "TransformationEvent", "inputEPCList": [vessel], "readPoint": there}
    events.append(pressed | {"outputQuantityList": quantities([UNLOADED])})
    events += [unpacked(container, there) for container in reversed(containers)]
    return _spread(events, 0.1, 0.9)


def crate(truth: Truth, uses: int, part: int) -> Iterator[Dated]:
    """One crate, moved thousands of times with a portion inside, and a meal made of the crate itself.

    A tenth of the portions of `SPLIT` travel so, the others go into `MEAL` directly. All portions of `BULK` do,
    into `STEW`. All other uses are of lots of their own.
    """
    here, there = place("MILL"), place("KITCHEN")
    events = [grown(SPLIT, here), grown(BULK, here)]
    direct = [lot(f"PORTION:D{at}") for at in range(part - part // 10)]
    events += [made(portion, [SPLIT], here) for portion in direct]
    truth.link([SPLIT], direct)
    each = uses // part  # every so many uses are of the bulk, and every ten times as many of the split lot
    for at in range(uses):
        portion, van = lot(f"PORTION:{at}"), thing(f"VAN-{at % 50}")
        source, meal = lot(f"OATS:{at}"), lot(f"PLATE:{at}")
        if at % each == 0:
            source, meal = BULK, STEW
        elif at % (10 * each) == 1:
            source, meal = SPLIT, MEAL
        else:
            events.append(grown(source, here))
        events.append(made(portion, [source], here))
        events.append(packed(CRATE, here, childQuantityList=quantities([portion])))
        events.append(packed(van, here, childEPCs=[CRATE]))
        events += moved(van, here, there)
        events.append(unpacked(van, there))
        used = {"type": "TransformationEvent", "inputEPCList": [CRATE], "readPoint": there}
        events.append(used | {"outputQuantityList": quantities([meal])})
        events.append(unpacked(CRATE, there))
        truth.link([source], [portion])
        truth.link([portion], [meal])
        truth.pack([portion], [CRATE, van])
        truth.behind[meal].append(CRATE)
    events += [made(MEAL, direct[at : at + 10], there) for at in range(0, len(direct), 10)]
    truth.link(direct, [MEAL])
    return _spread(events, 0.02, 0.98)


def wide(truth: Truth, count: int) -> Iterator[Dated]:
    """One lot that goes into many lots, packed in many sacks on the way, and one that is mixed of many."""
    here = place("BAKERY")
    sacks = [thing(f"SACK-{at}") for at in range(count // 2)]
    breads = [lot(f"BREAD:{at}") for at in range(count - count // 2)]
    fruits = [lot(f"FRUIT:{at}") for at in range(count)]
    events = [grown(FLOUR, here)]
    for sack in sacks:
        events.append(packed(sack, here, childQuantityList=quantities([FLOUR])))
    for bread in breads:
        events.append(made(bread, [FLOUR], here))
    events += [unpacked(sack, here) for sack in sacks]
    truth.pack([FLOUR], sacks)
    truth.link([FLOUR], breads)
    events += [grown(fruit, here) for fruit in fruits]
    mixing = _joined("MIX", here)
    events += [
        mixing | {"inputQuantityList": quantities(fruits[at : at + 100])} for at in range(0, len(fruits), 100)
    ]
    events.append(mixing | {"outputQuantityList": quantities([MIXED])})
    truth.link(fruits, [MIXED])
    return _spread(events, 0.05, 0.95)
