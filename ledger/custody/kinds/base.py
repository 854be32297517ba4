"""What every event type must answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol

from ledger.chain.commitment import is_commitment
from ledger.custody.gs1.canonical import canonical_uri
from ledger.custody.statement import Statement

# The same few things are named again and again; one spelling for one thing, whatever the record has.
known_as = lru_cache(maxsize=65_536)(canonical_uri)

Role = Literal["epc", "parent", "child", "input", "output"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing as an event names it, by its canonical URI: `role` says in which list.

    `quantity` may be a private commitment.
    """

    uri: str
    role: Role
    quantity: Any = None
    unit: str | None = None


class EventKind(Protocol):
    """An event type of EPCIS 2.0."""

    name: str

    def build(self, statement: Statement) -> dict[str, Any]:
        """Write the event, without its eventID.

        Raises:
            Refused: The statement cannot be an event of this type.
        """
        ...

    def mentions(self, body: Mapping[str, Any]) -> Iterator[Mention]:
        """List the things that a recorded event names, in its own order."""
        ...


def list_epcs(body: Mapping[str, Any], key: str, role: Role) -> Iterator[Mention]:
    """List the things of an EPC list."""
    found = body.get(key, ())
    for uri in () if is_commitment(found) else found:
        yield Mention(known_as(uri), role)


def list_quantities(body: Mapping[str, Any], key: str, role: Role) -> Iterator[Mention]:
    """List the classes of a quantity list."""
    found = body.get(key, ())
    for element in () if is_commitment(found) else found:
        yield Mention(known_as(element["epcClass"]), role, element.get("quantity"), element.get("uom"))
