"""The rules of EPCIS 2.0 for one event, and the settling of its words: CBV words become bare ones.

Every fault is found, not the first alone, and each names the place in the event. What the standard leaves to
others (which keys a company may use, what an extension holds) is not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from ledger.chain.errors import Refused
from ledger.custody import cbv_words as words
from ledger.custody.exchange.epcis_fields import (
    ALLOWED,
    EPC_LISTS,
    METADATA,
    METADATA_TIMES,
    METADATA_URIS,
    QUANTITY_LISTS,
    REPORT,
    REPORT_NUMBERS,
    REPORT_URIS,
    TYPED_LISTS,
    is_extension,
)

Path = tuple[str | int, ...]
_TIME: Final = re.compile(
    r"(\d{4})-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,40})?)?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)",
    re.ASCII,
)
_OFFSET: Final = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)
_UNIT: Final = re.compile(r"[A-Z0-9]{2,3}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})*", re.ASCII)
_YEARS: Final = ("1900", "2199")
_ACTIONS: Final = ("ADD", "OBSERVE", "DELETE")
_TYPES: Final = {
    "bizTransactionList": words.BIZ_TRANSACTION,
    "sourceList": words.SOURCE_DESTINATION,
    "destinationList": words.SOURCE_DESTINATION,
}
_URI_REMEDY: Final = "write it as a URI, like urn:epc:id:... or https://id.gs1.org/01/..."
_uri = words.URI.fullmatch


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that an event breaks: `path` leads from the event to the field."""

    path: Path
    reason: str
    remedy: str = ""


def settle_event(event: dict[str, Any], names: Container[str]) -> list[Fault]:
    """Judge an event, and give its CBV words their bare spelling in place.

    Args:
        event: An event in EPCIS 2.0 JSON.
        names: What its context declares; such names need no prefix. `ANY_NAME` where the context is only named by
            an address that is unknown here, and so may declare any.

    Returns:
        What is wrong; empty where nothing is.
    """
    return _Judge(event, names).faults


