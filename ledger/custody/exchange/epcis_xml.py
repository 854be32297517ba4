"""Read EPCIS XML, 1.x and 2.0, one event at a time: documents, query documents, bare events.

The parser is expat, driven directly (ADR 0009): a document type declaration is refused where it begins, so no
entity is ever declared, expanded or fetched; depth and the size of an event are limited while they grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader
from typing import Any, Final
from xml.parsers import expat

from ledger.custody.exchange.epcis_check import settle_event
from ledger.custody.exchange.epcis_document import (
    DOCUMENTS,
    MAX_DEPTH,
    MAX_EVENT,
    VERSION,
    DocumentFault,
    Found,
    MasterData,
    VocabularyElement,
    problem_of,
)
from ledger.custody.exchange.epcis_fields import ALLOWED, xpath
from ledger.custody.exchange.epcis_json import number_faults
from ledger.custody.exchange.epcis_xml_event import Node, XmlFault, event_of
from ledger.custody.problems import Problem

# No XML document may hold this character, so it cannot be part of a name or a namespace.
_SEPARATOR: Final = "\x01"
_CHUNK: Final = 1 << 16
_MAX_ATTRIBUTES: Final = 1000
_MAX_STATEMENT: Final = 4000
_MAX_PARTS: Final = 20
_WRAPPERS: Final = ("extension", "baseExtension")
_QUERY_BODIES: Final = (
    "Poll",
    "Subscribe",
    "GetQueryNames",
    "GetSubscriptionIDs",
    "GetStandardVersion",
    "GetVendorVersion",
)


def read_xml(
    stream: BufferedReader, file: str, master: MasterData, *, strict: bool = True
) -> Iterator[Found | Problem]:
    """Read the events of a document as they come.

    Args:
        stream: The bytes of the document.
        file: What it is called in messages.
        master: Takes the master data of the header.
        strict: Judge each event; else take whatever has the shape of one.

    Raises:
        DocumentFault: It is no XML, no EPCIS document, or holds what no EPCIS document needs.
    """
    return _Reader(file, master, strict).read(stream)


class _Reader:
    def __init__(self, file: str, master: MasterData, strict: bool) -> None:
        self._file = file
        self._master = master
        self._strict = strict
        self._stack: list[Node] = []
        self._ready: list[Found | Problem] = []
        self._size = 0
        self._scopes: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._list_seen = False
        self._event_depth = 0
        parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartNamespaceDeclHandler = self._declare
        parser.EndNamespaceDeclHandler = self._leave
        parser.StartDoctypeDeclHandler = self._doctype
        self._parser = parser

    def read(self, stream: BufferedReader) -> Iterator[Found | Problem]:
        try:
            while chunk := stream.read(_CHUNK):
                self._parser.Parse(chunk, False)
                yield from self._ready
                self._ready.clear()
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            reason = f"the file is no XML: {expat.errors.messages[error.code]}, column {error.offset + 1}"
            raise DocumentFault(Problem(self._file, error.lineno, "", reason)) from None
        except (LookupError, ValueError) as error:
            raise DocumentFault(
                Problem(self._file, 1, "", f"the encoding of the file cannot be read: {error}", "save it as UTF-8")
            ) from None
        yield from self._ready
        if not self._list_seen and not self._master.elements:
            raise self._fault("there is no EventList in the document", "/EPCISBody/EventList")

    def _fault(self, reason: str, where: str = "", remedy: str = "") -> DocumentFault:
        where = where or self._path()
        return DocumentFault(Problem(self._file, self._parser.CurrentLineNumber, where, reason, remedy))

    def _path(self) -> str:
        return "".join(f"/{node.shown}" for node in self._stack[:12])

    def _doctype(self, name: str, *_rest: object) -> None:
        raise self._fault(
            "the document brings a document type declaration (DTD), which may declare entities; it is refused",
            f"/{name[:100]}",
            "write it without <!DOCTYPE>: EPCIS needs none",
        )

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._scopes.setdefault(prefix or "", []).append(uri or "")
        self._grow(len(uri or ""))

    def _leave(self, prefix: str | None) -> None:
        self._scopes[prefix or ""].pop()

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > MAX_EVENT:
            raise self._fault(f"an event, or the header, is larger than {MAX_EVENT:,} characters")

    def _start(self, name: str, attributes: list[str]) -> None:
        stack = self._stack
        if len(stack) >= MAX_DEPTH:
            raise self._fault(f"the document nests deeper than {MAX_DEPTH} levels")
        if len(attributes) > 2 * _MAX_ATTRIBUTES:
            raise self._fault(f"an element has more than {_MAX_ATTRIBUTES} attributes")
        self._grow(sum(map(len, attributes)) + 32)
        node = Node(name.split(_SEPARATOR), attributes, self._parser.CurrentLineNumber)
        if not stack:
            self._root(node)
        elif not self._event_depth:
            self._below(stack[-1], node)
        if stack:
            stack[-1].children.append(node)
        stack.append(node)

    def _below(self, parent: Node, node: Node) -> None:
        """Tell what an element outside of events is: a list of events, a wrapper inside of one, or an event."""
        if parent.is_list and not (node.standard and node.local in _WRAPPERS):
            self._begin_event(node)
        elif parent.is_list or (node.standard and node.local == "EventList"):
            node.is_list = self._list_seen = True

    def _root(self, node: Node) -> None:
        if node.local in DOCUMENTS:
            if self._strict:
                version = node.attribute("schemaVersion")
                if version is None or not VERSION.fullmatch(version):
                    raise self._fault(
                        f"the schemaVersion is 1.2 or 2.0, got {version!r:.100}", f"/{node.shown}/@schemaVersion"
                    )
                created = node.attribute("creationDate")
                faults = settle_event({"type": "ObjectEvent", "eventTime": created or ""}, {})
                if any(fault.path == ("eventTime",) for fault in faults):
                    raise self._fault(
                        f"the creationDate is a time with an offset, got {created!r:.100}",
                        f"/{node.shown}/@creationDate",
                    )
        elif node.local in ALLOWED:
            self._begin_event(node)
        elif node.local == "EventList":
            node.is_list = True
            self._list_seen = True
        else:
            raise self._fault(
                f"the file is no EPCIS document: it begins with <{node.shown[:100]}>", f"/{node.shown[:100]}"
            )

    def _begin_event(self, node: Node) -> None:
        self._list_seen = True
        self._event_depth = len(self._stack) + 1
        self._size = 0
        if self._stack:
            name = node.shown if node.local in ALLOWED else ""
            count = self._counts[name] = self._counts.get(name, 0) + 1
            node.where = f"{self._path()}/{node.shown}[{count}]"
        else:
            node.where = f"/{node.shown}"

    def _text(self, text: str) -> None:
        self._grow(len(text))
        # Text after the first element inside says nothing in EPCIS; the event hash passes it over, too.
        if self._stack and not self._stack[-1].children:
            self._stack[-1].parts.append(text)

    def _end(self, _name: str) -> None:
        depth = len(self._stack)
        node = self._stack.pop()
        if depth == self._event_depth:
            self._event_depth = 0
            self._event(node)
            if self._stack:
                self._stack[-1].children.pop()
            self._size = 0
        elif not self._event_depth and node.local == "VocabularyElement":
            self._vocabulary(node)
            self._stack[-1].children.pop()
            self._size = 0
        elif not self._event_depth and node.local == "dscsaTransactionStatement":
            said = {child.local: child.text.strip()[:_MAX_STATEMENT] for child in node.children[:_MAX_PARTS]}
            self._master.statement.update(said)
        elif not self._event_depth and node.local == "Sender" and node.children and not self._master.sender:
            self._master.sender = node.children[0].text.strip()[:_MAX_STATEMENT]
        elif not self._event_depth and node.local in _QUERY_BODIES and depth == 3:
            raise self._fault(
                "this is a query, not events", f"{self._path()}/{node.shown}", "answer it with trace query"
            )

    def _event(self, node: Node) -> None:
        where, line = node.where, node.line
        if not node.standard or node.local not in ALLOWED:
            reason = f"there is no event type {node.local[:100]!r}"
            if node.local == "QuantityEvent":
                reason = "QuantityEvent is gone since EPCIS 2.0; an ObjectEvent with a quantityList says the same"
            self._ready.append(Problem(self._file, line, where, reason, f"known: {', '.join(ALLOWED)}"))
            return
        problems: list[Problem] = []
        try:
            body, names = event_of(node, self._scopes)
        except XmlFault as fault:
            self._ready.append(Problem(self._file, fault.line, where + fault.path, fault.reason, fault.remedy))
            return
        if self._strict:
            faults = settle_event(body, names)
            faults += [] if faults else number_faults(body)
            problems = [problem_of(fault, self._file, line, where + xpath(fault.path)) for fault in faults]
        if problems:
            self._ready.extend(problems)
        else:
            self._ready.append(Found(body, line, where))

    def _vocabulary(self, node: Node) -> None:
        parents = [above for above in self._stack if above.local == "Vocabulary"]
        kind = parents[-1].attribute("type") if parents else None
        identifier = node.attribute("id")
        if identifier is None:
            raise self._fault("the id of a vocabulary element is missing", f"{self._path()}/VocabularyElement/@id")
        attributes: list[tuple[str, Any]] = []
        children: list[str] = []
        for child in node.children:
            if child.local == "attribute":
                attributes.append((child.attribute("id") or "", child.plain()))
            elif child.local == "children":
                children += [one.text.strip() for one in child.children if one.local == "id"]
        self._master.add(VocabularyElement(kind or "", identifier.strip(), tuple(attributes), tuple(children)))
