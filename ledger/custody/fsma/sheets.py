"""The sheets of the food traceability rule: one for each critical tracking event, and what explains them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ledger.chain.commitment import MARK
from ledger.chain.errors import Refused
from ledger.chain.storage.base import View
from ledger.custody.corrections import Withdrawn
from ledger.custody.facts import NoEventError, read_facts
from ledger.custody.fsma.code_source import fill_code_source
from ledger.custody.fsma.elements import (
    DESCRIPTION_SECTION,
    LOCATION_PARTS,
    PRODUCT_PARTS,
    TRACKING_EVENTS,
    Missing,
    absent,
)
from ledger.custody.fsma.records import Record, Sweep
from ledger.custody.fsma.source import FoodEvent, lot_parts, read_food_event
from ledger.custody.fsma.values import number_of
from ledger.custody.privacy import reveal

Describe = Callable[[str], Mapping[str, str]]
_PLACES: Final = ("farm", "cooling_location", "recipient", "previous", "location", "tlc_source")
_NUMBERS: Final = ("quantity", "received_quantity", "input_quantity")
_UNITS: Final = ("unit", "received_unit", "input_unit")
# Words for the codes of UN/ECE Recommendation 20 that food goes by; others stay codes.
WORDS: Final = {
    "KGM": "kg",
    "GRM": "g",
    "TNE": "t",
    "LBR": "lb",
    "ONZ": "oz",
    "LTR": "l",
    "MLT": "ml",
    "GLL": "gal",
    "XCS": "cases",
    "CS": "cases",
    "XBX": "boxes",
    "XCT": "cartons",
    "XCR": "crates",
    "XBG": "bags",
    "XBI": "bins",
    "XPX": "pallets",
    "EA": "each",
    "C62": "each",
}
_RECORD: Final = ("Record", "Event ID")
_MARK: Final = b'"kind":"event","rec":"'


@dataclass(frozen=True)
class Scope:
    """What is asked for; empty: everything. Days are those of the events, both ends included."""

    products: frozenset[str] = frozenset()
    lots: frozenset[str] = frozenset()
    first: date | None = None
    last: date | None = None

    def covers(self, record: Record) -> bool:
        """Tell whether a record is asked for."""
        if (self.first and record.day < self.first) or (self.last and record.day > self.last):
            return False
        if self.lots and not self._names(record):
            return False
        return not self.products or bool(self.products.intersection((*record.products, *record.lots)))

    def _names(self, record: Record) -> bool:
        if self.lots.intersection(record.lots):
            return True
        parts = (lot_parts(uri) for uri in record.lots)
        return any(part is not None and self.lots.intersection((part[0], part[2])) for part in parts)


@dataclass
class Sheet:
    """One table: its title, the names of its columns, its rows."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass
class Workbook:
    """All sheets, and what was left out: `unnamed` events name things of no known product or lot."""

    events: dict[str, Sheet]
    locations: Sheet
    products: Sheet
    missing: Sheet
    glossary: Sheet
    unnamed: int

    @property
    def sheets(self) -> list[Sheet]:
        """List the sheets in their order."""
        return [*self.events.values(), self.locations, self.products, self.missing, self.glossary]

    @property
    def count(self) -> int:
        """Count the rows of critical tracking events."""
        return sum(len(sheet.rows) for sheet in self.events.values())


def read_food_events(view: View, size: int) -> list[FoodEvent]:
    """Read the events of a snapshot that has been verified, in order of time; what was withdrawn is left out.

    Raises:
        Untrue: A private value is not the one that was recorded.
    """
    found: list[tuple[FoodEvent, str]] = []
    withdrawn = Withdrawn()
    for seq, data in view.entries(0, size):
        if data.find(_MARK, len(data) - 80) < 0:
            continue
        entry = json.loads(data, parse_float=Decimal)
        body = entry["body"]
        if MARK in data:
            body = reveal(body, view)
        if body.get("errorDeclaration") is not None:
            with suppress(NoEventError):
                withdrawn.add(read_facts(body), entry["via"])
            continue
        try:
            found.append((read_food_event(seq, body), entry["via"]))
        except (LookupError, TypeError, ValueError, AttributeError):
            continue  # signed, but no event that this program would record
    standing = [event for event, via in found if not _is_withdrawn(event, via, withdrawn)]
    standing.sort(key=lambda event: (event.time, event.seq))
    return standing


