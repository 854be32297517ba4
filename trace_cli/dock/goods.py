"""From the bytes of one scan to the thing that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.gs1.scan import Scan
    from ledger.custody.statement import Thing

MAX_CODE: Final = 4096
_ESCAPES: Final = re.compile(rb"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])")
_DIGITS: Final = re.compile(r"\d+")
_HEAD: Final = re.compile(r"[^\W\d_]{2,}[-_/. ]?")


@dataclass(frozen=True)
class Goods:
    """What one scan names, and what else its label says."""

    thing: Thing
    said: dict[str, Any]
    expiry: date | None
    scan: Scan


def read_goods(codes: Codes, raw: bytes, *, scanned: bool, count: int | None = None) -> Goods:
    """Read what a scan names; `count` says how many of a product or a lot it stands for.

    Raises:
        Refused: It cannot be read safely. Nothing is ever guessed.
    """
    from ledger.chain.errors import Refused
    from ledger.custody.expiry import EXPIRY
    from ledger.custody.gs1.scan import read_scan
    from ledger.custody.statement import LOT, Thing

    if len(raw) > MAX_CODE:
        raise Refused(f"a code has at most {MAX_CODE} bytes, this one has {len(raw)}")
    if scanned:
        _refuse_glued(raw)
    if (escape := _ESCAPES.search(raw)) is not None:
        key = {b"\x1b[B": "the Down arrow", b"\x1bOB": "the Down arrow"}.get(escape[0], "a function key")
        raise Refused(
            f"the scanner sends {key} where a separator should be", remedy="find out: trace scanner test"
        )
    raw.decode("utf-8")
    scan = read_scan(raw)
    if scan.status != "ok":
        raise Refused(scan.reason or "the code cannot be read for certain", remedy="trace scanner test")
    values: dict[str, str] = {}
    for element in scan.elements:
        values.setdefault(element.ai, element.value)
    found = codes.item(scan.uri or scan.text)
    said: dict[str, Any] = {}
    if not found.is_class and "10" in values:
        said[LOT] = values["10"]
    expiry = _expiry(values.get("17"))
    if expiry is not None:
        said[EXPIRY] = expiry.isoformat()
    if not found.is_class:
        if count not in (None, 1):
            raise Refused(f"this is one single thing, so it cannot be scanned {count} times over")
        return Goods(Thing(found.uri), said, expiry, scan)
    amount = values.get("30") or values.get("37")
    quantity = Decimal(count or 1) * (int(amount) if amount and amount.isdigit() else 1)
    return Goods(Thing(found.uri, True, quantity), said, expiry, scan)


def _expiry(text: str | None) -> date | None:
    """Read AI 17: YYMMDD in the century around now; day 00 is the last of the month (GS1 GS section 7.12)."""
    if text is None or not re.fullmatch(r"\d{6}", text):
        return None
    from calendar import monthrange

    this = date.today().year
    year = this // 100 * 100 + int(text[:2])
    year += -100 if year - this >= 51 else 100 if this - year >= 50 else 0
    month, day = int(text[2:4]), int(text[4:6])
    try:
        return date(year, month, day or monthrange(year, month)[1])
    except (ValueError, IndexError):
        return None


def _refuse_glued(raw: bytes) -> None:
    """Refuse what looks like two codes without an Enter between them.

    Raises:
        Refused: An AIM identifier stands inside, a code stands there twice, two whole GS1 keys follow each other,
            or the letters that a code begins with come again after its digits (BOX-1BOX-2).
    """
    from ledger.chain.errors import Refused
    from ledger.custody.gs1.check_digit import has_check_digit

    text = raw.decode("utf-8", "replace")
    half = len(text) // 2
    head = _HEAD.match(text)
    glued = (
        re.search(r".\](?:C1|d2|Q3|e0|E0|I1|C0|d1|Q1)", text) is not None
        or (half >= MIN_TWICE and len(text) % 2 == 0 and text[:half] == text[half:])
        or (
            _DIGITS.fullmatch(text) is not None
            and half in (13, 14, 18)
            and len(text) % 2 == 0
            and has_check_digit(text[:half])
            and has_check_digit(text[half:])
            and not text.startswith(("00", "01", "02"))
        )
        or (head is not None and re.search(r"\d" + re.escape(head[0]) + r"[-_/. ]?\d", text) is not None)
    )
    if glued:
        raise Refused(
            "two codes ran together: the scanner sent no Enter between them",
            remedy="scan again; find out: trace scanner test",
        )


MIN_TWICE: Final = 6
