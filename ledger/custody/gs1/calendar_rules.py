"""Dates and times inside element strings: YYMMDD, YYYYMMDD, HHMI and parts (General Specifications section 7.12).

A day of 00 stands for the whole month where a rule allows it. For leap years a two-digit year is of this century's
calendar: 00 was a leap year, and so is every fourth from it within the window of a century.

>>> yymmdd("230229")
('ILLEGAL_DAY', 4, 2)
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

from ledger.custody.gs1.character_sets import DIGITS

Flaw = tuple[str, int, int]

_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _number(text: str, length: int, name: str) -> Flaw | None:
    if len(text) != length:
        return (f"{name}_TOO_{'SHORT' if len(text) < length else 'LONG'}", 0, len(text))
    return next((("NON_DIGIT_CHARACTER", at, 1) for at, char in enumerate(text) if char not in DIGITS), None)


def _date(text: str, years: int, least: int) -> Flaw | None:
    if (flaw := _number(text, years + 4, "DATE")) is not None:
        return flaw
    year, month, day = int(text[:years]), int(text[years:-2]), int(text[-2:])
    if not 1 <= month <= 12:
        return ("ILLEGAL_MONTH", years, 2)
    leap = year % 4 == 0 and (years == 2 or year % 100 != 0 or year % 400 == 0)
    last = 28 if month == 2 and not leap else _DAYS[month - 1]
    return None if least <= day <= last else ("ILLEGAL_DAY", years + 2, 2)


def yymmd0(text: str) -> Flaw | None:
    """A date of two-digit year, or a whole month."""
    return _date(text, 2, 0)


def yymmdd(text: str) -> Flaw | None:
    """A date of two-digit year."""
    return _date(text, 2, 1)


def yyyymmd0(text: str) -> Flaw | None:
    """A date of four-digit year, or a whole month."""
    return _date(text, 4, 0)


def yyyymmdd(text: str) -> Flaw | None:
    """A date of four-digit year."""
    return _date(text, 4, 1)


def read_date(text: str, this_year: int) -> date:
    """Read YYMMDD as a date, 50 years ahead at most; day 00 is the last of its month.

    Args:
        text: Six digits that `yymmd0` passes.
        this_year: The year in which it is read.

    Raises:
        ValueError: It is no date.
    """
    if yymmd0(text) is not None:
        raise ValueError(f"{text!r} is no date YYMMDD")
    year = this_year - this_year % 100 + int(text[:2])
    # General Specifications section 7.12: 51 to 99 years ahead is the century before, 50 to 99 behind the next.
    year += -100 if year - this_year > 50 else 100 if this_year - year >= 50 else 0
    month, day = int(text[2:4]), int(text[4:])
    return date(year, month, day or monthrange(year, month)[1])


def hhmi(text: str) -> Flaw | None:
    """A time of day in hours and minutes."""
    if (flaw := _number(text, 4, "HOUR_WITH_MINUTE")) is not None:
        return flaw
    if int(text[:2]) > 23:
        return ("ILLEGAL_HOUR", 0, 2)
    return ("ILLEGAL_MINUTE", 2, 2) if int(text[2:]) > 59 else None


def hh(text: str) -> Flaw | None:
    """An hour."""
    return _number(text, 2, "HOUR") or (("ILLEGAL_HOUR", 0, 2) if int(text) > 23 else None)


def mi(text: str) -> Flaw | None:
    """A minute."""
    return _number(text, 2, "MINUTE") or (("ILLEGAL_MINUTE", 0, 2) if int(text) > 59 else None)


def ss(text: str) -> Flaw | None:
    """A second."""
    return _number(text, 2, "SECOND") or (("ILLEGAL_SECOND", 0, 2) if int(text) > 59 else None)
