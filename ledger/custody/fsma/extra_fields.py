"""Elements that EPCIS has no field for, as they arrive: columns of tables and extensions, under many names.

Only the local name counts (what follows the last ``:``, ``/`` or ``#``), in any case, with ``_`` for spaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_LOCAL: Final = re.compile(r".*[:/#]", re.DOTALL)
_NAMES: Final = {
    "cte": "cte critical_tracking_event cte_type",
    "tlc": "traceability_lot_code tlc",
    "input_tlc": "source_traceability_lot_code input_traceability_lot_code parent_lot_codes parent_lot_code",
    "product": "product_description description_of_product",
    "input_product": "input_product_description",
    "commodity": "commodity",
    "variety": "variety",
    "farm": "farm_location harvest_location harvest_farm_location harvest_farm",
    "field": "field_name field growing_area field_or_growing_area_name growing_area_name",
    "container_name": "container_name aquaculture_container",
    "harvester": "harvester_business_name harvester_name harvester",
    "harvester_phone": "harvester_phone harvester_business_phone harvester_phone_number",
    "harvest_date": "harvest_date harvest_dates harvest_date_range date_harvested",
    "cooling_location": "cooling_location cooler",
    "cooling_date": "cooling_date date_cooled",
    "recipient": "immediate_subsequent_recipient immediate_subsequent_recipient_location isr_location "
    "ship_to_location",
    "previous": "immediate_previous_source immediate_previous_source_location ship_from_location previous_source",
    "received_date": "received_date date_received",
    "received_quantity": "received_quantity quantity_received",
    "received_unit": "received_unit_of_measure received_unit uom_received",
    "tlc_source": "tlc_source tlc_source_location traceability_lot_code_source",
    "tlc_source_reference": "tlc_source_reference traceability_lot_code_source_reference tlcs_reference",
    "document_type": "reference_document_type document_type",
    "document_number": "reference_document_number document_number",
    "document": "reference_document",
    "quantity": "quantity",
    "unit": "unit_of_measure uom",
    "pack_date": "packing_date pack_date date_packed",
    "ship_date": "ship_date date_shipped",
    "receive_date": "receive_date",
    "landing_date": "landing_date date_landed",
    "transformation_date": "transformation_date date_transformed completion_date",
}
_ELEMENT: Final = {name: element for element, names in _NAMES.items() for name in names.split()}


def extra_fields(body: Mapping[str, Any]) -> dict[str, str]:
    """Read the elements that stand in an event beside the fields of EPCIS; lists are joined."""
    found: dict[str, str] = {}
    for part in (body, body.get("ilmd")):
        if isinstance(part, Mapping):
            for key, value in part.items():
                if ":" in key or "/" in key or part is not body:
                    name = _LOCAL.sub("", key, count=1).lower().replace(" ", "_").replace("-", "_")
                    element = _ELEMENT.get(name)
                    if element is not None and (text := _text(value)):
                        found.setdefault(element, text)
    return found


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    if isinstance(value, Mapping):
        return _text(value.get("id") or value.get("value") or "")
    return "" if value is None or isinstance(value, bool) else str(value)
