"""A packing list: what is expected, what of it has come, what is missing and what nobody expected."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.custody.codes import Codes

Place = Literal["listed", "over", "extra", "unlisted"]
_NAMED: Final = frozenset({"item", "code", "product"})
MOST_THINGS: Final = 50_000  # some seconds to read
MOST_BYTES: Final = 32 << 20


@dataclass
class PackingList:
    """What is expected, by URI, and what came. Without `expected`, nothing is missing and nothing too much."""

    expected: dict[str, Decimal] = field(default_factory=dict)
    came: dict[str, Decimal] = field(default_factory=dict)

    def line_of(self, uri: str, product: str | None) -> str | None:
        """Find the line that a thing falls under: its own, or its product's."""
        if uri in self.expected:
            return uri
        return product if product in self.expected else None

    def add(self, uri: str, product: str | None, quantity: Decimal) -> Place:
        """Count what came (a negative quantity takes it back); say where it stands on the list."""
        line = self.line_of(uri, product)
        key = uri if line is None else line
        self.came[key] = self.came.get(key, Decimal(0)) + quantity
        if not self.came[key]:
            del self.came[key]
        return self._place_of(key, line)

    def _place_of(self, key: str, line: str | None) -> Place:
        if not self.expected:
            return "unlisted"
        if line is None:
            return "extra"
        return "over" if self.came.get(key, Decimal(0)) > self.expected[line] else "listed"

    def differs(self, uri: str, lot: str | None, expiry: date | None) -> dict[str, str] | None:
        """Hold a label against what the list declares of its thing: a plain list declares nothing."""
        del uri, lot, expiry
        return None

    def is_complete(self) -> bool:
        """Tell whether everything has come."""
        return not self.missing()

    def missing(self) -> list[tuple[str, Decimal]]:
        """List what has not come, with how much."""
        short = ((uri, wanted - self.came.get(uri, Decimal(0))) for uri, wanted in self.expected.items())
        return [(uri, amount) for uri, amount in short if amount > 0]

    def extras(self) -> list[tuple[str, Decimal]]:
        """List what came and is not on the list, or more of it than that."""
        over = ((uri, amount - self.expected.get(uri, Decimal(0))) for uri, amount in self.came.items())
        return [(uri, amount) for uri, amount in over if self.expected and amount > 0]

    def progress(self) -> tuple[Decimal, Decimal]:
        """Give how much of the list has come, and how much it holds."""
        arrived = sum((min(self.came.get(uri, Decimal(0)), n) for uri, n in self.expected.items()), Decimal(0))
        return arrived, sum(self.expected.values(), Decimal(0))


def read_packing_list(path: Path, codes: Codes) -> PackingList:
    """Read a packing list.

    CSV has the columns of an import (`item`, or `product` with or without `lot`; `quantity`), JSON the same keys
    in a list of objects or of codes, alone or under `items`.

    Raises:
        CommandError: It cannot be read, or a line of it is malformed.
    """
    from ledger.custody.exchange.plain_file import open_plain

    try:
        with open_plain(path) as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        raise CommandError(
            ExitCode.REFUSED, f"{path}: the packing list cannot be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise CommandError(ExitCode.REFUSED, f"{path}: a packing list is text (UTF-8), this is none") from None
    if "\0" in text:
        raise CommandError(ExitCode.REFUSED, f"{path}: a packing list is text, this is none")
    expected: dict[str, Decimal] = {}
    for number, row in _rows(path, text):
        refuse_long(path, number)
        uri, quantity = _line(path, number, row, codes)
        expected[uri] = expected.get(uri, Decimal(0)) + quantity
    if not expected:
        raise CommandError(ExitCode.REFUSED, f"{path}: the packing list is empty")
    return PackingList(expected)


def refuse_large(path: Path) -> None:
    """Refuse a file that is larger than any list of what one delivery holds; whatever else is wrong is told later.

    Raises:
        CommandError: It is.
    """
    with suppress(OSError):
        if path.stat().st_size > MOST_BYTES:
            raise _too_long(path, f"{MOST_BYTES >> 20} MiB")


def refuse_long(path: Path, things: int) -> None:
    """Refuse a list that would keep the dock waiting.

    Raises:
        CommandError: It names more things than `MOST_THINGS`.
    """
    if things > MOST_THINGS:
        raise _too_long(path, f"{MOST_THINGS:,} things")


def _too_long(path: Path, most: str) -> CommandError:
    return CommandError(
        ExitCode.REFUSED,
        f"{path}: what is expected at once is at most {most}",
        remedy="receive one delivery at a time, or record it as it is: trace import FILE",
    )


def _rows(path: Path, text: str) -> list[tuple[int, Mapping[str, Any]]]:
    if path.suffix.lower() != ".json":
        try:
            table = csv.DictReader(io.StringIO(text, newline=""))
            head = [name or "" for name in table.fieldnames or ()]
            if head and not _NAMED & set(head):
                raise CommandError(
                    ExitCode.REFUSED,
                    f"{path}: a packing list has the column item, or product with lot and quantity; "
                    f"this has {', '.join(head)}",
                )
            return list(enumerate(table, 2))
        except csv.Error as error:
            raise CommandError(ExitCode.REFUSED, f"{path}: no CSV: {error}") from None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(ExitCode.REFUSED, f"{path}: no JSON: {error}") from None
    items = found.get("items") if isinstance(found, dict) else found
    if not isinstance(items, list) or not all(isinstance(item, str | dict) for item in items):
        raise CommandError(
            ExitCode.REFUSED, f"{path}: a packing list is a list of codes or objects, or under items"
        )
    return list(enumerate(({"item": item} if isinstance(item, str) else item for item in items), 1))


def _line(path: Path, number: int, row: Mapping[str, Any], codes: Codes) -> tuple[str, Decimal]:
    from ledger.chain.errors import Refused
    from ledger.custody.gs1.scan import read_scan
    from ledger.custody.quantity import read_quantity

    def cell(name: str) -> str:
        value = row.get(name)
        return "" if value is None else str(value).strip()

    try:
        quantity = read_quantity(cell("quantity")) if cell("quantity") else Decimal(1)
        if item := cell("item") or cell("code"):
            # As a scan is read: whatever form the list has, it is the finest key that counts.
            scan = read_scan(item.encode("utf-8", "surrogateescape"))
            if scan.status == "ok" and scan.uri is not None and "item" not in codes.plain:
                return scan.uri, quantity
            return codes.item(item).uri, quantity
        if product := cell("product"):
            return (codes.lot(cell("lot"), product) if cell("lot") else codes.product(product)), quantity
        raise Refused("it names neither an item nor a product")
    except Refused as error:
        raise CommandError(ExitCode.REFUSED, f"{path}:{number}: {error}") from None
