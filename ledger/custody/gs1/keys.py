"""GTIN, SSCC and GLN: plain digits in, canonical GS1 Digital Link URI out.

>>> gtin("9521321123458")
'https://id.gs1.org/01/09521321123458'
>>> sscc("952132112345678902")
'https://id.gs1.org/00/952132112345678902'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ledger.chain.errors import Refused
from ledger.custody.gs1.canonical import BASE, key_elements, lot_in
from ledger.custody.gs1.character_sets import to_uri
from ledger.custody.gs1.check_digit import check_digit, has_check_digit

GTIN_LENGTHS: Final = (8, 12, 13, 14)
SSCC_LENGTH: Final = 18
GLN_LENGTH: Final = 13

# AI 10 and AI 21: up to 20 characters of GS1 character set 82 (General Specifications figure 7.11-1).
_SET_82: Final = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")
# Keys that name one thing where a serial number is joined to them, and their length without it.
_BARE: Final = {"253": 13, "255": 13, "8003": 14}


def _checked(digits: str, name: str, lengths: tuple[int, ...]) -> str:
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in lengths:
        expected = ", ".join(map(str, lengths))
        raise Refused(f"a {name} has {expected} digits, got {digits!r}")
    if not has_check_digit(digits):
        expected = check_digit(digits[:-1])
        raise Refused(f"the check digit of {name} {digits} is {digits[-1]}, expected {expected}")
    return digits


def gtin(digits: str) -> str:
    """Make the URI of a GTIN-8, -12, -13 or -14.

    Raises:
        Refused: Wrong length or check digit.
    """
    return f"{BASE}/01/{_checked(digits, 'GTIN', GTIN_LENGTHS).zfill(14)}"


def gtin_lot(digits: str, lot: str) -> str:
    """Make the URI of a lot of a GTIN.

    Raises:
        Refused: Wrong length or check digit, or a lot that AI 10 cannot hold.
    """
    if not _SET_82.fullmatch(lot):
        raise Refused(f"a lot of a GTIN has 1 to 20 characters of GS1 set 82, got {lot!r}")
    return f"{gtin(digits)}/10/{to_uri(lot)}"


def sscc(digits: str) -> str:
    """Make the URI of an SSCC.

    Raises:
        Refused: Wrong length or check digit.
    """
    return f"{BASE}/00/{_checked(digits, 'SSCC', (SSCC_LENGTH,))}"


def gln(digits: str) -> str:
    """Make the URI of a physical location by its GLN.

    Raises:
        Refused: Wrong length or check digit.
    """
    return f"{BASE}/414/{_checked(digits, 'GLN', (GLN_LENGTH,))}"


def party_gln(digits: str) -> str:
    """Make the URI of a party by its GLN (AI 417).

    Raises:
        Refused: Wrong length or check digit.
    """
    return f"{BASE}/417/{_checked(digits, 'GLN', (GLN_LENGTH,))}"


def product_of(uri: str) -> str | None:
    """Give the GTIN URI of a lot or an instance, in whatever form it came; None: the URI holds no GTIN."""
    key = key_elements(uri)
    if key is None:
        return None
    ai, value = key[0]
    # An ITIP is a piece of the trade item whose GTIN it begins with.
    return f"{BASE}/01/{value[:14]}" if ai in ("01", "8006") else None


def lot_of(uri: str) -> str | None:
    """Give the lot in a URI, in whatever form it came; None: it names none."""
    return lot_in(uri)


def is_class(key: Sequence[tuple[str, str]]) -> bool:
    """Tell whether a key names a kind of things or a lot rather than one thing.

    Args:
        key: The key and at most its finest qualifier.
    """
    ai, value = key[0]
    finest = key[1][0] if key[1:] else ""
    if ai in _BARE:
        return len(value) == _BARE[ai]
    return ai in ("01", "8006", "8010", "8013") and finest not in ("21", "235", "8011")
