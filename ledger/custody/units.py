"""Units of UN/ECE Recommendation 20 that goods are measured in, and how they convert.

Only units of one dimension convert; a code that is not in the table is a dimension of its own; no unit: a count.

>>> convert(Decimal(2), "TNE", "KGM"), convert(Decimal(1), "LBR", "GRM"), convert(Decimal(1), "KGM", "LTR")
(Decimal('2000'), Decimal('453.59237'), None)
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

# (dimension as its base unit, how many of the base unit one is), from Rec 20 revision 17, level 1 to 3.
_UNITS: Final[dict[str, tuple[str, Decimal]]] = {
    code: (base, Decimal(factor))
    for base, codes in {
        "KGM": {
            "KGM": "1", "GRM": "0.001", "MGM": "0.000001", "MC": "0.000000001", "TNE": "1000", "DTN": "100",
            "LBR": "0.45359237", "ONZ": "0.028349523125", "STN": "907.18474", "LTN": "1016.0469088",
            "CWA": "45.359237", "CWI": "50.80234544", "HGM": "0.1", "DJ": "0.01", "CGM": "0.00001",
            "STI": "6.35029318", "APZ": "0.0311034768", "2U": "1000", "KTN": "1000000",
        },
        "LTR": {
            "LTR": "1", "MLT": "0.001", "CLT": "0.01", "DLT": "0.1", "HLT": "100", "MTQ": "1000", "DMQ": "1",
            "CMQ": "0.001", "MMQ": "0.000001", "GLL": "3.785411784", "GLI": "4.54609", "QTL": "0.946352946",
            "PTL": "0.473176473", "OZA": "0.0295735295625", "OZI": "0.0284130625", "BLL": "158.987294928",
            "FTQ": "28.316846592", "INQ": "0.016387064", "YDQ": "764.554857984", "BUA": "35.23907016688",
            "PTI": "0.56826125", "QTI": "1.1365225",
        },
        "MTR": {
            "MTR": "1", "MMT": "0.001", "CMT": "0.01", "DMT": "0.1", "KMT": "1000", "INH": "0.0254",
            "FOT": "0.3048", "YRD": "0.9144", "SMI": "1609.344",
        },
        "MTK": {
            "MTK": "1", "MMK": "0.000001", "CMK": "0.0001", "DMK": "0.01", "HAR": "10000", "ARE": "100",
            "FTK": "0.09290304", "INK": "0.00064516", "YDK": "0.83612736", "ACR": "4046.873",
        },
        "": {"": "1", "C62": "1", "EA": "1", "H87": "1", "PCE": "1", "NAR": "1", "NMP": "1", "PR": "2",
             "DZN": "12", "DPC": "12", "GRO": "144", "CEN": "100", "MIL": "1000", "SC": "20"},
    }.items()
    for code, factor in codes.items()
}  # fmt: skip


PIECE: Final = "C62"  # one; what no unit says, too


def dimension_of(unit: str | None) -> str:
    """Name what a unit measures by its base unit; the empty text: a count."""
    code = unit or ""
    return _UNITS[code][0] if code in _UNITS else code


def convert(quantity: Decimal, unit: str | None, into: str | None) -> Decimal | None:
    """Write a quantity in another unit; None: the two do not measure the same.

    Args:
        quantity: How much.
        unit: Its Rec 20 code; None: a count.
        into: The code to write it in.
    """
    source, target = unit or "", into or ""
    if source == target:
        return quantity
    if source not in _UNITS or target not in _UNITS or _UNITS[source][0] != _UNITS[target][0]:
        return None
    return quantity * _UNITS[source][1] / _UNITS[target][1]


def decimal_of(quantity: Any) -> Decimal | None:
    """Give a quantity of an event exactly; None: none is stated, or it is withheld."""
    if isinstance(quantity, Decimal):
        return quantity
    if isinstance(quantity, int) and not isinstance(quantity, bool):
        return Decimal(quantity)
    return Decimal(repr(quantity)) if isinstance(quantity, float) else None


def total(parts: Iterable[tuple[Decimal | None, str | None]]) -> tuple[Decimal | None, str | None]:
    """Add quantities up in the unit of the first; None: one of them is unknown or measures something else."""
    result: Decimal | None = None
    unit: str | None = None
    for quantity, own in parts:
        if quantity is None:
            return None, None
        if result is None:
            result, unit = quantity, own
        elif (same := convert(quantity, own, unit)) is None:
            return None, None
        else:
            result += same
    return result, unit
