"""The linters of the GS1 Barcode Syntax Dictionary: what parts of values must be, beyond length and characters.

Each takes the text of one part and gives None, or what is wrong with it and where: a code of the published
reference, the position of the first bad character and how many are bad.

>>> LINTERS["csum"]("12345678901234")
('INCORRECT_CHECK_DIGIT', 13, 1)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ledger.custody.gs1 import calendar_rules, code_lists, coupons
from ledger.custody.gs1.character_sets import DIGITS, SET_39, SET_64, SET_82
from ledger.custody.gs1.check_digit import check_digit
from ledger.custody.gs1.check_pair import LONGEST, check_pair

Flaw = tuple[str, int, int]
Linter = Callable[[str], Flaw | None]

_LEAST_GCP: Final = 4
_WINDINGS: Final = frozenset("019")
_SEXES: Final = frozenset("0129")
_MEDIA: Final = frozenset(f"{number:02}" for number in (*range(1, 11), *range(80, 100)))
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_POSITION: Final = re.compile(r"([0-9]+)/([0-9]+)")


def _stray(text: str, allowed: frozenset[str], code: str) -> Flaw | None:
    """Find the first character that is not allowed."""
    return next(((code, at, 1) for at, char in enumerate(text) if char not in allowed), None)


def digits(text: str) -> Flaw | None:
    """Decimal digits only."""
    if not text or (text.isascii() and text.isdecimal()):
        return None
    return _stray(text, DIGITS, "NON_DIGIT_CHARACTER")


def set_82(text: str) -> Flaw | None:
    """Characters of set 82 only."""
    return _stray(text, SET_82, "INVALID_CSET82_CHARACTER")


def set_39(text: str) -> Flaw | None:
    """Characters of set 39 only."""
    return _stray(text, SET_39, "INVALID_CSET39_CHARACTER")


def set_64(text: str) -> Flaw | None:
    """Base64url, without padding or with so much that three divide the length."""
    body = text.rstrip("=")
    if (flaw := _stray(body, SET_64, "INVALID_CSET64_CHARACTER")) is not None:
        return flaw
    pads = len(text) - len(body)
    return ("INVALID_CSET64_PADDING", len(body), pads) if pads > 2 or (pads and len(text) % 3) else None


def _check_digit(text: str) -> Flaw | None:
    if not text:
        return ("TOO_SHORT_FOR_CHECK_DIGIT", 0, 0)
    if (flaw := digits(text)) is not None:
        return flaw
    return None if check_digit(text[:-1]) == text[-1] else ("INCORRECT_CHECK_DIGIT", len(text) - 1, 1)


def _check_pair(text: str) -> Flaw | None:
    if len(text) < 2:
        return ("TOO_SHORT_FOR_CHECK_PAIR", 0, len(text))
    if len(text) - 2 > LONGEST:
        return ("TOO_LONG_FOR_CHECK_PAIR_IMPLEMENTATION", 0, len(text))
    if (flaw := set_82(text[:-2])) is not None:
        return flaw
    return None if check_pair(text[:-2]) == text[-2:] else ("INCORRECT_CHECK_PAIR", len(text) - 2, 2)


def _prefix_at(start: int) -> Linter:
    def prefix(text: str) -> Flaw | None:
        """Room for the shortest company prefix. Whether GS1 gave it to anybody cannot be known offline."""
        if len(text) - start < _LEAST_GCP:
            return ("TOO_SHORT_FOR_GCP", start, max(0, len(text) - start))
        flaw = digits(text[start : start + _LEAST_GCP])
        return None if flaw is None else ("INVALID_GCP_PREFIX", start, len(text) - start)

    return prefix


def _has_non_digit(text: str) -> Flaw | None:
    return ("REQUIRES_NON_DIGIT_CHARACTER", 0, len(text)) if all(char in DIGITS for char in text) else None


def _one_of(allowed: frozenset[str], code: str) -> Linter:
    def one_of(text: str) -> Flaw | None:
        return None if text in allowed else (code, 0, len(text))

    return one_of


def _hyphens(text: str) -> Flaw | None:
    return None if text == "-" * len(text) else ("NOT_HYPHEN", 0, len(text))


def _zero(text: str) -> Flaw | None:
    return None if text == "0" * len(text) else ("NOT_ZERO", 0, len(text))


def _not_zero(text: str) -> Flaw | None:
    if (flaw := digits(text)) is not None:
        return flaw
    return ("ILLEGAL_ZERO_VALUE", 0, len(text)) if text == "0" * len(text) else None


def _no_leading_zero(text: str) -> Flaw | None:
    return digits(text) or (("ILLEGAL_ZERO_PREFIX", 0, 1) if text[:1] == "0" else None)


def _percent(text: str) -> Flaw | None:
    bad = _BAD_PERCENT.search(text)
    return None if bad is None else ("INVALID_PERCENT_SEQUENCE", bad.start(), len(bad[0]))


def _iban(text: str) -> Flaw | None:
    if len(text) > 34:
        return ("IBAN_TOO_LONG", 0, len(text))
    if len(text) < 5:
        return ("IBAN_TOO_SHORT", 0, len(text))
    for at, char in enumerate(text):
        if char not in DIGITS and not "A" <= char <= "Z":
            return ("INVALID_IBAN_CHARACTER", at, 1)
    if text[:2] not in code_lists.IBAN_COUNTRIES:
        return ("ILLEGAL_IBAN_COUNTRY_CODE", 0, 2)
    number = int("".join(str(int(char, 36)) for char in text[4:] + text[:4]))
    return None if number % 97 == 1 else ("INCORRECT_IBAN_CHECKSUM", 2, 2)


def _degrees(name: str, most: int) -> Linter:
    def degrees(text: str) -> Flaw | None:
        if len(text) != 10:
            return (f"{name}_INVALID_LENGTH", 0, len(text))
        return digits(text) or ((f"INVALID_{name}", 0, 10) if int(text) > most else None)

    return degrees


def _piece_of_total(text: str) -> Flaw | None:
    if (flaw := digits(text)) is not None:
        return flaw
    half = len(text) // 2
    if not text or len(text) % 2:
        return ("INVALID_LENGTH_FOR_PIECE_OF_TOTAL", 0, len(text))
    piece, total = int(text[:half]), int(text[half:])
    if not piece:
        return ("ZERO_PIECE_NUMBER", 0, half)
    if not total:
        return ("ZERO_TOTAL_PIECES", half, half)
    return ("PIECE_NUMBER_EXCEEDS_TOTAL", 0, len(text)) if piece > total else None


def _position_in_sequence(text: str) -> Flaw | None:
    if (match := _POSITION.fullmatch(text)) is None:
        return ("POSITION_IN_SEQUENCE_MALFORMED", 0, len(text))
    for group in (1, 2):
        if match[group][0] == "0":
            return ("ILLEGAL_ZERO_PREFIX", match.start(group), len(match[group]))
    return ("POSITION_EXCEEDS_END", 0, len(text)) if int(match[1]) > int(match[2]) else None


LINTERS: Final[dict[str, Linter]] = {
    "csetnumeric": digits,
    "cset82": set_82,
    "cset39": set_39,
    "cset64": set_64,
    "csum": _check_digit,
    "csumalpha": _check_pair,
    "gcppos1": _prefix_at(0),
    "gcppos2": _prefix_at(1),
    "hasnondigit": _has_non_digit,
    "hyphen": _hyphens,
    "zero": _zero,
    "nonzero": _not_zero,
    "nozeroprefix": _no_leading_zero,
    "importeridx": _one_of(SET_64, "INVALID_IMPORT_IDX_CHARACTER"),
    "iso3166": _one_of(code_lists.COUNTRY_NUMBERS, "NOT_ISO3166"),
    "iso3166999": _one_of(code_lists.COUNTRY_NUMBERS | {"999"}, "NOT_ISO3166_OR_999"),
    "iso3166alpha2": _one_of(code_lists.COUNTRIES, "NOT_ISO3166_ALPHA2"),
    "iso4217": _one_of(code_lists.CURRENCY_NUMBERS, "NOT_ISO4217"),
    "iso5218": _one_of(_SEXES, "INVALID_BIOLOGICAL_SEX_CODE"),
    "mediatype": _one_of(_MEDIA, "INVALID_MEDIA_TYPE"),
    "packagetype": _one_of(code_lists.PACKAGES, "INVALID_PACKAGE_TYPE"),
    "winding": _one_of(_WINDINGS, "INVALID_WINDING_DIRECTION"),
    "yesno": _one_of(frozenset("01"), "NOT_ZERO_OR_ONE"),
    "pcenc": _percent,
    "iban": _iban,
    "latitude": _degrees("LATITUDE", 1_800_000_000),
    "longitude": _degrees("LONGITUDE", 3_600_000_000),
    "pieceoftotal": _piece_of_total,
    "posinseqslash": _position_in_sequence,
    "yymmd0": calendar_rules.yymmd0,
    "yymmdd": calendar_rules.yymmdd,
    "yyyymmd0": calendar_rules.yyyymmd0,
    "yyyymmdd": calendar_rules.yyyymmdd,
    "hhmi": calendar_rules.hhmi,
    "hh": calendar_rules.hh,
    "mi": calendar_rules.mi,
    "ss": calendar_rules.ss,
    "couponcode": coupons.coupon_code,
    "couponposoffer": coupons.positive_offer,
}
