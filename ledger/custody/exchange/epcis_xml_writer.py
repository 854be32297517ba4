"""Write events as EPCIS XML, 2.0 or 1.2, in the order of the schema; what XML or 1.2 cannot say is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from ledger.custody import cbv_words as words
from ledger.custody.event_hash import plain_number
from ledger.custody.exchange.epcis_document import VocabularyElement
from ledger.custody.exchange.epcis_fields import (
    EPC_LISTS,
    FIELDS,
    METADATA,
    QUANTITY_LISTS,
    REPORT,
    TYPED_LISTS,
)
from ledger.custody.exchange.epcis_vocabulary import xml_header
from ledger.custody.json_context import expand, names_of

Version = Literal["2.0", "1.2"]
_LOCAL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_QNAME: Final = re.compile(r"\{(.+)\}([^{}]+)", re.DOTALL)
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)
_RESERVED: Final = frozenset({"epcis", "gs1", "cbv", "xml", "xmlns", "xsi"})
_CURIES: Final = {"gs1": "https://ref.gs1.org/voc/", "cbv": "https://ref.gs1.org/cbv/"}
# What EPCIS 1.2 has no place for (EPCIS 2.0 section 1, differences), and where it hides what came after 1.0.
_NEW: Final = frozenset({"persistentDisposition", "sensorElementList", "certificationInfo"})
_BASE: Final = ("eventID", "errorDeclaration")
_HIDDEN: Final = {
    "ObjectEvent": ("quantityList", "sourceList", "destinationList", "ilmd"),
    "AggregationEvent": ("childQuantityList", "sourceList", "destinationList"),
    "TransactionEvent": ("quantityList", "sourceList", "destinationList"),
    "TransformationEvent": (),
}
_TYPES: Final = {
    "bizTransactionList": words.BIZ_TRANSACTION,
    "sourceList": words.SOURCE_DESTINATION,
    "destinationList": words.SOURCE_DESTINATION,
}


@dataclass(frozen=True, slots=True)
class Unsayable:
    """A field, or a whole event, that the format has no place for. `field` is a path from the event."""

    event_id: str
    field: str
    reason: str


def write_xml(
    events: Iterable[Mapping[str, Any]],
    *,
    created: str,
    version: Version,
    tell: Callable[[Unsayable], None],
    master: Sequence[VocabularyElement] = (),
    sender: str = "",
) -> Iterator[str]:
    """Write a document, piece by piece.

    Args:
        events: Events in EPCIS 2.0 JSON.
        created: The creationDate.
        version: The version of EPCIS.
        tell: Called for each thing that is left out because the format cannot say it.
        master: Master data for the header.
        sender: Who sends the document, for the header of 1.2.
    """
    namespace = f"urn:epcglobal:epcis:xsd:{version[0]}"
    header = xml_header(master, version=version, created=created, sender=sender)
    curies = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in _CURIES.items())
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<epcis:EPCISDocument xmlns:epcis="{namespace}"{curies} schemaVersion="{version}"'
        f' creationDate="{created.translate(_VALUE)}">\n{header}<EPCISBody>\n<EventList>\n'
    )
    for event in events:
        yield _Writer(event, version, tell).text()
    yield "</EventList>\n</EPCISBody>\n</epcis:EPCISDocument>\n"


class _Writer:
    def __init__(self, event: Mapping[str, Any], version: Version, tell: Callable[[Unsayable], None]) -> None:
        self._event = event
        self._old = version == "1.2"
        self._tell = tell
        self._names = names_of(event.get("@context"))
        self._prefixes: dict[str, str] = {}
        self._out: list[str] = []

    def text(self) -> str:
        kind = self._event["type"]
        if self._old and kind == "AssociationEvent":
            self._leave("", "EPCIS 1.2 has no AssociationEvent")
            return ""
        fields = FIELDS[kind] if "action" in FIELDS[kind] else (*FIELDS[kind][:10], "action", *FIELDS[kind][10:])
        hidden = _HIDDEN[kind] if self._old else ()
        for field in fields:
            if self._old and field == "eventID":
                self._wrapped("baseExtension", _BASE)
            elif not (field in hidden or (self._old and field in _BASE)):
                self._field(field)
            elif hidden and field == hidden[0]:
                self._wrapped("extension", hidden)
        for key, value in self._event.items():
            if key not in fields and key not in ("type", "@context"):
                self._extension(key, value, (key,), self._names)
        inner = "".join(self._out)
        spaces = "".join(
            f' xmlns:{prefix}="{uri.translate(_VALUE)}"' for uri, prefix in self._prefixes.items() if prefix
        )
        whole = f"<{kind}{spaces}>{inner}</{kind}>"
        return (f"<extension>{whole}</extension>" if self._old and kind == "TransformationEvent" else whole) + "\n"

    def _leave(self, field: str, reason: str) -> None:
        self._tell(Unsayable(str(self._event.get("eventID", "")), field, reason))

    def _wrapped(self, name: str, fields: tuple[str, ...]) -> None:
        before = len(self._out)
        for field in fields:
            self._field(field)
        if len(self._out) > before:
            self._out.insert(before, f"<{name}>")
            self._out.append(f"</{name}>")

    def _field(self, field: str) -> None:
        value = self._event.get(field)
        if value is None:
            if self._old and field == "epcList" and self._event["type"] in ("ObjectEvent", "TransactionEvent"):
                self._out.append("<epcList/>")  # may be empty in 1.2, but not be missing
            return
        if self._old and field in _NEW:
            self._leave(field, f"EPCIS 1.2 has no {field}")
            return
        before = len(self._out)
        try:
            self._write(field, value)
        except (LookupError, TypeError, AttributeError):
            # What is signed need not be what the standard has for this field.
            del self._out[before:]
            self._leave(field, f"{field} is not of the form that EPCIS gives it")

    def _write(self, field: str, value: Any) -> None:
        if field in EPC_LISTS:
            self._list(field, (f"<epc>{self._text(epc, field)}</epc>" for epc in value))
        elif field in QUANTITY_LISTS:
            self._list(field, (self._quantity(field, element) for element in value))
        elif field in TYPED_LISTS:
            self._list(field, (self._typed(field, element) for element in value))
        else:
            getattr(self, _METHODS.get(field, "_plain"))(field, value)

    def _list(self, field: str, members: Iterable[str]) -> None:
        self._out.append(f"<{field}>{''.join(members)}</{field}>")

    def _plain(self, field: str, value: Any) -> None:
        for one in value if isinstance(value, list) else [value]:
            self._out.append(f"<{field}>{self._text(one, field)}</{field}>")

    def _step(self, field: str, value: Any) -> None:
        kind = words.BIZ_STEP if field == "bizStep" else words.DISPOSITION
        self._plain(field, kind.urn(value))

    def _quantity(self, field: str, element: Mapping[str, Any]) -> str:
        said = "".join(
            f"<{key}>{self._text(element[key], field)}</{key}>"
            for key in ("epcClass", "quantity", "uom")
            if key in element
        )
        more = self._inside(element, {"epcClass", "quantity", "uom"}, (field,))
        return f"<quantityElement>{said}{more}</quantityElement>"

    def _typed(self, field: str, element: Mapping[str, Any]) -> str:
        item = TYPED_LISTS[field]
        kind = element.get("type")
        said = "" if kind is None else f' type="{self._value(_TYPES[field].urn(kind), field)}"'
        for key in element:
            if key not in ("type", item):
                self._leave(f"{field}/{key}", f"XML has no place for an extension of a {item}")
        return f"<{item}{said}>{self._text(element[item], field)}</{item}>"

    def _place(self, field: str, value: Mapping[str, Any]) -> None:
        more = self._inside(value, {"id"}, (field,))
        self._out.append(f"<{field}><id>{self._text(value['id'], field)}</id>{more}</{field}>")

    def _persistent(self, field: str, value: Mapping[str, Any]) -> None:
        said = "".join(
            f"<{key}>{self._text(words.DISPOSITION.urn(one), field)}</{key}>"
            for key in ("set", "unset")
            for one in value.get(key, [])
        )
        self._out.append(f"<{field}>{said}</{field}>")

    def _error(self, field: str, value: Mapping[str, Any]) -> None:
        said = f"<declarationTime>{self._text(value['declarationTime'], field)}</declarationTime>"
        if "reason" in value:
            said += f"<reason>{self._text(words.ERROR_REASON.urn(value['reason']), field)}</reason>"
        if value.get("correctiveEventIDs"):
            ids = "".join(
                f"<correctiveEventID>{self._text(one, field)}</correctiveEventID>"
                for one in value["correctiveEventIDs"]
            )
            said += f"<correctiveEventIDs>{ids}</correctiveEventIDs>"
        said += self._inside(value, {"declarationTime", "reason", "correctiveEventIDs"}, (field,))
        self._out.append(f"<{field}>{said}</{field}>")

    def _ilmd(self, field: str, value: Mapping[str, Any]) -> None:
        self._out.append(f"<{field}>{self._inside(value, set(), (field,))}</{field}>")

    def _sensors(self, field: str, value: list[Mapping[str, Any]]) -> None:
        members = []
        for element in value:
            said = ""
            if "sensorMetadata" in element:
                said += self._sensor("sensorMetadata", element["sensorMetadata"], METADATA)
            said += "".join(self._sensor("sensorReport", one, REPORT) for one in element["sensorReport"])
            more = self._inside(element, {"sensorMetadata", "sensorReport"}, (field,))
            members.append(f"<sensorElement>{said}{more}</sensorElement>")
        self._list(field, members)

    def _sensor(self, name: str, value: Mapping[str, Any], known: frozenset[str]) -> str:
        said, below = "", ""
        for key, found in value.items():
            if key in known:
                kind = _REPORT_WORDS.get(key) if name == "sensorReport" else None
                said += f' {key}="{self._value(kind.urn(found) if kind else found, name)}"'
            elif isinstance(found, dict | list):
                below += self._inside({key: found}, set(), (name,))
            elif tag := self._tag(key, (name, key), self._names, top=True):
                said += f' {tag}="{self._value(found, name)}"'
        return f"<{name}{said}>{below}</{name}>" if below else f"<{name}{said}/>"

    def _inside(self, value: Mapping[str, Any], standard: set[str], path: tuple[str, ...]) -> str:
        out, self._out = self._out, []
        for key, item in value.items():
            if key not in standard:
                self._extension(key, item, (*path, key), self._names, top=True)
        said, self._out = "".join(self._out), out
        return said

    def _extension(
        self, key: str, value: Any, path: tuple[str, ...], names: Mapping[str, str], *, top: bool = True
    ) -> None:
        if isinstance(value, list):
            for one in value:
                self._extension(key, one, path, names, top=top)
            return
        tag = self._tag(key, path, names, top=top)
        if not tag:
            return
        if not isinstance(value, dict):
            text = self._text(value, "/".join(path))
            self._out.append(f"<{tag}>{text}</{tag}>" if text else f"<{tag}/>")
            return
        if (inner := value.get("@context")) is not None:
            names = {**names, **names_of(inner)}
        own = value.get("#text", value.get("@value"))
        attributes, below = "", []
        for name, item in value.items():
            if name in ("#text", "@value", "@context"):
                continue
            if own is None or isinstance(item, dict | list):
                below.append((name, item))
            elif tagged := self._tag(name, (*path, name), names, top=False):
                attributes += f' {tagged}="{self._value(item, name)}"'
        self._out.append(f"<{tag}{attributes}>{'' if own is None else self._text(own, '/'.join(path))}")
        for name, item in below:
            self._extension(name, item, (*path, name), names, top=False)
        self._out.append(f"</{tag}>")

    def _tag(self, key: str, path: tuple[str, ...], names: Mapping[str, str], *, top: bool) -> str:
        """Name an extension in XML; empty, and told, where XML cannot name it."""
        name = expand(key[1:] if key.startswith("@") else key, names)
        match = _QNAME.fullmatch(name)
        if match is not None:
            namespace, local = match[1], match[2]
        elif ":" in name:
            prefix, local = name.split(":", 1)
            namespace = prefix + ":"  # an undeclared prefix is the scheme of an IRI
        else:
            namespace, local = "", name
        if not _LOCAL.fullmatch(local) or _NOT_XML.search(namespace) or (top and not namespace):
            why = (
                "its name has no namespace that is known here"
                if top and not namespace
                else "XML allows no such name"
            )
            self._leave("/".join(path), why)
            return ""
        return f"{self._prefix(namespace, key)}:{local}" if namespace else local

    def _prefix(self, namespace: str, key: str) -> str:
        known = self._prefixes.get(namespace)
        if known is None:
            wanted = key.partition(":")[0].removeprefix("@") if ":" in key else ""
            if _CURIES.get(wanted) == namespace:
                return wanted
            taken = wanted in _RESERVED or wanted.lower().startswith("xml") or wanted in self._prefixes.values()
            known = f"ns{len(self._prefixes) + 1}" if taken or not _LOCAL.fullmatch(wanted) else wanted
            while known in self._prefixes.values():
                known += "_"
            self._prefixes[namespace] = known
        return known

    def _text(self, value: Any, field: str) -> str:
        return self._scalar(value, field).translate(_TEXT)

    def _value(self, value: Any, field: str) -> str:
        return self._scalar(value, field).translate(_VALUE)

    def _scalar(self, value: Any, field: str) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Decimal):
            return plain_number(value)
        text = "" if value is None else str(value)
        if _NOT_XML.search(text):
            self._leave(field, "XML allows no such character")
            return _NOT_XML.sub("", text)
        return text


_REPORT_WORDS: Final = {
    "type": words.SENSOR_TYPE, "exception": words.EXCEPTION, "component": words.COMPONENT,
}  # fmt: skip
_METHODS: Final = {
    "bizStep": "_step",
    "disposition": "_step",
    "readPoint": "_place",
    "bizLocation": "_place",
    "persistentDisposition": "_persistent",
    "errorDeclaration": "_error",
    "ilmd": "_ilmd",
    "sensorElementList": "_sensors",
}
