# SPDX-License-Identifier: Apache-2.0
"""GS1 keys against values that GS1 and others published, and against a second way to compute the digit."""

import random

import pytest

from ledger.chain.errors import Refused
from ledger.custody.gs1 import keys
from ledger.custody.gs1.check_digit import check_digit, has_check_digit

GTINS = [
    "00614141123452",
    "4006381333931",
    "036000291452",
    "96385074",
    "73513537",
    "9521321123458",
    "5901234123457",
]
GLNS = ["0614141000005", "4012345000009"]
SSCCS = ["106141411234567897", "340123450000000000", "006141411234567890"]


def digit_by_the_table(body):
    """The General Specifications draw it as a table of 17 columns, filled from the right: 3 1 3 ... 1 3."""
    row = body.rjust(17, "0")
    products = [int(row[column]) * (1, 3)[column % 2 == 0] for column in range(17)]
    return str((10 - sum(products) % 10) % 10)


@pytest.mark.parametrize("key", [*GTINS, *GLNS, *SSCCS])
def test_published_keys(key):
    assert digit_by_the_table(key[:-1]) == key[-1]
    assert check_digit(key[:-1]) == key[-1]
    assert has_check_digit(key)


def test_the_digit_is_that_of_the_table():
    draw = random.Random(7)
    for _ in range(2000):
        body = "".join(draw.choices("0123456789", k=draw.choice([7, 11, 12, 13, 17])))
        assert check_digit(body) == digit_by_the_table(body)


@pytest.mark.parametrize("key", [*GTINS, *GLNS, *SSCCS])
def test_every_single_wrong_digit_is_found(key):
    for at in range(len(key)):
        for digit in "0123456789":
            if digit != key[at]:
                assert not has_check_digit(key[:at] + digit + key[at + 1 :])


@pytest.mark.parametrize("key", GTINS)
def test_a_gtin_is_kept_in_14_digits(key):
    assert keys.gtin(key) == f"https://id.gs1.org/01/{int(key):014d}"


def test_other_keys():
    assert keys.sscc("106141411234567897") == "https://id.gs1.org/00/106141411234567897"
    assert keys.gln("0614141000005") == "https://id.gs1.org/414/0614141000005"
    assert keys.party_gln("0614141000005") == "https://id.gs1.org/417/0614141000005"
    assert keys.gtin_lot("4006381333931", "A/1") == "https://id.gs1.org/01/04006381333931/10/A%2F1"


@pytest.mark.parametrize(
    ("make", "digits", "says"),
    [
        (keys.gtin, "4006381333932", "is 2, expected 1"),
        (keys.sscc, "106141411234567890", "is 0, expected 7"),
        (keys.gln, "0614141000004", "is 4, expected 5"),
        (keys.party_gln, "0614141000004", "is 4, expected 5"),
        (keys.gtin, "400638133393", "check digit"),
        (keys.gtin, "4006381", "has 8, 12, 13, 14 digits"),
        (keys.sscc, "4006381333931", "has 18 digits"),
        (keys.gln, "061414100000A", "has 13 digits"),
        (keys.gln, "٠614141000005", "has 13 digits"),
        (keys.gtin, "", "digits"),
    ],
)
def test_wrong_keys_are_refused(make, digits, says):
    with pytest.raises(Refused, match=says):
        make(digits)


@pytest.mark.parametrize("lot", ["", "A" * 21, "A B", "A#B", "é", "A\x1d"])
def test_lots_that_ai_10_cannot_hold(lot):
    with pytest.raises(Refused, match="GS1 set 82"):
        keys.gtin_lot("4006381333931", lot)


def test_reading_uris():
    gtin = "https://id.gs1.org/01/04006381333931"
    for tail, lot in (("", None), ("/10/A%2F1", "A/1"), ("/21/S", None), ("/10/L/21/S", "L")):
        assert keys.product_of(gtin + tail) == gtin
        assert keys.lot_of(gtin + tail) == lot
    for other in ("https://id.gs1.org/00/106141411234567897", "https://acme.example/class/A", gtin[:-3]):
        assert keys.product_of(other) is None
        assert keys.lot_of(other) is None
