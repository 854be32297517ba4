# SPDX-License-Identifier: Apache-2.0
"""What a label says of the goods, and how it gets into an event."""

from datetime import date
from decimal import Decimal

import pytest

from ledger.chain.errors import Refused
from ledger.custody.codes import Codes, lot_of, product_of
from ledger.custody.gs1.calendar_rules import read_date
from ledger.custody.gs1.canonical import key_elements
from ledger.custody.gs1.keys import is_class
from ledger.custody.gs1.scan import read_scan
from ledger.custody.history import make_event as read_event
from ledger.custody.label import Label, at_birth, read_label, stated_lot
from ledger.custody.statement import Thing
from trace_cli.capture import Circumstances, make_event, make_statement, read_thing

GTIN = "09521234543213"
URI = f"https://id.gs1.org/01/{GTIN}"
CODES = Codes("acme.example")
GS = "\x1d"


def label_of(text):
    return read_label(read_scan(text.encode()), this_year=2026)


@pytest.mark.parametrize(
    ("sent", "label"),
    [
        (f"]C101{GTIN}10L1{GS}17271231", Label(f"{URI}/10/L1", True, "L1", date(2027, 12, 31))),
        (f"]C101{GTIN}10L1{GS}21S1{GS}17270200", Label(f"{URI}/21/S1", False, "L1", date(2027, 2, 28))),
        (f"]C101{GTIN}152802293012", Label(URI, True, None, date(2028, 2, 29), Decimal(12))),
        ("]C100952132112345678902", Label("https://id.gs1.org/00/952132112345678902", False)),
        (f"(01){GTIN}(7003)2712311830", Label(URI, True, None, date(2027, 12, 31))),
        ("BOX-1", None),
    ],
)
def test_labels(sent, label):
    assert label_of(sent) == label


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ("]C10109521234543214", "check digit"),
        ("]C110ABC", "another bar code"),
        ("]C199ABC", "names no thing"),
        (f"01{GTIN}10ABC~21X", "seems to send"),
    ],
)
def test_what_names_no_thing_for_certain(sent, says):
    with pytest.raises(Refused, match=says):
        label_of(sent)


@pytest.mark.parametrize(
    ("text", "this_year", "day"),
    [
        ("271231", 2026, date(2027, 12, 31)),
        ("760101", 2026, date(2076, 1, 1)),
        ("770101", 2026, date(1977, 1, 1)),
        ("020101", 2099, date(2102, 1, 1)),
        ("490101", 2099, date(2149, 1, 1)),
        ("500101", 2099, date(2050, 1, 1)),
        ("000229", 2026, date(2000, 2, 29)),
        ("240200", 2026, date(2024, 2, 29)),
    ],
)
def test_two_digit_years(text, this_year, day):
    assert read_date(text, this_year) == day


@pytest.mark.parametrize("text", ["", "271331", "270230", "27123", "27123x"])
def test_no_dates(text):
    with pytest.raises(ValueError, match="no date"):
        read_date(text, 2026)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (f"{URI}/10/L", True),
        (URI, True),
        (f"{URI}/21/S", False),
        (f"{URI}/235/S", False),
        ("https://id.gs1.org/8003/04012345000221334455", False),
        ("https://id.gs1.org/8003/04012345000221", True),
        ("urn:epc:idpat:grai:4012345.99999.*", True),
        ("urn:epc:class:lgtin:234567.1890124.1234", True),
        ("urn:epc:id:sgtin:0614141.812345.6789", False),
        ("https://id.gs1.org/8010/9521234P%231", True),
        ("https://id.gs1.org/8010/9521234P%231/8011/12", False),
        ("https://id.gs1.org/00/952132112345678902", False),
        ("https://id.gs1.org/8004/9521234A7", False),
    ],
)
def test_classes_and_single_things(identifier, expected):
    key = key_elements(identifier)
    assert key is not None
    assert is_class(key) == expected
    assert CODES.item(identifier).is_class == expected
    assert CODES.item(identifier).uri == identifier  # an identifier is kept as it was received


