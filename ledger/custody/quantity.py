"""Quantities and their units (UN/ECE Recommendation 20; no unit means: a count).

>>> read_quantity("24.50"), read_unit("kg"), read_unit("pcs")
(Decimal('24.50'), 'KGM', None)
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from ledger.chain.errors import Refused
from ledger.custody.unit_symbols import CODES

_NUMBER: Final = re.compile(r"[0-9]{1,24}(?:\.[0-9]{1,9})?", re.ASCII)
_CODE: Final = re.compile(r"[0-9A-Z]{2,3}", re.ASCII)
_COUNTED: Final = frozenset({"c62", "each", "ea", "pc", "pcs", "piece", "pieces", "unit", "units", "count"})
_COMMON: Final = {
    "kg": "KGM",
    "g": "GRM",
    "t": "TNE",
    "lb": "LBR",
    "lbs": "LBR",
    "oz": "ONZ",
    "l": "LTR",
    "ml": "MLT",
    "m": "MTR",
    "m2": "MTK",
    "m3": "MTQ",
    "pound": "LBR",
    "pounds": "LBR",
    "gal": "GLL",
    "pair": "PR",
    "pairs": "PR",
    # Packages, Rec 21 codes as Rec 20 takes them, with an X in front.
    "case": "XCS",
    "cases": "XCS",
    "box": "XBX",
    "boxes": "XBX",
    "carton": "XCT",
    "cartons": "XCT",
    "crate": "XCR",
    "crates": "XCR",
    "bag": "XBG",
    "bags": "XBG",
    "bin": "XBI",
    "bins": "XBI",
    "pallet": "XPX",
    "pallets": "XPX",
}


def read_quantity(text: str) -> Decimal:
    """Read a quantity: digits, with a decimal point where needed.

    Raises:
        Refused: Anything else, a negative number included.
    """
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if text.startswith("-"):
        raise Refused(
            f"a quantity must not be negative, got {text!r}", remedy="record a return as a step of its own"
        )
    raise Refused(f"{text!r} is no quantity", remedy=_with_point(text))


def _with_point(text: str) -> str:
    """Say how a quantity is written; of a decimal comma, which number that may be."""
    whole, comma, part = text.partition(",")
    if not (comma and whole.isdigit() and part.isdigit()):
        return "write it with digits and a decimal point, like 1250.5"
    meant = f"{whole}.{part}"
    return f"write {meant}, or {whole}{part}" if len(part) == 3 else f"write {meant}"


def read_unit(text: str) -> str | None:
    """Read a unit: a Rec 20 code, its symbol or a common abbreviation; None: a count.

    Raises:
        Refused: Neither.
    """
    lower = text.lower()
    if lower in _COUNTED:
        return None
    if lower in _COMMON:
        return _COMMON[lower]
    if text in CODES:
        return CODES[text]
    if _CODE.fullmatch(text):
        return text
    known = "write kg, g, t, l, ml, m or pcs, or a code of UN/ECE Rec 20 such as KGM, LTR, XCS"
    raise Refused(f"{text!r} is no unit", remedy=known)


def number_of(value: Any) -> float | None:
    """Give a number; None for anything else. A value that was private comes back exact, as a decimal."""
    return float(value) if isinstance(value, int | float | Decimal) else None
