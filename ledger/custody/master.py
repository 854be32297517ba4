"""Master data: what a place, a product or a partner is called, where it lies, whom to call, how it is counted.

An entry of kind `master` holds one record in full: ``type`` (`place`, `product`, `partner`, or `other` for what
an EPCIS header has beside them), ``id`` as it was received, and the fields of `FIELDS`; what else an EPCIS header
or a table says stands under ``attributes``. The latest entry of an identifier counts; earlier ones stay there.
Contact and address are private by the default policy, so their values lie beside the log and can be erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.chain.commitment import refuse_reserved
from ledger.chain.errors import Refused
from ledger.custody.codes import Codes, product_of
from ledger.custody.kinds.base import thing_uri
from ledger.custody.privacy import reveal
from ledger.custody.quantity import read_unit
from ledger.custody.units import PIECE

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from ledger.custody.index.lookup import Lookup

TYPES: Final = ("place", "product", "partner")
TEXT_LIMIT: Final = 1_000


class MasterRecord(NamedTuple):
    """The latest master data of one identifier; private values are in `body` as far as the ledger holds them."""

    seq: int
    uri: str
    recorded: str
    body: Mapping[str, Any]
    sealed: Mapping[str, Any]

    def text(self, field: str) -> str | None:
        """Give a field as text; None: not stated, or withheld."""
        value = self.body.get(field)
        if isinstance(value, Mapping) and "_commit" not in value:
            return ", ".join(str(part) for part in value.values())
        return value if isinstance(value, str) else None

    def number(self, field: str) -> Decimal | None:
        """Give a field as a number; None: not stated, or withheld."""
        value = self.body.get(field)
        return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


class MasterData:
    """The master data of a ledger as of a record time, each record proven when it is asked for.

    Args:
        lookup: The index of a snapshot.
        as_of: Only what the ledger had recorded by then, as entries write times; None: all.
    """

    def __init__(self, lookup: Lookup, as_of: str | None = None) -> None:
        self._lookup = lookup
        self._as_of = as_of
        self._found: dict[str, MasterRecord | None] = {}
        self._empty: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether there is none at all."""
        if self._empty is None:
            self._empty = not self._lookup.has_kind("master")
        return self._empty

    def record(self, uri: str) -> MasterRecord | None:
        """Give the latest record of an identifier, in whatever spelling.

        Raises:
            Untrue: An entry of it does not hold.
        """
        key = thing_uri(uri)
        if key not in self._found:
            self._found[key] = self._latest(self._lookup.master_of(key))
        return self._found[key]

    def records(self, type_: str) -> list[MasterRecord]:
        """List the latest records of a type, in order of their identifiers."""
        latest: dict[str, list[Entry]] = {}
        for entry in self._lookup.entries_of_kind("master"):
            if isinstance(entry.body, Mapping) and type(key := entry.body.get("id")) is str:
                latest.setdefault(thing_uri(key), []).append(entry)
        found = (self._latest(latest[key]) for key in sorted(latest))
        return [record for record in found if record is not None and record.body.get("type") == type_]

    def name(self, uri: str) -> str | None:
        """Give the name of a place or party, or of the product that a thing is of."""
        for candidate in (uri, product_of(uri)):
            record = self.record(candidate) if candidate else None
            if record is not None and (name := record.text("name")):
                return name
        return None

    def names(self, uris: Iterable[str | None]) -> dict[str, str]:
        """Give the names of those that have one, by the identifiers as given."""
        if self.is_empty:
            return {}
        return {uri: name for uri in dict.fromkeys(uris) if uri and (name := self.name(uri))}

    def contact(self, holder: str | None, place: str | None) -> str | None:
        """Tell whom to call about goods: the contact of who has them, else of where they are."""
        for uri in filter(None, (holder, place)):
            for spelling in (uri, _other_gln(uri)):
                record = self.record(spelling) if spelling else None
                if record is not None and (contact := record.text("contact")):
                    return contact
        return None

    def tolerance(self, product: str | None) -> Decimal | None:
        """Give the share of the inputs by which a mass balance of a product may differ; None: none is stated."""
        record = self.record(product) if product and not self.is_empty else None
        return None if record is None else record.number("tolerance")

    def unit(self, product: str | None) -> str | None:
        """Give the unit in which amounts of a product are written; None: none is stated."""
        record = self.record(product) if product and not self.is_empty else None
        return None if record is None else record.text("unit")

    def lot_size(self, product: str | None) -> Decimal | None:
        """Give the declared size of a lot of a product, in the unit of the product; None: none is stated."""
        record = self.record(product) if product and not self.is_empty else None
        return None if record is None else record.number("lot_size")

    def shelf_life(self, product: str | None) -> Decimal | None:
        """Give how long a product keeps after it was made [days]; None: it is not stated."""
        record = self.record(product) if product and not self.is_empty else None
        return None if record is None else record.number("shelf_life")

    def tlc_source(self, uri: str | None) -> str | None:
        """Give the traceability lot code source (21 CFR 1.1310) of a product or a place; None: none is stated."""
        record = self.record(uri) if uri and not self.is_empty else None
        return None if record is None else record.text("tlc_source")

    def _latest(self, entries: Iterable[Entry]) -> MasterRecord | None:
        known = [entry for entry in entries if self._as_of is None or entry.rec <= self._as_of]
        if not known:
            return None
        entry = known[-1]
        body = reveal(entry.body, self._lookup.view)
        return MasterRecord(entry.seq, thing_uri(body["id"]), entry.rec, body, entry.body)


