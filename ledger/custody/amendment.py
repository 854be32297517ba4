"""Make the corrective event of a recorded one: the same event with some fields changed.

Works on the event as the log has it: private values that are not changed stay the commitments that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ledger.chain.commitment import is_commitment
from ledger.chain.errors import Refused
from ledger.custody import vocabulary
from ledger.custody.codes import Codes, lot_of, product_of
from ledger.custody.exchange.rows import OWN_PREFIX
from ledger.custody.quantity import read_quantity, read_unit
from ledger.custody.statement import LOT, PARTY, PRODUCT, PROMISED, QUANTITY, UNIT, choose_action
from ledger.custody.times import event_time_text, offset_text, read_time

FIELDS: Final = (
    "time", "step", "disposition", "place", "from", "to", "party", "document", "container", "item", "product",
    "lot", "quantity", "unit", "promised",
)  # fmt: skip
_EPC_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITY_LISTS: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_ENDS: Final = {"from": ("sourceList", "source"), "to": ("destinationList", "destination")}


def amend(body: Mapping[str, Any], changes: Mapping[str, str], codes: Codes, *, event_id: str) -> dict[str, Any]:
    """Make a corrective event.

    Args:
        body: The event that is corrected, as the log has it.
        changes: New values by `FIELDS`, as people write them; ``own:NAME`` is a field of one's own. Nothing in
            place of a value takes the field away.
        codes: How plain codes are read.
        event_id: The eventID of the corrective event.

    Raises:
        Refused: A field is unknown, a value malformed, or the event has not one place for it.
    """
    left = ("eventID", "recordTime", "errorDeclaration")
    fresh: dict[str, Any] = {key: value for key, value in body.items() if key not in left}
    fresh = _copied(fresh)
    for name, value in changes.items():
        if name.startswith(OWN_PREFIX) and name != OWN_PREFIX:
            _set(fresh, name, value or None)
        elif name not in FIELDS:
            raise Refused(
                f"{name!r} is no field that can be changed", remedy=f"one of {', '.join(FIELDS)}, or own:NAME"
            )
        elif value == "" and name in ("time", "step", "item", "container"):
            raise Refused(f"an event needs its {name}, so it cannot be taken away")
        else:
            _WRITERS[name](fresh, value, codes)
    return {**fresh, "eventID": event_id}


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if type(value) is list else value


def _set(body: dict[str, Any], key: str, value: object) -> None:
    if value is None:
        body.pop(key, None)
    else:
        body[key] = value


def _time(body: dict[str, Any], text: str, _codes: Codes) -> None:
    moment = read_time(text)
    body["eventTime"], body["eventTimeZoneOffset"] = event_time_text(moment), offset_text(moment)


def _step(body: dict[str, Any], text: str, _codes: Codes) -> None:
    before = body.get("bizStep")
    body["bizStep"] = step = vocabulary.word("step", text)
    # An action that the old step implied gives way to that of the new one; one of its own stays.
    if "action" in body and (before is None or body["action"] == choose_action(body["type"], str(before))):
        body["action"] = choose_action(body["type"], step)


def _disposition(body: dict[str, Any], text: str, _codes: Codes) -> None:
    _set(body, "disposition", vocabulary.word("disposition", text) if text else None)


def _place(body: dict[str, Any], text: str, codes: Codes) -> None:
    was = body.get("bizLocation") or body.get("readPoint")
    place = {"id": codes.place(text)} if text else None
    # A visit is at the bizLocation, else at the read point (DESIGN section 5): the one that says so is changed.
    for key in ("bizLocation", "readPoint"):
        if key in body and body[key] == was:
            _set(body, key, place)
    if was is None:
        _set(body, "readPoint", place)


def _end(name: str) -> Callable[[dict[str, Any], str, Codes], None]:
    key, field = _ENDS[name]

    def write(body: dict[str, Any], text: str, codes: Codes) -> None:
        found = body.get(key, [])
        kept = [] if is_commitment(found) else [end for end in found if not _is_location(end)]
        if text:
            kept.insert(0, {"type": "location", field: codes.place(text)})
        _set(body, key, kept or None)

    return write


def _is_location(end: Mapping[str, Any]) -> bool:
    return str(end.get("type", "")).endswith("location")


def _party(body: dict[str, Any], text: str, codes: Codes) -> None:
    uri = codes.party(text) if text else None
    step = body.get("bizStep")
    ends = ("from",) if step in vocabulary.GIVING_STEPS else ("to",) if step in vocabulary.TAKING_STEPS else ()
    if not ends:
        _set(body, PARTY, uri)
    for key, field in (_ENDS[name] for name in ends):
        found = body.get(key, [])
        kept = (
            [] if is_commitment(found) else [e for e in found if not str(e["type"]).endswith("possessing_party")]
        )
        _set(body, key, [*kept, *([{"type": "possessing_party", field: uri}] if uri else [])] or None)


def _document(body: dict[str, Any], text: str, codes: Codes) -> None:
    found = body.get("bizTransactionList")
    if isinstance(found, list) and len(found) > 1:
        raise Refused(f"the event names {len(found)} documents, so it is not clear which is meant", remedy=_ANEW)
    if not text:
        _set(body, "bizTransactionList", None)
        return
    before = found[0] if isinstance(found, list) and found else {}
    kind = {"type": before["type"]} if "type" in before else {}
    body["bizTransactionList"] = [{**kind, "bizTransaction": codes.document(text)}]


def _container(body: dict[str, Any], text: str, codes: Codes) -> None:
    if body["type"] not in ("AggregationEvent", "AssociationEvent", "TransactionEvent"):
        raise Refused(f"an event of type {body['type']} has no container", remedy=_ANEW)
    body["parentID"] = codes.item(text).uri


def _only(body: Mapping[str, Any], keys: tuple[str, ...], what: str) -> tuple[list[Any], int]:
    """Find the one thing of a kind that an event names: the list that it is in, and where there."""
    found = [(body[key], at) for key in keys if isinstance(body.get(key), list) for at in range(len(body[key]))]
    if len(found) != 1:
        raise Refused(f"the event names {len(found)} {what}, so it is not clear which is meant", remedy=_ANEW)
    return found[0]


def _item(body: dict[str, Any], text: str, codes: Codes) -> None:
    found = codes.item(text)
    if found.is_class:
        things, at = _only(body, _QUANTITY_LISTS, "products or lots")
        things[at]["epcClass"] = found.uri
    else:
        things, at = _only(body, _EPC_LISTS, "single items")
        things[at] = found.uri


def _has_class(body: Mapping[str, Any]) -> bool:
    return any(body.get(key) for key in _QUANTITY_LISTS)


def _product(body: dict[str, Any], text: str, codes: Codes) -> None:
    if not _has_class(body):
        _set(body, PRODUCT, codes.product(text) if text else None)
        return
    things, at = _only(body, _QUANTITY_LISTS, "products or lots")
    lot = lot_of(things[at]["epcClass"])
    things[at]["epcClass"] = codes.lot(lot, text) if lot else codes.product(text)


def _lot(body: dict[str, Any], text: str, codes: Codes) -> None:
    if not _has_class(body):
        _set(body, LOT, text or None)
        return
    things, at = _only(body, _QUANTITY_LISTS, "products or lots")
    product = product_of(things[at]["epcClass"])
    if not text and product is None:
        raise Refused("without its lot the event would name nothing", remedy=_ANEW)
    things[at]["epcClass"] = codes.lot(text, product) if text else product


def _amount(key: str, own: str, read: Callable[[str], object]) -> Callable[[dict[str, Any], str, Codes], None]:
    def write(body: dict[str, Any], text: str, _codes: Codes) -> None:
        value = read(text) if text else None
        if not _has_class(body):
            _set(body, own, value)
            return
        things, at = _only(body, _QUANTITY_LISTS, "amounts")
        _set(things[at], key, value)

    return write


def _promised(body: dict[str, Any], text: str, _codes: Codes) -> None:
    _set(body, PROMISED, event_time_text(read_time(text)) if text else None)


_ANEW: Final = "record the right event by itself, then: trace correct EVENT --reason incorrect_data --event ID"
_WRITERS: Final[dict[str, Callable[[dict[str, Any], str, Codes], None]]] = {
    "time": _time,
    "step": _step,
    "disposition": _disposition,
    "place": _place,
    "from": _end("from"),
    "to": _end("to"),
    "party": _party,
    "document": _document,
    "container": _container,
    "item": _item,
    "product": _product,
    "lot": _lot,
    "quantity": _amount("quantity", QUANTITY, read_quantity),
    "unit": _amount("uom", UNIT, read_unit),
    "promised": _promised,
}
