"""What a recorded event says, in the terms of tables and answers. Private values may stand as commitments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ledger.chain.commitment import is_commitment
from ledger.chain.errors import Refused, Untrue
from ledger.custody.kinds.base import Mention, thing_uri
from ledger.custody.kinds.registry import find_kind
from ledger.custody.statement import PARTY, PROMISED
from ledger.custody.times import micros


class Facts(NamedTuple):
    """One event. Times are microseconds since the epoch; `recorded` is what the source says, if anything."""

    event_id: str
    kind: str
    time: int
    recorded: int | None
    action: str | None
    step: str | None
    disposition: str | None
    place: str | None
    mentions: tuple[Mention, ...]
    container: str | None
    source: str | None
    destination: str | None
    parties: tuple[tuple[str, str], ...]
    document: str | None
    promised: int | None
    withdraws: bool
    declared: int | None
    reason: str | None
    corrective: tuple[str, ...]


def text(value: object) -> str | None:
    """Give a string; None for anything else, a private commitment included."""
    return value if type(value) is str else None


def _uri(value: object) -> str | None:
    return thing_uri(value) if type(value) is str else None


def _micros(value: object) -> int | None:
    if type(value) is not str:
        return None
    try:
        return micros(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None  # what others state beside the event may be anything; it is then no time


def _elements(found: object) -> list[Mapping[str, Any]]:
    """Give the elements of a list that are objects; a private list, or none at all, has none."""
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, (list, tuple)) else []


def _identifier(value: object) -> str | None:
    if type(value) is dict or isinstance(value, Mapping):  # the first is quick to tell, and nearly always so
        return _uri(value.get("id"))
    return None


def _ends(body: Mapping[str, Any], key: str, field: str) -> tuple[str | None, list[tuple[str, str]]]:
    """Give the location of a source or destination list, and its parties as (type, id)."""
    location: str | None = None
    parties: list[tuple[str, str]] = []
    for end in _elements(body.get(key)):
        uri, kind = _uri(end.get(field)), text(end.get("type"))
        if uri is None or kind is None or is_commitment(end):
            continue
        if kind.endswith("location"):
            location = location or uri
        else:
            parties.append((f"{field}: {kind.rsplit('/', 1)[-1].rsplit(':', 1)[-1]}", uri))
    return location, parties


def _corrective(error: Mapping[str, Any]) -> tuple[str, ...]:
    found = error.get("correctiveEventIDs")
    return tuple(item for item in found if type(item) is str) if isinstance(found, list) else ()


class NoEventError(Untrue):
    """An entry is signed as an event, but lacks what every event has."""


def read_facts(body: Mapping[str, Any], seq: int | None = None) -> Facts:
    """Read the facts of an event that the ledger holds.

    Args:
        body: What the entry holds.
        seq: Its number, where it is known.

    Raises:
        NoEventError: It has no eventID, eventTime or type, or its lists of things are none.
    """
    try:
        return _facts(body)
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError, Refused):
        named = "an entry" if seq is None else f"entry {seq}"
        raise NoEventError(f"{named} is signed but is no event", seq=seq, remedy="trace verify") from None


def _facts(body: Mapping[str, Any]) -> Facts:
    if type(event_id := body["eventID"]) is not str:
        raise TypeError("an eventID is a string")
    get = body.get
    source = destination = document = None
    declared, reason = None, None
    corrective: tuple[str, ...] = ()
    parties: list[tuple[str, str]] = []
    if "sourceList" in body:
        source, parties = _ends(body, "sourceList", "source")
    if "destinationList" in body:
        destination, takers = _ends(body, "destinationList", "destination")
        parties += takers
    if party := text(get(PARTY)):
        parties.append(("party", party))
    if "bizTransactionList" in body and (documents := _elements(body["bizTransactionList"])):
        document = _uri(documents[0].get("bizTransaction"))
    if isinstance(error := get("errorDeclaration"), Mapping):
        declared, reason = _micros(error.get("declarationTime")), text(error.get("reason"))
        corrective = _corrective(error)
    kind, action, step, disposition = body["type"], get("action"), get("bizStep"), get("disposition")
    # By position, in the order of the fields: a walk reads thousands of events, and names take a third longer.
    return Facts(
        event_id,
        kind,
        micros(datetime.fromisoformat(body["eventTime"])),
        _micros(body["recordTime"]) if "recordTime" in body else None,
        action if type(action) is str else None,
        step if type(step) is str else None,
        disposition if type(disposition) is str else None,
        ("bizLocation" in body and _identifier(body["bizLocation"])) or _identifier(get("readPoint")),
        tuple(find_kind(kind).mentions(body)),
        _uri(body["parentID"]) if "parentID" in body else None,
        source,
        destination,
        tuple(parties),
        document,
        _micros(body[PROMISED]) if PROMISED in body else None,
        error is not None,
        declared,
        reason,
        corrective,
    )
