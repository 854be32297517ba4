"""AIM symbology identifiers: the three characters that a scanner can send before the data (ISO/IEC 15424).

They say what kind of bar code was read and, by the modifier, whether it holds GS1 data. What a scanner sends
for the first FNC1 of a GS1 bar code is this identifier and nothing else (GS1 General Specifications section
7.9).

>>> split("]d20109521234543213")
('d2', '0109521234543213')
>>> carrier_of("d2")
Carrier(name='GS1 DataMatrix', content='gs1')
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from ledger.chain.errors import Refused

Content = Literal["gs1", "plain", "ean13", "ean8", "itf"]


class Carrier(NamedTuple):
    """A kind of bar code, and what its data are."""

    name: str
    content: Content


_CARRIERS: Final = {
    "C1": Carrier("GS1-128", "gs1"),
    "e0": Carrier("GS1 DataBar", "gs1"),
    "d2": Carrier("GS1 DataMatrix", "gs1"),
    "Q3": Carrier("GS1 QR Code", "gs1"),
    "J1": Carrier("GS1 DotCode", "gs1"),
    "E0": Carrier("EAN-13, UPC-A or UPC-E", "ean13"),
    "E4": Carrier("EAN-8", "ean8"),
    "I0": Carrier("ITF", "itf"),
    "I1": Carrier("ITF-14", "itf"),
}
# Bar codes of these families hold what somebody put there, whatever their modifier says of shifts and code pages.
_PLAIN: Final = {
    "A": "Code 39",
    "C": "Code 128",
    "F": "Codabar",
    "G": "Code 93",
    "I": "ITF",
    "J": "DotCode",
    "L": "PDF417",
    "Q": "QR Code",
    "U": "MaxiCode",
    "d": "Data Matrix",
    "h": "Han Xin",
    "z": "Aztec",
}
# GS1 data with escapes of code pages, add-ons and the like: known, and not read.
_UNREAD: Final = {
    "Q4": "a GS1 QR Code with code page escapes",
    "d5": "a GS1 DataMatrix with code page escapes",
    "e1": "an escaped composite bar code",
    "e2": "an escaped composite bar code",
    "E1": "an add-on of two digits alone",
    "E2": "an add-on of five digits alone",
    "E3": "an EAN with add-on",
}


def split(text: str) -> tuple[str | None, str]:
    """Part the identifier from the data; None: the scanner sent none.

    Raises:
        Refused: It begins as an identifier does and is none.
    """
    if not text.startswith("]"):
        return None, text
    mark = text[1:3]
    if len(mark) < 2 or not mark.isascii() or not mark.isalnum():
        raise Refused(f"{text[:3]!r} is no AIM symbology identifier")
    return mark, text[3:]


def carrier_of(mark: str) -> Carrier:
    """Find the kind of bar code that an identifier names.

    Raises:
        Refused: There is none, or it is not read.
    """
    if (found := _CARRIERS.get(mark)) is not None:
        return found
    if mark in _UNREAD:
        raise Refused(f"]{mark} is {_UNREAD[mark]}, which is not read here")
    if mark[0] not in _PLAIN:
        raise Refused(f"]{mark} is no AIM symbology identifier that is known here")
    return Carrier(_PLAIN[mark[0]], "plain")
