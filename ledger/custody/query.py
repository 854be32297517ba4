"""The EPCIS 2.0 event query: parameters by their standard names (section 8.2.7.1), asked of one event.

Values inside a parameter are OR, parameters are AND; a pair that nothing can fulfil finds nothing. Identifiers are
compared in their canonical spelling, CBV words in whatever spelling they came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from ledger.chain.counting import counted
from ledger.chain.errors import Refused
from ledger.custody.codes import Codes
from ledger.custody.kinds.base import thing_uri
from ledger.custody.query_fields import amounts, extensions, inner_extensions, normal_name, objects, sensor_values
from ledger.custody.query_values import (
    COMPARE,
    PLACES,
    TIMES,
    TYPED,
    Event,
    Test,
    bare_word,
    canonical_of,
    exists_test,
    identifiers,
    is_equal,
    named_by,
    number_or_time_test,
    number_test,
    persistent_test,
    read_pattern,
    sort_key,
    text_of,
    time_test,
    word_test,
)

Below = Callable[[str], set[str]]
Attributes = Callable[[str], Mapping[str, Any]]

WORDS: Final = {
    "EQ_action": "action",
    "EQ_bizStep": "bizStep",
    "EQ_disposition": "disposition",
    "eventType": "type",
}
NUMBERS: Final = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
SENSED: Final = (
    "type", "deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "stringValue",
    "booleanValue", "hexBinaryValue", "uriValue", "component", "exception",
)  # fmt: skip
_LISTS: Final = {
    "epc": ("epcList", "childEPCs"),
    "inputEPC": ("inputEPCList",),
    "outputEPC": ("outputEPCList",),
    "epcClass": ("quantityList", "childQuantityList"),
    "inputEPCClass": ("inputQuantityList",),
    "outputEPCClass": ("outputQuantityList",),
}
_ANY: Final = {
    "anyEPC": ("epcList", "childEPCs", "inputEPCList", "outputEPCList"),
    "anyEPCClass": ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
}
CONTROL: Final = ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount", "perPage", "nextPageToken")
PARAMETERS: Final = (
    *WORDS, *(f"{op}_{name}" for name in TIMES for op in ("GE", "LT")),
    *(f"{op}_{name}" for name in PLACES for op in ("EQ", "WD")),
    "EQ_persistentDisposition_set", "EQ_persistentDisposition_unset", "EQ_transformationID", "EQ_eventID",
    "EXISTS_errorDeclaration", "EQ_errorReason", "EQ_correctiveEventID",
    *(f"MATCH_{name}" for name in (*_LISTS, *_ANY, "parentID")),
    *(f"{op}_quantity" for op in COMPARE), *(f"EQ_{name}" for name in SENSED),
    *(f"{op}_{name}" for name in NUMBERS for op in COMPARE), *CONTROL,
)  # fmt: skip
_FAMILIES: Final = (
    "EQ_bizTransaction_TYPE", "EQ_source_TYPE", "EQ_destination_TYPE", "HASATTR_FIELD", "EQATTR_FIELD_ATTRIBUTE",
    "EQ_ILMD_FIELD", "EQ_INNER_FIELD", "EXISTS_FIELD",
)  # fmt: skip
_EXTENSION: Final = re.compile(r"(EQ|GT|GE|LT|LE|EXISTS)_(INNER_)?(ILMD_)?(.*[:/#].*)", re.DOTALL)
_WORD: Final = re.compile(
    r"(?:urn:epcglobal:cbv:[a-z]+:|https?://(?:ref\.gs1\.org|ns\.gs1\.org)/cbv/[A-Za-z]+-)(.+)"
)


@dataclass(frozen=True)
class Query:
    """What is asked for: all tests must hold. `uris` are things one of which each found event names; None: any."""

    tests: tuple[Test, ...]
    uris: frozenset[str] | None
    order: str | None
    descending: bool
    limit: int | None
    most: int | None
    page: int | None
    start: int

    def fits(self, event: Event) -> bool:
        """Tell whether an event is asked for; `recordTime` is that of the source, else the ledger's own."""
        return all(test(event) for test in self.tests)

    def arrange(self, found: list[tuple[int, Event]]) -> tuple[list[tuple[int, Event]], int | None]:
        """Order and cut what was found, pairs of entry and event.

        Returns:
            The page, and where the next one begins (None: there is none).

        Raises:
            Refused: There is more than `maxEventCount` allows.
        """
        if self.most is not None and len(found) > self.most:
            raise Refused(
                f"{counted(len(found), 'event')} fit, and maxEventCount allows {self.most}",
                remedy="ask for less, or use orderBy and eventCountLimit",
            )
        if self.order is not None:
            name = self.order
            keyed = [(pair, sort_key(pair[1], name)) for pair in found]
            known = [one for one in keyed if one[1] is not None]
            known.sort(key=lambda one: one[1], reverse=self.descending)
            found = [pair for pair, _ in known] + [pair for pair, key in keyed if key is None]
        found = found[: self.limit] if self.limit is not None else found
        end = len(found) if self.page is None else self.start + self.page
        return found[self.start : end], end if end < len(found) else None


