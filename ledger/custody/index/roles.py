"""As what an event names a thing: the bits that the index keeps beside each mention.

They say which entries must be read to walk from thing to thing, and nothing else: what an answer says is read from
the entries. `LOT` and `JOINED` are of things that the event does not list: the lot that it says an instance
belongs to, and the transformation that it is a part of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger.custody.kinds.base import Mention
from ledger.custody.kinds.registry import find_kind
from ledger.custody.lots import lot_of_mention

PLAIN: Final = 1
INPUT: Final = 2
OUTPUT: Final = 4
CHILD: Final = 8
PARENT: Final = 16  # of an event that names what is inside
EMPTIED: Final = 32  # of an event that takes everything out
CREATED: Final = 64  # an ObjectEvent says that it came into being
MEMBER: Final = 128  # the event says which lot the instance is of
LOT: Final = 256
JOINED: Final = 512
OUT: Final = 1024  # with CHILD: it comes out
AMOUNT: Final = 8192  # with CHILD: as a class, of which some may go in or come out
DECLARED: Final = 4096  # of an error declaration, which repeats what it withdraws
TIED: Final = 2048  # of an AssociationEvent, which neither opens nor closes what packing does

NAMED: Final = PLAIN | INPUT | OUTPUT | CHILD | PARENT | EMPTIED
AGGREGATING: Final = frozenset({"AggregationEvent", "AssociationEvent"})
_ROLES: Final = {"epc": PLAIN, "input": INPUT, "output": OUTPUT, "child": CHILD, "parent": PARENT}


def roles_of(body: Mapping[str, Any]) -> dict[str, int]:
    """Say which things an event names, and as what.

    Raises:
        Refused, LookupError, TypeError: It is no event that this program would record.
    """
    return roles_among(body, tuple(find_kind(body["type"]).mentions(body)))


def roles_among(body: Mapping[str, Any], mentions: tuple[Mention, ...]) -> dict[str, int]:
    """As `roles_of`, where the mentions are at hand."""
    kind, action = body["type"], body.get("action")
    roles: dict[str, int] = {}
    for mention in mentions:
        role = _ROLES[mention.role]
        if role == PARENT:
            if kind not in AGGREGATING:
                role = PLAIN
            elif action == "DELETE" and not any(other.role == "child" for other in mentions):
                role = EMPTIED
        elif role == PLAIN and kind == "ObjectEvent" and action == "ADD":
            role |= CREATED
        elif role == CHILD:
            role |= (OUT if action == "DELETE" else 0) | (AMOUNT if mention.of_class else 0)
        if kind == "AssociationEvent":
            role |= TIED
        if lot := lot_of_mention(body, mention):
            role |= MEMBER
            roles[lot] = roles.get(lot, 0) | LOT
        roles[mention.uri] = roles.get(mention.uri, 0) | role
    if type(joined := body.get("transformationID")) is str:
        roles[joined] = roles.get(joined, 0) | JOINED
    if "errorDeclaration" in body:
        return {uri: role | DECLARED for uri, role in roles.items()}
    return roles
