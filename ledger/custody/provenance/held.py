"""What must not be passed on now: lots on hold, their instances, and the containers that hold either."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.chain.entry import IMPORTED
from ledger.chain.note import VerifierKey
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteView
from ledger.custody.holds import hold_words, passes_on
from ledger.custody.index import read, roles
from ledger.custody.index.lookup import Lookup
from ledger.custody.kinds.registry import find_kind
from ledger.custody.provenance.record import Record, is_member_of
from ledger.custody.provenance.source import Source
from ledger.custody.provenance.stays import stays_in


@dataclass(frozen=True, slots=True)
class Hold:
    """A standing hold: on which thing, since which entry, with which words of the CBV."""

    thing: str
    seq: int
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Held:
    """An event that names a held thing: its position, the thing, the hold, whether it passes it on."""

    position: int
    thing: str
    hold: Hold
    passes_on: bool


def standing_holds(lookup: Lookup) -> list[Hold]:
    """List the holds that stand now, each from proven events.

    Raises:
        Untrue: One of them does not hold.
    """
    source = Source(lookup)
    things = lookup.held_things()
    source.load(things, roles.PLAIN)
    found = (_hold_of(source.of(thing, roles.PLAIN), thing) for thing in things)
    return [hold for hold in found if hold is not None]


def holding_events(lookup: Lookup, thing: str) -> dict[str, list[int]]:
    """List, for each word of the CBV that holds a thing now, the entries that set it.

    Raises:
        Untrue: One of them does not hold.
    """
    source = Source(lookup)
    source.load([thing], roles.PLAIN)
    return {word: [seq for seq, _ in found] for word, found in _standing(source.of(thing, roles.PLAIN)).items()}


def _hold_of(records: list[Record], thing: str) -> Hold | None:
    standing = _standing(records)
    seqs = [seq for found in standing.values() for seq, _ in found]
    return Hold(thing, min(seqs), frozenset(standing)) if seqs else None


def _standing(records: list[Record]) -> dict[str, list[tuple[int, bool]]]:
    """Follow what is set and lifted. What others say (imports) lifts no hold that was recorded here."""
    standing: dict[str, list[tuple[int, bool]]] = {}
    for record in records:
        sets, lifts = record.holds
        imported = record.via == IMPORTED
        for word in sets:
            standing.setdefault(word, []).append((record.seq, imported))
        for word in lifts:
            standing[word] = [one for one in standing.get(word, ()) if imported and not one[1]]
    return {word: found for word, found in standing.items() if found}


def held_things(lookup: Lookup, holds: Sequence[Hold]) -> dict[str, Hold]:
    """List every thing that a hold keeps back: the lot, its instances, what they are packed in, at any depth."""
    source = Source(lookup)
    found: dict[str, Hold] = {}
    for hold in holds:
        waiting = [hold.thing]
        while waiting:
            waiting = [uri for uri in waiting if uri not in found]
            found.update(dict.fromkeys(waiting, hold))
            waiting = _around(source, waiting)
    return found


def _around(source: Source, uris: list[str]) -> list[str]:
    source.load(uris, roles.CHILD | roles.LOT)
    further: list[str] = []
    for uri in uris:
        packed = source.of(uri, roles.CHILD)
        containers = list(dict.fromkeys(c for record in packed if (c := record.facts.container)))
        source.load(containers, roles.EMPTIED)
        for container in containers:
            stays = stays_in(container, packed + source.of(container, roles.EMPTIED), child=uri)
            further += [container] if any(stay.is_open for stay in stays.found) else []
        further += [one for record in source.of(uri, roles.LOT) for one in is_member_of(record, uri)]
    return list(dict.fromkeys(further))


def find_held(
    view: SqliteView, origin: str, verifiers: Sequence[VerifierKey], events: Sequence[bytes]
) -> list[Held]:
    """Find which events name a thing that is on hold.

    Args:
        view: The ledger as it is before the events.
        origin: Its origin.
        verifiers: Whose signature on its head is believed.
        events: Canonical bytes of event bodies.

    Raises:
        Untrue: An event that a hold rests on does not hold.
    """
    if not read.has_holds(view.connection):
        return []
    lookup = Lookup(view, AuthenticReader(view, origin=origin, policy=Policy(tuple(verifiers))))
    holds = standing_holds(lookup)
    things = held_things(lookup, holds) if holds else {}
    return (
        [held for position, data in enumerate(events) for held in _judge(position, data, things)] if things else []
    )


def _judge(position: int, data: bytes, things: dict[str, Hold]) -> list[Held]:
    body: dict[str, Any] = json.loads(data)
    if "errorDeclaration" in body or any(hold_words(body)):
        return []  # to correct, to hold and to release is always possible
    named = roles.roles_of(body)
    lots = {uri: hold for uri in named if (hold := things.get(uri)) is not None}
    found = []
    for mention in find_kind(body["type"]).mentions(body):
        if (hold := lots.get(mention.uri)) is not None:
            found.append(Held(position, mention.uri, hold, passes_on(body, mention.role)))
    if not found and lots:  # an instance that says itself that it is of a held lot
        thing, hold = next(iter(lots.items()))
        found.append(Held(position, thing, hold, passes_on(body, "epc")))
    return found
