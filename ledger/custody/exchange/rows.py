"""One row of a table, one event: the mapping that `docs/formats.md` writes down."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from ledger.chain.errors import Refused
from ledger.custody import vocabulary
from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import COLUMNS, ColumnMap
from ledger.custody.exchange.csv_table import Row
from ledger.custody.kinds.registry import find_kind
from ledger.custody.problems import Problem
from ledger.custody.quantity import read_quantity, read_unit
from ledger.custody.statement import (
    LOT,
    PRODUCT,
    PROMISED,
    QUANTITY,
    UNIT,
    Kind,
    Statement,
    Thing,
    choose_action,
)
from ledger.custody.times import event_time_text, read_time

NEEDED: Final = ("time", "step")
NAMING: Final = ("item", "product", "lot", "container")
OWN_PREFIX: Final = "own:"
# Columns of few values that are read the same way in every row, so each value is read once.
_REPEATING: Final = frozenset(
    {"step", "unit", "product", "place", "from", "to", "party", "document", "disposition"}
)
_RECALLED: Final = 10_000
_NOT_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")


class _CellError(Exception):
    def __init__(self, name: str, error: Refused) -> None:
        super().__init__(str(error))
        self.name = name
        self.error = error


class RowReader:
    """Reads rows under one header.

    Args:
        header: The columns of the file.
        columns: The map.
        codes: How plain codes are read.
        file: What the file is called in messages.

    Raises:
        Refused: A column that is needed, or that the map names, is missing. `args` says which.
    """

    def __init__(self, header: Sequence[str], columns: ColumnMap, codes: Codes, file: str) -> None:
        self._map = columns
        self._codes = codes
        self._file = file
        self._at: dict[str, int] = {}
        self._recalled: dict[tuple[str, str], Any] = {}
        for name in COLUMNS:
            wanted = columns.columns.get(name, name)
            if wanted in header:
                self._at[name] = header.index(wanted)
            elif name in columns.columns:
                raise MissingColumnError(
                    wanted, f"the map takes {name!r} from column {wanted!r}, which the file lacks"
                )
        for name in NEEDED:
            if name not in self._at:
                raise MissingColumnError(name, f"the column {name!r} is missing; the file has {', '.join(header)}")
        if not any(name in self._at for name in NAMING):
            raise MissingColumnError(
                "item", f"no column says which thing: one of {', '.join(NAMING)}; the file has {', '.join(header)}"
            )
        self.header = tuple(header)
        taken = set(self._at.values())
        self._extra = [(at, _extension_name(cell)) for at, cell in enumerate(header) if at not in taken]
        names = [name for _, name in self._extra]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise MissingColumnError(twice, f"two columns would become the same extension {twice!r}")

    def read(self, row: Row) -> dict[str, Any] | Problem:
        """Read one row; give the event, without eventID where the file gives none, or what is wrong."""
        try:
            return self._event(row.cells)
        except _CellError as fault:
            at = self._at.get(fault.name)
            column = self.header[at] if at is not None else fault.name
            return Problem(self._file, row.line, column, str(fault.error), fault.error.remedy)

    def _event(self, cells: Sequence[str]) -> dict[str, Any]:
        def cell(name: str) -> str:
            at = self._at.get(name)
            text = cells[at].strip() if at is not None else ""
            mapped = self._map.values.get(name)
            return mapped.get(text, text) if mapped else text

        def read(name: str, reader: Callable[[str], Any]) -> Any:
            if name not in self._at or not (text := cell(name)):
                return None
            if (name, text) in self._recalled:
                return self._recalled[name, text]
            try:
                value = reader(text)
            except Refused as error:
                raise _CellError(name, error) from None
            if name in _REPEATING:
                if len(self._recalled) >= _RECALLED:
                    self._recalled.clear()
                self._recalled[name, text] = value
            return value

        def time(text: str) -> datetime:
            return read_time(text, self._map.zone, self._map.ambiguous)

        codes = self._codes
        statement_time = read("time", time)
        step = read("step", lambda text: vocabulary.word("step", text))
        for name, value in (("time", statement_time), ("step", step)):
            if value is None:
                raise _CellError(name, Refused(f"the {name} is empty"))
        quantity, unit = read("quantity", read_quantity), read("unit", read_unit)
        product = read("product", codes.product)
        item = read("item", lambda text: codes.item(text, alone=not cell("product")))
        # A lot is one of the product, or of the GTIN that stands for the item.
        of = cell("product") or (cell("item") if item is not None and item.is_class else None)
        lot = read("lot", lambda text: codes.lot(text, of))
        container = read("container", lambda text: codes.item(text).uri)
        extensions: dict[str, Any] = {}
        things: tuple[Thing, ...] = ()
        if item is not None and not item.is_class:
            things = (Thing(item.uri),)
            pairs = ((PRODUCT, product), (LOT, cell("lot") or None), (QUANTITY, quantity), (UNIT, unit))
            extensions.update({key: value for key, value in pairs if value is not None})
        elif item is not None or lot is not None or product is not None:
            uri = lot or (item.uri if item else product)
            things = (Thing(uri, True, quantity, unit),)
            if item is not None and product not in (None, item.uri):
                extensions[PRODUCT] = product
        else:
            amounts = ((QUANTITY, quantity), (UNIT, unit))
            extensions.update({key: value for key, value in amounts if value is not None})
        promised = read("promised", time)
        if promised is not None:
            extensions[PROMISED] = event_time_text(promised)
        for at, name in self._extra:
            if text := cells[at].strip():
                extensions[name] = text
        transformation, role = read("transformation", codes.transformation), cell("role")
        kind, things, outputs, container = _shape(step, things, container, transformation, role)
        statement = Statement(
            kind=kind,
            time=statement_time,
            step=step,
            things=things,
            outputs=outputs,
            action=choose_action(kind, step),
            container=container,
            place=read("place", codes.place),
            source=read("from", codes.place),
            destination=read("to", codes.place),
            party=read("party", codes.party),
            document=read("document", codes.document),
            disposition=read("disposition", lambda text: vocabulary.word("disposition", text)),
            transformation=transformation,
            recorded=read("recorded", time),
            extensions=extensions,
        )
        try:
            body = find_kind(kind).build(statement)
        except Refused as error:
            raise _CellError("item", error) from None
        if event_id := read("event_id", _event_id):
            body["eventID"] = event_id
        return body


class MissingColumnError(Exception):
    """A column that is needed is not in the header; `column` says which."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def _shape(
    step: str, things: tuple[Thing, ...], container: str | None, transformation: str | None, role: str
) -> tuple[Kind, tuple[Thing, ...], tuple[Thing, ...], str | None]:
    """Choose the type of event that a row is."""
    if transformation is not None or role:
        if role not in ("input", "output"):
            raise _CellError("role", Refused(f"the role in a transformation is 'input' or 'output', got {role!r}"))
        if transformation is None:
            raise _CellError("transformation", Refused("a row with a role needs the id of its transformation"))
        return "TransformationEvent", things if role == "input" else (), things if role == "output" else (), None
    if container is None:
        return "ObjectEvent", things, (), None
    if things or step in vocabulary.UNPACKING_STEPS:
        return "AggregationEvent", things, (), container
    return "ObjectEvent", (Thing(container),), (), None


def _event_id(text: str) -> str:
    if not vocabulary.is_uri(text):
        raise Refused(f"an event_id must be a URI, got {text!r}", remedy="write it as urn:uuid:...")
    return text


def _extension_name(column: str) -> str:
    """Name the extension field of an unknown column: ``own:`` and what XML could take as a name."""
    name = _NOT_NAME.sub("_", column).strip("._-") or "column"
    return OWN_PREFIX + (name if not name[0].isdigit() else f"_{name}")
