"""One event in XML (EPCIS 1.2 or 2.0) as the same event in EPCIS 2.0 JSON.

The wrappers of 1.x, `extension` and `baseExtension`, say nothing and are passed over. An extension becomes
text, an object, or a list where it stands more than once; an attribute of one becomes a field beside `#text`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from ledger.custody.exchange.epcis_fields import (
    ALLOWED,
    EPC_LISTS,
    METADATA,
    QUANTITY_LISTS,
    REPORT,
    REPORT_NUMBERS,
    TYPED_LISTS,
)
from ledger.custody.json_context import PREFIXES, SCHEME

EPCIS_NAMESPACES: Final = frozenset(
    {
        "",
        *(
            f"urn:epcglobal:{name}:xsd:{version}"
            for name in ("epcis", "epcis-query", "epcis-masterdata")
            for version in (1, 2)
        ),
    }
)
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


class XmlFault(Exception):
    """An event says what no EPCIS event says."""

    def __init__(self, path: str, reason: str, line: int, remedy: str = "") -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason
        self.line = line
        self.remedy = remedy


class Node:
    """An element: its name, its attributes as they come from expat, its children and its text."""

    __slots__ = ("attributes", "children", "is_list", "line", "local", "namespace", "parts", "prefix", "where")

    def __init__(self, name: list[str], attributes: list[str], line: int) -> None:
        self.namespace = name[0] if len(name) > 1 else ""
        self.local = name[1] if len(name) > 1 else name[0]
        self.prefix = name[2] if len(name) > 2 else ""
        self.attributes = attributes
        self.children: list[Node] = []
        self.parts: list[str] = []
        self.line = line
        self.is_list = False
        self.where = ""

    @property
    def text(self) -> str:
        """Give the text between the tags."""
        return "".join(self.parts)

    @property
    def standard(self) -> bool:
        """Tell whether the element is one of EPCIS."""
        return self.namespace in EPCIS_NAMESPACES

    @property
    def shown(self) -> str:
        """Write the name as the document has it."""
        return f"{self.prefix}:{self.local}" if self.prefix else self.local

    def attribute(self, name: str) -> str | None:
        """Give an attribute that has no namespace."""
        pairs = self.attributes
        for at in range(0, len(pairs), 2):
            if pairs[at] == name:
                return pairs[at + 1]
        return None

    def plain(self) -> Any:
        """Give the value of an attribute of master data: text, or an object by local names."""
        if not self.children:
            return self.text.strip()
        found: dict[str, Any] = {}
        for child in self.children:
            value = child.plain()
            if child.local in found:
                before = found[child.local]
                found[child.local] = [*before, value] if isinstance(before, list) else [before, value]
            else:
                found[child.local] = value
        return found


def event_of(node: Node, scopes: Mapping[str, list[str]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read an event.

    Args:
        node: The element of the event, whole.
        scopes: The namespaces that are declared where the event stands, innermost last.

    Returns:
        The event in JSON, with its context, and what that context declares.

    Raises:
        XmlFault: An element or a value that EPCIS does not have.
    """
    builder = _Builder(scopes)
    body = builder.event(node)
    names = builder.names
    declared = {prefix: uri for prefix, uri in names.items() if PREFIXES.get(prefix) != uri}
    if declared:
        body["@context"] = [declared]
    return body, names


