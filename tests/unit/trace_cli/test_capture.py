# SPDX-License-Identifier: Apache-2.0
"""From words that were typed to statements."""

from decimal import Decimal

import pytest

from ledger.chain.errors import Refused
from ledger.custody.codes import Codes
from ledger.custody.statement import QUANTITY, Thing
from trace_cli.capture import Circumstances, make_event, make_statement, one_saying, read_moment, read_thing

ACME = "https://acme.example"
GTIN = "https://id.gs1.org/01/04006381333931"
CODES = Codes("acme.example")


def read(text, **said):
    return read_thing(CODES, text, Circumstances("holding", **said))


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("BOX-1", Thing(f"{ACME}/obj/BOX-1")),
        ("LETTUCE:24A", Thing(f"{ACME}/lot/LETTUCE:24A", True)),
        ("LETTUCE:24A=40kg", Thing(f"{ACME}/lot/LETTUCE:24A", True, Decimal(40), "KGM")),
        ("LETTUCE:24A=40.5 kg", Thing(f"{ACME}/lot/LETTUCE:24A", True, Decimal("40.5"), "KGM")),
        ("LETTUCE:24A=3", Thing(f"{ACME}/lot/LETTUCE:24A", True, Decimal(3))),
        ("4006381333931:L1=2", Thing(f"{GTIN}/10/L1", True, Decimal(2))),
        ("4006381333931", Thing(GTIN, True, Decimal(1))),
        ("4006381333931=6pcs", Thing(GTIN, True, Decimal(6))),
        ("https://acme.example/obj/A=1", Thing("https://acme.example/obj/A=1")),
        ("urn:epc:id:sgtin:1.2.3", Thing("urn:epc:id:sgtin:1.2.3")),
        ("A:B:C", Thing(f"{ACME}/lot/A%3AB:C", True)),
    ],
)
def test_things(text, thing):
    assert read(text) == (thing, {})


def test_what_is_said_beside_the_code():
    thing, more = read("BOX-1", product="LETTUCE", lot="24A", quantity="5", unit="kg")
    assert thing == Thing(f"{ACME}/obj/BOX-1")
    assert more == {
        "trace:product": f"{ACME}/class/LETTUCE",
        "trace:lot": "24A",
        "trace:quantity": Decimal(5),
        "trace:unit": "KGM",
    }
    assert read("4006381333931", lot="L")[0].uri == f"{GTIN}/10/L"
    assert read("96385074", product="LETTUCE")[0] == Thing(f"{ACME}/obj/96385074")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" ", "white space"),
        ("A=-1kg", "negative"),
        ("A=1,5kg", "no quantity"),
        ("A=1e3", "no unit"),
        ("A=1 florins", "no unit"),
        ("4006381333932", "check digit"),
        ("4006381333932:L", "check digit"),
    ],
)
def test_what_is_refused(text, says):
    with pytest.raises(Refused, match=says):
        read(text)


def test_the_kind_follows_from_what_is_said():
    things = [Thing(f"{ACME}/obj/A")]
    assert make_statement(CODES, Circumstances("holding"), things).kind == "ObjectEvent"
    packed = make_statement(CODES, Circumstances("packing", container="PAL"), things)
    assert (packed.kind, packed.action, packed.container) == ("AggregationEvent", "ADD", f"{ACME}/obj/PAL")
    made = make_statement(CODES, Circumstances("commissioning"), things, outputs=[Thing(f"{ACME}/obj/B")])
    assert (made.kind, made.action) == ("TransformationEvent", None)


def test_each_event_gets_an_id_of_its_own():
    statement = make_statement(CODES, Circumstances("holding", at="2026-03-01T08:00:00Z"), [Thing("urn:x:1")])
    assert make_event(statement)["eventID"] != make_event(statement)["eventID"]
    assert make_event(statement)["eventTime"] == "2026-03-01T08:00:00+00:00"


def test_moments():
    assert read_moment("2026-03-01T08:00:00+01:00").isoformat() == "2026-03-01T08:00:00+01:00"
    present = read_moment(None)
    assert present.utcoffset() is not None
    assert present.microsecond % 1000 == 0
    with pytest.raises(Refused, match="no offset"):
        read_moment("2026-03-01T08:00:00")


def test_one_event_says_one_amount_of_single_items_or_none():
    codes = Codes("acme.example")
    said = Circumstances(step="shipping")
    assert one_saying([read_thing(codes, "A1=3", said), read_thing(codes, "A2=3", said)]) == {QUANTITY: Decimal(3)}
    assert one_saying([read_thing(codes, "LETTUCE:24A=3", said)]) == {}
    with pytest.raises(Refused, match="different amounts"):
        one_saying([read_thing(codes, "A1=3", said), read_thing(codes, "A2", said)])


def test_what_was_scanned_is_a_code_and_nothing_else():
    thing, more = read_thing(Codes("acme.example"), "A1=3", Circumstances(step="shipping"), scanned=True)
    assert thing.uri == "https://acme.example/obj/A1%3D3"
    assert more == {}
