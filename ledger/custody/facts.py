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
    try:
        return micros(datetime.fromisoformat(value)) if type(value) is str else None
    except (ValueError, OverflowError):
        return None  # what others state beside the event may be anything; it is then no time


def _elements(found: object) -> list[Mapping[str, Any]]:
    """Give the elements of a list that are objects; a private list, or none at all, has none."""
    if not isinstance(found, list | tuple):
        return []
    return [item for item in found if type(item) is dict or isinstance(item, Mapping)]


def _identifier(value: object) -> str | None:
    # To ask a dict for its type is quicker than to ask whether it is a mapping, and most are dicts.
    return _uri(value.get("id")) if type(value) is dict or isinstance(value, Mapping) else None


def _ends(body: Mapping[str, Any], key: str, field: str) -> tuple[str | None, list[tuple[str, str]]]:
    """Give the location of a source or destination list, and its parties as (type, id)."""
    location: str | None = None
    parties: list[tuple[str, str]] = []
    if key not in body:
        return None, parties
    for end in _elements(body.get(key)):
        uri, kind = _uri(end.get(field)), text(end.get("type"))
        if uri is None or kind is None or is_commitment(end):
            continue
        if kind.endswith("location"):
            location = location or uri
        else:
            parties.append((f"{field}: {kind.rsplit('/', 1)[-1].rsplit(':', 1)[-1]}", uri))
    return location, parties


def _corrective(error: object) -> tuple[str, ...]:
    found = error.get("correctiveEventIDs", ()) if isinstance(error, Mapping) else ()
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
    source, givers = _ends(body, "sourceList", "source")
    destination, takers = _ends(body, "destinationList", "destination")
    parties = [*givers, *takers]
    if party := text(body.get(PARTY)):
        parties.append(("party", party))
    documents = _elements(body.get("bizTransactionList"))
    document = _uri(documents[0].get("bizTransaction")) if documents else None
    stated = body.get("errorDeclaration")
    error: Mapping[str, Any] = stated if stated is not None and isinstance(stated, Mapping) else {}
    return Facts(
        event_id=event_id,
        kind=body["type"],
        time=micros(datetime.fromisoformat(body["eventTime"])),
        recorded=_micros(body.get("recordTime")),
        action=text(body.get("action")),
        step=text(body.get("bizStep")),
        disposition=text(body.get("disposition")),
        place=_identifier(body.get("bizLocation")) or _identifier(body.get("readPoint")),
        mentions=tuple(find_kind(body["type"]).mentions(body)),
        container=_uri(body.get("parentID")),
        source=source,
        destination=destination,
        parties=tuple(parties),
        document=document,
        promised=_micros(body.get(PROMISED)),
        withdraws=stated is not None,
        declared=_micros(error.get("declarationTime")) if error else None,
        reason=text(error.get("reason")) if error else None,
        corrective=_corrective(error) if error else (),
    )
