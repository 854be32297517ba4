"""What is wrong with a GS1 code, in words."""

from __future__ import annotations

from typing import Final

from ledger.chain.errors import Refused
from ledger.custody.gs1.check_digit import check_digit

_WORDS: Final = {
    "NON_DIGIT_CHARACTER": "{bad!r} is no digit",
    "INVALID_CSET82_CHARACTER": "{bad!r} is not in GS1 character set 82",
    "INVALID_CSET39_CHARACTER": "{bad!r} is not in GS1 character set 39",
    "INVALID_CSET64_CHARACTER": "{bad!r} is not in the base64url alphabet",
    "INVALID_CSET64_PADDING": "its padding is wrong",
    "INCORRECT_CHECK_DIGIT": "its check digit is {bad}, expected {expected}",
    "INCORRECT_CHECK_PAIR": "its check characters {bad} are wrong",
    "ILLEGAL_MONTH": "there is no month {bad}",
    "ILLEGAL_DAY": "that month has no day {bad}",
    "ILLEGAL_HOUR": "there is no hour {bad}",
    "ILLEGAL_MINUTE": "there is no minute {bad}",
    "ILLEGAL_SECOND": "there is no second {bad}",
    "NOT_ISO3166": "{bad} is no country of ISO 3166",
    "NOT_ISO3166_OR_999": "{bad} is neither a country of ISO 3166 nor 999",
    "NOT_ISO3166_ALPHA2": "{bad} is no country of ISO 3166",
    "NOT_ISO4217": "{bad} is no currency of ISO 4217",
    "INVALID_PACKAGE_TYPE": "{bad} is no package of UN/ECE Recommendation 21",
    "TOO_SHORT_FOR_GCP": "it is too short for a company prefix",
    "INVALID_GCP_PREFIX": "it begins with no company prefix",
    "ILLEGAL_ZERO_PREFIX": "it must not begin with a zero",
    "ILLEGAL_ZERO_VALUE": "it must not be zero",
    "NOT_ZERO": "it must be zero, got {bad!r}",
    "ZERO_PIECE_NUMBER": "there is no piece number zero",
    "ZERO_TOTAL_PIECES": "there is no total of zero pieces",
    "PIECE_NUMBER_EXCEEDS_TOTAL": "the number of the piece is beyond the total",
    "TOO_SHORT": "it is too short",
    "TOO_LONG": "it is too long from {bad!r} on",
    "EMPTY": "it is empty",
}


class Malformed(Refused):
    """A value does not follow the rules of its AI.

    Args:
        code: What is wrong: a code of the published linters, or `TOO_SHORT`, `TOO_LONG`, `EMPTY`.
        ai: The AI.
        value: The value.
        start: Where in the value the fault begins.
        length: How many characters are at fault.
    """

    def __init__(self, code: str, ai: str, value: str, start: int = 0, length: int = 0) -> None:
        self.code = code
        self.ai = ai
        self.value = value
        self.start = start
        self.length = length
        bad = value[start : start + length]
        words = _WORDS.get(code, code.replace("_", " ").lower())
        expected = ""
        if code == "INCORRECT_CHECK_DIGIT":
            expected = check_digit(_body(ai, value[:start]))
        super().__init__(f"({ai}) {value!r}: {words.format(bad=bad, expected=expected)}")


def _body(ai: str, before: str) -> str:
    """Give the digits that a check digit covers: all before it, but not the leading zero of a GRAI."""
    return before[1:] if ai == "8003" else before
