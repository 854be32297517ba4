# SPDX-License-Identifier: Apache-2.0
"""People see kg where records hold KGM, and what they see they may type."""

from decimal import Decimal

import pytest

from ledger.custody.quantity import read_unit
from ledger.custody.unit_symbols import SYMBOLS, beside, symbol
from ledger.custody.units import convert


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        *[("KGM", "kg"), ("GRM", "g"), ("TNE", "t"), ("MGM", "mg"), ("LBR", "lb"), ("ONZ", "oz")],
        *[("LTR", "l"), ("MLT", "ml"), ("CLT", "cl"), ("HLT", "hl"), ("MTQ", "m³")],
        *[("MTR", "m"), ("CMT", "cm"), ("MMT", "mm"), ("MTK", "m²"), ("CEL", "°C")],
        *[("C62", "pcs"), ("EA", "pcs"), ("H87", "pcs"), ("PCE", "pcs"), ("XCS", "cases"), ("XBX", "boxes")],
        *[("ZZZ", "ZZZ"), ("kgm", "kgm"), ("", "")],
    ],
)
def test_codes_are_shown_as_people_write_them(code, shown):
    assert symbol(code) == shown


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        ("63.4", "KGM", "63.4 kg"),
        ("1", "XCS", "1 case"),
        ("1.5", "XCS", "1.5 cases"),
        ("0", "EA", "0 pcs"),
        ("1", "ZZZ", "1 ZZZ"),
        ("20", None, "20"),
        ("20", "", "20"),
    ],
)
def test_a_number_stands_before_its_unit(number, code, shown):
    assert beside(number, code) == shown


@pytest.mark.parametrize("code", sorted(SYMBOLS))
def test_what_is_shown_may_be_typed_and_means_the_same(code):
    for shown in SYMBOLS[code]:
        if (read := read_unit(shown)) != code:  # a piece is a count; a package has a code with and without an X
            assert read == f"X{code}" or convert(Decimal(1), code, read) == 1


def test_measures_of_one_symbol_are_one_code():
    signs = [one for one, several in SYMBOLS.values() if one == several]
    assert len(signs) == len(set(signs))