def parse_query(
    parameters: Sequence[tuple[str, str]], codes: Codes, *, below: Below, attributes: Attributes
) -> Query:
    """Read the parameters of a query.

    Args:
        parameters: Names and values; ``|`` separates values.
        codes: How plain codes are read.
        below: Gives a place and those that master data puts below it, in canonical spelling.
        attributes: Gives the master data attributes of an identifier.

    Raises:
        Refused: There is no such parameter, it is said twice, or a value is malformed.
    """
    said: dict[str, list[str]] = {}
    for name, text in parameters:
        if name in said:
            raise Refused(f"{name} is said twice", remedy=f"separate its values: {name}=A|B")
        said[name] = [part.strip() for part in text.split("|")] if name not in CONTROL else [text.strip()]
    reader = _Reader(codes, below, attributes)
    tests = []
    for name, values in said.items():
        test = reader.test(name, values)
        if test is not None:
            tests.append(test)
    return _settle(tuple(tests), reader, {name: values[0] for name, values in said.items() if name in CONTROL})


def _settle(tests: tuple[Test, ...], reader: _Reader, control: Mapping[str, str]) -> Query:
    numbers = {}
    for name in ("eventCountLimit", "maxEventCount", "perPage", "nextPageToken"):
        text = control.get(name)
        if text is not None and not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Refused(f"{name} is a whole number, got {text!r}")
        numbers[name] = None if text is None else int(text)
    if "eventCountLimit" in control and "maxEventCount" in control:
        raise Refused("eventCountLimit and maxEventCount exclude each other", remedy="give one of them")
    order = control.get("orderBy")
    if "eventCountLimit" in control and order is None:
        raise Refused("eventCountLimit needs orderBy", remedy="add orderBy=eventTime")
    if order is not None and order not in ("eventTime", "recordTime") and not re.search("[:/#]", order):
        raise Refused(f"orderBy is eventTime, recordTime or an extension field, got {order!r}")
    direction = control.get("orderDirection", "DESC")
    if direction not in ("ASC", "DESC"):
        raise Refused(f"orderDirection is ASC or DESC, got {direction!r}")
    if numbers["perPage"] == 0:
        raise Refused("perPage is at least 1, got 0")
    start = numbers["nextPageToken"] or 0
    return Query(
        tests, reader.uris, order, direction == "DESC", numbers["eventCountLimit"], numbers["maxEventCount"],
        numbers["perPage"], start,
    )  # fmt: skip


