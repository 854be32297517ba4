"""TransformationEvent: inputs became outputs (EPCIS 2.0 section 7.4.5).

One side may be missing where a transformationID says which other events belong to the same transformation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.chain.errors import Refused
from ledger.custody.kinds.base import Mention, list_epcs, list_quantities
from ledger.custody.statement import Statement, common_fields, split_things


class TransformationEvent:
    """See the module."""

    name = "TransformationEvent"

    def build(self, statement: Statement) -> dict[str, Any]:
        """See `EventKind.build`."""
        sides = bool(statement.things) + bool(statement.outputs)
        if sides == 0 or (sides == 1 and statement.transformation is None):
            raise Refused("a transformation needs inputs and outputs, or an id that joins it with its other side")
        body = common_fields(statement)
        if statement.transformation is not None:
            body["transformationID"] = statement.transformation
        for things, epc_key, quantity_key in (
            (statement.things, "inputEPCList", "inputQuantityList"),
            (statement.outputs, "outputEPCList", "outputQuantityList"),
        ):
            epcs, quantities = split_things(things)
            if epcs:
                body[epc_key] = epcs
            if quantities:
                body[quantity_key] = quantities
        if statement.ilmd and statement.outputs:
            body["ilmd"] = dict(statement.ilmd)
        return body

    def mentions(self, body: Mapping[str, Any]) -> list[Mention]:
        """See `EventKind.mentions`."""
        used = list_epcs(body, "inputEPCList", "input") + list_quantities(body, "inputQuantityList", "input")
        made = list_epcs(body, "outputEPCList", "output") + list_quantities(body, "outputQuantityList", "output")
        return used + made
