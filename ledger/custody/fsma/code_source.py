"""The traceability lot code source (21 CFR 1.1310) where no event states it, but master data does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ledger.custody.fsma.records import Record
from ledger.custody.fsma.values import text_of

# At these the lot code is assigned where the event happens; at all others it was assigned before.
_ASSIGNING: Final = frozenset({"initial_packing", "transformation", "first_land_based_receiving"})


def fill_code_source(record: Record, describe: Callable[[str], Mapping[str, str]]) -> None:
    """Fill in the source of the lot code of a record, or the reference to it.

    1. the reference of the place that is the source: `tlc_source` of that place
    2. where no source is known: `tlc_source` of the product, a reference if it is a web address, else the source

    Args:
        record: The record; what it states itself stays.
        describe: Gives the master data of a place or a product, with `tlc_source` where there is one.
    """
    values = record.values
    place = text_of(values.get("location" if record.tracking in _ASSIGNING else "tlc_source"))
    if place and not values.get("tlc_source_reference"):  # 1
        values["tlc_source_reference"] = describe(place).get("tlc_source")
    if values.get("tlc_source") or values.get("tlc_source_reference") or record.tracking in _ASSIGNING:
        return
    for product in record.products:  # 2
        if said := describe(product).get("tlc_source"):
            is_address = said.lower().startswith(("http://", "https://"))
            values["tlc_source_reference" if is_address else "tlc_source"] = said
            return
