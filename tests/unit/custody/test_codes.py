# SPDX-License-Identifier: Apache-2.0
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.errors import Refused
from ledger.custody.codes import Codes, check_domain, lot_of, product_of

ACME = "https://acme.example"
GTIN = "https://id.gs1.org/01/04006381333931"
CODES = Codes("acme.example")

PLAIN = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() and not text.isdigit() and "://" not in text
)
PLAIN = PLAIN.filter(lambda text: not text.lower().startswith(("urn:", "did:", "tag:", "ni:", "info:")))
# What begins like a GS1 message is read as one or refused, never taken as it is: see the test of those.
PLAIN = PLAIN.filter(lambda text: not re.match(r"\^|\([0-9]|\][A-Za-z][0-9A-Za-z]|0[012][0-9]{14}", text))


def test_the_templates():
    assert CODES.item("PALLET 7").uri == f"{ACME}/obj/PALLET%207"
    assert CODES.product("LETTUCE") == f"{ACME}/class/LETTUCE"
    assert CODES.lot("24A", "LETTUCE") == f"{ACME}/lot/LETTUCE:24A"
    assert CODES.lot("24A", None) == f"{ACME}/lot/24A"
    assert CODES.place("DOCK-3") == f"{ACME}/loc/DOCK-3"
    assert CODES.party("smith-farms") == f"{ACME}/party/smith-farms"
    assert CODES.document("PO-1234") == f"{ACME}/bt/PO-1234"
    assert CODES.transformation("RUN-9") == f"{ACME}/xform/RUN-9"


@pytest.mark.parametrize(
    ("code", "encoded"), [("a/b", "a%2Fb"), ("a%2Fb", "a%252Fb"), ("ä?#&", "%C3%A4%3F%23%26"), ("a:b", "a%3Ab")]
)
def test_codes_are_percent_encoded(code, encoded):
    assert CODES.item(code).uri == f"{ACME}/obj/{encoded}"
    assert CODES.short(CODES.item(code).uri) == code


def test_what_begins_like_a_gs1_message_and_is_none_is_refused():
    for code in ("^", "^:", "]C1", "(0", "(01"):
        with pytest.raises(Refused):
            CODES.item(code)


@given(PLAIN)
def test_plain_codes_come_back(code):
    for uri in (CODES.item(code).uri, CODES.product(code), CODES.place(code), CODES.document(code)):
        assert CODES.short(uri) == code
        assert uri.isascii()


@given(PLAIN, PLAIN)
def test_lots_come_back_whatever_colons_are_in_them(product, lot):
    uri = CODES.lot(lot, product)
    assert product_of(uri) == CODES.product(product)
    assert lot_of(uri) == lot
    assert CODES.short(uri) == f"{product}:{lot}"
    assert uri in CODES.candidates(f"{product}:{lot}")


@pytest.mark.parametrize(
    ("digits", "uri", "is_class"),
    [
        ("106141411234567897", "https://id.gs1.org/00/106141411234567897", False),
        ("4006381333931", GTIN, True),
        ("04006381333931", GTIN, True),
        ("036000291452", "https://id.gs1.org/01/00036000291452", True),
        ("96385074", "https://id.gs1.org/01/00000096385074", True),
        # Own codes of 8 and 12 digits are common; so are shorter and longer ones.
        ("96385075", f"{ACME}/obj/96385075", False),
        ("036000291453", f"{ACME}/obj/036000291453", False),
        ("1234567", f"{ACME}/obj/1234567", False),
        ("123456789", f"{ACME}/obj/123456789", False),
        ("10614141123456789", f"{ACME}/obj/10614141123456789", False),
        ("1061414112345678970", f"{ACME}/obj/1061414112345678970", False),
        # Digits of other scripts are no digits of GS1.
        ("٤006381333931", None, False),
    ],
)
def test_what_a_number_is(digits, uri, is_class):
    found = CODES.item(digits)
    assert found.is_class is is_class
    assert uri is None or found.uri == uri


@pytest.mark.parametrize(
    "read",
    [
        lambda codes: codes.item("4006381333932"),
        lambda codes: codes.item("04006381333932"),
        lambda codes: codes.item("106141411234567890"),
        lambda codes: codes.product("4006381333932"),
        lambda codes: codes.lot("L", "4006381333932"),
        lambda codes: codes.place("0614141000004"),
        lambda codes: codes.party("0614141000004"),
    ],
)
def test_a_wrong_check_digit_is_refused_and_may_be_overruled(read):
    with pytest.raises(Refused, match="check digit") as caught:
        read(CODES)
    assert "plain = [" in caught.value.remedy
    own = Codes("acme.example", frozenset({"item", "product", "place", "party"}))
    assert getattr(read(own), "uri", read(own)).startswith(ACME)


