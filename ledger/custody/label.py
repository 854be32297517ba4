"""What the label on goods says of them: the finest key, the lot, the expiry date, how many.

A scan puts the finest key into the event. The lot of a single thing and the expiry date are said beside it: in
`ilmd` by the event that creates the thing (CBV 2.0 section 9, `lotNumber` and `itemExpirationDate`), else in a
`trace:` field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.errors import Refused
from ledger.custody.gs1 import keys
from ledger.custody.gs1.canonical import finest_key, uri_of

if TYPE_CHECKING:
    from ledger.custody.gs1.scan import Scan

ILMD_LOT: Final = "cbvmda:lotNumber"
ILMD_EXPIRY: Final = "cbvmda:itemExpirationDate"


@dataclass(frozen=True, slots=True)
class Label:
    """What a scan says of one thing or one class.

    Args:
        uri: The canonical Digital Link of the finest key.
        is_class: It names a product or a lot rather than one thing.
        lot: The lot, where the label says one.
        expiry: The last day of use, or best before.
        count: How many are there, of a class.
    """

    uri: str
    is_class: bool
    lot: str | None = None
    expiry: date | None = None
    count: Decimal | None = None


def read_label(scan: Scan, *, this_year: int | None = None) -> Label | None:
    """Read what a scan says of the goods.

    Args:
        scan: The scan.
        this_year: The year by which two-digit years are read; None: the present one.

    Returns:
        None where the code is somebody's own.

    Raises:
        Refused: The scan was refused, must be asked, or names no thing.
    """
    if scan.status != "ok":
        remedy = "see every reading: trace scanner parse -" if scan.status == "ask" else ""
        raise Refused(scan.reason or "the code cannot be read", remedy=remedy)
    if not scan.elements:
        return None
    key = finest_key(scan.elements)
    if key is None:
        raise Refused("the code names no thing: it holds no key such as a GTIN or an SSCC")
    values = dict(scan.elements)
    is_class = keys.is_class(key)
    count = values.get("30") or values.get("37") if is_class else None
    return Label(
        uri_of(key),
        is_class,
        values.get("10"),
        _expiry(values, this_year),
        None if count is None else Decimal(count),
    )


def _expiry(values: Mapping[str, str], this_year: int | None) -> date | None:
    from ledger.custody.gs1.calendar_rules import read_date

    text = values.get("17") or values.get("7003", "")[:6] or values.get("15")
    return read_date(text, date.today().year if this_year is None else this_year) if text else None


def said_beside(label: Label) -> dict[str, Any]:
    """Give what is said of the goods beside their key, as `trace:` fields.

    The lot of a class is in its key.
    """
    from ledger.custody.expiry import EXPIRY
    from ledger.custody.statement import LOT

    said: dict[str, Any] = {}
    if label.lot is not None and not label.is_class:
        said[LOT] = label.lot
    if label.expiry is not None:
        said[EXPIRY] = label.expiry.isoformat()
    return said


def stated_lot(body: Mapping[str, Any]) -> str | None:
    """Give the lot that the `ilmd` of an event states."""
    ilmd = body.get("ilmd")
    if not isinstance(ilmd, Mapping):
        return None
    # Others may write the prefix of the CBV master data attributes in their own way.
    lot = next((value for key, value in ilmd.items() if key.rpartition(":")[2] == "lotNumber"), None)
    return lot if isinstance(lot, str) else None


def at_birth(said: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part what is said into `ilmd` and other fields, for the event that creates the things."""
    from ledger.custody.expiry import EXPIRY
    from ledger.custody.statement import LOT

    names = {LOT: ILMD_LOT, EXPIRY: ILMD_EXPIRY}
    ilmd = {names[field]: value for field, value in said.items() if field in names}
    return ilmd, {field: value for field, value in said.items() if field not in names}