def _is_withdrawn(event: FoodEvent, via: str, withdrawn: Withdrawn) -> bool:
    event_id = str(event.body.get("eventID"))
    if not any(withdrawn.knows(event_id, how) for how in (via, "typed")):
        return False
    return withdrawn.has(read_facts(event.body), via)


def make_workbook(
    events: Iterable[FoodEvent],
    scope: Scope,
    *,
    short: Callable[[str], str],
    describe: Describe,
    make_lot: Callable[[str | None, str], str],
    landings: frozenset[str] = frozenset(),
) -> Workbook:
    """Fill the sheets.

    Args:
        events: In order of time.
        scope: What is asked for.
        short: Writes a URI as people do.
        describe: Gives what is known of a place or product, by the keys of `LOCATION_PARTS` and `PRODUCT_PARTS`.
        make_lot: Writes the URI of a lot from (product or None, lot).
        landings: Places where food from fishing vessels is landed.
    """
    heads = {key: (*_RECORD, *(element.title for element in one.elements)) for key, one in TRACKING_EVENTS.items()}
    sheets = {key: Sheet(one.title, heads[key]) for key, one in TRACKING_EVENTS.items()}
    missing: list[Missing] = []
    sweep = Sweep(landings, make_lot)
    writer = _Writer(short, describe)
    records = [record for record in sweep.run(events) if scope.covers(record)]
    for record in records:
        fill_code_source(record, describe)
        tracking = TRACKING_EVENTS[record.tracking]
        values = writer.shown(record)
        keys = (element.key for element in tracking.elements)
        sheets[record.tracking].rows.append((record.seq, record.event_id, *(values.get(key) for key in keys)))
        for element in () if record.raw else absent(tracking, values):
            missing.append(
                Missing(f"entry {record.seq}", record.seq, tracking.title, element.title, element.section)
            )
    missing += writer.missing()
    head = ("Record", "Entry", "Critical tracking event", "Missing element", "Section of 21 CFR")
    rows: list[tuple[Any, ...]] = [(one.record, one.seq, one.event, one.element, one.section) for one in missing]
    return Workbook(
        sheets,
        writer.locations(),
        writer.products(),
        Sheet("Missing", head, rows),
        glossary(),
        sweep.unnamed,
    )


