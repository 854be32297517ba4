# SPDX-License-Identifier: Apache-2.0
"""What the entries of a history say, as columns: a pure function of each entry, so it can be kept and extended.

Nothing here depends on a moment, on other entries, or on the order of recording. What does (corrections, contents
of containers, products told elsewhere, the as-of time) is worked out anew each time (`forecasting.tables.known`),
at the speed of columns.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from forecasting.tables.journeys import NO_TIME
from ledger.chain.entry import IMPORTED
from ledger.custody.codes import lot_of, product_of
from ledger.custody.facts import text
from ledger.custody.history import Event
from ledger.custody.quantity import number_of

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]

ROLES = ("epc", "parent", "child", "input", "output")
"""What the numbers in `RecordedEvents.role` stand for."""

_NUMBER = {role: number for number, role in enumerate(ROLES)}
PARENT, CHILD = ROLES.index("parent"), ROLES.index("child")


@dataclass(frozen=True)
class RecordedEvents:
    """Events of a history in the order of their numbers, and the things that they name.

    Attributes of events, shape (events,); words are None where nothing is told:
        seq: number of the entry. time, known: when it happened, and when it was known [us since 1970 UTC].
        promised: [us], NO_TIME for none. dated: the source told when it recorded. imported: it came from a file.
        withdraws: it is an error declaration on the event of the same eventID.
        event_id, kind, action, step, disposition, place, container, source, destination, document, party: words.
        product, lot, unit, quantity: what is said of the goods; quantity NaN for none.
        operator: who recorded it, where that was by hand.
        mentions: how many things it names.
    Attributes of things named, shape (things,), in the order of events and within them:
        item: URI. role: counts `ROLES`. amount, measure: quantity and unit of this thing. states: it has a
        quantity, even one that cannot be read. first: named for the first time in its event, or a side of a
        transformation. own_product, own_lot: what the URI itself tells.
    Attributes of what stands in the place of withdrawn events, shape (replacements,):
        corrective: eventID. declared_by: number of the entry that says so.
    Attributes of what sensors read, shape (readings,), in the order of events:
        read_by: number of the entry. read_time: [us]. sensor, quantity_kind: words, the kind with its unit.
        about: the thing that the event names, where it names one. value: what was read, in that unit.
    """

    seq: Indices
    time: Indices
    known: Indices
    promised: Indices
    quantity: Floats
    dated: Marks
    imported: Marks
    withdraws: Marks
    event_id: Words
    kind: Words
    action: Words
    step: Words
    disposition: Words
    place: Words
    container: Words
    source: Words
    destination: Words
    document: Words
    party: Words
    product: Words
    lot: Words
    unit: Words
    operator: Words
    mentions: Indices
    item: Words
    role: Indices
    amount: Floats
    measure: Words
    states: Marks
    first: Marks
    own_product: Words
    own_lot: Words
    corrective: Words
    declared_by: Indices
    read_by: Indices
    read_time: Indices
    sensor: Words
    quantity_kind: Words
    about: Words
    value: Floats

    def __len__(self) -> int:
        """Count the events."""
        return len(self.seq)

    @property
    def owner(self) -> Indices:
        """Give the event of each thing named, as its place here, shape (things,)."""
        return np.repeat(np.arange(len(self)), self.mentions)


ALL = tuple(one.name for one in fields(RecordedEvents))
OF_EVENTS = ALL[: ALL.index("item")]
OF_THINGS = ALL[ALL.index("item") : ALL.index("corrective")]
OF_REPLACEMENTS = ("corrective", "declared_by")
OF_READINGS = ALL[ALL.index("read_by") :]
GROUPS = (OF_EVENTS, OF_THINGS, OF_REPLACEMENTS, OF_READINGS)
"""Columns that are of one length."""

_BY_HAND = ("scanned", "typed")
_NUMBERS = ("seq", "time", "known", "promised", "mentions", "role", "declared_by", "read_by", "read_time")
_FLOATS = ("quantity", "amount", "value")
_MARKS = ("dated", "imported", "withdraws", "states", "first")


def kind_of(name: str) -> type[np.generic]:
    """Give the type of the values of a column; object for words."""
    if name in _NUMBERS:
        return np.int64
    return np.float64 if name in _FLOATS else np.bool_ if name in _MARKS else np.object_


def record_events(events: Iterable[Event]) -> RecordedEvents:
    """Lay events out as columns.

    Args:
        events: of a history, in the order of their numbers.

    Returns:
        One row for each, error declarations included.
    """
    told: list[tuple[Any, ...]] = []
    things: list[tuple[Any, ...]] = []
    replacements: list[tuple[str, int]] = []
    readings: list[tuple[Any, ...]] = []
    own: dict[str, tuple[str | None, str | None]] = {}
    for event in events:
        facts = event.facts
        party = facts.parties[0][1] if facts.parties else None
        told.append(
            (
                *(event.seq, facts.time, event.known, NO_TIME if facts.promised is None else facts.promised),
                *(_float(event.quantity), facts.recorded is not None, event.via == IMPORTED, facts.withdraws),
                *(facts.event_id, facts.kind, facts.action, facts.step, facts.disposition, facts.place),
                *(facts.container, facts.source, facts.destination, facts.document, party),
                *(text(event.product) or None, text(event.lot) or None, text(event.unit) or None),
                (event.by or None) if event.via in _BY_HAND else None,
                len(facts.mentions),
            )
        )
        seen: set[str] = set()
        for mention in facts.mentions:
            uri, role = mention.uri, mention.role
            first = uri not in seen or role in ("input", "output")
            seen.add(uri)
            if uri not in own:
                own[uri] = product_of(uri), lot_of(uri)
            amount, unit = _float(mention.quantity), text(mention.unit) or None
            things.append((uri, _NUMBER[role], amount, unit, mention.quantity is not None, first, *own[uri]))
        if facts.withdraws:
            replacements += [(corrective, event.seq) for corrective in facts.corrective]
        about = facts.mentions[0].uri if len(facts.mentions) == 1 else facts.container
        for one in event.readings:
            time = facts.time if one.time is None else one.time
            readings.append((event.seq, time, one.sensor, one.type, about, one.value))
    found: dict[str, npt.NDArray[Any]] = {}
    for names, rows in zip(GROUPS, (told, things, replacements, readings), strict=True):
        found |= _columns(names, rows)
    return RecordedEvents(**found)


def join_recorded(parts: Sequence[RecordedEvents]) -> RecordedEvents:
    """Join parts of a history that follow one another by their numbers."""
    if len(parts) == 1:
        return parts[0]
    return RecordedEvents(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in ALL})


def take_events(recorded: RecordedEvents, rows: Indices) -> RecordedEvents:
    """Take some events, in the order given, with what they name.

    Args:
        recorded: where from.
        rows: places of events.

    Returns:
        Those; of replacements only what they declare themselves, and readings in the order in which they were.
    """
    counts = recorded.mentions[rows]
    starts = (np.cumsum(recorded.mentions) - recorded.mentions)[rows]
    inner = np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
    taken = recorded.seq[rows]
    kept, read = np.isin(recorded.declared_by, taken), np.isin(recorded.read_by, taken)
    return RecordedEvents(
        **{name: getattr(recorded, name)[rows] for name in OF_EVENTS},
        **{name: getattr(recorded, name)[inner] for name in OF_THINGS},
        **{name: getattr(recorded, name)[kept] for name in OF_REPLACEMENTS},
        **{name: getattr(recorded, name)[read] for name in OF_READINGS},
    )


def events_before(recorded: RecordedEvents, size: int) -> RecordedEvents:
    """Take the events among the first entries of a log."""
    return take_events(recorded, np.flatnonzero(recorded.seq < size))


def by_number(recorded: RecordedEvents) -> RecordedEvents:
    """Sort events by their numbers."""
    if (recorded.seq[1:] >= recorded.seq[:-1]).all():
        return recorded
    return take_events(recorded, np.argsort(recorded.seq, kind="stable"))


def _columns(names: Sequence[str], rows: list[tuple[Any, ...]]) -> dict[str, npt.NDArray[Any]]:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {
        name: np.fromiter(values, dtype=kind_of(name), count=len(rows))
        for name, values in zip(names, columns, strict=True)
    }


def _float(value: Any) -> float:
    found = number_of(value)
    return np.nan if found is None else found