class _Reader:
    def __init__(self, codes: Codes, below: Below, attributes: Attributes) -> None:
        self._codes, self._below, self._attributes = codes, below, attributes
        self.uris: frozenset[str] | None = None

    def test(self, name: str, values: list[str]) -> Test | None:
        """Read one parameter; None: it says how to answer, not what is asked for."""
        if name in CONTROL:
            return None
        if not all(values):
            raise Refused(f"{name} has an empty value", remedy=f"{name}=A|B")
        op, _, rest = name.partition("_")
        if name in WORDS:
            return word_test(WORDS[name], values)
        if op in ("GE", "LT") and rest in TIMES:
            return time_test(op, rest, values)
        if op in ("EQ", "WD") and rest in PLACES:
            wanted = {uri for value in values for uri in self._place(value)}
            if op == "WD":
                wanted = {uri for place in wanted for uri in self._below(place)}
            return lambda event: canonical_of(event.get(rest, {}).get("id")) in wanted
        if op == "MATCH" and rest in (*_LISTS, *_ANY, "parentID"):
            return self._match(rest, values)
        if rest in ("quantity",) and op in COMPARE:
            return number_test(op, values, lambda event: amounts(event))
        if rest.startswith("persistentDisposition_") and op == "EQ":
            return persistent_test(rest.removeprefix("persistentDisposition_"), values, name)
        for kind in TYPED:
            if op == "EQ" and rest.startswith(f"{kind}_"):
                return self._typed(kind, rest.removeprefix(f"{kind}_"), values)
        return self._single(op, rest, values) or self._attribute(op, rest, values) or self._open(name, values)

    def _single(self, op: str, rest: str, values: list[str]) -> Test | None:
        if op == "EQ" and rest in ("transformationID", "eventID"):
            read = self._codes.transformation if rest == "transformationID" else str
            wanted = {canonical_of(read(value)) for value in values}
            return lambda event: canonical_of(event.get(rest)) in wanted
        if (op, rest) == ("EXISTS", "errorDeclaration"):
            return exists_test(values, lambda event: "errorDeclaration" in event)
        if (op, rest) == ("EQ", "errorReason"):
            reasons = {bare_word(value) for value in values}
            return lambda event: bare_word(event.get("errorDeclaration", {}).get("reason")) in reasons
        if (op, rest) == ("EQ", "correctiveEventID"):
            ids = set(values)
            return lambda event: bool(
                ids.intersection(event.get("errorDeclaration", {}).get("correctiveEventIDs", ()))
            )
        if op == "EQ" and rest in SENSED:
            texts = {bare_word(value) for value in values}
            return lambda event: any(bare_word(text_of(found)) in texts for found in sensor_values(event, rest))
        field, _, unit = rest.partition("_")
        if op in COMPARE and field in NUMBERS:
            return number_test(op, values, lambda event: sensor_values(event, field, unit or None))
        return None

    def _attribute(self, op: str, rest: str, values: list[str]) -> Test | None:
        field, _, attribute = rest.partition("_")
        if op == "HASATTR" and field:
            wanted = set(values)
            return lambda event: any(wanted & set(self._attributes(uri)) for uri in named_by(event, field))
        if op == "EQATTR" and attribute:
            texts = set(values)
            return lambda event: any(
                text_of(self._attributes(uri).get(attribute)) in texts for uri in named_by(event, field)
            )
        return None

    def _open(self, name: str, values: list[str]) -> Test:
        match = _EXTENSION.fullmatch(name)
        if match is None:
            near = get_close_matches(name, [*PARAMETERS, *_FAMILIES], n=1, cutoff=0.4)
            remedy = f"the nearest is {near[0]}" if near else "they are listed in docs/query.md"
            raise Refused(f"there is no query parameter {name!r}", remedy=remedy)
        op, inner, ilmd, field = match.groups()
        find = inner_extensions if inner else extensions

        def found(event: Event) -> list[Any]:
            return list(find(event, normal_name(field, event), ilmd=bool(ilmd)))

        if op == "EXISTS":
            return exists_test(values, lambda event: bool(found(event)))
        if op == "EQ":
            return lambda event: any(is_equal(one, value) for one in found(event) for value in values)
        return number_or_time_test(op, values, found)

    def _match(self, rest: str, values: list[str]) -> Test:
        patterns = [value for value in values if "*" in value]
        wanted = {
            thing_uri(uri) for value in values if value not in patterns for uri in self._codes.candidates(value)
        }
        if not patterns:
            self.uris = frozenset(wanted) if self.uris is None else self.uris
        tests = [read_pattern(text) for text in patterns]
        keys = _LISTS.get(rest) or _ANY.get(rest) or ()

        def test(event: Event) -> bool:
            given = identifiers(event, keys)
            if rest in ("parentID", "anyEPC") and type(parent := event.get("parentID")) is str:
                given = [*given, parent]
            return any(thing_uri(uri) in wanted or any(fits(uri) for fits in tests) for uri in given)

        return test

    def _typed(self, kind: str, type_: str, values: list[str]) -> Test:
        read = {
            "bizTransaction": self._codes.document,
            "source": self._codes.party,
            "destination": self._codes.party,
        }
        wanted = {canonical_of(read[kind](value)) for value in values} | {canonical_of(value) for value in values}
        if kind != "bizTransaction":
            wanted |= {uri for value in values for uri in self._place(value)}
        key = f"{kind}List"
        return lambda event: any(
            bare_word(one.get("type")) == bare_word(type_) and canonical_of(one.get(kind)) in wanted
            for one in objects(event.get(key))
        )

    def _place(self, value: str) -> set[str]:
        return {thing_uri(self._codes.place(value))}
