"""What every event type must answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

from ledger.chain.commitment import is_commitment
from ledger.custody.gs1.canonical import canonical_uri
from ledger.custody.statement import Statement

Role = Literal["epc", "parent", "child", "input", "output"]


class Mention(NamedTuple):
    """A thing as an event names it: `role` says in which list. `quantity` may be a private commitment.

    `uri` is the one spelling under which the ledger knows the thing, `given` the one that the event has.
    """

    uri: str
    role: Role
    quantity: Any = None
    unit: str | None = None
    given: str = ""
    of_class: bool = False


class EventKind(Protocol):
    """An event type of EPCIS 2.0."""

    name: str

    def build(self, statement: Statement) -> dict[str, Any]:
        """Write the event, without its eventID.

        Raises:
            Refused: The statement cannot be an event of this type.
        """
        ...

    def mentions(self, body: Mapping[str, Any]) -> list[Mention]:
        """List the things that a recorded event names, in its own order."""
        ...


# A busy ledger names the same lots and pallets over and over.
thing_uri = lru_cache(maxsize=1 << 16)(canonical_uri)


def list_parent(body: Mapping[str, Any]) -> list[Mention]:
    """List the parent, where there is one."""
    parent = body.get("parentID")
    return [Mention(thing_uri(parent), "parent", None, None, parent)] if type(parent) is str and parent else []


def list_epcs(body: Mapping[str, Any], key: str, role: Role) -> list[Mention]:
    """List the things of an EPC list."""
    if key not in body or (type(found := body[key]) is not list and is_commitment(found)):
        return []
    return [Mention(thing_uri(uri), role, None, None, uri) for uri in found]


def list_quantities(body: Mapping[str, Any], key: str, role: Role) -> list[Mention]:
    """List the classes of a quantity list."""
    if key not in body or (type(found := body[key]) is not list and is_commitment(found)):
        return []
    return [
        Mention(thing_uri(uri := one["epcClass"]), role, one.get("quantity"), one.get("uom"), uri, True)
        for one in found
    ]


def list_children(body: Mapping[str, Any]) -> list[Mention]:
    """List the children of a parent, single things and classes."""
    return list_epcs(body, "childEPCs", "child") + list_quantities(body, "childQuantityList", "child")
