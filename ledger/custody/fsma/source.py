"""What the food traceability rule asks of an event: its lots, amounts, places, documents and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from ledger.chain.commitment import is_commitment
from ledger.custody.codes import lot_of, product_of
from ledger.custody.fsma.extra_fields import extra_fields
from ledger.custody.kinds.base import thing_uri
from ledger.custody.statement import LOT, PRODUCT, QUANTITY, UNIT
from ledger.custody.times import micros

Amount = tuple[Decimal | int | None, str | None]
_GTIN: Final = re.compile(r"https://id\.gs1\.org/01/(\d{14})")
_LAST: Final = re.compile(r".*[:/]", re.DOTALL)
_TYPES: Final = {
    "po": "Purchase order",
    "desadv": "Despatch advice",
    "bol": "Bill of lading",
    "recadv": "Receiving advice",
    "prodorder": "Production order",
    "inv": "Invoice",
    "cert": "Certificate",
    "pedigree": "Pedigree",
    "poc": "Purchase order confirmation",
    "rma": "Return authorisation",
    "testprd": "Test procedure",
    "testres": "Test result",
    "upevt": "Upload event",
}
_LETTERS: Final = re.compile("[A-Za-z]+(?=[-_ /#]?[0-9A-Za-z]*[0-9])")
_PREFIXES: Final = {
    "BOL": "Bill of lading",
    "PO": "Purchase order",
    "SO": "Sales order",
    "WO": "Work order",
    "INV": "Invoice",
    "ASN": "Advance ship notice",
    "DN": "Delivery note",
    "GRN": "Goods received note",
    "TO": "Transfer order",
}
_LISTS: Final = {
    "ObjectEvent": (("epcList", "quantityList", "epc"),),
    "TransactionEvent": (("epcList", "quantityList", "epc"),),
    "AggregationEvent": (("childEPCs", "childQuantityList", "child"),),
    "AssociationEvent": (("childEPCs", "childQuantityList", "child"),),
    "TransformationEvent": (
        ("inputEPCList", "inputQuantityList", "input"),
        ("outputEPCList", "outputQuantityList", "output"),
    ),
}


@dataclass(slots=True)
class FoodEvent:
    """One event. `things` are (URI, amount) by role: epc, child, input, output."""

    seq: int
    body: Mapping[str, Any]
    time: int
    day: date
    kind: str
    step: str
    place: str | None
    container: str | None
    things: dict[str, list[tuple[str, Amount]]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)


def read_food_event(seq: int, body: Mapping[str, Any]) -> FoodEvent:
    """Read an event as the log holds it, private values put back where they are at hand.

    Raises:
        KeyError, ValueError, TypeError: It is no event that can be read.
    """
    moment = datetime.fromisoformat(body["eventTime"])
    kind = body["type"]
    step = body.get("bizStep")
    place = body.get("bizLocation") or body.get("readPoint")
    container = body.get("parentID")
    event = FoodEvent(
        seq,
        body,
        micros(moment),
        moment.date(),
        kind,
        _LAST.sub("", step).removeprefix("BizStep-").lower() if isinstance(step, str) else "",
        place_of(place),
        _uri(container),
    )
    for epcs, classes, role in _LISTS.get(kind, ()):
        some: list[tuple[str, Amount]] = [(thing_uri(uri), (None, None)) for uri in _list(body, epcs)]
        for element in _list(body, classes):
            amount = element.get("quantity")
            number = amount if isinstance(amount, Decimal | int) else None
            some.append((thing_uri(element["epcClass"]), (number, element.get("uom"))))
        if some:
            event.things[role] = some
    event.extra = extra_fields(body)
    return event


def place_of(point: Any) -> str | None:
    """Give the place of a read point or business location."""
    return _uri(point.get("id")) if isinstance(point, Mapping) else None


def _uri(value: Any) -> str | None:
    return thing_uri(value) if isinstance(value, str) else None


def _list(body: Mapping[str, Any], key: str) -> list[Any]:
    found = body.get(key, ())
    return [] if is_commitment(found) else list(found)


def stated_lot(body: Mapping[str, Any]) -> tuple[str | None, str | None, Amount]:
    """Give product, lot and amount that an event states of its single things, in extensions or in its ilmd."""
    ilmd = body.get("ilmd")
    master = ilmd if isinstance(ilmd, Mapping) else {}
    lot = body.get(LOT) or master.get("cbvmda:lotNumber") or master.get("lotNumber")
    product = body.get(PRODUCT)
    amount = body.get(QUANTITY)
    number = amount if isinstance(amount, Decimal | int) else None
    unit = body.get(UNIT)
    return (
        product if isinstance(product, str) else None,
        lot if isinstance(lot, str) else None,
        (number, unit if isinstance(unit, str) else None),
    )


def ends(body: Mapping[str, Any], side: str) -> str | None:
    """Give where goods come from or go to (`source` or `destination`): its location, else its party."""
    found = [end for end in _list(body, f"{side}List") if isinstance(end.get(side), str)]
    for wanted in ("location", "possessing_party", "owning_party"):
        for end in found:
            if str(end.get("type", "")).endswith(wanted):
                return thing_uri(str(end[side]))
    return None


def _type_by_number(number: str) -> str | None:
    """Read the type of a document from the letters that its number begins with, as in BOL-4711; None: unknown."""
    letters = _LETTERS.match(number)
    return _PREFIXES.get(letters[0].upper()) if letters else None


def documents(event: FoodEvent) -> tuple[str | None, str | None]:
    """Give type and number of the reference document; of several, the types and the numbers joined."""
    kind, number = event.extra.get("document_type"), event.extra.get("document_number")
    kinds, numbers = [], []
    for one in _list(event.body, "bizTransactionList"):
        uri, name = one.get("bizTransaction"), one.get("type")
        if isinstance(uri, str):
            numbers.append(unquote(_LAST.sub("", uri)))
        if isinstance(name, str):
            word = _LAST.sub("", name).removeprefix("BTT-")
            kinds.append(_TYPES.get(word, word.replace("_", " ")))
    number = number or ", ".join(dict.fromkeys(numbers)) or None
    kind = kind or ", ".join(dict.fromkeys(kinds)) or None
    if kind is None and number:
        kind = ", ".join(dict.fromkeys(filter(None, map(_type_by_number, numbers or [number])))) or None
    if whole := event.extra.get("document"):
        if number is None:
            head, _, number = whole.rpartition(" ")
            kind = kind or head or None
        elif kind is None and whole.endswith(number):
            kind = whole.removesuffix(number).strip() or None
    return kind, number


@lru_cache(maxsize=200_000)
def lot_parts(uri: str) -> tuple[str, str | None, str | None] | None:
    """Give traceability lot code, GTIN and lot of the URI of a lot; None: it names no lot."""
    lot = lot_of(uri)
    if lot is None:
        return None
    product = product_of(uri)
    match = _GTIN.match(product or "")
    if match:
        return f"(01){match[1]}(10){lot}", match[1], lot
    return lot, None, lot


@lru_cache(maxsize=200_000)
def product_in(uri: str) -> str | None:
    """Give the product that a URI names or belongs to."""
    return product_of(uri)


def same_goods(one: str | None, other: str | None) -> bool:
    """Tell whether two GTINs differ in their indicator digit alone: they are packaging levels of one product."""
    first, second = _GTIN.match(one or ""), _GTIN.match(other or "")
    return bool(first and second and first[1][1:13] == second[1][1:13] and first[1] != second[1])


def all_things(event: FoodEvent) -> Iterator[tuple[str, Amount]]:
    """List the things of an event, whatever their role."""
    for some in event.things.values():
        yield from some