def test_products_and_lots_of_every_form():
    assert product_of("urn:epc:class:lgtin:234567.1890124.1234") == "https://id.gs1.org/01/12345678901248"
    assert lot_of("urn:epc:class:lgtin:234567.1890124.1234") == "1234"
    assert lot_of(f"https://x.example/01/{GTIN}/10/A%2F1/21/S") == "A/1"
    assert product_of("https://id.gs1.org/8006/095212345432130102/21/S") == URI


def read(text, *, scanned=True, step="receiving", **said):
    return read_thing(CODES, text, Circumstances(step, **said), scanned=scanned)


def test_a_scan_puts_the_finest_key_into_the_event():
    assert read(f"]C101{GTIN}10L1") == (Thing(f"{URI}/10/L1", True, Decimal(1)), {})
    assert read(f"]C101{GTIN}3012{GS}10L1") == (Thing(f"{URI}/10/L1", True, Decimal(12)), {})
    thing, more = read(f"]C101{GTIN}10L1{GS}21S1{GS}17271231")
    assert (thing, more) == (Thing(f"{URI}/21/S1"), {"trace:lot": "L1", "trace:expiry": "2027-12-31"})
    assert read(f"https://x.example/01/{GTIN}/21/S?17=271231")[0] == Thing(f"{URI}/21/S")
    assert read("urn:epc:id:sscc:9521321.1234567895")[0].uri.startswith("https://id.gs1.org/00/")
    assert read(f"(01){GTIN}(10)L1", scanned=False)[0] == Thing(f"{URI}/10/L1", True, Decimal(1))
    assert read(f"(01){GTIN}(10)L1=7", scanned=False)[0] == Thing(f"{URI}/10/L1", True, Decimal(7))
    assert read("]C0BOX-1")[0] == Thing("https://acme.example/obj/BOX-1")
    assert read(f"]C101{GTIN}", lot="L1")[0] == Thing(f"{URI}/10/L1", True, Decimal(1))
    with pytest.raises(Refused, match="label says lot 'L1', not 'L2'"):
        read(f"]C101{GTIN}10L1", lot="L2")


def test_own_codes_that_look_like_keys():
    plain = Codes("acme.example", frozenset({"item"}))
    assert plain.item("0109521234543214").uri == "https://acme.example/obj/0109521234543214"
    with pytest.raises(Refused, match="check digit"):
        CODES.item("0109521234543214")
    assert CODES.item("0109521234543213").uri == URI
    with pytest.raises(Refused, match="separators are lost"):
        read("1021072911172405310100693570007182")
    assert CODES.item("1021072911172405310100693570007182").uri.startswith("https://acme.example/obj/")


@pytest.mark.parametrize(("step", "born"), [("commissioning", True), ("receiving", False)])
def test_lot_and_expiry_are_master_data_of_birth(step, born):
    said = Circumstances(step, at="2026-03-01T08:00:00Z")
    thing, more = read_thing(CODES, f"]C101{GTIN}10L1{GS}21S1{GS}17271231", said, scanned=True)
    event = make_event(make_statement(CODES, said, [thing], extensions=more))
    assert event["epcList"] == [f"{URI}/21/S1"]
    if born:
        assert event["ilmd"] == {"cbvmda:lotNumber": "L1", "cbvmda:itemExpirationDate": "2027-12-31"}
        assert "trace:lot" not in event
    else:
        assert "ilmd" not in event
        assert (event["trace:lot"], event["trace:expiry"]) == ("L1", "2027-12-31")
    assert read_event(0, event, "2026-03-01T08:00:00.000000Z", "scanned").lot == "L1"


def test_stated_lots():
    assert stated_lot({"ilmd": {"https://ns.example/mda:lotNumber": "L"}}) == "L"
    assert stated_lot({"ilmd": {"_commit": "x"}}) is None
    assert stated_lot({"ilmd": {"a:lotNumber": 7}}) is None
    assert at_birth({"trace:lot": "L", "own:x": 1}) == ({"cbvmda:lotNumber": "L"}, {"own:x": 1})
