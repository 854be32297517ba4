# SPDX-License-Identifier: Apache-2.0
from decimal import Decimal

import pytest

from ledger.chain.errors import Refused
from ledger.custody.quantity import read_quantity, read_unit


@pytest.mark.parametrize("text", ["0", "1", "24.50", "007", "0.000000001", "9" * 24, "9" * 24 + ".999999999"])
def test_quantities_are_exact(text):
    assert read_quantity(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "1,5",
        "1.",
        ".5",
        "1e3",
        "NaN",
        "inf",
        "1_000",
        "٣",
        "0x10",
        "1.0000000001",
        "9" * 25,
        "1kg",
    ],
)
def test_what_is_no_quantity(text):
    with pytest.raises(Refused, match="is no quantity"):
        read_quantity(text)


@pytest.mark.parametrize("text", ["-1", "-0.5", "-x"])
def test_negative(text):
    with pytest.raises(Refused, match="must not be negative") as caught:
        read_quantity(text)
    assert "return" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("kg", "KGM"),
        ("KG", "KGM"),
        ("KGM", "KGM"),
        ("lbs", "LBR"),
        ("L", "LTR"),
        ("XCS", "XCS"),
        ("C62", None),
        ("pcs", None),
        ("5B", "5B"),
    ],
)
def test_units(text, unit):
    assert read_unit(text) == unit


@pytest.mark.parametrize("text", ["kilo gram", "kgm", "ABCD", "-", "é", ""])
def test_what_is_no_unit(text):
    with pytest.raises(Refused, match="is no unit"):
        read_unit(text)