@dataclass(frozen=True)
class NamedCodes(Codes):
    """Codes that are shown with the names that master data gives them.

    Args:
        names: From `MasterData.names`, by identifiers as answers have them.
    """

    names: Mapping[str, str] = field(default_factory=dict)

    def short(self, uri: str) -> str:
        """Write a URI as people do, with its name in brackets."""
        name = self.names.get(uri)
        return super().short(uri) + (f" [{name}]" if name else "")

    def called(self, uri: str) -> str:
        """Write its name, or its code where it has none."""
        return self.names.get(uri) or super().short(uri)


def named(codes: Codes, names: Mapping[str, str]) -> Codes:
    """Show names beside codes."""
    return NamedCodes(codes.domain, codes.plain, names) if names else codes


def _other_gln(uri: str) -> str | None:
    """Give a GLN in its other role: a party (AI 417) for a place (AI 414), and the other way round."""
    key = thing_uri(uri)
    for one, other in (("/414/", "/417/"), ("/417/", "/414/")):
        if one in key:
            return key.replace(one, other, 1)
    return None


def _text(value: str) -> str:
    if len(value) > TEXT_LIMIT or not value.isprintable():
        raise Refused(f"a text of master data has at most {TEXT_LIMIT} printable characters, got {value[:60]!r}")
    return value


def _number(
    low: int, high: int, what: str, *, whole: bool = False, above: bool = False
) -> Callable[[str], Decimal]:
    def read(value: str) -> Decimal:
        try:
            number = Decimal(value) if value.isascii() and "_" not in value else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        fits = number.is_finite() and low <= number <= high and not (above and number == low)
        if not fits or (whole and number != number.to_integral_value()) or len(value) > 40:
            kind = "a whole number" if whole else "a number"
            raise Refused(f"{what} is {kind} {'above' if above else 'from'} {low} to {high}, got {value!r}")
        return number.to_integral_value() if whole else number

    return read


def _share(value: str) -> Decimal:
    number = _number(0, 100, "a tolerance in per cent")(value[:-1].strip()) / 100 if value.endswith("%") else None
    return (
        _number(0, 1, "a tolerance as a share of the inputs (or in per cent, like 2%)")(value)
        if (number is None)
        else number
    )


# What may be said, and how it is read from text. Shelf life [days]; lot sizes in the unit of the product.
FIELDS: Final[Mapping[str, Callable[[str], Any]]] = {
    "name": _text,
    "address": _text,
    "latitude": _number(-90, 90, "a latitude"),
    "longitude": _number(-180, 180, "a longitude"),
    "contact": _text,
    "unit": lambda value: read_unit(value) or PIECE,
    "shelf_life": _number(0, 100_000, "a shelf life in days"),
    "gcp_length": _number(4, 12, "the length of a GS1 Company Prefix", whole=True),
    "tolerance": _share,
    "lot_size": _number(0, 10**12, "a lot size", above=True),
    "minimum_lot": _number(0, 10**12, "a smallest lot"),
    "tlc_source": _text,
}


def read_key(codes: Codes, type_: str, text: str) -> str:
    """Read the code of a place, a product or a partner.

    Raises:
        Refused: It is malformed.
    """
    return {"place": codes.place, "product": codes.product, "partner": codes.party}[type_](text)


def read_fields(said: Mapping[str, str]) -> dict[str, Any]:
    """Read fields from text; an empty one is to be taken away and stands as None.

    Raises:
        Refused: One is malformed; the message begins with its name.
    """
    fields: dict[str, Any] = {}
    for name, text in said.items():
        try:
            fields[name] = FIELDS[name](text.strip()) if text.strip() else None
        except Refused as error:
            raise Refused(f"{name}: {error}", remedy=error.remedy) from None
    return fields


def merged(
    master: MasterData,
    type_: str,
    uri: str,
    fields: Mapping[str, Any],
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Make the record that follows the latest one of an identifier: what was said anew, and the rest as it was.

    Args:
        master: What is recorded.
        type_: One of `TYPES`, or `other`.
        uri: The identifier, as received.
        fields: From `read_fields`, or of an EPCIS header.
        attributes: What else is said.

    Returns:
        The body of the entry; None: nothing of it is new.

    Raises:
        Refused: It uses a reserved key.
    """
    refuse_reserved({"fields": dict(fields), "attributes": dict(attributes or {})})
    before = master.record(uri)
    if before is None:
        said = {**fields, **({"attributes": dict(attributes)} if attributes else {})}
        return {"type": type_, "id": uri, **{key: value for key, value in said.items() if value is not None}}
    # What stays as it was keeps its commitment, so that one erasure takes it away everywhere.
    sealed = dict(before.sealed)
    new = _laid_over(sealed, before.body, {**fields, "type": type_})
    if attributes:
        own = before.body.get("attributes", {})
        new["attributes"] = _laid_over(sealed.get("attributes", {}), own, attributes)
    return None if new == sealed else new


def _laid_over(sealed: Mapping[str, Any], old: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    fresh = {key: value for key, value in said.items() if old.get(key) != value}
    return {key: value for key, value in {**sealed, **fresh}.items() if value is not None}
