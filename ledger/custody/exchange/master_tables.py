"""Master data from outside: tables with a row for each record, and the headers of EPCIS documents."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ledger.chain import canonical
from ledger.chain.errors import Refused
from ledger.custody.codes import Codes
from ledger.custody.exchange.csv_table import CsvTable, Row, TableFault
from ledger.custody.exchange.epcis_document import VocabularyElement
from ledger.custody.exchange.epcis_vocabulary import OWN_COLUMNS, OWN_FIELDS, SAID
from ledger.custody.exchange.plain_file import open_plain
from ledger.custody.kinds.base import thing_uri
from ledger.custody.master import FIELDS, MasterData, merged, read_fields, read_key
from ledger.custody.problems import Problem

KEYS: Final = ("id", "code", "gln", "gtin")
# CBV 2.0 section 10: attributes of locations, parties and trade items, by their local names.
_NAMES: Final = ("name", "descriptionShort", "regulatedProductName", "tradeItemDescription", "functionalName")
_ADDRESS: Final = (
    "streetAddressOne", "streetAddressTwo", "streetAddressThree", "postalCode", "city", "state", "countryCode",
)  # fmt: skip
_TYPES: Final = {
    "businesslocation": "place",
    "readpoint": "place",
    "location": "place",
    "epcclass": "product",
    "party": "partner",
    "sourcedestination": "partner",
    "source_dest": "partner",
}

Said = tuple[str, str, dict[str, Any], dict[str, Any]]


def read_table(path: Path, type_: str, codes: Codes) -> tuple[list[Said], list[Problem]]:
    """Read a table of master data: a column of keys, the fields by their names, and others as attributes.

    Args:
        path: CSV or TSV, plain or gzipped.
        type_: What the rows are.
        codes: How plain codes are read.

    Returns:
        Type, identifier, fields and attributes of each row; and what is wrong.
    """
    found: list[Said] = []
    problems: list[Problem] = []
    name = str(path)
    try:
        with open_plain(path) as stream:
            table = CsvTable(stream, name)
            key = next((one for one in KEYS if one in table.header), None)
            if key is None:
                why = f"no column says which {type_}: one of {', '.join(KEYS)}; it has {', '.join(table.header)}"
                return [], [Problem(name, 1, "id", why, "name the column of codes: id")]
            for row in table.rows():
                if isinstance(row, Problem):
                    problems.append(row)
                    continue
                said = _read_row(row, table.header, key, type_, codes, name)
                if isinstance(said, Problem):
                    problems.append(said)
                else:
                    found.append(said)
    except TableFault as fault:
        problems.append(fault.problem)
    except OSError as error:
        problems.append(Problem(name, 0, "", f"the file cannot be read: {error.strerror or error}"))
    return found, problems


def _read_row(row: Row, header: tuple[str, ...], key: str, type_: str, codes: Codes, name: str) -> Said | Problem:
    cells = {column: cell.strip() for column, cell in zip(header, row.cells, strict=True) if cell.strip()}
    try:
        uri = read_key(codes, type_, cells.pop(key, ""))
    except Refused as error:
        return Problem(name, row.line, key, str(error), error.remedy)
    fields: dict[str, Any] = {}
    for column in [column for column in cells if column in FIELDS]:
        try:
            fields |= read_fields({column: cells.pop(column)})
        except Refused as error:
            return Problem(name, row.line, column, str(error).partition(": ")[2], error.remedy)
    return type_, uri, fields, {f"own:{column}": cell for column, cell in cells.items()}


def read_element(element: VocabularyElement) -> Said:
    """Read a piece of the master data of an EPCIS header (EPCIS 2.0 section 9.4; attributes: CBV 2.0 section 10).

    Attributes that a field stands for become that field; all others are kept as they are.
    """
    vocabulary = element.vocabulary.rsplit(":", 1)[-1].rsplit("/", 1)[-1].lower()
    type_ = _TYPES.get(vocabulary, "other")
    by_name = {_local(name): (name, value) for name, value in reversed(element.attributes)}
    fields: dict[str, Any] = {}
    taken: set[str] = set()
    for local in _NAMES:
        if local in by_name and type(by_name[local][1]) is str and by_name[local][1].strip():
            with suppress(Refused):  # kept below as it was sent, and shown as no name
                fields |= read_fields({"name": by_name[local][1]})
                taken.add(by_name[local][0])
            break
    parts = {local: by_name[local][1] for local in _ADDRESS if local in by_name}
    if parts:
        street = parts.get("streetAddressOne")
        fields["address"] = street if len(parts) == 1 and isinstance(street, str) else parts
        taken |= {by_name[local][0] for local in parts}
    for local in ("latitude", "longitude"):
        if local in by_name:
            with suppress(Refused):  # kept below as it was sent, and not taken for a coordinate
                fields |= read_fields({local: str(by_name[local][1])})
                taken.add(by_name[local][0])
    for name, value in element.attributes:
        field = name.removeprefix(OWN_FIELDS) if name.startswith(OWN_FIELDS) else ""
        if field in SAID and type(value) is str:
            with suppress(Refused):
                fields |= read_fields({field: value})
                taken.add(name)
    attributes: dict[str, Any] = {}
    for given, value in element.attributes:
        if (name := given) not in taken:
            if given.startswith(OWN_COLUMNS):
                name = f"own:{given.removeprefix(OWN_COLUMNS)}"
            before = attributes.get(name)
            attributes[name] = value if before is None else [*_many(before), value]
    if element.children:
        fields["children"] = list(element.children)
    fields["vocabulary"] = element.vocabulary
    return type_, element.id, fields, attributes


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _local(name: str) -> str:
    return name.rsplit("#", 1)[-1].rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def new_records(master: MasterData, said: Iterable[Said], *, imported: bool = False) -> list[dict[str, Any]]:
    """Make the records that are new, the last one of each identifier.

    Args:
        master: What is recorded.
        said: Type, identifier, fields and attributes of each.
        imported: Files of others say so, which changes nothing that was said here.

    Raises:
        Refused: One uses a reserved key, or has no canonical form.
    """
    last: dict[str, Said] = {}
    for type_, uri, fields, attributes in said:
        before = last.get(key := thing_uri(uri))
        joined = (fields, attributes) if before is None else (before[2] | fields, before[3] | attributes)
        last[key] = (type_, uri, *joined)
    bodies = [merged(master, *one, imported=imported) for one in last.values()]
    found = [body for body in bodies if body is not None]
    for body in found:
        canonical.encode(body)
    return found
