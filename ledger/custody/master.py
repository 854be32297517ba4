"""Master data: what a place, a product or a partner is called, where it lies, whom to call, how it is counted.

An entry of kind `master` holds one record in full: ``type`` (`place`, `product`, `partner`, or `other` for what
an EPCIS header has beside them), ``id`` as it was received, and the fields of `FIELDS`; what else an EPCIS header
or a table says stands under ``attributes``. The latest entry of an identifier counts; earlier ones stay there.
What comes in the files of others adds what was not said here, and changes nothing that was (`standing_master`).
Contact and address are private by the default policy, so their values lie beside the log and can be erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.chain.commitment import refuse_reserved
from ledger.chain.entry import IMPORTED
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
# Of a record, what says nothing of a thing: what it is, and how others list it.
_NOT_SAID: Final = frozenset({"id", "type", "attributes", "vocabulary", "children"})


class MasterRecord(NamedTuple):
    """What counts of one identifier; private values are in `body` as far as the ledger holds them.

    `imported` tells that all of it came in files of others. `disputed` is what such files say otherwise than what
    was said here, by fields, and counts nowhere.
    """

    seq: int
    uri: str
    recorded: str
    body: Mapping[str, Any]
    sealed: Mapping[str, Any]
    imported: bool = False
    disputed: Mapping[str, Any] = MappingProxyType({})

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
        latest = by_identifier(self._lookup.entries_of_kind("master"))
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

    def imported(self, uri: str) -> MasterRecord | None:
        """Give what the files of others say of an identifier, whatever was said here; None: nothing.

        Raises:
            Untrue: An entry of it does not hold.
        """
        return self._latest(entry for entry in self._lookup.master_of(thing_uri(uri)) if entry.via == IMPORTED)

    def _latest(self, entries: Iterable[Entry]) -> MasterRecord | None:
        known = [entry for entry in entries if self._as_of is None or entry.rec <= self._as_of]
        if not known:
            return None
        entry, sealed, otherwise = standing_master(known)
        body = reveal(sealed, self._lookup.view)
        disputed = {
            key: value for key, value in reveal(otherwise, self._lookup.view).items() if body[key] != value
        }
        alone = all(one.via == IMPORTED for one in known)
        return MasterRecord(entry.seq, thing_uri(body["id"]), entry.rec, body, sealed, alone, disputed)


def by_identifier(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Sort entries of master data by what they are about, each in order; what is about nothing is left out."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if isinstance(entry.body, Mapping) and type(key := entry.body.get("id")) is str:
            found.setdefault(thing_uri(key), []).append(entry)
    return found


def standing_master(entries: Sequence[Entry]) -> tuple[Entry, dict[str, Any], dict[str, Any]]:
    """Say what counts of the entries of one identifier.

    What was said here counts before what the files of others say: a partner renames nothing of ours, moves no
    place, widens no tolerance. Where nothing was said here, the latest file counts.

    Args:
        entries: Of kind `master`, in order; at least one.

    Returns:
        The entry that counts; its body, with what only files of others say; and what they say otherwise.
    """
    own = [entry for entry in entries if entry.via != IMPORTED]
    theirs = [entry for entry in entries if entry.via == IMPORTED]
    if not own:
        return theirs[-1], dict(theirs[-1].body), {}
    body = dict(own[-1].body)
    said = theirs[-1].body if theirs and theirs[-1].seq > own[-1].seq else {}
    otherwise = {key: value for key, value in said.items() if key in body and key not in _NOT_SAID}
    attributes = {**_mapping(said, "attributes"), **_mapping(body, "attributes")}
    body = {**said, **body, **({"attributes": attributes} if attributes else {})}
    return own[-1], body, otherwise


def _mapping(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = body.get(key)
    return found if isinstance(found, Mapping) else {}


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
    *,
    imported: bool = False,
) -> dict[str, Any] | None:
    """Make the record that follows the latest one of an identifier: what was said anew, and the rest as it was.

    Args:
        master: What is recorded.
        type_: One of `TYPES`, or `other`.
        uri: The identifier, as received.
        fields: From `read_fields`, or of an EPCIS header.
        attributes: What else is said.
        imported: A file of others says so: the record then follows the latest of those.

    Returns:
        The body of the entry; None: nothing of it is new.

    Raises:
        Refused: It uses a reserved key.
    """
    refuse_reserved({"fields": dict(fields), "attributes": dict(attributes or {})})
    said = {**fields, "type": type_}
    more = dict(attributes or {})
    known = master.record(uri)
    if known is None:
        all_said = {"type": type_, "id": uri, **fields, **({"attributes": more} if more else {})}
        return {key: value for key, value in all_said.items() if value is not None}
    before: MasterRecord | None = known
    if imported and not known.imported:
        if _says(known.body, fields) and _says(_mapping(known.body, "attributes"), more):
            return None
        before = master.imported(uri)
    # What stays as it was keeps its commitment, so that one erasure takes it away everywhere.
    start: Mapping[str, Any] = before.sealed if before else {"id": uri}
    old: Mapping[str, Any] = before.body if before else start
    new = _laid_over(start, old, {key: _kept(known, key, value) for key, value in said.items()}, said)
    if more:
        new["attributes"] = _laid_over(_mapping(start, "attributes"), _mapping(old, "attributes"), more, more)
    return None if new == start else new


def _says(body: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    return all(body.get(key) == value for key, value in said.items())


def _kept(known: MasterRecord, key: str, value: Any) -> Any:
    """Give a value as it is recorded already, perhaps as a commitment, else as it is."""
    return known.sealed[key] if value is not None and known.body.get(key) == value else value


def _laid_over(
    sealed: Mapping[str, Any], old: Mapping[str, Any], fresh: Mapping[str, Any], said: Mapping[str, Any]
) -> dict[str, Any]:
    changed = {key: value for key, value in fresh.items() if old.get(key) != said[key]}
    return {key: value for key, value in {**sealed, **changed}.items() if value is not None}
