"""ObjectEvent: something happened to these things (EPCIS 2.0 section 7.4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.chain.errors import Refused
from ledger.custody.kinds.base import Mention, list_epcs, list_quantities
from ledger.custody.statement import Statement, common_fields, split_things


class ObjectEvent:
    """See the module."""

    name = "ObjectEvent"

    def build(self, statement: Statement) -> dict[str, Any]:
        """See `EventKind.build`."""
        if not statement.things:
            raise Refused("an event must name at least one thing: an item, or a product or a lot")
        body = common_fields(statement)
        epcs, quantities = split_things(statement.things)
        if epcs:
            body["epcList"] = epcs
        if quantities:
            body["quantityList"] = quantities
        if statement.ilmd and statement.action == "ADD":
            body["ilmd"] = dict(statement.ilmd)
        return body

    def mentions(self, body: Mapping[str, Any]) -> list[Mention]:
        """See `EventKind.mentions`."""
        return list_epcs(body, "epcList", "epc") + list_quantities(body, "quantityList", "epc")