class _Builder:
    def __init__(self, scopes: Mapping[str, list[str]]) -> None:
        self._scopes = scopes
        self.names: dict[str, str] = {}
        self._prefix_of: dict[str, str] = {}

    def event(self, node: Node) -> dict[str, Any]:
        body: dict[str, Any] = {"type": node.local}
        self._fields(node, body, ALLOWED[node.local] - {"type", "@context"})
        for namespace, local, value, prefix in _attributes(node):
            if namespace and namespace != _XSI:
                self._add(body, self._key(namespace, local, prefix), value)
        return body

    def _fields(self, node: Node, body: dict[str, Any], known: frozenset[str]) -> None:
        for child in node.children:
            if not child.standard:
                self._add(body, self._key(child.namespace, child.local, child.prefix), self._extension(child))
            elif child.local in ("extension", "baseExtension"):
                self._fields(child, body, known)
            elif child.local not in known:
                raise XmlFault(
                    f"/{child.shown}", f"{body['type']} has no field {child.local[:100]!r}", child.line,
                    "give an extension a namespace of its own",
                )  # fmt: skip
            elif child.local == "certificationInfo":
                self._add(body, child.local, child.text.strip())
            elif child.local in body:
                raise XmlFault(f"/{child.shown}[2]", f"{child.local} stands twice", child.line)
            else:
                body[child.local] = _READ.get(child.local, _Builder._plain)(self, child)

    def _plain(self, node: Node) -> str:
        if node.children:
            raise XmlFault(f"/{node.shown}", f"{node.local} is plain text, but holds elements", node.line)
        text = node.text.strip()
        self._mark(text)
        return text

    def _mark(self, text: str) -> None:
        """Keep the namespace of a prefix that a value uses, as in ``ext:Word``."""
        prefix, colon, _ = text.partition(":")
        if not colon or prefix in self.names or not (uris := self._scopes.get(prefix)):
            return
        if PREFIXES.get(prefix) != uris[-1] and not SCHEME.fullmatch(uris[-1]):
            self.names[prefix] = uris[-1]
            self._prefix_of.setdefault(uris[-1], prefix)

    def _members(self, node: Node, name: str) -> list[Node]:
        for child in node.children:
            if not child.standard or child.local != name:
                raise XmlFault(
                    f"/{node.shown}/{child.shown}",
                    f"{node.local} holds {name}, got {child.local[:100]!r}",
                    child.line,
                )
        return node.children

    def _epcs(self, node: Node) -> list[str]:
        return [child.text.strip() for child in self._members(node, "epc")]

    def _quantities(self, node: Node) -> list[dict[str, Any]]:
        found = []
        for at, element in enumerate(self._members(node, "quantityElement"), 1):
            quantity: dict[str, Any] = {}
            for child in element.children:
                text = child.text.strip()
                path = f"/{node.shown}/{element.shown}[{at}]/{child.shown}"
                if not child.standard:
                    self._add(
                        quantity, self._key(child.namespace, child.local, child.prefix), self._extension(child)
                    )
                elif child.local == "quantity":
                    quantity["quantity"] = _number(text, path, child.line)
                elif child.local in ("epcClass", "uom"):
                    quantity[child.local] = text
                else:
                    raise XmlFault(path, f"a quantity element has no field {child.local[:100]!r}", child.line)
            found.append(quantity)
        return found

    def _typed(self, node: Node) -> list[dict[str, Any]]:
        item = TYPED_LISTS[node.local]
        found = []
        for child in self._members(node, item):
            element: dict[str, Any] = {}
            kind = child.attribute("type")
            if kind is not None:
                element["type"] = kind.strip()
                self._mark(kind)
            element[item] = self._plain(child)
            found.append(element)
        return found

    def _place(self, node: Node) -> dict[str, Any]:
        place: dict[str, Any] = {}
        for child in node.children:
            if not child.standard:
                self._add(place, self._key(child.namespace, child.local, child.prefix), self._extension(child))
            elif child.local == "id":
                place["id"] = child.text.strip()
            elif child.local == "extension":
                place.update(self._place(child))
            else:
                raise XmlFault(
                    f"/{node.shown}/{child.shown}", f"{node.local} has no field {child.local[:100]!r}", child.line
                )
        return place

    def _persistent(self, node: Node) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for child in node.children:
            if not child.standard or child.local not in ("set", "unset"):
                raise XmlFault(
                    f"/{node.shown}/{child.shown}", f"{node.local} has no field {child.local[:100]!r}", child.line
                )
            found.setdefault(child.local, []).append(child.text.strip())
        return found

    def _error(self, node: Node) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in node.children:
            if not child.standard:
                self._add(found, self._key(child.namespace, child.local, child.prefix), self._extension(child))
            elif child.local in ("declarationTime", "reason"):
                found[child.local] = child.text.strip()
            elif child.local == "correctiveEventIDs":
                found[child.local] = [one.text.strip() for one in self._members(child, "correctiveEventID")]
            elif child.local == "extension":
                found.update(self._error(child))
            else:
                raise XmlFault(
                    f"/{node.shown}/{child.shown}", f"{node.local} has no field {child.local[:100]!r}", child.line
                )
        return found

    def _ilmd(self, node: Node) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for child in node.children:
            if child.namespace:
                self._add(found, self._key(child.namespace, child.local, child.prefix), self._extension(child))
            elif child.local == "extension":
                found.update(self._ilmd(child))
            else:
                raise XmlFault(
                    f"/ilmd/{child.shown}", f"{child.local[:100]!r} in the ilmd has no namespace", child.line,
                    "give master data a namespace, as in cbvmda:lotNumber",
                )  # fmt: skip
        return found

    def _sensors(self, node: Node) -> list[dict[str, Any]]:
        found = []
        for at, element in enumerate(self._members(node, "sensorElement"), 1):
            path = f"/{node.shown}/{element.shown}[{at}]"
            sensor: dict[str, Any] = {}
            for child in element.children:
                if not child.standard:
                    self._add(
                        sensor, self._key(child.namespace, child.local, child.prefix), self._extension(child)
                    )
                elif child.local == "sensorMetadata":
                    sensor["sensorMetadata"] = self._sensor(child, METADATA, path)
                elif child.local == "sensorReport":
                    sensor.setdefault("sensorReport", []).append(self._sensor(child, REPORT, path))
                elif child.local == "extension":
                    continue
                else:
                    raise XmlFault(
                        f"{path}/{child.shown}", f"a sensorElement has no field {child.local[:100]!r}", child.line
                    )
            found.append(sensor)
        return found

    def _sensor(self, node: Node, known: frozenset[str], path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for namespace, local, value, prefix in _attributes(node):
            where = f"{path}/{node.shown}/@{local}"
            if namespace == _XSI:
                continue
            if namespace:
                self._add(found, self._key(namespace, local, prefix), value)
            elif local not in known:
                raise XmlFault(where, f"{node.local} has no attribute {local[:100]!r}", node.line)
            elif local in REPORT_NUMBERS:
                found[local] = _number(value.strip(), where, node.line)
            elif local == "booleanValue":
                truth = _TRUTH.get(value.strip())
                if truth is None:
                    raise XmlFault(where, f"booleanValue is true or false, got {value[:100]!r}", node.line)
                found[local] = truth
            else:
                found[local] = value if local == "stringValue" else value.strip()
                self._mark(value)
        for child in node.children:
            if not child.standard:
                self._add(found, self._key(child.namespace, child.local, child.prefix), self._extension(child))
        return found

    def _key(self, namespace: str, local: str, prefix: str) -> str:
        """Name an extension: its prefix, made unique among those of the event, and its local name."""
        known = self._prefix_of.get(namespace)
        if known is None:
            if SCHEME.fullmatch(namespace):
                return namespace + local
            prefix = prefix or next(
                (name for name, uri in PREFIXES.items() if uri == namespace), f"ns{len(self._prefix_of) + 1}"
            )
            if self.names.get(prefix, namespace) != namespace:
                prefix = f"{prefix}_{len(self._prefix_of) + 1}"
            known = self._prefix_of[namespace] = prefix
            self.names[prefix] = namespace
        return f"{known}:{local}"

    def _extension(self, node: Node) -> Any:
        fields: dict[str, Any] = {}
        for namespace, local, value, prefix in _attributes(node):
            if namespace != _XSI:
                self._add(fields, self._key(namespace, local, prefix) if namespace else local, value)
        for child in node.children:
            name = self._key(child.namespace, child.local, child.prefix) if child.namespace else child.local
            self._add(fields, name, self._extension(child))
        text = node.text.strip()
        if not fields:
            self._mark(text)
            return text
        if text:
            fields["#text"] = text
        return fields

    @staticmethod
    def _add(fields: dict[str, Any], key: str, value: Any) -> None:
        if key not in fields:
            fields[key] = value
        elif isinstance(fields[key], list):
            fields[key].append(value)
        else:
            fields[key] = [fields[key], value]


_READ: Final[dict[str, Callable[[_Builder, Node], Any]]] = {
    **dict.fromkeys(EPC_LISTS, _Builder._epcs),
    **dict.fromkeys(QUANTITY_LISTS, _Builder._quantities),
    **dict.fromkeys(TYPED_LISTS, _Builder._typed),
    "readPoint": _Builder._place,
    "bizLocation": _Builder._place,
    "persistentDisposition": _Builder._persistent,
    "errorDeclaration": _Builder._error,
    "ilmd": _Builder._ilmd,
    "sensorElementList": _Builder._sensors,
}


def _attributes(node: Node) -> list[tuple[str, str, str, str]]:
    """List the attributes as (namespace, local name, value, prefix)."""
    found = []
    pairs = node.attributes
    for at in range(0, len(pairs), 2):
        parts = pairs[at].split("\x01")
        if len(parts) == 1:
            found.append(("", parts[0], pairs[at + 1], ""))
        else:
            found.append((parts[0], parts[1], pairs[at + 1], parts[2] if len(parts) > 2 else ""))
    return found


def _number(text: str, path: str, line: int) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise XmlFault(path, f"{text[:100]!r} is no number", line)
    return Decimal(text)
