"""AggregationEvent: children are physically in a parent (EPCIS 2.0 section 7.4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.chain.errors import Refused
from ledger.custody.kinds.base import Mention, list_children, list_parent
from ledger.custody.statement import Statement, child_fields, common_fields


class AggregationEvent:
    """See the module."""

    name = "AggregationEvent"

    def build(self, statement: Statement) -> dict[str, Any]:
        """See `EventKind.build`."""
        if statement.container is None:
            raise Refused("packing and unpacking need a container")
        if not statement.things and statement.action != "DELETE":
            raise Refused("packing must name at least one thing that goes into the container")
        if any(thing.uri == statement.container for thing in statement.things):
            raise Refused("a thing cannot be packed into itself")
        body = common_fields(statement)
        body["parentID"] = statement.container
        return body | child_fields(statement)

    def mentions(self, body: Mapping[str, Any]) -> list[Mention]:
        """See `EventKind.mentions`."""
        return list_parent(body) + list_children(body)
