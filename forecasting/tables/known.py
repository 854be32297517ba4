# SPDX-License-Identifier: Apache-2.0
"""The events table of what was known at a moment, from recorded columns.

The same table, to the last bit, as one that is laid out event by event (`tests/reference/slow_columns.py`):

1. what was known by the moment, in the order of event time, then number; withdrawn events marked;
2. a row for each thing that an event names, once;
3. events on containers, and those alone, one after the other: a row for each thing inside at that time;
4. the product that was last told of each thing, at its place in that order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.tables.events import events_table
from forecasting.tables.readings import readings_table
from forecasting.tables.recorded import (
    CHILD,
    PARENT,
    ROLES,
    Indices,
    Marks,
    RecordedEvents,
    Words,
    by_number,
    take_events,
)
from ledger.chain.entry import IMPORTED
from ledger.custody.corrections import Claim, Corrections, Declaration

_HERE = "typed"
"""Stands for every way of recording that is no import; corrections tell only these two apart."""

_INPUT, _OUTPUT = ROLES.index("input"), ROLES.index("output")
_NOTHING_LEFT = 1e-9


_Contents = dict[str, dict[str, tuple[float | None, str | None]]]
"""What is in each container: things, each with quantity and unit."""

_Mention = tuple[Any, ...]
"""Item, role, amount, measure, states, own_product, own_lot of a thing named."""


@dataclass(frozen=True)
class _Rows:
    """Rows of the table: the event (its place), the thing and what is said of it, the container it is in."""

    event: Indices
    item: Words
    role: Indices
    quantity: np.ndarray[tuple[int], np.dtype[np.float64]]
    unit: Words
    parent: Words
    own: Marks
    own_product: Words
    own_lot: Words


def known_events(
    recorded: RecordedEvents, *, as_of: int | None = None, corrections: Corrections | None = None
) -> pd.DataFrame:
    """Build the events table of what was known at a moment.

    Args:
        recorded: events of a history; any part of it that holds every event on the things asked about, and on the
            containers that they were in, gives the same rows for these things.
        as_of: [us since 1970-01-01 UTC]; None: everything.
        corrections: among all events, where `recorded` is a part (`find_declarations`); None: those in it.

    Returns:
        The events table (DESIGN section 5).

    Raises:
        BadTable: a time is out of range.
    """
    if corrections is None:
        corrections = find_declarations(recorded)
    known, corrected = _standing(recorded, corrections, as_of)
    stated = ~recorded.withdraws
    if as_of is not None:
        stated &= known <= as_of
    rows = np.flatnonzero(stated)
    time = recorded.time[rows]
    if (time[1:] < time[:-1]).any() or (recorded.seq[1:] < recorded.seq[:-1]).any():
        rows = rows[np.lexsort((recorded.seq[rows], time))]
    told = recorded
    if len(rows) < len(recorded) or (rows[1:] < rows[:-1]).any():
        told = take_events(recorded, rows)
    return _table(told, _lay_out(told, corrected[rows]), known[rows], corrected[rows])


def known_readings(
    recorded: RecordedEvents, *, as_of: int | None = None, corrections: Corrections | None = None
) -> pd.DataFrame:
    """Build the readings table of what was known at a moment.

    The same table as one that is laid out event by event (`tests/reference/slow_columns.py`).

    Args:
        recorded: events of a history.
        as_of: [us since 1970-01-01 UTC]; None: everything.
        corrections: as `known_events`.

    Returns:
        The readings table (`forecasting.tables.readings`).

    Raises:
        BadTable: a time is out of range.
    """
    sorted_here = by_number(recorded)
    if corrections is None:
        corrections = find_declarations(sorted_here)
    known, corrected = _standing(sorted_here, corrections, as_of)
    order = np.argsort(sorted_here.read_by, kind="stable")
    event = np.searchsorted(sorted_here.seq, sorted_here.read_by[order])
    stated = ~sorted_here.withdraws & ~corrected
    if as_of is not None:
        stated &= known <= as_of
    kept, event = order[stated[event]], event[stated[event]]
    return readings_table(
        {
            "seq": sorted_here.read_by[kept],
            "time": sorted_here.read_time[kept],
            "record_time": known[event],
            "sensor": sorted_here.sensor[kept],
            "item": sorted_here.about[kept],
            "place": sorted_here.place[event],
            "type": sorted_here.quantity_kind[kept],
            "value": sorted_here.value[kept],
        }
    )


def find_declarations(recorded: RecordedEvents) -> Corrections:
    """Find the error declarations among recorded events."""
    replacing: dict[int, list[str]] = {}
    for seq, corrective in zip(recorded.declared_by.tolist(), recorded.corrective.tolist(), strict=True):
        replacing.setdefault(seq, []).append(corrective)
    rows = np.flatnonzero(recorded.withdraws).tolist()
    claims = _claims(recorded, rows)
    return Corrections.of_declarations(
        Declaration(
            *(recorded.event_id[row], int(recorded.seq[row]), int(recorded.known[row]), None),
            *(tuple(replacing.get(int(recorded.seq[row]), ())), IMPORTED if recorded.imported[row] else _HERE),
            claim=claims[row],
        )
        for row in rows
    )


def _claims(recorded: RecordedEvents, rows: list[int]) -> dict[int, Claim]:
    """Say of some events what their declarations must repeat."""
    if not rows:
        return {}
    ends = np.cumsum(recorded.mentions)
    found = {}
    for row in rows:
        end = int(ends[row])
        names = recorded.item[end - int(recorded.mentions[row]) : end].tolist()
        found[row] = Claim(recorded.event_id[row], int(recorded.time[row]) // 1_000_000, frozenset(names))
    return found


def _standing(recorded: RecordedEvents, corrections: Corrections, as_of: int | None) -> tuple[Indices, Marks]:
    """Say since when each event is known, and whether it was withdrawn by then."""
    known, corrected = recorded.known, np.zeros(len(recorded), dtype=bool)
    named = corrections.event_ids
    if not named:
        return known, corrected
    known = known.copy()
    rows = np.flatnonzero(pd.Series(recorded.event_id, dtype=object).isin(named)).tolist()
    claims = _claims(recorded, rows)
    for row in rows:
        event_id, via = recorded.event_id[row], IMPORTED if recorded.imported[row] else _HERE
        known[row] = corrections.known_of(event_id, via, int(known[row]), dated=bool(recorded.dated[row]))
        corrected[row] = corrections.of(claims[row], via, as_of) is not None
    return known, corrected


def _lay_out(told: RecordedEvents, corrected: Marks) -> _Rows:
    owner = told.owner
    followed = _on_containers(told, corrected, owner)
    kept = told.first if followed is None else told.first & ~followed[owner]
    if not kept.all():
        event = owner[kept]
        picked = {name: getattr(told, name)[kept] for name in ("item", "role", "amount", "states", "measure")}
        own_product, own_lot = told.own_product[kept], told.own_lot[kept]
    else:
        event = owner
        picked = {name: getattr(told, name) for name in ("item", "role", "amount", "states", "measure")}
        own_product, own_lot = told.own_product, told.own_lot
    role, own = picked["role"], picked["role"] != PARENT
    unit = _either(picked["measure"], _where(own, told.unit[event]))
    quantity = np.where(~picked["states"] & own, told.quantity[event], picked["amount"])
    parent = _where(role == CHILD, told.container[event])
    rows = _Rows(event, picked["item"], role, quantity, unit, parent, own, own_product, own_lot)
    if followed is None:
        return rows
    return _in_order(rows, _follow_containers(told, np.flatnonzero(followed)))


def _on_containers(told: RecordedEvents, corrected: Marks, owner: Indices) -> Marks | None:
    """Mark the events that name a container in which something is ever packed; None: there is none."""
    packs = (told.kind == "AggregationEvent") & ~corrected & (told.action == "ADD")
    packs &= pd.notna(told.container)
    packing = np.zeros(len(told), dtype=bool)
    packing[owner[told.role == CHILD]] = True
    packing &= packs
    if not packing.any():
        return None
    containers = frozenset(told.container[packing].tolist())
    followed = pd.Series(told.container, dtype=object).isin(containers).to_numpy(dtype=bool, copy=True)
    followed[owner[pd.Series(told.item, dtype=object).isin(containers).to_numpy(dtype=bool)]] = True
    return np.asarray(followed & ~corrected)


def _follow_containers(told: RecordedEvents, events: Indices) -> _Rows:
    """Go through the events on containers in order, and tell what is inside after what holds it."""
    contents: _Contents = {}
    starts = np.cumsum(told.mentions) - told.mentions
    names = ("item", "role", "amount", "measure", "states", "own_product", "own_lot")
    found: list[tuple[Any, ...]] = []
    own_of: dict[str, tuple[Any, ...]] = {}
    for event in events.tolist():
        start = int(starts[event])
        span = slice(start, start + int(told.mentions[event]))
        mentions = list(zip(*(getattr(told, name)[span].tolist() for name in names), strict=True))
        own_of.update((one[0], one[5:]) for one in mentions)
        found.extend((event, *row, *own_of[row[0]]) for row in _expand(told, event, mentions, contents))
        if told.kind[event] == "AggregationEvent" and told.container[event] is not None:
            _pack(told.action[event], told.container[event], mentions, contents)
    columns = list(zip(*found, strict=True))
    kinds = (np.int64, object, np.int64, np.float64, object, object, np.bool_, object, object)
    arrays: list[Any] = [
        np.fromiter(one, dtype=kind, count=len(found)) for one, kind in zip(columns, kinds, strict=True)
    ]
    return _Rows(*arrays)


def _expand(
    told: RecordedEvents,
    event: int,
    mentions: list[_Mention],
    contents: _Contents,
) -> Iterator[tuple[Any, ...]]:
    """Give the rows of one event: item, role, quantity, unit, parent, own."""
    container, quantity, unit = told.container[event], float(told.quantity[event]), told.unit[event]
    named = {one[0] for one in mentions}
    # An event that puts named things in or out of a container is none on what else is inside.
    repacks = told.action[event] in ("ADD", "DELETE") and any(one[1] == CHILD for one in mentions)
    seen: set[object] = set()
    waiting = [(*one[:5], container if one[1] == CHILD else None) for one in mentions]
    at = 0
    while at < len(waiting):
        uri, role, amount, measure, states, parent = waiting[at]
        at += 1
        if (uri in seen and role not in (_INPUT, _OUTPUT)) or (parent and role == 0 and uri in named):
            continue
        seen.add(uri)
        if not (repacks and role == PARENT) and (inside := contents.get(uri)):
            waiting += [(child, 0, held[0], held[1], held[0] is not None, uri) for child, held in inside.items()]
        own = role == CHILD or (parent is None and role != PARENT)
        if not states and own:
            amount = quantity
        yield uri, role, np.nan if amount is None else amount, measure or (unit if own else None), parent, own


def _pack(
    action: str | None,
    container: str,
    mentions: list[_Mention],
    contents: _Contents,
) -> None:
    """Follow what an aggregation puts in or takes out."""
    children = [(one[0], None if np.isnan(one[2]) else one[2], one[3]) for one in mentions if one[1] == CHILD]
    held = contents.get(container)
    if action == "ADD":
        held = contents.setdefault(container, {})
        for uri, amount, measure in children:
            there = held.get(uri, (None, None))[0]
            held[uri] = (amount if there is None or amount is None else there + amount, measure)
    elif action == "DELETE" and held is not None:
        for uri, amount, _ in children:
            before = held.get(uri)
            if before is None:
                continue
            if amount is None or before[0] is None or before[0] - amount <= _NOTHING_LEFT:
                del held[uri]
            else:
                held[uri] = (before[0] - amount, before[1])
        if not children or not held:
            del contents[container]


def _in_order(one: _Rows, other: _Rows) -> _Rows:
    """Merge two sets of rows by event; no event has rows in both."""
    order = np.argsort(np.concatenate([one.event, other.event]), kind="stable")
    return _Rows(*(np.concatenate(pair)[order] for pair in zip(_values(one), _values(other), strict=True)))


def _values(rows: _Rows) -> list[np.ndarray[tuple[int], np.dtype[np.generic]]]:
    return [getattr(rows, name) for name in _Rows.__dataclass_fields__]


def _table(told: RecordedEvents, rows: _Rows, known: Indices, corrected: Marks) -> pd.DataFrame:
    event = rows.event
    sides = np.full(len(ROLES), None, dtype=object)
    sides[_INPUT], sides[_OUTPUT] = "DELETE", "ADD"
    lot = _either(_where(rows.own, told.lot[event]), rows.own_lot)
    return events_table(
        {
            "seq": told.seq[event],
            "event_id": told.event_id[event],
            "event_time": told.time[event],
            "record_time": known[event],
            "kind": told.kind[event],
            "action": _either(sides[rows.role], told.action[event]),
            "step": told.step[event],
            "disposition": told.disposition[event],
            "place": told.place[event],
            "item": rows.item,
            "product": _either(_last_told(rows, told.product[event]), rows.own_product),
            "lot": lot,
            "quantity": rows.quantity,
            "unit": rows.unit,
            "parent": rows.parent,
            "source": told.source[event],
            "destination": told.destination[event],
            "document": told.document[event],
            "party": told.party[event],
            "corrected": corrected[event],
            "promised": told.promised[event],
        }
    )


def _last_told(rows: _Rows, product: Words) -> Words:
    """Give each row the product that was last told of its thing, at this row or before."""
    tells = rows.own & pd.notna(product)
    if not tells.any() or tells.all():
        return _where(tells, product)
    code = pd.factorize(rows.item)[0]
    order = np.argsort(code, kind="stable")
    at = np.arange(len(order))
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = code[order[1:]] != code[order[:-1]]
    first = np.maximum.accumulate(np.where(begins, at, 0))
    last = np.maximum.accumulate(np.where(tells[order], at, -1))
    found = np.full(len(order), None, dtype=object)
    has = last >= first
    found[order[has]] = product[order[last[has]]]
    return found


def _where(wanted: Marks, words: Words) -> Words:
    """Keep the words that are wanted."""
    kept = words.copy()
    kept[~wanted] = None
    return kept


def _either(words: Words, others: Words) -> Words:
    """Take the first of two words that there is."""
    missing = pd.isna(words)
    if not missing.any():
        return words
    found = words.copy()
    found[missing] = others[missing]
    return found
