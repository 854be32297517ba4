"""GS1 keys of the sample: built under the GS1 demonstration prefix 952, with their check digits.

Example:
    >>> check_digit("952123400001")
    '3'
    >>> gtin(1)
    '9521234000013'
"""

from __future__ import annotations

COMPANY_PREFIX = "9521234"
"""GS1 reserves 952 for demonstrations and examples, so no key of the sample belongs to anybody."""


def check_digit(digits: str) -> str:
    """Return the GS1 check digit for a key without one (GS1 General Specifications, section 7.9.1).

    Args:
        digits: The key without its check digit.

    Raises:
        ValueError: If anything but ASCII digits is given.
    """
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"check digit: {digits!r}: expected digits only")
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def gtin(reference: int) -> str:
    """Return the GTIN-13 of a packed product; `reference` is below 100,000."""
    body = f"{COMPANY_PREFIX}{reference:05d}"
    return body + check_digit(body)


def bulk_gtin(reference: int) -> str:
    """Return the GTIN-14 of goods in bulk: indicator 9 says that the quantity varies."""
    body = f"9{COMPANY_PREFIX}{reference:05d}"
    return body + check_digit(body)


def sscc(serial: int) -> str:
    """Return the SSCC of a pallet; `serial` is below 1,000,000,000."""
    body = f"0{COMPANY_PREFIX}{serial:09d}"
    return body + check_digit(body)
