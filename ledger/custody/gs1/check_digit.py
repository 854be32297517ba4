"""The check digit of GS1 keys (GS1 General Specifications section 7.9): weights 3, 1, 3, ... from the right.

>>> check_digit("629104150021")
'3'
"""

from __future__ import annotations


def check_digit(body: str) -> str:
    """Compute the digit that follows these.

    Args:
        body: Decimal digits only.
    """
    total = 3 * sum(map(int, body[::-2])) + sum(map(int, body[-2::-2]))
    return str(-total % 10)


def has_check_digit(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others."""
    return check_digit(digits[:-1]) == digits[-1]
