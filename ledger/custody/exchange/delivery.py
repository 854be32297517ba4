"""A delivery as its sender declares it in an EPCIS document (GS1 US guideline for the DSCSA, EPCIS 1.2 and 2.0).

The events of such a document are its transaction history: units and cases come into being with lot and expiry,
are packed into each other, and are shipped under an order. What is expected is what the newest shipment to its
destination names, and what the packing events before it put inside. Nobody signed any of it: it is what the
sender says, and it is held against what is in hand, never the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ledger.chain.counting import counted
from ledger.chain.errors import Refused
from ledger.custody import vocabulary
from ledger.custody.expiry import read_expiry
from ledger.custody.facts import Facts, read_facts
from ledger.custody.kinds.base import Mention
from ledger.custody.lots import lot_of_mention

MAX_UNITS: Final = 1_000_000
_LEVELS: Final = 60


@dataclass
class Delivery:
    """What a sender declares.

    Args:
        shipped: The things that the shipment names, in its order.
        inside: What is directly inside of each container, by its URI.
        amounts: How much of each lot or product there is; single things are not listed.
        lots: The number of the lot of each thing, where it is declared.
        expiries: The expiry date, likewise.
        twice: Things that the document puts into two containers at once.
        documents: Orders and delivery notes.
        sources: Whence and from whom, as the shipment says.
        destinations: Where to and to whom.
    """

    shipped: list[str] = field(default_factory=list)
    inside: dict[str, list[str]] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)
    lots: dict[str, str] = field(default_factory=dict)
    expiries: dict[str, date] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)

    def units_in(self, uri: str) -> list[str]:
        """List the things at the bottom: those in a container, at any depth; of anything else, itself.

        Raises:
            Refused: The document packs deeper than any goods are, or more than `MAX_UNITS`.
        """
        units: list[str] = []
        waiting, seen = [(uri, 0)], {uri}
        while waiting:
            at, level = waiting.pop()
            if level > _LEVELS or len(seen) > MAX_UNITS:
                raise Refused(f"a delivery is packed at most {_LEVELS} deep, with at most {MAX_UNITS:,} units")
            if not (contents := self.inside.get(at)):
                units.append(at)
                continue
            fresh = [one for one in reversed(contents) if one not in seen]
            seen.update(fresh)
            waiting += [(one, level + 1) for one in fresh]
        return units


def read_declared(bodies: Iterable[Mapping[str, Any]]) -> Delivery:
    """Read what a document declares.

    Args:
        bodies: Its events, as `ledger.custody.exchange.epcis_file.read_epcis` gives them.

    Raises:
        Refused: It holds more than `MAX_UNITS` things, or no goods at all.
    """
    events: list[tuple[Facts, Mapping[str, Any]]] = []
    withdrawn: set[str] = set()
    named = 0
    for body in bodies:
        facts = read_facts({**body, "eventID": body.get("eventID") or ""})
        named += len(facts.mentions)
        if named > 4 * MAX_UNITS:
            raise Refused(
                f"the document names things {counted(named, 'time')}; a delivery has at most {MAX_UNITS:,} units"
            )
        if facts.withdraws:
            withdrawn.add(facts.event_id)
        else:
            events.append((facts, body))
    events = [(facts, body) for facts, body in events if not facts.event_id or facts.event_id not in withdrawn]
    events.sort(key=lambda pair: pair[0].time)
    found = Delivery()
    last = next((facts for facts, _ in reversed(events) if _step(facts) in vocabulary.GIVING_STEPS), None)
    holders: dict[str, str] = {}
    for facts, body in events:
        _read_labels(found, facts, body)
        if last is not None and facts.time > last.time:
            continue  # what comes after the shipment is not what was shipped
        if facts.kind == "AggregationEvent":
            _pack(found, holders, facts)
        elif facts.kind == "TransactionEvent" or _step(facts) in vocabulary.GIVING_STEPS:
            _read_terms(found, facts, body, last)
    if last is None:
        named_things = [mention.uri for facts, _ in events for mention in facts.mentions]
        found.shipped = [uri for uri in dict.fromkeys(named_things) if uri not in holders]
    if not found.shipped:
        raise Refused("the document declares no goods")
    return found


def _step(facts: Facts) -> str:
    try:
        return vocabulary.word("step", facts.step or "")
    except Refused:
        return ""


def _read_labels(found: Delivery, facts: Facts, body: Mapping[str, Any]) -> None:
    """Read lot and expiry, where an event declares them; what was declared first counts."""
    expiry = read_expiry(body)
    for mention in facts.mentions:
        if (lot := lot_of_mention(body, mention)) is not None:
            found.lots.setdefault(mention.uri, lot)
        if expiry is not None and mention.role != "parent":
            found.expiries.setdefault(mention.uri, expiry)


def _pack(found: Delivery, holders: dict[str, str], facts: Facts) -> None:
    container = facts.container
    if container is None:
        return
    named = [mention for mention in facts.mentions if mention.role == "child"]
    children = [mention.uri for mention in named]
    inside = found.inside.setdefault(container, [])
    if facts.action == "DELETE":
        gone = set(children or inside)
        inside[:] = [uri for uri in inside if uri not in gone]
        for uri in gone:
            if holders.get(uri) == container:
                del holders[uri]
    elif facts.action == "ADD":
        for mention in named:
            if mention.of_class:
                found.amounts[mention.uri] = found.amounts.get(mention.uri, Decimal(0)) + _amount(mention)
        for uri in children:
            if (before := holders.get(uri)) not in (None, container) and uri not in found.amounts:
                found.twice.append(uri)
            elif before is None or uri in found.amounts:
                holders[uri] = container
                inside.append(uri)


def _amount(mention: Mention) -> Decimal:
    quantity = mention.quantity
    return Decimal(str(quantity)) if isinstance(quantity, int | float | Decimal) and quantity > 0 else Decimal(1)


def _read_terms(found: Delivery, facts: Facts, body: Mapping[str, Any], last: Facts | None) -> None:
    """Read the terms of the newest shipment, and what it ships."""
    if _step(facts) not in vocabulary.GIVING_STEPS or last is None:
        return
    if (facts.destination, facts.parties) != (last.destination, last.parties):
        return
    things = [mention.uri for mention in facts.mentions if mention.role != "child"]
    found.shipped = list(dict.fromkeys([*found.shipped, *things]))
    found.amounts |= {one.uri: _amount(one) for one in facts.mentions if one.of_class and one.role != "child"}
    listed = body.get("bizTransactionList")
    listed = listed if isinstance(listed, list) else []
    terms = [one.get("bizTransaction") for one in listed if isinstance(one, Mapping)]
    found.documents = list(dict.fromkeys([*found.documents, *(one for one in terms if isinstance(one, str))]))
    sources = [facts.source, *(uri for role, uri in facts.parties if role.startswith("source"))]
    takers = [facts.destination, *(uri for role, uri in facts.parties if role.startswith("destination"))]
    found.sources = list(dict.fromkeys([*found.sources, *filter(None, sources)]))
    found.destinations = list(dict.fromkeys([*found.destinations, *filter(None, takers)]))
