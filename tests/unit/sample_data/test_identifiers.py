# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from sample_data.identifiers import bulk_gtin, check_digit, gtin, sscc


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("629104150021", "3"),  # GS1's own worked example of a GTIN-13
        ("1061414141234", "8"),  # worked by hand: 3 and 1 in turn from the right
        ("37610425002123456", "9"),  # GS1's own worked example of an SSCC
        ("000000000000", "0"),
    ],
)
def test_check_digit_of_published_examples(body: str, digit: str) -> None:
    assert check_digit(body) == digit


def test_every_single_wrong_digit_is_found() -> None:
    key = gtin(12345)
    for place in range(12):
        for other in set("0123456789") - {key[place]}:
            wrong = key[:place] + other + key[place + 1 : 12]
            assert check_digit(wrong) != key[12]


@pytest.mark.parametrize("text", ["", "12a", "１２", " 1"])
def test_only_digits_are_taken(text: str) -> None:
    with pytest.raises(ValueError, match="expected digits only"):
        check_digit(text)


def test_lengths_and_prefix() -> None:
    assert len(gtin(1)) == 13
    assert gtin(1).startswith("952")
    assert len(bulk_gtin(1)) == 14
    assert bulk_gtin(1).startswith("9952")
    assert len(sscc(1)) == 18
    assert sscc(1).startswith("0952")
