"""The event types that this program can build and read, by name."""

from __future__ import annotations

from typing import Final

from ledger.chain.errors import Refused
from ledger.custody.kinds.aggregation_event import AggregationEvent
from ledger.custody.kinds.association_event import AssociationEvent
from ledger.custody.kinds.base import EventKind
from ledger.custody.kinds.object_event import ObjectEvent
from ledger.custody.kinds.transaction_event import TransactionEvent
from ledger.custody.kinds.transformation_event import TransformationEvent

KINDS: Final[dict[str, EventKind]] = {
    kind.name: kind
    for kind in (ObjectEvent(), AggregationEvent(), TransactionEvent(), TransformationEvent(), AssociationEvent())
}


def find_kind(name: object) -> EventKind:
    """Find an event type.

    Raises:
        Refused: There is none of that name.
    """
    kind = KINDS.get(name) if type(name) is str else None
    if kind is None:
        raise Refused(f"{name!r} is no event type; known: {', '.join(KINDS)}")
    return kind
