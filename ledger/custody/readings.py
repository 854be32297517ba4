"""Readings of sensors: what the `sensorElementList` of an event says (EPCIS 2.0 section 7.3.8)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ledger.custody.query_fields import objects
from ledger.custody.times import micros

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
