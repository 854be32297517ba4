"""What a sender declares, as a packing list: who scans a pallet, a case or a unit counts all that is inside."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from trace_cli.dock.packing_list import PackingList, Place, read_packing_list, refuse_large, refuse_long
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.exchange.delivery import Delivery

_ONE: Final = Decimal(1)
_SHOWN: Final = 5
_CHUNK: Final = 1 << 20


@dataclass
class DeclaredList(PackingList):
    """A packing list with containers; `expected` holds the units at the bottom.

    A unit has come when it was scanned, or anything that the sender says it is in.
    """

    name: str = ""
    digest: str = ""
    statement: dict[str, str] = field(default_factory=dict)
    sender: str = ""
    delivery: Delivery = field(default_factory=lambda: _empty())
    _through: dict[str, int] = field(default_factory=dict)
    _units: dict[str, list[str]] = field(default_factory=dict)
    _arrived: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        self._total = sum(self.expected.values(), Decimal(0))

    def line_of(self, uri: str, product: str | None) -> str | None:
        """Find the line that a thing falls under: itself, where it is declared."""
        if uri in self.expected or self._inside(uri):
            return uri
        return product if product in self.expected else None

    def add(self, uri: str, product: str | None, quantity: Decimal) -> Place:
        """Count what came, and what is inside of it; say where it stands on the list."""
        line = self.line_of(uri, product)
        units = self._inside(uri) if line is not None and uri not in self.expected else []
        before = sum((self._come(unit) for unit in units or [line or uri]), Decimal(0))
        place = super().add(uri, product, quantity)
        sign = 1 if quantity > 0 else -1
        for unit in units:
            self._through[unit] = self._through.get(unit, 0) + sign
        if line is not None:
            self._arrived += sum((self._come(unit) for unit in units or [line]), Decimal(0)) - before
        return place

    def _place_of(self, key: str, line: str | None) -> Place:
        if line is not None and key not in self.expected:
            return "over" if self.came.get(key, Decimal(0)) > _ONE else "listed"
        return super()._place_of(key, line)

    def missing(self) -> list[tuple[str, Decimal]]:
        """List what has not come: a container of which nothing came as one line, with its units."""
        found: list[tuple[str, Decimal]] = []
        waiting = list(reversed(self.delivery.shipped))
        seen: set[str] = set()
        while waiting:
            uri = waiting.pop()
            if uri in seen:
                continue
            seen.add(uri)
            units = self._inside(uri)
            wanted = sum((self.expected.get(unit, Decimal(0)) for unit in units or [uri]), Decimal(0))
            open_ = wanted - sum((self._come(unit) for unit in units or [uri]), Decimal(0))
            if units and 0 < open_ < wanted:
                waiting += reversed(self.delivery.inside[uri])
            elif open_ > 0:
                found.append((uri, open_))
        return found

    def extras(self) -> list[tuple[str, Decimal]]:
        """List what came and is not declared, or more of it than that."""
        over = [
            (uri, amount - (_ONE if self._inside(uri) and uri not in self.expected else self.expected.get(uri, 0)))
            for uri, amount in self.came.items()
        ]
        return [(uri, amount) for uri, amount in over if amount > 0]

    def progress(self) -> tuple[Decimal, Decimal]:
        """Give how many units have come, and how many there are."""
        return self._arrived, self._total

    def is_complete(self) -> bool:
        """Tell whether everything has come."""
        return self._arrived >= self._total

    def differs(self, uri: str, lot: str | None, expiry: date | None) -> dict[str, str] | None:
        """Hold a label against what the sender declares, lot, then expiry; None: they agree, or say nothing."""
        from ledger.custody.authenticity import number_of

        declared_lot = self.delivery.lots.get(uri)
        if lot is not None and declared_lot is not None and number_of(lot) != number_of(declared_lot):
            return {"field": "lot", "label": str(number_of(lot)), "declared": str(number_of(declared_lot))}
        declared = self.delivery.expiries.get(uri)
        if expiry is not None and declared is not None and expiry != declared:
            return {"field": "expiry", "label": str(expiry), "declared": str(declared)}
        return None

    def inferred(self) -> list[str]:
        """List the units that were not scanned, and came inside of what was."""
        return [unit for unit, count in self._through.items() if count > 0 and not self.came.get(unit)]

    def facts(self) -> dict[str, Any]:
        """Say what the document is and claims, for answers."""
        return {
            "file": self.name,
            "sha256": self.digest,
            "verified": False,
            "declared_by": self.sender or (self.delivery.sources or [""])[0],
            "documents": self.delivery.documents,
            "sources": self.delivery.sources,
            "destinations": self.delivery.destinations,
            "statement": self.statement,
            "shipped": self.delivery.shipped,
            "units": len(self.expected),
            "twice": self.delivery.twice,
        }

    def _inside(self, uri: str) -> list[str]:
        """List the units in a container; of anything else, none."""
        if uri not in self._units:
            found = self.delivery.units_in(uri) if self.delivery.inside.get(uri) else []
            self._units[uri] = [unit for unit in found if unit in self.expected]
        return self._units[uri]

    def _come(self, unit: str) -> Decimal:
        wanted = self.expected.get(unit, Decimal(0))
        return wanted if self._through.get(unit, 0) > 0 else min(self.came.get(unit, Decimal(0)), wanted)


def read_expected(path: Path, codes: Codes) -> PackingList:
    """Read what is expected: EPCIS in XML as what its sender declares, anything else as a packing list.

    Raises:
        CommandError: It is too large, cannot be read, or a line of it is malformed.
    """
    refuse_large(path)
    if path.name.lower().endswith((".xml", ".xml.gz")):
        return read_declared_list(path)
    return read_packing_list(path, codes)


def read_declared_list(path: Path) -> DeclaredList:
    """Read an EPCIS document as what its sender declares.

    Raises:
        CommandError: It cannot be read, is no EPCIS document, or declares no goods.
    """
    from ledger.chain.errors import LedgerError, Refused
    from ledger.custody.exchange.delivery import read_declared
    from ledger.custody.exchange.epcis_document import Found, MasterData
    from ledger.custody.exchange.epcis_file import read_epcis
    from ledger.custody.exchange.plain_file import open_plain
    from ledger.custody.kinds.registry import find_kind

    master = MasterData()

    digest = sha256()

    def bodies() -> Any:
        with open_plain(path) as file, cast(Any, BufferedReader(_Hashed(file, digest), _CHUNK)) as stream:
            named = 0
            for found in read_epcis(stream, path.name, master):
                if not isinstance(found, Found):
                    where = f"line {found.line}: " if found.line else ""
                    raise CommandError(ExitCode.REFUSED, f"{path}: {where}{found.reason}", remedy=found.remedy)
                named += len(find_kind(found.body["type"]).mentions(found.body))
                refuse_long(path, named)
                yield found.body
            while stream.read(_CHUNK):
                pass  # what lies behind the document is of the file, too

    try:
        delivery = read_declared(bodies())
        expected: dict[str, Decimal] = {}
        for uri in delivery.shipped:
            for unit in delivery.units_in(uri):
                expected.setdefault(unit, delivery.amounts.get(unit, _ONE))
        if not expected:
            raise Refused("the document declares no goods")
    except FileNotFoundError as error:
        raise CommandError(ExitCode.NOT_FOUND, f"{path} cannot be read: {error.strerror}") from None
    except OSError as error:
        raise CommandError(ExitCode.REFUSED, f"{path} cannot be read: {error.strerror}") from None
    except LedgerError as error:
        raise CommandError(ExitCode.REFUSED, f"{path}: {error}") from None
    return DeclaredList(
        expected,
        name=path.name,
        digest=digest.hexdigest(),
        statement=dict(master.statement),
        sender=master.sender,
        delivery=delivery,
    )


class _Hashed(RawIOBase):
    """A file whose digest is that of the very bytes that were read: it may be written anew meanwhile."""

    def __init__(self, file: BufferedReader, digest: Any) -> None:
        self._file = file
        self._sha256 = digest

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on, and hash what was read."""
        count = self._file.readinto(buffer)
        self._sha256.update(memoryview(buffer)[:count])
        return count


def _empty() -> Delivery:
    from ledger.custody.exchange.delivery import Delivery

    return Delivery()
