"""AssociationEvent: things are tied to an asset or a place, for long (EPCIS 2.0 section 7.4.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.chain.errors import Refused
from ledger.custody.kinds.base import Mention, list_epcs, list_parent, list_quantities
from ledger.custody.statement import Statement, common_fields, split_things


class AssociationEvent:
    """See the module."""

    name = "AssociationEvent"

    def build(self, statement: Statement) -> dict[str, Any]:
        """See `EventKind.build`."""
        if statement.container is None:
            raise Refused("an association needs the asset or the place that things are tied to")
        if not statement.things and statement.action != "DELETE":
            raise Refused("an association must name at least one thing that is tied to the parent")
        if any(thing.uri == statement.container for thing in statement.things):
            raise Refused("a thing cannot be tied to itself")
        body = common_fields(statement)
        body["parentID"] = statement.container
        epcs, quantities = split_things(statement.things)
        if epcs:
            body["childEPCs"] = epcs
        if quantities:
            body["childQuantityList"] = quantities
        return body

    def mentions(self, body: Mapping[str, Any]) -> Iterator[Mention]:
        """See `EventKind.mentions`."""
        yield from list_parent(body)
        yield from list_epcs(body, "childEPCs", "child")
        yield from list_quantities(body, "childQuantityList", "child")