def test_plain_is_said_for_each_kind():
    codes = Codes("acme.example", frozenset({"item"}))
    assert codes.item("4006381333931").uri == f"{ACME}/obj/4006381333931"
    assert codes.product("4006381333931") == GTIN


def test_gln_for_places_and_parties():
    assert CODES.place("0614141000005") == "https://id.gs1.org/414/0614141000005"
    assert CODES.party("0614141000005") == "https://id.gs1.org/417/0614141000005"
    assert CODES.place("061414100000") == f"{ACME}/loc/061414100000"


def test_where_the_product_is_named_8_digits_are_a_serial_number():
    assert CODES.item("96385074", alone=False).uri == f"{ACME}/obj/96385074"
    assert CODES.item("4006381333931", alone=False).is_class


@pytest.mark.parametrize(
    ("uri", "is_class"),
    [
        (GTIN, True),
        (f"{GTIN}/10/L", True),
        (f"{GTIN}/21/S", False),
        ("urn:epc:id:sgtin:4006381.033393.1", False),
        ("urn:epc:class:lgtin:4006381.033393.L", True),
        ("urn:epc:idpat:sgtin:4006381.033393.*", True),
        (f"{ACME}/obj/X", False),
        (f"{ACME}/lot/A:1", True),
    ],
)
def test_uris_stay_as_they_are(uri, is_class):
    found = CODES.item(uri)
    assert (found.uri, found.is_class) == (uri, is_class)
    for read in (CODES.product, CODES.place, CODES.party, CODES.document, CODES.transformation):
        assert read(uri) == uri


def test_lots_of_gtins_and_of_others_products():
    assert CODES.lot("L/1", "4006381333931") == f"{GTIN}/10/L%2F1"
    with pytest.raises(Refused, match="set 82"):
        CODES.lot("L" * 21, "4006381333931")
    other = "https://other.example/class/X%20Y"
    lot = CODES.lot("24A", other)
    assert lot.startswith(f"{ACME}/lot/")
    assert product_of(lot) == other
    assert lot_of(lot) == "24A"


def test_products_of_other_things():
    assert product_of(f"{ACME}/class/A") == f"{ACME}/class/A"
    assert product_of(f"{ACME}/obj/A") is None
    assert product_of(f"{ACME}/lot/A") is None
    assert product_of(f"{GTIN}/21/S") == GTIN
    assert lot_of(f"{ACME}/lot/24%3AA") == "24:A"
    assert lot_of(f"{ACME}/obj/A") is None


def test_short():
    assert CODES.short("https://id.gs1.org/00/106141411234567897") == "(00)106141411234567897"
    assert CODES.short(f"{GTIN}/10/L%2F1") == "(01)04006381333931(10)L/1"
    for other in (
        "https://other.example/obj/A",
        f"{ACME}/obj/",
        f"{ACME}/obj/a/b",
        f"{ACME}/what/a",
        "urn:uuid:1",
    ):
        assert CODES.short(other) == other


def test_candidates_put_the_likely_first():
    assert CODES.candidates("X")[0] == f"{ACME}/obj/X"
    assert CODES.candidates("4006381333931")[0] == GTIN
    # A number recorded as plain must be found, though its check digit is wrong.
    assert f"{ACME}/obj/4006381333932" in CODES.candidates("4006381333932")
    assert CODES.candidates("urn:uuid:1") == ["urn:uuid:1"]
    assert f"{GTIN}/10/A" in CODES.candidates("4006381333931:A")


@pytest.mark.parametrize("code", ["", " ", "\udcff", "a\x1db", "x" * 513, "4006381333932:A", ":", "a:", ":a"])
def test_candidates_of_nonsense_raise_nothing(code):
    assert all(uri.isascii() for uri in CODES.candidates(code))


@pytest.mark.parametrize(
    "code", ["", " ", " A", "A ", "A\n", "A\x1dB", "A\x00", "A\x7f", "A\x85B", "A\udcffB", "A" * 513]
)
def test_unfit_codes_are_refused_everywhere(code):
    for read in (
        CODES.item,
        CODES.product,
        CODES.place,
        CODES.party,
        CODES.document,
        CODES.transformation,
        lambda text: CODES.lot(text, "P"),
        lambda text: CODES.lot("L", text),
    ):
        with pytest.raises(Refused):
            read(code)


@pytest.mark.parametrize(
    "domain",
    ["acme", "Acme.example", "acme.example/", "-a.example", "a..b", "", "ä.example", "a" * 64 + ".example"],
)
def test_domains(domain):
    with pytest.raises(Refused, match="domain"):
        check_domain(domain)
    with pytest.raises(Refused):
        Codes(domain)
