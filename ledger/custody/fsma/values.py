"""Small readings that records of food are made of: amounts, lot codes, days, and events that belong together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from ledger.custody.fsma.source import Amount, FoodEvent, lot_parts

Values = dict[str, Any]


def lot_values(uri: str) -> Values:
    """Give code, GTIN and lot of a lot as three columns."""
    parts = lot_parts(uri)
    if parts is None:
        return {"tlc": uri if uri and "/" not in uri else None, "gtin": None, "batch": None}
    return {"tlc": parts[0], "gtin": parts[1], "batch": parts[2]}


def amount_values(amount: Amount, base: Values) -> Values:
    """Give quantity and unit of a lot; what a field says where the lot has none."""
    number, unit = amount
    said = base.get("quantity")
    return {
        "quantity": number if number is not None else said,
        "unit": unit or base.get("unit") or ("each" if number is not None else None),
    }


def plus(one: Amount | None, other: Amount) -> Amount:
    """Add two amounts; the unit of the first that has one."""
    if one is None or one[0] is None:
        return other
    return (one[0] + other[0] if other[0] is not None else one[0], one[1] or other[1])


def said_day(text: str | None) -> date | str | None:
    """Read a day that a field says; what is none stays text."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return text


def text_of(value: Any) -> str | None:
    """Give a value as text; None where there is none."""
    return str(value) if value not in (None, "") else None


def number_of(text: Any) -> Any:
    """Read a quantity that arrived as text; what is no number stays text."""
    if not isinstance(text, str):
        return text
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def joined_by(event: FoodEvent) -> str | None:
    """Give the transformation that an event is a part of; None: it stands alone."""
    joined = event.body.get("transformationID")
    return joined if event.kind == "TransformationEvent" and isinstance(joined, str) else None


def join_parts(parts: list[FoodEvent]) -> FoodEvent:
    """Make one of the events of one transformation; the last that has outputs speaks for it."""
    chief = next((part for part in reversed(parts) if part.things.get("output")), parts[-1])
    things: dict[str, list[tuple[str, Amount]]] = {}
    extra: dict[str, str] = {}
    for part in parts:
        extra |= part.extra
        for role, some in part.things.items():
            things.setdefault(role, []).extend(some)
    body = {**{key: value for part in parts for key, value in part.body.items()}, **chief.body}
    return replace(chief, things=things, extra={**extra, **chief.extra}, body=body)
