"""How values of query parameters are compared with what events hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from ledger.chain.errors import Refused
from ledger.custody.kinds.base import thing_uri
from ledger.custody.query_fields import extensions, normal_name, objects, sensor_values
from ledger.custody.times import read_time

Event = Mapping[str, Any]
Test = Callable[[Event], bool]

COMPARE: Final = {"EQ": eq, "GT": gt, "GE": ge, "LT": lt, "LE": le}
TIMES: Final = ("eventTime", "recordTime", "errorDeclarationTime", "startTime", "endTime")
PLACES: Final = ("readPoint", "bizLocation")
TYPED: Final = ("bizTransaction", "source", "destination")
CLASS_LISTS: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_WORD: Final = re.compile(
    r"(?:urn:epcglobal:cbv:[a-z]+:|https?://(?:ref\.gs1\.org|ns\.gs1\.org)/cbv/[A-Za-z]+-)(.+)"
)


def bare_word(value: Any) -> Any:
    """Give a CBV word alone, whatever URI it came as."""
    match = _WORD.fullmatch(value) if type(value) is str else None
    return match[1] if match else value


def canonical_of(value: Any) -> Any:
    """Give the canonical spelling of an identifier; None: it is no text."""
    return thing_uri(value) if type(value) is str else None


def text_of(value: Any) -> str:
    """Write a value as a parameter has it."""
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:f}"
        if isinstance(value, Decimal)
        else str(value)
    )


def decimal_value(value: Any) -> Decimal | None:
    """Give a value as a number; None: it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def moment_of(value: Any) -> datetime | None:
    """Give a value as a moment; None: it is none."""
    try:
        return read_time(value) if type(value) is str else None
    except Refused:
        return None


def read_moment(value: str) -> datetime:
    """Read the time of a parameter; a date is its first moment in UTC."""
    return read_time(f"{value}T00:00:00Z" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) else value)


def word_test(key: str, values: list[str]) -> Test:
    """Ask for a CBV word or a type."""
    wanted = {bare_word(value) for value in values}
    return lambda event: bare_word(event.get(key)) in wanted


def exists_test(values: list[str], has: Test) -> Test:
    """Ask whether there is something."""
    if any(value not in ("true", "false") for value in values):
        raise Refused(f"EXISTS_ parameters are true or false, got {'|'.join(values)!r}")
    wanted = {value == "true" for value in values}
    return lambda event: has(event) in wanted


def persistent_test(side: str, values: list[str], name: str) -> Test:
    """Ask for a persistent disposition that an event sets or unsets."""
    if side not in ("set", "unset"):
        raise Refused(
            f"there is no query parameter {name!r}", remedy="the nearest is EQ_persistentDisposition_set"
        )
    wanted = {bare_word(value) for value in values}
    return lambda event: any(
        bare_word(one) in wanted for one in event.get("persistentDisposition", {}).get(side, ())
    )


def time_test(op: str, field: str, values: list[str]) -> Test:
    """Ask for a time."""
    limits = [read_moment(value) for value in values]

    def test(event: Event) -> bool:
        found = times_of(event, field)
        return any(COMPARE[op](moment, limit) for moment in found for limit in limits)

    return test


def times_of(event: Event, field: str) -> list[datetime]:
    """List the times of an event."""
    if field == "errorDeclarationTime":
        values = [event.get("errorDeclaration", {}).get("declarationTime")]
    elif field in ("startTime", "endTime"):
        values = sensor_values(event, field)
    else:
        values = [event.get(field)]
    return [moment for value in values if (moment := moment_of(value)) is not None]


def number_test(op: str, values: list[str], find: Callable[[Event], Iterable[Any]]) -> Test:
    """Ask for a number."""
    limits = []
    for value in values:
        if (limit := decimal_value(value)) is None:
            raise Refused(f"{value!r} is no number")
        limits.append(limit)
    return lambda event: any(
        (number := decimal_value(found)) is not None and COMPARE[op](number, limit)
        for found in find(event)
        for limit in limits
    )


def number_or_time_test(op: str, values: list[str], find: Callable[[Event], Iterable[Any]]) -> Test:
    """Ask for an extension field that is greater or less."""
    if all(decimal_value(value) is not None for value in values):
        return number_test(op, values, find)
    limits = [read_moment(value) for value in values]
    return lambda event: any(
        (moment := moment_of(found)) is not None and COMPARE[op](moment, limit)
        for found in find(event)
        for limit in limits
    )


def is_equal(found: Any, value: str) -> bool:
    """Tell whether an extension field has a value."""
    if text_of(found) == value:
        return True
    number, limit = decimal_value(found), decimal_value(value)
    # What was sent as text is compared as text: 007 is not 7.
    return number is not None and number == limit and not isinstance(found, str)


def sort_key(event: Event, name: str) -> Any:
    """Give what an event is ordered by; None: it has nothing of that name."""
    if name in TIMES:
        return next(iter(times_of(event, name)), None)
    found = next(extensions(event, normal_name(name, event), ilmd=False), None)
    if found is None:
        return None
    number = decimal_value(found)
    return (0, number, "") if number is not None else (1, Decimal(0), text_of(found))


def identifiers(event: Event, keys: Iterable[str]) -> list[str]:
    """List the identifiers in lists of an event, as received."""
    found: list[str] = []
    for key in keys:
        for one in event.get(key, ()) if isinstance(event.get(key), list) else ():
            uri = one.get("epcClass") if isinstance(one, Mapping) else one
            if type(uri) is str:
                found.append(uri)
    return found


def named_by(event: Event, field: str) -> Iterator[str]:
    """List whom a field of an event names, in canonical spelling."""
    if field in PLACES:
        uri = event.get(field, {}).get("id")
        if type(uri) is str:
            yield thing_uri(uri)
    elif field == "epcClass":
        yield from map(thing_uri, identifiers(event, CLASS_LISTS))
    elif field in TYPED:
        yield from (
            thing_uri(one[field]) for one in objects(event.get(f"{field}List")) if type(one.get(field)) is str
        )


def read_pattern(text: str) -> Callable[[str], bool]:
    """Read an EPC pure identity pattern (TDS section 6.5): ``*`` stands for one part and all that follow it."""
    match = re.fullmatch(r"urn:epc:(?:idpat|id|class):([a-z]+):([^*]*)\*(?:\.\*)*", text)
    if match is None:
        raise Refused(f"{text!r} is no EPC pattern", remedy="write urn:epc:idpat:sgtin:9521321.012345.*")
    scheme, known = match.groups()
    heads = tuple(f"urn:epc:{form}:{scheme}:{known}" for form in ("id", "idpat", "class"))
    parts = known.split(".")
    whole = (
        thing_uri(f"urn:epc:idpat:sgtin:{known}*") if scheme in ("sgtin", "lgtin") and len(parts) == 3 else None
    )
    company = re.compile(rf"https://id\.gs1\.org/01/[0-9]{re.escape(parts[0])}[0-9]*/(?:21|10)/.*")

    def fits(uri: str) -> bool:
        if uri.startswith(heads):
            return True
        link = thing_uri(uri)
        finer = {"sgtin": "/21/", "lgtin": "/10/"}.get(scheme)
        if finer is None or finer not in link:
            return False
        if whole is not None:
            return link.startswith(whole + finer)
        return company.fullmatch(link) is not None and len(parts) == 2 and not parts[1]

    return fits