class _Judge:
    def __init__(self, event: dict[str, Any], names: Container[str]) -> None:
        self.faults: list[Fault] = []
        self._names = names
        kind = event.get("type")
        allowed = ALLOWED.get(kind) if type(kind) is str else None
        if allowed is None or type(kind) is not str:
            near = "" if kind is None else f", got {_shown(kind)}"
            self._fault(("type",), f"the type is one of {', '.join(ALLOWED)}{near}")
            return
        get = event.get
        for key in event:
            if key not in allowed and not is_extension(key, names):
                self._fault(
                    (key,), f"{kind} has no field {_shown(key)}", "give an extension a prefix and namespace"
                )
        self._when(event)
        self._which(event, kind)
        for key, kind_words in (("bizStep", words.BIZ_STEP), ("disposition", words.DISPOSITION)):
            if key in event:
                event[key] = self._word((key,), event[key], kind_words)
        if "persistentDisposition" in event:
            self._persistent(get("persistentDisposition"))
        for key in ("readPoint", "bizLocation"):
            if key in event:
                self._place(key, event[key])
        for key, item in TYPED_LISTS.items():
            if key in event:
                self._typed(key, event[key], item)
        if "sensorElementList" in event:
            self._sensors(event["sensorElementList"])
        if "ilmd" in event:
            self._ilmd(event["ilmd"])
        if "errorDeclaration" in event:
            self._error(event["errorDeclaration"])
        if "certificationInfo" in event:
            found = event["certificationInfo"]
            for entry in found if type(found) is list and found else [found]:
                if type(entry) is not str or not entry:
                    self._fault(("certificationInfo",), "certificationInfo is text, or a list of texts")

    def _fault(self, path: Path, reason: str, remedy: str = "") -> None:
        self.faults.append(Fault(path, reason, remedy))

    def _when(self, event: Mapping[str, Any]) -> None:
        if "eventTime" not in event:
            self._fault(("eventTime",), "the eventTime is missing")
        for key in ("eventTime", "recordTime"):
            if key in event and self._time((key,), event[key]) and not _YEARS[0] <= event[key][:4] <= _YEARS[1]:
                self._fault((key,), f"{_shown(event[key])} lies outside the years {_YEARS[0]} to {_YEARS[1]}")
        offset = event.get("eventTimeZoneOffset")
        if offset is None:
            self._fault(("eventTimeZoneOffset",), "the eventTimeZoneOffset is missing", "write it as +02:00")
        elif type(offset) is not str or not _OFFSET.fullmatch(offset):
            self._fault(
                ("eventTimeZoneOffset",),
                f"{_shown(offset)} is no offset from UTC, within 14 hours",
                "as in +02:00",
            )
        if "eventID" in event:
            self._uri(("eventID",), event["eventID"])

    def _time(self, path: Path, value: object) -> bool:
        if type(value) is str and _TIME.fullmatch(value):
            try:
                datetime.fromisoformat(value)
                return True
            except ValueError:
                pass  # a day that the month does not have; told below
        self._fault(
            path, f"{_shown(value)} is no time with an offset", "write it as 2026-03-01T08:15:00.000+01:00"
        )
        return False

    def _uri(self, path: Path, value: object) -> None:
        if type(value) is not str or not _uri(value):
            self._fault(path, f"{_shown(value)} is no URI", _URI_REMEDY)

    def _word(self, path: Path, value: object, kind: words.Words) -> Any:
        if type(value) is not str:
            self._fault(path, f"a {kind.name} is text, got {_shown(value)}")
            return value
        try:
            return kind.bare(value)
        except Refused as error:
            self._fault(path, str(error), error.remedy)
            return value

    def _list(self, path: Path, value: object) -> list[Any]:
        if type(value) is list:
            return value
        self._fault(path, f"{path[-1]} is a list, got {_shown(value)}")
        return []

    def _which(self, event: Mapping[str, Any], kind: str) -> None:
        """Judge what the event is about (EPCIS 2.0 sections 7.4.2 to 7.4.6)."""
        action = event.get("action")
        if kind != "TransformationEvent":
            if "action" not in event:
                self._fault(("action",), "the action is missing", "ADD, OBSERVE or DELETE")
            elif type(action) is not str or action not in _ACTIONS:
                self._fault(("action",), f"the action is ADD, OBSERVE or DELETE, got {_shown(action)}")
        for key in EPC_LISTS:
            if key in event:
                for at, epc in enumerate(self._list((key,), event[key])):
                    if type(epc) is not str or not _uri(epc):
                        self._uri((key, at), epc)
        for key in QUANTITY_LISTS:
            if key in event:
                for at, element in enumerate(self._list((key,), event[key])):
                    self._quantity((key, at), element)
        for key in ("parentID", "transformationID"):
            if key in event:
                self._uri((key,), event[key])
        _REQUIRED[kind](self, event)

    def _object(self, event: Mapping[str, Any]) -> None:
        if not ("epcList" in event or "quantityList" in event or "sensorElementList" in event):
            self._fault(("epcList",), "an ObjectEvent needs an epcList, a quantityList, or a sensorElementList")

    def _aggregation(self, event: Mapping[str, Any]) -> None:
        if "parentID" not in event and event.get("action") != "OBSERVE":
            self._fault(("parentID",), "the parentID is missing; only an AggregationEvent of OBSERVE may lack it")
        self._children(event)

    def _association(self, event: Mapping[str, Any]) -> None:
        if "parentID" not in event:
            self._fault(("parentID",), "the parentID is missing")
        self._children(event)

    def _children(self, event: Mapping[str, Any]) -> None:
        if not ("childEPCs" in event or "childQuantityList" in event) and event.get("action") != "DELETE":
            self._fault(("childEPCs",), "childEPCs or a childQuantityList are needed, unless all are taken off")

    def _transaction(self, event: Mapping[str, Any]) -> None:
        if not event.get("bizTransactionList"):
            self._fault(("bizTransactionList",), "a TransactionEvent needs at least one business transaction")
        if not ("epcList" in event or "quantityList" in event or "parentID" in event):
            self._fault(("epcList",), "a TransactionEvent needs an epcList, a quantityList or a parentID")

    def _transformation(self, event: Mapping[str, Any]) -> None:
        inputs = "inputEPCList" in event or "inputQuantityList" in event
        outputs = "outputEPCList" in event or "outputQuantityList" in event
        if not (inputs or outputs):
            self._fault(("inputEPCList",), "a TransformationEvent needs inputs and outputs")
        elif not (inputs and outputs) and "transformationID" not in event:
            missing = "outputEPCList" if inputs else "inputEPCList"
            self._fault((missing,), "inputs and outputs are needed, or a transformationID that joins them")

    def _quantity(self, path: Path, element: Any) -> None:
        if type(element) is not dict:
            self._fault(path, f"a quantity element is an object, got {_shown(element)}")
            return
        for key, value in element.items():
            if key == "epcClass":
                self._uri((*path, key), value)
            elif key == "quantity":
                if type(value) is not int and type(value) is not Decimal:
                    self._fault((*path, key), f"a quantity is a number, got {_shown(value)}")
                elif value < 0:
                    self._fault((*path, key), f"a quantity must not be negative, got {value}")
            elif key == "uom":
                if type(value) is not str or not _UNIT.fullmatch(value):
                    self._fault((*path, key), f"{_shown(value)} is no unit of UN/ECE Recommendation 20")
                elif "quantity" not in element:
                    self._fault((*path, key), "a unit without a quantity says nothing")
            elif not is_extension(key, self._names):
                self._fault((*path, key), f"a quantity element has no field {_shown(key)}")
        if "epcClass" not in element:
            self._fault((*path, "epcClass"), "the epcClass is missing")

    def _persistent(self, value: Any) -> None:
        path: Path = ("persistentDisposition",)
        if type(value) is not dict or not (value.get("set") or value.get("unset")):
            self._fault(path, "a persistentDisposition sets or unsets at least one disposition")
            return
        for key in value:
            if key not in ("set", "unset"):
                self._fault((*path, key), f"a persistentDisposition has no field {_shown(key)}")
                continue
            found = self._list((*path, key), value[key])
            found[:] = [self._word((*path, key, at), one, words.DISPOSITION) for at, one in enumerate(found)]

    def _place(self, key: str, value: Any) -> None:
        if type(value) is not dict:
            self._fault((key,), f"{key} is an object with an id, got {_shown(value)}")
            return
        if "id" not in value:
            self._fault((key, "id"), f"the id of the {key} is missing")
        else:
            self._uri((key, "id"), value["id"])
        self._only((key,), value, _ID)

    def _only(self, path: Path, value: Mapping[str, Any], allowed: frozenset[str]) -> None:
        for key in value:
            if key not in allowed and not is_extension(key, self._names):
                self._fault((*path, key), f"{path[-1]} has no field {_shown(key)}", "give an extension a prefix")

    def _typed(self, key: str, value: Any, item: str) -> None:
        kind = _TYPES[key]
        for at, element in enumerate(self._list((key,), value)):
            path = (key, at)
            if type(element) is not dict:
                self._fault(path, f"a {item} is an object, got {_shown(element)}")
                continue
            if "type" in element:
                element["type"] = self._word((*path, "type"), element["type"], kind)
            elif item != "bizTransaction":
                self._fault((*path, "type"), f"the type of the {item} is missing")
            if item in element:
                self._uri((*path, item), element[item])
            else:
                self._fault((*path, item), f"the {item} is missing")
            if len(element) > 2:
                self._only((key, at, item), element, frozenset(("type", item)))

    def _sensors(self, value: Any) -> None:
        for at, element in enumerate(self._list(("sensorElementList",), value)):
            path: Path = ("sensorElementList", at)
            if type(element) is not dict:
                self._fault(path, f"a sensor element is an object, got {_shown(element)}")
                continue
            self._only(("sensorElementList",), element, _SENSOR)
            if "sensorMetadata" in element:
                self._metadata((*path, "sensorMetadata"), element["sensorMetadata"])
            reports = self._list((*path, "sensorReport"), element.get("sensorReport", []))
            if not reports:
                self._fault((*path, "sensorReport"), "a sensor element needs at least one sensorReport")
            for number, report in enumerate(reports):
                self._report((*path, "sensorReport", number), report)

    def _metadata(self, path: Path, value: Any) -> None:
        if type(value) is not dict:
            self._fault(path, f"sensorMetadata is an object, got {_shown(value)}")
            return
        for key in METADATA_TIMES:
            if key in value:
                self._time((*path, key), value[key])
        for key in METADATA_URIS:
            if key in value:
                self._uri((*path, key), value[key])
        self._only(path, value, METADATA)

    def _report(self, path: Path, value: Any) -> None:
        if type(value) is not dict:
            self._fault(path, f"a sensorReport is an object, got {_shown(value)}")
            return
        for key, found in value.items():
            if key in REPORT_NUMBERS:
                # Many write measured numbers as text; they are kept so, as the hash is the same.
                said = type(found) is str and _NUMBER.fullmatch(found)
                if not said and type(found) is not int and type(found) is not Decimal:
                    self._fault((*path, key), f"{key} is a number, got {_shown(found)}")
            elif key in REPORT_URIS:
                self._uri((*path, key), found)
            elif check := _REPORT_WORDS.get(key):
                value[key] = self._word((*path, key), found, check)
            elif key == "time":
                self._time((*path, key), found)
            elif key == "booleanValue":
                if type(found) is not bool:
                    self._fault((*path, key), f"booleanValue is true or false, got {_shown(found)}")
            elif key == "hexBinaryValue":
                if type(found) is not str or not _HEX.fullmatch(found):
                    self._fault((*path, key), f"{_shown(found)} is not written in hexadecimal digits, two a byte")
            elif key in ("stringValue", "uom"):
                if type(found) is not str:
                    self._fault((*path, key), f"{key} is text, got {_shown(found)}")
            elif key not in REPORT and not is_extension(key, self._names):
                self._fault(
                    (*path, key), f"a sensorReport has no field {_shown(key)}", "give an extension a prefix"
                )
        if "type" not in value and "exception" not in value:
            self._fault((*path, "type"), "a sensorReport says a type or an exception")

    def _ilmd(self, value: Any) -> None:
        if type(value) is not dict:
            self._fault(("ilmd",), f"ilmd is an object, got {_shown(value)}")
        else:
            self._only(("ilmd",), value, _NONE)

    def _error(self, value: Any) -> None:
        path: Path = ("errorDeclaration",)
        if type(value) is not dict:
            self._fault(path, f"an errorDeclaration is an object, got {_shown(value)}")
            return
        if "declarationTime" not in value:
            self._fault((*path, "declarationTime"), "the declarationTime is missing")
        else:
            self._time((*path, "declarationTime"), value["declarationTime"])
        if "reason" in value:
            value["reason"] = self._word((*path, "reason"), value["reason"], words.ERROR_REASON)
        if "correctiveEventIDs" in value:
            for at, event_id in enumerate(self._list((*path, "correctiveEventIDs"), value["correctiveEventIDs"])):
                self._uri((*path, "correctiveEventIDs", at), event_id)
        self._only(path, value, _ERROR)


_ID: Final = frozenset({"id"})
_NONE: Final[frozenset[str]] = frozenset()
_SENSOR: Final = frozenset({"sensorMetadata", "sensorReport"})
_ERROR: Final = frozenset({"declarationTime", "reason", "correctiveEventIDs"})
_REPORT_WORDS: Final = {
    "type": words.SENSOR_TYPE, "exception": words.EXCEPTION, "component": words.COMPONENT,
}  # fmt: skip
_REQUIRED: Final[dict[str, Callable[[_Judge, Mapping[str, Any]], None]]] = {
    "ObjectEvent": _Judge._object,
    "AggregationEvent": _Judge._aggregation,
    "TransactionEvent": _Judge._transaction,
    "TransformationEvent": _Judge._transformation,
    "AssociationEvent": _Judge._association,
}


def _shown(value: object) -> str:
    text = repr(value) if type(value) is not Decimal else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
