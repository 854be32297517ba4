"""TransactionEvent: things are tied to a business document, or cut loose from it (EPCIS 2.0 section 7.4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.chain.errors import Refused
from ledger.custody.kinds.base import Mention, list_epcs, list_parent, list_quantities
from ledger.custody.statement import Statement, common_fields, split_things


class TransactionEvent:
    """See the module."""

    name = "TransactionEvent"

    def build(self, statement: Statement) -> dict[str, Any]:
        """See `EventKind.build`."""
        if statement.document is None:
            raise Refused("a transaction event needs a business document")
        if not statement.things and statement.container is None:
            raise Refused("a transaction event must name at least one thing that the document is about")
        body = common_fields(statement)
        if statement.container is not None:
            body["parentID"] = statement.container
        epcs, quantities = split_things(statement.things)
        if epcs:
            body["epcList"] = epcs
        if quantities:
            body["quantityList"] = quantities
        return body

    def mentions(self, body: Mapping[str, Any]) -> list[Mention]:
        """See `EventKind.mentions`."""
        return list_parent(body) + list_epcs(body, "epcList", "epc") + list_quantities(body, "quantityList", "epc")