class _Writer:
    """Writes values as people read them, and remembers which places and products were named."""

    def __init__(self, short: Callable[[str], str], describe: Describe) -> None:
        self._short = short
        self._describe = describe
        self._shown: dict[str, str] = {}
        self._places: dict[str, tuple[str | None, bool]] = {}
        self._products: dict[str, str | None] = {}

    def shown(self, record: Record) -> dict[str, Any]:
        """Give the values of a record; identifiers are texts, quantities numbers, days dates."""
        values: dict[str, Any] = {}
        for key, value in record.values.items():
            if value is None or value == "":
                continue
            if key in _NUMBERS:
                values[key] = number_of(value)
            elif key in ("product", "input_product", "commodity"):
                values[key] = self._product(value)
            elif key in _PLACES:
                values[key] = self._place(value)
            elif key in _UNITS:
                values[key] = WORDS.get(value, value)
            else:
                values[key] = self._text(value) if isinstance(value, str) else value
        return values

    def _text(self, value: str) -> str:
        if ":/" not in value and not value.startswith("urn:"):
            return value
        known = self._shown.get(value)
        if known is None:
            known = self._shown[value] = _bare(self._short(value))
        return known

    def _place(self, value: str) -> str:
        text = self._text(value)
        if text != value:
            self._places.setdefault(text, (value, False))
        else:
            self._places[text] = (self._places.get(text, (None, True))[0], True)
        return text

    def _product(self, value: str) -> str:
        text = self._text(value)
        if text == value:
            self._products.setdefault(text, None)
            return text
        self._products.setdefault(text, value)
        parts = self._describe(value)
        return ", ".join(filter(None, (parts.get(part) for part in PRODUCT_PARTS))) or text

    def _location(self, text: str) -> dict[str, str]:
        uri, named = self._places[text]
        parts = dict(self._describe(uri)) if uri else {}
        if named:
            parts.setdefault("name", text)
        return parts

    def locations(self) -> Sheet:
        """Give the sheet of all places that a row names."""
        head = ("Location", *LOCATION_PARTS.values(), "Geographic coordinates", "GLN", "Identifier")
        sheet = Sheet("Locations", head)
        for text in sorted(self._places):
            parts, uri = self._location(text), self._places[text][0]
            cells = (parts.get(key) for key in LOCATION_PARTS)
            gln = text if uri and "/414/" in uri else parts.get("gln")
            sheet.rows.append((text, *cells, parts.get("coordinates"), gln, uri))
        return sheet

    def products(self) -> Sheet:
        """Give the sheet of all products that a row names."""
        sheet = Sheet(
            "Products", ("Product", *PRODUCT_PARTS.values(), "Commodity", "Variety", "GTIN", "Identifier")
        )
        for text in sorted(self._products):
            uri = self._products[text]
            parts = dict(self._describe(uri)) if uri else {"name": text}
            cells = (parts.get(key) for key in PRODUCT_PARTS)
            gtin = text if uri and "/01/" in uri else None
            sheet.rows.append((text, *cells, parts.get("commodity"), parts.get("variety"), gtin, uri))
        return sheet

    def missing(self) -> Iterator[Missing]:
        """List what the descriptions of places and products lack."""
        for text in sorted(self._places):
            parts = self._location(text)
            for key, title in LOCATION_PARTS.items():
                if not parts.get(key) and not (key == "street" and parts.get("coordinates")):
                    yield Missing(f"location {text}", None, "Location description", title, DESCRIPTION_SECTION)
        for text in sorted(self._products):
            uri = self._products[text]
            known = self._describe(uri) if uri else {"name": text}
            for key, title in PRODUCT_PARTS.items():
                if not known.get(key):
                    yield Missing(f"product {text}", None, "Product description", title, DESCRIPTION_SECTION)


def glossary() -> Sheet:
    """Say of every column where it comes from in the rule, and what the words mean."""
    sheet = Sheet("Glossary", ("Term", "Sheet", "Section of 21 CFR", "Kept"))
    for one in TRACKING_EVENTS.values():
        sheet.rows.append((one.title, one.title, one.section, "critical tracking event"))
        for element in one.elements:
            need = element.need if element.instead is None else "one of two that do for each other"
            sheet.rows.append((element.title, one.title, element.section, need))
    words = {
        "Record": "number of the entry in the signed ledger; trace show NUMBER gives it, trace prove its proof",
        "Event ID": "rows with one event ID are of one event",
        "each": "a count, where no unit of measure was recorded; other codes are UN/ECE Recommendation 20",
        "Location": "key of the sheet Locations; of 13 digits: a GLN",
    }
    sheet.rows += [(word, "all", None, meaning) for word, meaning in words.items()]
    return sheet


def _bare(text: str) -> str:
    """Write a GLN, GTIN or SSCC alone without its application identifier."""
    for prefix in ("(414)", "(417)", "(01)", "(00)"):
        if text.startswith(prefix) and "(" not in text[len(prefix) :]:
            return text.removeprefix(prefix)
    return text


def read_day(text: str, what: str) -> date:
    """Read a day as typed.

    Raises:
        Refused: It is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{what} takes a day, got {text!r}", remedy=f"{what} 2026-03-01") from None
