"""What a recorded event says, in the terms of tables and answers. Private values may stand as commitments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.chain.commitment import is_commitment
from ledger.custody.kinds.base import Mention, thing_uri
from ledger.custody.kinds.registry import find_kind
from ledger.custody.statement import PARTY, PROMISED
from ledger.custody.times import micros


@dataclass(frozen=True, slots=True)
class Facts:
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
    return micros(datetime.fromisoformat(value)) if type(value) is str else None


def _identifier(value: object) -> str | None:
    return _uri(value.get("id")) if isinstance(value, Mapping) else None


def _ends(body: Mapping[str, Any], key: str, field: str) -> tuple[str | None, list[tuple[str, str]]]:
    """Give the location of a source or destination list, and its parties as (type, id)."""
    location: str | None = None
    parties: list[tuple[str, str]] = []
    found = body.get(key, ())
    for end in () if is_commitment(found) else found:
        uri = _uri(end.get(field))
        if uri is None:
            continue
        if end["type"].endswith("location"):
            location = location or uri
        else:
            parties.append((f"{field}: {end['type'].rsplit('/', 1)[-1].rsplit(':', 1)[-1]}", uri))
    return location, parties


def _corrective(error: object) -> tuple[str, ...]:
    found = error.get("correctiveEventIDs", ()) if isinstance(error, Mapping) else ()
    return tuple(item for item in found if type(item) is str) if isinstance(found, list) else ()


def read_facts(body: Mapping[str, Any]) -> Facts:
    """Read the facts of an event that the ledger holds."""
    source, givers = _ends(body, "sourceList", "source")
    destination, takers = _ends(body, "destinationList", "destination")
    parties = [*givers, *takers]
    if party := text(body.get(PARTY)):
        parties.append(("party", party))
    documents = body.get("bizTransactionList", ())
    document = None
    if documents and not is_commitment(documents):
        document = _uri(documents[0].get("bizTransaction"))
    error = body.get("errorDeclaration")
    return Facts(
        event_id=body["eventID"],
        kind=body["type"],
        time=_micros(body["eventTime"]) or 0,
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
        withdraws=error is not None,
        declared=_micros(error.get("declarationTime")) if isinstance(error, Mapping) else None,
        reason=text(error.get("reason")) if isinstance(error, Mapping) else None,
        corrective=_corrective(error),
    )
