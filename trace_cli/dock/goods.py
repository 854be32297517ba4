"""From the bytes of one scan to the thing that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.errors import Refused

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.gs1.scan import Scan
    from ledger.custody.statement import Thing
    from trace_cli.capture import Circumstances

MAX_CODE: Final = 4096
_ESCAPES: Final = re.compile(rb"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])")
_DIGITS: Final = re.compile(r"\d+")
_HEAD: Final = re.compile(r"[^\W\d_]{2,}[-_/. ]?")


class DoubtfulError(Refused):
    """A code that can be read, though perhaps not as it was meant; it is not recorded before somebody has said."""


@dataclass(frozen=True)
class Goods:
    """What one scan names, and what else its label says."""

    thing: Thing
    said: dict[str, Any]
    expiry: date | None
    scan: Scan
    lot: str | None = None


def read_goods(codes: Codes, raw: bytes, said: Circumstances, *, scanned: bool, count: int | None = None) -> Goods:
    """Read what a scan names.

    Args:
        codes: How codes are read here.
        raw: The bytes of the scan, mended.
        said: What is said of every scan.
        scanned: It comes from a scanner, and so is a code and nothing else.
        count: How many of a product or a lot it stands for.

    Raises:
        Refused: It cannot be read safely. Nothing is ever guessed.
    """
    from ledger.custody.gs1.scan import read_scan
    from trace_cli.capture import read_thing

    if len(raw) > MAX_CODE:
        raise Refused(f"a code has at most {MAX_CODE} bytes, this one has {len(raw)}")
    if scanned:
        _refuse_glued(raw)
    if (escape := _ESCAPES.search(raw)) is not None:
        key = "the Down arrow" if escape[0] in (b"\x1b[B", b"\x1bOB") else "a function key"
        raise Refused(
            f"the scanner sends {key} where a separator should be", remedy="find out: trace scanner test"
        )
    text = raw.decode("utf-8")
    scan = read_scan(raw)
    try:
        thing, more = read_thing(codes, text, said, scanned=True)
        label = codes.label(text, scanned=True) if scan.elements else None
    except Refused as error:
        if scan.status == "ask":
            raise DoubtfulError(str(error), remedy="trace scanner test") from None
        raise
    if not thing.is_class and count not in (None, 1):
        raise Refused(f"this is one single thing, so it cannot be scanned {count} times over")
    if count is not None and thing.quantity is not None:
        thing = thing._replace(quantity=thing.quantity * count)
    expiry, lot = (None, None) if label is None else (label.expiry, label.lot)
    return Goods(thing, more, expiry, scan, lot)


def _refuse_glued(raw: bytes) -> None:
    """Refuse what looks like two codes without an Enter between them.

    Raises:
        Refused: An AIM identifier stands inside, a code stands there twice, two whole GS1 keys follow each other,
            or the letters that a code begins with come again after its digits (BOX-1BOX-2).
    """
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
