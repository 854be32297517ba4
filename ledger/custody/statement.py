"""What somebody states about things, before it becomes an event: identifiers resolved, values read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from ledger.custody import vocabulary
from ledger.custody.times import event_time_text, offset_text

Kind = Literal["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"]
Action = Literal["ADD", "OBSERVE", "DELETE"]

# Extension fields of our own, in the namespace that `docs/formats.md` gives for the prefix.
PARTY: Final = "trace:party"
PRODUCT: Final = "trace:product"
LOT: Final = "trace:lot"
QUANTITY: Final = "trace:quantity"
UNIT: Final = "trace:unit"
PROMISED: Final = "trace:promised"
REASON: Final = "trace:reason"
ANYWAY: Final = "trace:anyway"
SESSION: Final = "trace:session"
RAW: Final = "trace:raw"
EXPECTED: Final = "trace:expected"


class Thing(NamedTuple):
    """A thing, or some of a class of things: quantity None is one thing, or an unknown amount of a class."""

    uri: str
    is_class: bool = False
    quantity: Decimal | None = None
    unit: str | None = None


class Statement(NamedTuple):
    """Who had what, where, when and why; every identifier is a URI, every word a CBV word or a URI.

    `things` are what the event is about (of a transformation: its inputs), `outputs` what came out.
    """

    kind: Kind
    time: datetime
    step: str
    things: tuple[Thing, ...] = ()
    outputs: tuple[Thing, ...] = ()
    action: Action | None = None
    container: str | None = None
    place: str | None = None
    source: str | None = None
    destination: str | None = None
    party: str | None = None
    document: str | None = None
    disposition: str | None = None
    transformation: str | None = None
    recorded: datetime | None = None
    ilmd: Mapping[str, Any] = MappingProxyType({})
    extensions: Mapping[str, Any] = MappingProxyType({})


def choose_action(kind: Kind, step: str) -> Action | None:
    """Choose the action that the step implies (EPCIS 2.0 section 7.3.2); None for a transformation."""
    if kind == "TransformationEvent":
        return None
    if kind == "AggregationEvent":
        adds, ends = vocabulary.PACKING_STEPS, vocabulary.UNPACKING_STEPS
    elif kind == "AssociationEvent":
        adds, ends = vocabulary.ASSOCIATING_STEPS, vocabulary.DISSOCIATING_STEPS
    else:
        adds, ends = vocabulary.CREATING_STEPS, vocabulary.ENDING_STEPS
    return "ADD" if step in adds else "DELETE" if step in ends else "OBSERVE"


def common_fields(statement: Statement) -> dict[str, Any]:
    """Write the fields that every kind of event has."""
    body: dict[str, Any] = {
        "type": statement.kind,
        "eventTime": event_time_text(statement.time),
        "eventTimeZoneOffset": offset_text(statement.time),
        "bizStep": statement.step,
    }
    if statement.action is not None:
        body["action"] = statement.action
    if statement.recorded is not None:
        body["recordTime"] = event_time_text(statement.recorded)
    if statement.disposition is not None:
        body["disposition"] = statement.disposition
    if statement.place is not None:
        body["readPoint"] = {"id": statement.place}
    if statement.document is not None:
        body["bizTransactionList"] = [{"bizTransaction": statement.document}]
    sources = [] if statement.source is None else [{"type": "location", "source": statement.source}]
    targets: list[dict[str, str]] = []
    if statement.destination is not None:
        targets.append({"type": "location", "destination": statement.destination})
    if statement.party is not None:
        if statement.step in vocabulary.GIVING_STEPS:
            sources.append({"type": "possessing_party", "source": statement.party})
        elif statement.step in vocabulary.TAKING_STEPS:
            targets.append({"type": "possessing_party", "destination": statement.party})
        else:
            body[PARTY] = statement.party
    if sources:
        body["sourceList"] = sources
    if targets:
        body["destinationList"] = targets
    body.update(statement.extensions)
    return body


def split_things(things: tuple[Thing, ...]) -> tuple[list[str], list[dict[str, Any]]]:
    """Part things into an EPC list and a quantity list."""
    epcs = [thing.uri for thing in things if not thing.is_class]
    quantities: list[dict[str, Any]] = []
    for thing in things:
        if thing.is_class:
            element: dict[str, Any] = {"epcClass": thing.uri}
            if thing.quantity is not None:
                element["quantity"] = thing.quantity
            if thing.unit is not None:
                element["uom"] = thing.unit
            quantities.append(element)
    return epcs, quantities


def child_fields(statement: Statement) -> dict[str, Any]:
    """Write the things of a statement as the children of a parent."""
    epcs, quantities = split_things(statement.things)
    fields: dict[str, Any] = {}
    if epcs:
        fields["childEPCs"] = epcs
    if quantities:
        fields["childQuantityList"] = quantities
    return fields
