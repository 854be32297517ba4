"""Coupons inside element strings: AI 8110 and AI 8112 (GS1 North American Coupon Application Guideline).

Both are a chain of fields without separators. Where a field varies in length, a digit before it says how long
it is (VLI, variable length indicator). A coupon code (8110) goes on with optional fields, each under a digit
of its own: 1 second purchase, 2 third purchase, 3 expiration, 4 start, 5 serial number, 6 retailer, 9 the
rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ledger.custody.gs1.calendar_rules import yymmdd
from ledger.custody.gs1.character_sets import DIGITS

Flaw = tuple[str, int, int]

_NO_GCP: Final = "9"  # a second or third purchase of the same company


class _Flawed(Exception):
    """The coupon has a flaw."""

    def __init__(self, code: str, start: int, length: int) -> None:
        super().__init__(code)
        self.flaw: Flaw = (code, start, length)


class _Fields:
    """The fields of a coupon, taken one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def code(self, name: str, allowed: str) -> str:
        """Take a digit that must be one of these."""
        digit = self.text[self.at : self.at + 1]
        if not digit:
            raise _Flawed(f"COUPON_MISSING_{name}", self.at, 0)
        if digit not in allowed:
            raise _Flawed(f"COUPON_INVALID_{name}", self.at, 1)
        self.at += 1
        return digit

    def sized(self, name: str, allowed: str, more: int, *, size: str = "LENGTH", none: str = "") -> None:
        """Take a field whose first digit plus `more` is its length; `none` is the digit of a field left out."""
        digit = self.text[self.at : self.at + 1]
        if not digit:
            raise _Flawed(f"COUPON_MISSING_{name}_VLI", self.at, 0)
        if digit not in allowed + none:
            raise _Flawed(f"COUPON_INVALID_{name}_{size}", self.at, 1)
        self.at += 1
        if digit not in none:
            self.fixed(name, int(digit) + more)

    def fixed(self, name: str, length: int) -> str:
        """Take a field of this length."""
        if len(self.text) - self.at < length:
            raise _Flawed(f"COUPON_TRUNCATED_{name}", self.at, len(self.text) - self.at)
        self.at += length
        return self.text[self.at - length : self.at]

    def date(self, name: str) -> str:
        """Take a date."""
        if len(self.text) - self.at < 6:
            raise _Flawed(f"COUPON_TOO_SHORT_FOR_{name}_DATE", self.at, len(self.text) - self.at)
        found = self.fixed(name, 6)
        if yymmdd(found) is not None:
            raise _Flawed(f"COUPON_INVALID_{name}_DATE", self.at - 6, 6)
        return found


def coupon_code(text: str) -> Flaw | None:
    """A coupon code of AI 8110."""
    return _walk(text, _coupon)


def positive_offer(text: str) -> Flaw | None:
    """A coupon of the positive offer file, AI 8112."""
    return _walk(text, _offer)


def _walk(text: str, chain: Callable[[_Fields], None]) -> Flaw | None:
    for at, char in enumerate(text):
        if char not in DIGITS:
            return ("NON_DIGIT_CHARACTER", at, 1)
    try:
        chain(_Fields(text))
    except _Flawed as error:
        return error.flaw
    return None


def _offer(fields: _Fields) -> None:
    fields.code("FORMAT_CODE", "01")
    fields.sized("FUNDER", "0123456", 6)
    fields.fixed("OFFER_CODE", 6)
    fields.sized("SERIAL_NUMBER", "0123456789", 6)
    _end(fields)


def _coupon(fields: _Fields) -> None:
    fields.sized("GCP", "0123456", 6)
    fields.fixed("OFFER_CODE", 6)
    fields.sized("SAVE_VALUE", "12345", 0)
    _purchase(fields, "1ST")
    start = expiration = ""
    seen = ""
    while fields.at < len(fields.text):
        kind = fields.text[fields.at]
        # The optional fields stand in the order of their digits, each at most once.
        if kind in "078" or kind <= seen:
            break
        seen = kind
        fields.at += 1
        if kind == "1":
            fields.code("ADDITIONAL_PURCHASE_RULES_CODE", "0123")
            _purchase(fields, "2ND")
            fields.sized("2ND_PURCHASE_GCP", "0123456", 6, none=_NO_GCP)
        elif kind == "2":
            _purchase(fields, "3RD")
            fields.sized("3RD_PURCHASE_GCP", "0123456", 6, none=_NO_GCP)
        elif kind == "3":
            expiration = fields.date("EXPIRATION")
        elif kind == "4":
            start = fields.date("START")
            if expiration and _order(expiration) < _order(start):
                raise _Flawed("COUPON_EXPIRATION_BEFORE_START", fields.at - 6, 6)
        elif kind == "5":
            fields.sized("SERIAL_NUMBER", "0123456789", 6)
        elif kind == "6":
            fields.sized("RETAILER_GCP_OR_GLN", "1234567", 6)
        else:
            fields.code("SAVE_VALUE_CODE", "01256")
            fields.code("SAVE_VALUE_APPLIES_TO_ITEM", "012")
            fields.code("STORE_COUPON_FLAG", "0123456789")
            fields.code("DONT_MULTIPLY_FLAG", "01")
    _end(fields)


def _purchase(fields: _Fields, rank: str) -> None:
    fields.sized(f"{rank}_PURCHASE_REQUIREMENT", "12345", 0)
    fields.code(f"{rank}_PURCHASE_REQUIREMENT_CODE", "012349")
    fields.fixed(f"{rank}_PURCHASE_FAMILY_CODE", 3)


def _order(date: str) -> str:
    """Sort two-digit years: those from 50 on are of the century before."""
    return ("0" if date >= "50" else "1") + date


def _end(fields: _Fields) -> None:
    if fields.at < len(fields.text):
        raise _Flawed("COUPON_EXCESS_DATA", fields.at, len(fields.text) - fields.at)
