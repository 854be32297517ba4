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
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(body)))
    return str(-total % 10)


def has_check_digit(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others."""
    return check_digit(digits[:-1]) == digits[-1]
