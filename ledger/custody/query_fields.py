"""Where an event holds what query parameters ask for: quantities, sensor values, extension fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.custody.json_context import PREFIXES

_QUANTITIES: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Give the objects of a list; what is private and withheld is none."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def amounts(event: Mapping[str, Any]) -> Iterator[Any]:
    """List the quantities of an event."""
    for key in _QUANTITIES:
        yield from (one["quantity"] for one in objects(event.get(key)) if "quantity" in one)


def sensor_values(event: Mapping[str, Any], field: str, unit: str | None = None) -> list[Any]:
    """List the values of a field in the metadata and the reports of sensors.

    Args:
        event: The event.
        field: Its name in EPCIS 2.0.
        unit: Only of reports with that unit.
    """
    found: list[Any] = []
    for element in objects(event.get("sensorElementList")):
        metadata = element.get("sensorMetadata")
        if isinstance(metadata, Mapping) and field in metadata and unit is None:
            found.append(metadata[field])
        for report in objects(element.get("sensorReport")):
            if field in report and unit in (None, report.get("uom")):
                found.append(report[field])
    return found


def normal_name(name: str, event: Mapping[str, Any]) -> str:
    """Write the name of an extension field with its whole namespace, as ``namespace#name``.

    Args:
        name: As a parameter or an event has it: a prefix and a name, or the namespace, ``#`` and the name.
        event: Its context says what a prefix means.
    """
    prefix, colon, local = name.partition(":")
    if colon and not local.startswith("//") and prefix != "urn":
        space = _prefixes(event).get(prefix)
        return name if space is None else f"{space.rstrip('#')}#{local}"
    return name


def _prefixes(event: Mapping[str, Any]) -> dict[str, str]:
    context = event.get("@context", [])
    found = dict(PREFIXES)
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, Mapping):
            found |= {key: value for key, value in part.items() if isinstance(value, str)}
    return found


def extensions(event: Mapping[str, Any], name: str, *, ilmd: bool) -> Iterator[Any]:
    """List the values of an extension field at the top of an event, or of its `ilmd`.

    Args:
        event: The event.
        name: From `normal_name`.
        ilmd: Look in `ilmd`.
    """
    place = event.get("ilmd") if ilmd else event
    for key, value in place.items() if isinstance(place, Mapping) else ():
        if ":" in key and normal_name(key, event) == name:
            yield from _leaves(value)


def inner_extensions(event: Mapping[str, Any], name: str, *, ilmd: bool) -> Iterator[Any]:
    """As `extensions`, for fields inside of extension fields, at any depth."""
    place = event.get("ilmd") if ilmd else event
    waiting = [value for key, value in place.items() if ":" in key] if isinstance(place, Mapping) else []
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if ":" in key and normal_name(key, event) == name:
                    yield from _leaves(inner)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _leaves(value: Any) -> Iterator[Any]:
    """Give the values of a field: each of a list, the text of one with attributes, else itself."""
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    else:
        yield value["#text"] if isinstance(value, Mapping) and "#text" in value else value
