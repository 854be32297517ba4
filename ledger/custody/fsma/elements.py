"""The key data elements of each critical tracking event, with their sections (21 CFR 1.1325 to 1.1350).

`need` says when an element is kept: `always`, or `where it applies` (the rule says "if applicable", or it is for
one kind of food). Where another element does as well, `instead` names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ALWAYS: Final = "always"
APPLIES: Final = "where it applies"


@dataclass(frozen=True, slots=True)
class Element:
    """One column of a sheet. `instead` names the element that does as well."""

    key: str
    title: str
    section: str
    need: str = ALWAYS
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """A type of critical tracking event: its sheet, its section, its elements in the order of the sheet."""

    key: str
    title: str
    section: str
    elements: tuple[Element, ...]


def _document(section: str) -> tuple[Element, ...]:
    return (
        Element("document_type", "Reference document type", section),
        Element("document_number", "Reference document number", section),
    )


def _amount(section: str, title: str = "", key: str = "") -> tuple[Element, ...]:
    return (
        Element(f"{key}quantity", f"Quantity{title}", section),
        Element(f"{key}unit", f"Unit of measure{title}", section),
    )


def _lot(section: str, title: str = "Traceability lot code", key: str = "") -> tuple[Element, ...]:
    return (
        Element(f"{key}tlc", title, section),
        Element(f"{key}gtin", f"{title}: GTIN", section, APPLIES),
        Element(f"{key}batch", f"{title}: batch or lot", section, APPLIES),
    )


def _source(section: str) -> tuple[Element, ...]:
    return (
        Element("tlc_source", "Traceability lot code source", section, instead="tlc_source_reference"),
        Element("tlc_source_reference", "Traceability lot code source reference", section, instead="tlc_source"),
    )


HARVESTING: Final = TrackingEvent(
    "harvesting",
    "Harvesting",
    "1.1325(a)",
    (
        *_document("1.1325(a)(1)(viii)"),
        Element("commodity", "Commodity", "1.1325(a)(1)(ii)"),
        Element("variety", "Variety", "1.1325(a)(1)(ii)", APPLIES),
        *_amount("1.1325(a)(1)(iii)"),
        Element("farm", "Harvest location (farm)", "1.1325(a)(1)(iv)"),
        Element("field", "Field or growing area", "1.1325(a)(1)(v)", instead="container_name"),
        Element("container_name", "Container (aquaculture)", "1.1325(a)(1)(vi)", instead="field"),
        Element("harvest_date", "Harvest date", "1.1325(a)(1)(vii)"),
        Element("recipient", "Immediate subsequent recipient location", "1.1325(a)(1)(i)"),
        *(
            Element(one.key, one.title, one.section, APPLIES)
            for one in _lot("1.1325(a)", "Lot, where one was given")
        ),
    ),
)
COOLING: Final = TrackingEvent(
    "cooling",
    "Cooling",
    "1.1325(b)",
    (
        *_document("1.1325(b)(1)(vii)"),
        Element("commodity", "Commodity", "1.1325(b)(1)(ii)"),
        Element("variety", "Variety", "1.1325(b)(1)(ii)", APPLIES),
        *_amount("1.1325(b)(1)(iii)"),
        Element("cooling_location", "Cooling location", "1.1325(b)(1)(iv)"),
        Element("cooling_date", "Cooling date", "1.1325(b)(1)(v)"),
        Element("farm", "Harvest location (farm)", "1.1325(b)(1)(vi)"),
        Element("recipient", "Immediate subsequent recipient location", "1.1325(b)(1)(i)"),
        *(
            Element(one.key, one.title, one.section, APPLIES)
            for one in _lot("1.1325(b)", "Lot, where one was given")
        ),
    ),
)
PACKING: Final = TrackingEvent(
    "initial_packing",
    "Initial packing",
    "1.1330(a)",
    (
        *_document("1.1330(a)(16)"),
        Element("commodity", "Commodity", "1.1330(a)(1)"),
        Element("variety", "Variety", "1.1330(a)(1)", APPLIES),
        Element("received_date", "Date received", "1.1330(a)(2)"),
        *_amount("1.1330(a)(3)", " received", "received_"),
        Element("farm", "Harvest location (farm)", "1.1330(a)(4)"),
        Element("field", "Field or growing area", "1.1330(a)(5)", instead="container_name"),
        Element("container_name", "Container (aquaculture)", "1.1330(a)(6)", instead="field"),
        Element("harvester", "Harvester business name", "1.1330(a)(7)"),
        Element("harvester_phone", "Harvester phone", "1.1330(a)(7)"),
        Element("harvest_date", "Harvest date", "1.1330(a)(8)"),
        Element("cooling_location", "Cooling location", "1.1330(a)(9)", APPLIES),
        Element("cooling_date", "Cooling date", "1.1330(a)(10)", APPLIES),
        *_lot("1.1330(a)(11)"),
        Element("product", "Product description", "1.1330(a)(12)"),
        *_amount("1.1330(a)(13)", " packed"),
        Element("location", "Initial packing location (traceability lot code source)", "1.1330(a)(14)"),
        Element("tlc_source_reference", "Traceability lot code source reference", "1.1330(a)(14)", APPLIES),
        Element("date", "Packing date", "1.1330(a)(15)"),
        Element("input_tlc", "Lot packed, where one was given", "1.1330(a)", APPLIES),
    ),
)
LANDING: Final = TrackingEvent(
    "first_land_based_receiving",
    "First land-based receiving",
    "1.1335",
    (
        *_document("1.1335(g)"),
        *_lot("1.1335(a)"),
        Element("product", "Species, market name or product description", "1.1335(b)"),
        *_amount("1.1335(c)"),
        Element("harvest_date", "Harvest dates of the trip", "1.1335(d)"),
        Element("farm", "Harvest locations of the trip", "1.1335(d)"),
        Element("location", "First land-based receiver (traceability lot code source)", "1.1335(e)"),
        Element("tlc_source_reference", "Traceability lot code source reference", "1.1335(e)", APPLIES),
        Element("date", "Landing date", "1.1335(f)"),
    ),
)
SHIPPING: Final = TrackingEvent(
    "shipping",
    "Shipping",
    "1.1340",
    (
        *_lot("1.1340(a)(1)"),
        *_amount("1.1340(a)(2)"),
        Element("product", "Product description", "1.1340(a)(3)"),
        Element("recipient", "Ship-to location (immediate subsequent recipient)", "1.1340(a)(4)"),
        Element("location", "Ship-from location", "1.1340(a)(5)"),
        Element("date", "Ship date", "1.1340(a)(6)"),
        *_source("1.1340(a)(7)"),
        *_document("1.1340(a)(8)"),
        Element("container", "Logistic unit", "1.1340", APPLIES),
    ),
)
RECEIVING: Final = TrackingEvent(
    "receiving",
    "Receiving",
    "1.1345",
    (
        *_lot("1.1345(a)(1)"),
        *_amount("1.1345(a)(2)"),
        Element("product", "Product description", "1.1345(a)(3)"),
        Element("previous", "Immediate previous source location", "1.1345(a)(4)"),
        Element("location", "Receive location", "1.1345(a)(5)"),
        Element("date", "Receive date", "1.1345(a)(6)"),
        *_source("1.1345(a)(7)"),
        *_document("1.1345(a)(8)"),
        Element("container", "Logistic unit", "1.1345", APPLIES),
    ),
)
TRANSFORMATION: Final = TrackingEvent(
    "transformation",
    "Transformation",
    "1.1350",
    (
        *_document("1.1350(a)(2)(vi)"),
        *_lot("1.1350(a)(1)(i)", "Traceability lot code of food used", "input_"),
        Element("input_product", "Product description of food used", "1.1350(a)(1)(ii)"),
        *_amount("1.1350(a)(1)(iii)", " used", "input_"),
        *_lot("1.1350(a)(2)(i)", "New traceability lot code"),
        Element("location", "Transformation location (traceability lot code source)", "1.1350(a)(2)(ii)"),
        Element("tlc_source_reference", "Traceability lot code source reference", "1.1350(a)(2)(ii)", APPLIES),
        Element("date", "Date completed", "1.1350(a)(2)(iii)"),
        Element("product", "Product description of new food", "1.1350(a)(2)(iv)"),
        *_amount("1.1350(a)(2)(v)", " produced"),
    ),
)
TRACKING_EVENTS: Final = {
    one.key: one for one in (HARVESTING, COOLING, PACKING, LANDING, SHIPPING, RECEIVING, TRANSFORMATION)
}
# What a location description and a product description consist of (1.1310).
LOCATION_PARTS: Final = {
    "name": "Business name",
    "phone": "Phone",
    "street": "Street address",
    "city": "City",
    "state": "State or region",
    "zip": "Postal code",
    "country": "Country",
}
PRODUCT_PARTS: Final = {"name": "Product name", "size": "Packaging size", "style": "Packaging style"}
DESCRIPTION_SECTION: Final = "1.1310"


@dataclass(frozen=True, slots=True)
class Missing:
    """An element that the ledger does not hold: of which record, by which section."""

    record: str
    seq: int | None
    event: str
    element: str
    section: str


def absent(tracking: TrackingEvent, values: Mapping[str, Any]) -> list[Element]:
    """List the elements that are to be kept and are not there; of two that do for each other, the first."""
    found: list[Element] = []
    told: set[str] = set()
    for element in tracking.elements:
        if element.need != ALWAYS or values.get(element.key) not in (None, ""):
            continue
        if element.instead is not None:
            if values.get(element.instead) not in (None, "") or element.instead in told:
                continue
            told.add(element.key)
        found.append(element)
    return found
