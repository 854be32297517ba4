"""Readings of sensors: what the `sensorElementList` of an event says (EPCIS 2.0 section 7.3.8)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.custody.query_fields import objects
from ledger.custody.times import micros

if TYPE_CHECKING:
    from ledger.custody.history import Event

NAMES: Final = ("seq", "time", "record_time", "sensor", "item", "place", "type", "value")
_VALUES: Final = ("value", "meanValue")


class Reading(NamedTuple):
    """One number of a sensor. `time` [us since the epoch], None: that of the event; `type` with its unit."""

    time: int | None
    sensor: str | None
    type: str
    value: float


def read_readings(body: Mapping[str, Any]) -> tuple[Reading, ...]:
    """Read the numbers of an event; what is no number, or has a form of its own, is left out."""
    elements = body.get("sensorElementList")
    return tuple(_readings(elements)) if isinstance(elements, list) else ()


def _readings(elements: list[Any]) -> Iterator[Reading]:
    for element in objects(elements):
        metadata = element.get("sensorMetadata")
        common: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
        for report in objects(element.get("sensorReport")):
            value = next((number for name in _VALUES if (number := _number(report.get(name))) is not None), None)
            if value is None:
                continue
            said = {**common, **report}
            words = (_word(said.get("type")), _word(said.get("component")), _text(said.get("uom")))
            yield Reading(
                time=_time(said.get("time")) or _time(said.get("startTime")),
                sensor=_text(said.get("deviceID")),
                type=" ".join(word for word in words if word),
                value=value,
            )


def readings_columns(events: Iterable[Event], *, as_of: int | None = None) -> dict[str, list[Any]]:
    """Lay the readings of a history out as columns.

    A reading goes with the thing that its event names, where it names one; times are microseconds since the epoch.

    Args:
        events: Of a history.
        as_of: Use only what was known by then [us since the epoch]; None: everything.
    """
    from ledger.custody.corrections import Corrections

    told = tuple(events)
    columns: dict[str, list[Any]] = {name: [] for name in NAMES}
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
            for name, value in zip(NAMES, row, strict=True):
                columns[name].append(value)
    return columns


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str | None:
    return value if type(value) is str and value else None


def _word(value: object) -> str | None:
    """Give the last part of a web vocabulary term or CURIE."""
    text = _text(value)
    return None if text is None else text.rstrip("/").rpartition("/")[2].rpartition(":")[2] or None


def _time(value: object) -> int | None:
    try:
        return micros(datetime.fromisoformat(value)) if type(value) is str else None
    except (ValueError, OverflowError, TypeError):
        return None  # what is said of a reading may be anything; it is then no time
