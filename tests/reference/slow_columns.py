# SPDX-License-Identifier: Apache-2.0
"""Tables read slowly out of a history, event by event and without pandas.

`events_columns`: one row for each thing in each event (the `events` table).

An event on a container counts for what is inside at that time, once: packing opens, unpacking closes, nesting of
any depth. Order is by event time, then by number. Only what was known at `as_of` is used; an event that was
withdrawn by then is marked corrected, from the time at which the withdrawal was known. `readings_columns`: one row
for each number of a sensor.

Predictions build both out of kept columns (`forecasting.tables.known`), which is held to give the
same, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ledger.custody.codes import lot_of, product_of
from ledger.custody.corrections import Corrections
from ledger.custody.facts import Facts, text
from ledger.custody.history import Event
from ledger.custody.kinds.base import Mention
from ledger.custody.quantity import number_of

NAMES: Final = (
    "seq", "event_id", "event_time", "record_time", "kind", "action", "step", "disposition", "place", "item",
    "product", "lot", "quantity", "unit", "parent", "source", "destination", "document", "party", "corrected",
    "promised",
)  # fmt: skip

READING_NAMES: Final = ("seq", "time", "record_time", "sensor", "item", "place", "type", "value")

_ROLE_ACTION: Final = {"input": "DELETE", "output": "ADD"}


@dataclass(slots=True)
class _Inside:
    """What is in one container: things, each with its quantity and unit."""

    things: dict[str, tuple[Any, str | None]]


def events_columns(events: Iterable[Event], *, as_of: int | None = None) -> dict[str, list[Any]]:
    """Lay a history out as columns.

    Args:
        events: Of a history, in any order.
        as_of: Use only what was known by then [us since the epoch]; None: everything.

    Returns:
        A list for each of `NAMES`, all of one length. Times are microseconds since the epoch, quantities
        floats in the unit of the event (None: one thing, or unknown).
    """
    told = tuple(events)
    corrections = Corrections(told)
    stated = [event for event in told if not event.facts.withdraws]
    if as_of is not None:
        stated = [event for event in stated if corrections.known(event) <= as_of]
    stated.sort(key=lambda event: (event.facts.time, event.seq))
    columns: dict[str, list[Any]] = {name: [] for name in NAMES}
    appends = [columns[name].append for name in NAMES]
    contents: dict[str, _Inside] = {}
    products: dict[str, str] = {}
    for event in stated:
        corrected = corrections.of(event.facts, event.via, as_of) is not None
        for row in _rows(event, corrections.known(event), corrected, contents, products):
            for append, value in zip(appends, row, strict=True):
                append(value)
        if not corrected:
            _pack(event, contents)
    return columns


def readings_columns(events: Iterable[Event], *, as_of: int | None = None) -> dict[str, list[Any]]:
    """Lay the readings of a history out as columns.

    A reading goes with the thing that its event names, where it names one; times are microseconds since the epoch.

    Args:
        events: Of a history.
        as_of: Use only what was known by then [us since the epoch]; None: everything.
    """
    told = tuple(events)
    columns: dict[str, list[Any]] = {name: [] for name in READING_NAMES}
    if not any(event.readings for event in told):
        return columns
    corrections = Corrections(told)
    for event in told:
        if not event.readings or event.facts.withdraws:
            continue
        known = corrections.known(event)
        if as_of is not None and known > as_of:
            continue
        if corrections.of(event.facts, event.via, as_of) is not None:
            continue
        facts = event.facts
        item = facts.mentions[0].uri if len(facts.mentions) == 1 else facts.container
        for one in event.readings:
            time = facts.time if one.time is None else one.time
            row = (event.seq, time, known, one.sensor, item, facts.place, one.type, one.value)
            for name, value in zip(READING_NAMES, row, strict=True):
                columns[name].append(value)
    return columns


def _rows(
    event: Event, known: int, corrected: bool, contents: dict[str, _Inside], products: dict[str, str]
) -> Iterator[tuple[Any, ...]]:
    facts = event.facts
    mentioned = {mention.uri for mention in facts.mentions}
    seen: set[str] = set()
    waiting: list[tuple[Mention, str | None]] = [
        (mention, facts.container if mention.role == "child" else None) for mention in facts.mentions
    ]
    party = facts.parties[0][1] if facts.parties else None
    at = 0
    while at < len(waiting):
        mention, parent = waiting[at]
        at += 1
        uri = mention.uri
        if (uri in seen and mention.role not in _ROLE_ACTION) or (
            parent and mention.role == "epc" and uri in mentioned
        ):
            continue
        seen.add(uri)
        if not corrected and not _repacks(facts, mention) and (inside := contents.get(uri)):
            # What is inside is told after what holds it; a child that the event names itself is told once.
            waiting.extend((Mention(child, "epc", *held), uri) for child, held in inside.things.items())
        # What is said of the goods is not said of what they are packed in.
        own = mention.role == "child" or (parent is None and mention.role != "parent")
        if own and (product := text(event.product)):
            products[uri] = product
        quantity = mention.quantity if mention.quantity is not None else event.quantity if own else None
        yield (
            event.seq,
            facts.event_id,
            facts.time,
            known,
            facts.kind,
            _ROLE_ACTION.get(mention.role, facts.action),
            facts.step,
            facts.disposition,
            facts.place,
            uri,
            products.get(uri) or product_of(uri),
            (text(event.lot) if own else None) or lot_of(uri),
            number_of(quantity),
            text(mention.unit) or (text(event.unit) if own else None) or None,
            parent,
            facts.source,
            facts.destination,
            facts.document,
            party,
            corrected,
            facts.promised,
        )


def _repacks(facts: Facts, mention: Mention) -> bool:
    """Tell whether an event puts named things in or out of a container: that is none on what else is inside."""
    named = any(other.role == "child" for other in facts.mentions)
    return mention.role == "parent" and facts.action in ("ADD", "DELETE") and named


def _pack(event: Event, contents: dict[str, _Inside]) -> None:
    """Follow what an aggregation puts in or takes out."""
    facts = event.facts
    if facts.kind != "AggregationEvent" or facts.container is None:
        return
    children = [mention for mention in facts.mentions if mention.role == "child"]
    if facts.action == "ADD":
        inside = contents.setdefault(facts.container, _Inside({}))
        for child in children:
            inside.things[child.uri] = _added(inside.things.get(child.uri), child)
    elif facts.action == "DELETE":
        held = contents.get(facts.container)
        if held is None:
            return
        for child in children:
            _take(held, child)
        if not children or not held.things:
            del contents[facts.container]


def _added(before: tuple[Any, str | None] | None, child: Mention) -> tuple[Any, str | None]:
    quantity = number_of(child.quantity)
    if before is not None and before[0] is not None and quantity is not None:
        return before[0] + quantity, child.unit
    return quantity, child.unit


def _take(held: _Inside, child: Mention) -> None:
    before = held.things.get(child.uri)
    quantity = number_of(child.quantity)
    if before is None:
        return
    if quantity is None or before[0] is None or before[0] - quantity <= 1e-9:
        del held.things[child.uri]
    else:
        held.things[child.uri] = (before[0] - quantity, before[1])
