"""Read EPCIS 2.0 in JSON-LD: documents, query documents, bare events. No context is ever fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ledger.chain import canonical
from ledger.chain.errors import BadJson
from ledger.custody.exchange.epcis_check import Fault, settle_event
from ledger.custody.exchange.epcis_document import (
    DOCUMENTS,
    MAX_DEPTH,
    VERSION,
    DocumentFault,
    Found,
    MasterData,
    VocabularyElement,
    problem_of,
)
from ledger.custody.exchange.epcis_fields import ALLOWED, ANY_NAME, pointer
from ledger.custody.json_context import merge, names_of, used_context
from ledger.custody.problems import Problem

_NO_CONTEXT: Final[list[Any]] = []
_CREATED: Final = "creationDate"
# Without an escape, a long number and an exponent everything but depth in a document has a canonical form.
_DOUBTFUL: Final = re.compile(rb"\\|[0-9.]{32}|[:,\[\s]-?[0-9.]+[eE][+-]?[0-9]")


def read_json(data: bytes, file: str, master: MasterData, *, strict: bool = True) -> Iterator[Found | Problem]:
    """Read the events of a document.

    Args:
        data: The document in UTF-8.
        file: What it is called in messages.
        master: Takes the master data of the header.
        strict: Judge each event; else take whatever has the shape of one, as the event hash needs no more.

    Raises:
        DocumentFault: It is no JSON, or no EPCIS document.
    """
    return _Reader(file, master, strict).read(data)


def _decode(data: bytes, file: str) -> Any:
    try:
        return _DECODER.decode(data.decode("utf-8-sig"))
    except BadJson as error:
        raise DocumentFault(Problem(file, 0, "", str(error))) from None
    except UnicodeDecodeError as error:
        raise DocumentFault(Problem(file, 0, "", f"byte {error.start + 1} of the file is not UTF-8")) from None
    except json.JSONDecodeError as error:
        reason = f"the file is no JSON: {error.msg}, column {error.colno}"
        raise DocumentFault(Problem(file, error.lineno, "", reason)) from None
    except RecursionError:
        raise DocumentFault(Problem(file, 0, "", f"the file nests deeper than {MAX_DEPTH} levels")) from None
    except (ValueError, InvalidOperation) as error:
        raise DocumentFault(Problem(file, 0, "", f"a number in the file is out of range: {error}")) from None


def _no_constant(name: str) -> Any:
    raise BadJson(f"{name} is no JSON number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadJson(f"the key {twice[:200]!r} stands twice in one object")
    return found


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_float=Decimal, parse_constant=_no_constant
)


class _Reader:
    def __init__(self, file: str, master: MasterData, strict: bool) -> None:
        self._file = file
        self._master = master
        self._strict = strict
        self._plain = False

    def _fault(self, path: tuple[str | int, ...], reason: str, remedy: str = "") -> DocumentFault:
        return DocumentFault(Problem(self._file, 0, pointer(path), reason, remedy))

    def read(self, data: bytes) -> Iterator[Found | Problem]:
        document = _decode(data, self._file)
        self._plain = _DOUBTFUL.search(data) is None
        if type(document) is list:
            yield from self._events(document, (), _NO_CONTEXT)
            return
        if type(document) is not dict:
            raise self._fault((), "the file is no EPCIS document: its outermost value is no object")
        kind = document.get("type", document.get("isA"))
        context = merge(document.get("@context"), None)
        if type(kind) is str and kind in DOCUMENTS:
            yield from self._document(document, kind, context)
        elif (type(kind) is str and kind in ALLOWED) or "eventTime" in document:
            yield from self._events([document], None, _NO_CONTEXT)
        elif "eventType" in document or any(str(key).startswith(("EQ_", "GE_", "MATCH_")) for key in document):
            raise self._fault((), "this is a query, not events", "answer it with trace query")
        else:
            raise self._fault(("type",), f"the file is no EPCIS document: its type is {kind!r:.100}")

    def _document(self, document: dict[str, Any], kind: str, context: list[Any]) -> Iterator[Found | Problem]:
        if self._strict:
            if "@context" not in document:
                raise self._fault(("@context",), "the @context is missing", "name the context of EPCIS 2.0")
            version = document.get("schemaVersion")
            if type(version) is not str or not VERSION.fullmatch(version):
                raise self._fault(("schemaVersion",), f"the schemaVersion is 2.0, got {version!r:.100}")
            faults = settle_event({"type": "ObjectEvent", "eventTime": document.get(_CREATED, 0)}, {})
            if any(fault.path == ("eventTime",) for fault in faults):
                raise self._fault(
                    (_CREATED,), f"the creationDate is a time with an offset, got {document.get(_CREATED)!r:.100}"
                )
        self._header(document.get("epcisHeader"))
        body = document.get("epcisBody")
        if type(body) is not dict:
            raise self._fault(("epcisBody",), "the epcisBody is missing")
        path: tuple[str | int, ...] = ("epcisBody",)
        if kind == "EPCISMasterDataDocument":
            self._vocabularies(body.get("vocabularyList"), (*path, "vocabularyList"))
            return
        if "queryResults" in body:
            results = body["queryResults"]
            path = (*path, "queryResults", "resultsBody")
            body = results.get("resultsBody") if type(results) is dict else None
            if type(body) is not dict:
                raise self._fault(path, "the resultsBody is missing")
            if "vocabularyList" in body:
                self._vocabularies(body["vocabularyList"], (*path, "vocabularyList"))
                return
        if "eventList" in body:
            events = body["eventList"]
            if type(events) is dict and self._strict is False:
                events = [events]
            if type(events) is not list:
                raise self._fault((*path, "eventList"), "the eventList is no list")
            yield from self._events(events, (*path, "eventList"), context)
        elif "event" in body:
            yield from self._events([body["event"]], (*path, "event"), context, single=True)
        else:
            raise self._fault((*path, "eventList"), "the eventList is missing")

    def _events(
        self, events: list[Any], path: tuple[str | int, ...] | None, outer: list[Any], *, single: bool = False
    ) -> Iterator[Found | Problem]:
        outer_names = names_of(outer)
        simple = not any(type(part) is dict or "epcis-context" not in str(part) for part in outer)
        for at in range(len(events)):
            event, events[at] = events[at], None
            base = () if path is None else path if single else (*path, at)
            where = pointer(base)
            if type(event) is not dict:
                yield Problem(self._file, 0, where, f"an event is an object, got {event!r:.100}")
                continue
            names = outer_names
            if not simple or "@context" in event:
                context = merge(outer, event.pop("@context", None))
                names = names_of(context)
                try:
                    kept = used_context(context, strings_of(event))
                except BadJson as error:
                    yield Problem(self._file, 0, where, str(error))
                    continue
                if kept:
                    event["@context"] = kept
            if self._strict:
                unknown = any(type(part) is str for part in event.get("@context", ()))
                faults = settle_event(event, ANY_NAME if unknown else names)
                faults += [] if faults else depth_faults(event) if self._plain else number_faults(event)
                for fault in faults:
                    yield problem_of(fault, self._file, 0, pointer((*base, *fault.path)))
                if faults:
                    continue
            yield Found(event, 0, where)

    def _header(self, header: Any) -> None:
        if type(header) is dict and type(master := header.get("epcisMasterData")) is dict:
            self._vocabularies(
                master.get("vocabularyList", []), ("epcisHeader", "epcisMasterData", "vocabularyList")
            )

    def _vocabularies(self, found: Any, path: tuple[str | int, ...]) -> None:
        if type(found) is not list:
            raise self._fault(path, "the vocabularyList is no list")
        for at, vocabulary in enumerate(found):
            elements = vocabulary.get("vocabularyElementList") if type(vocabulary) is dict else None
            if type(elements) is not list:
                raise self._fault((*path, at, "vocabularyElementList"), "the vocabularyElementList is no list")
            kind = str(vocabulary.get("type", ""))
            for number, element in enumerate(elements):
                if type(element) is not dict or type(element.get("id")) is not str:
                    raise self._fault(
                        (*path, at, "vocabularyElementList", number, "id"),
                        "the id of a vocabulary element is missing",
                    )
                self._master.add(_element(kind, element))


def _element(kind: str, element: Mapping[str, Any]) -> VocabularyElement:
    attributes = element.get("attributes")
    pairs = [
        (str(one["id"]), one.get("attribute"))
        for one in (attributes if type(attributes) is list else [])
        if type(one) is dict and "id" in one
    ]
    children = element.get("children")
    return VocabularyElement(
        kind,
        element["id"],
        tuple(pairs),
        tuple(child for child in children if type(child) is str) if type(children) is list else (),
    )


def strings_of(event: Mapping[str, Any]) -> set[str]:
    """List the keys of an event and the texts that may begin with a prefix, at every depth.

    Raises:
        BadJson: It nests too deep.
    """
    found: set[str] = set()
    level: list[Any] = [event]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                found.update(item)
                below.extend(item.values())
            elif type(item) is list:
                below.extend(item)
            elif type(item) is str and ":" in item:
                found.add(item)
        if not below:
            return found
        level = below
    raise BadJson(f"the event nests deeper than {MAX_DEPTH} levels")


def depth_faults(event: Mapping[str, Any]) -> list[Fault]:
    """Find whether an event nests too deep."""
    try:
        strings_of(event)
        return []
    except BadJson as error:
        return [Fault((), str(error))]


def number_faults(event: Mapping[str, Any]) -> list[Fault]:
    """Find what has no canonical form: numbers out of range, lone surrogates, NUL."""
    try:
        canonical.encode(event, max_depth=MAX_DEPTH)
        return []
    except BadJson as error:
        return [Fault(_culprit(event), str(error))]


def _culprit(value: Any) -> tuple[str | int, ...]:
    """Find the path of the first value that has no canonical form."""
    pairs = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
    for step, item in pairs:
        try:
            canonical.encode({step: item} if type(step) is str else item, max_depth=MAX_DEPTH)
        except BadJson:
            return (step, *_culprit(item))
    return ()
