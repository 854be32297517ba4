"""How people write the units of UN/ECE Recommendation 20: `kg` for KGM. Records and data files keep the codes.

Symbols of measures are those of Recommendation 20, most of them of the SI. Counts and packages (Recommendation 21,
with an X in front) have none there and go by their word.

>>> beside("63.4", "KGM"), beside("1", "XCS"), beside("20", "XCS"), beside("7", None), beside("7", "ZZ")
('63.4 kg', '1 case', '20 cases', '7', '7 ZZ')
"""

from __future__ import annotations

from typing import Final

from ledger.chain.counting import plural

_MEASURES: Final = {
    "KGM": "kg", "GRM": "g", "MGM": "mg", "MC": "µg", "TNE": "t",
    "LBR": "lb", "ONZ": "oz",
    "LTR": "l", "MLT": "ml", "CLT": "cl", "DLT": "dl", "HLT": "hl", "GLL": "gal",
    "MTR": "m", "MMT": "mm", "CMT": "cm", "DMT": "dm", "KMT": "km",
    "MTK": "m²", "CMK": "cm²", "MTQ": "m³", "DMQ": "dm³", "CMQ": "cm³",
    "CEL": "°C", "FAH": "°F", "P1": "%",
    "DZN": "dozen",
}  # fmt: skip
_COUNTS: Final = {
    "C62": "pc", "EA": "pc", "H87": "pc", "PCE": "pc", "PR": "pair",
    "CS": "case", "XCS": "case", "BX": "box", "XBX": "box", "CT": "carton", "XCT": "carton",
    "XCR": "crate", "BG": "bag", "XBG": "bag", "XBI": "bin", "XPX": "pallet",
}  # fmt: skip

# Code: (symbol beside one, symbol beside any other number).
SYMBOLS: Final[dict[str, tuple[str, str]]] = {
    **{code: (sign, sign) for code, sign in _MEASURES.items()},
    **{code: (word, plural(word)) for code, word in _COUNTS.items()},
}
# A symbol as it is shown, to the code that it stands for; counts and packages are read by their words elsewhere.
CODES: Final = {sign: code for code, sign in _MEASURES.items()}


def symbol(code: str) -> str:
    """Write a unit as people do, as it stands over or beside many numbers; a code that is not known stays."""
    return SYMBOLS[code][1] if code in SYMBOLS else code


def beside(number: str, code: str | None) -> str:
    """Write a number with its unit behind it.

    Args:
        number: The number as it is shown.
        code: The Rec 20 code; None: a count, which stands alone.
    """
    if not code:
        return number
    return f"{number} {SYMBOLS[code][0] if number == '1' and code in SYMBOLS else symbol(code)}"
