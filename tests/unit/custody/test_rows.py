# SPDX-License-Identifier: Apache-2.0
"""Each column to its EPCIS field, as `docs/formats.md` has it."""

from decimal import Decimal

import pytest

from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import parse_map
from ledger.custody.exchange.csv_table import Row
from ledger.custody.exchange.rows import MissingColumnError, RowReader
from ledger.custody.problems import Problem
from ledger.custody.vocabulary import (
    CREATING_STEPS,
    ENDING_STEPS,
    GIVING_STEPS,
    PACKING_STEPS,
    STEPS,
    TAKING_STEPS,
    UNPACKING_STEPS,
)

ACME = "https://acme.example"
GTIN = "https://id.gs1.org/01/04006381333931"
TIME = "2026-03-01T08:15:00+01:00"


def read(columns=None, /, **cells):
    """Read one row whose columns are the names given; `from_` stands for `from`."""
    cells = {name.rstrip("_"): text for name, text in {"time": TIME, "step": "holding", **cells}.items()}
    reader = RowReader(tuple(cells), parse_map(columns or {}), Codes("acme.example"), "t.csv")
    return reader.read(Row(7, tuple(cells.values())))


def refusal(columns=None, /, **cells):
    found = read(columns, **cells)
    assert isinstance(found, Problem)
    assert (found.file, found.line) == ("t.csv", 7)
    return found.field, found.reason


def test_a_full_row():
    found = read(
        step="shipping",
        item="BOX 1",
        product="LETTUCE",
        lot="24A",
        quantity="40.50",
        unit="kg",
        place="DC-DALLAS",
        from_="DC-DALLAS",
        to="STORE-9",
        party="haulier",
        document="DN-77",
        disposition="in_transit",
        recorded="2026-03-01T09:00:00+01:00",
        promised="2026-03-02T00:00:00Z",
        event_id="urn:uuid:1",
        temperature="4.2",
    )
    assert found == {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:1",
        "eventTime": TIME,
        "eventTimeZoneOffset": "+01:00",
        "recordTime": "2026-03-01T09:00:00+01:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": f"{ACME}/loc/DC-DALLAS"},
        "epcList": [f"{ACME}/obj/BOX%201"],
        "bizTransactionList": [{"bizTransaction": f"{ACME}/bt/DN-77"}],
        "sourceList": [
            {"type": "location", "source": f"{ACME}/loc/DC-DALLAS"},
            {"type": "possessing_party", "source": f"{ACME}/party/haulier"},
        ],
        "destinationList": [{"type": "location", "destination": f"{ACME}/loc/STORE-9"}],
        "trace:product": f"{ACME}/class/LETTUCE",
        "trace:lot": "24A",
        "trace:quantity": Decimal("40.50"),
        "trace:unit": "KGM",
        "trace:promised": "2026-03-02T00:00:00+00:00",
        "own:temperature": "4.2",
    }


def test_empty_cells_say_nothing():
    assert read(item="B", product="", quantity="", place=" ", note="", recorded="") == {
        "type": "ObjectEvent",
        "eventTime": TIME,
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "bizStep": "holding",
        "epcList": [f"{ACME}/obj/B"],
    }


@pytest.mark.parametrize(
    ("cells", "element"),
    [
        ({"product": "LETTUCE"}, {"epcClass": f"{ACME}/class/LETTUCE"}),
        ({"product": "LETTUCE", "quantity": "2"}, {"epcClass": f"{ACME}/class/LETTUCE", "quantity": Decimal(2)}),
        ({"product": "LETTUCE", "lot": "24A"}, {"epcClass": f"{ACME}/lot/LETTUCE:24A"}),
        (
            {"lot": "24A", "quantity": "1", "unit": "kg"},
            {"epcClass": f"{ACME}/lot/24A", "quantity": Decimal(1), "uom": "KGM"},
        ),
        ({"product": "4006381333931", "lot": "L"}, {"epcClass": f"{GTIN}/10/L"}),
        (
            {"item": "4006381333931", "lot": "L", "quantity": "3", "unit": "pcs"},
            {"epcClass": f"{GTIN}/10/L", "quantity": Decimal(3)},
        ),
        ({"item": "4006381333931"}, {"epcClass": GTIN}),
    ],
)
def test_goods_that_are_counted(cells, element):
    found = read(**cells)
    assert found["quantityList"] == [element]
    assert "epcList" not in found
    assert not any(key.startswith("trace:") for key in found)


def test_8_digits_beside_a_product_are_a_serial_number():
    found = read(item="96385074", product="SKU-1")
    assert found["epcList"] == [f"{ACME}/obj/96385074"]
    assert found["trace:product"] == f"{ACME}/class/SKU-1"


def test_a_gtin_as_item_keeps_the_other_name_of_its_product():
    assert read(item="4006381333931", product="SKU-1")["trace:product"] == f"{ACME}/class/SKU-1"


@pytest.mark.parametrize("step", sorted(STEPS))
def test_party_and_action_follow_from_the_step(step):
    found = read(item="B", step=step, party="farm")
    party = f"{ACME}/party/farm"
    given = [{"type": "possessing_party", "source": party}] if step in GIVING_STEPS else None
    taken = [{"type": "possessing_party", "destination": party}] if step in TAKING_STEPS else None
    assert (found.get("sourceList"), found.get("destinationList")) == (given, taken)
    assert found.get("trace:party") == (None if given or taken else party)
    assert found["action"] == (
        "ADD" if step in CREATING_STEPS else "DELETE" if step in ENDING_STEPS else "OBSERVE"
    )


@pytest.mark.parametrize("step", sorted(STEPS))
def test_things_and_a_container(step):
    found = read(item="B", container="106141411234567897", step=step)
    assert found["type"] == "AggregationEvent"
    assert found["parentID"] == "https://id.gs1.org/00/106141411234567897"
    assert found["childEPCs"] == [f"{ACME}/obj/B"]
    assert found["action"] == (
        "ADD" if step in PACKING_STEPS else "DELETE" if step in UNPACKING_STEPS else "OBSERVE"
    )


def test_a_container_alone():
    found = read(container="PAL", step="unpacking")
    assert (found["type"], found["action"], found.get("childEPCs")) == ("AggregationEvent", "DELETE", None)
    moved = read(container="PAL", step="shipping", quantity="5", unit="kg")
    assert (moved["type"], moved["epcList"]) == ("ObjectEvent", [f"{ACME}/obj/PAL"])
    assert (moved["trace:quantity"], moved["trace:unit"]) == (Decimal(5), "KGM")
    lot = read(container="PAL", step="packing", product="A", lot="L", quantity="4")
    assert lot["childQuantityList"] == [{"epcClass": f"{ACME}/lot/A:L", "quantity": Decimal(4)}]


@pytest.mark.parametrize(("role", "key"), [("input", "inputQuantityList"), ("output", "outputQuantityList")])
def test_transformations(role, key):
    found = read(
        step="creating_class_instance", product="A", lot="L", quantity="4", transformation="RUN-9", role=role
    )
    assert found["type"] == "TransformationEvent"
    assert found["transformationID"] == f"{ACME}/xform/RUN-9"
    assert found[key] == [{"epcClass": f"{ACME}/lot/A:L", "quantity": Decimal(4)}]
    assert "action" not in found
    assert len([name for name in found if name.endswith("List")]) == 1


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"transformation": "RUN-9", "role": ""}, "role"),
        ({"transformation": "RUN-9", "role": "inputs"}, "role"),
        ({"transformation": "", "role": "input"}, "transformation"),
    ],
)
def test_half_a_transformation(cells, field):
    assert refusal(item="B", **cells)[0] == field


@pytest.mark.parametrize(
    ("cells", "field", "says"),
    [
        ({"time": ""}, "time", "the time is empty"),
        ({"time": "2026-03-01 08:15:00"}, "time", "no offset"),
        ({"time": "2026-02-30T08:15:00Z"}, "time", "no time"),
        ({"recorded": "2026-03-01 08:15:00"}, "recorded", "no offset"),
        ({"promised": "soon"}, "promised", "no time"),
        ({"step": ""}, "step", "the step is empty"),
        ({"step": "ordering"}, "step", "no CBV step"),
        ({"disposition": "lost"}, "disposition", "no CBV disposition"),
        ({"quantity": "-1"}, "quantity", "negative"),
        ({"quantity": "1,5"}, "quantity", "no quantity"),
        ({"unit": "kilo gram"}, "unit", "no unit"),
        ({"item": "4006381333932"}, "item", "check digit of GTIN"),
        ({"item": "04006381333932"}, "item", "check digit of GTIN"),
        ({"item": "106141411234567890"}, "item", "check digit of SSCC"),
        ({"product": "4006381333932"}, "product", "check digit of GTIN"),
        ({"container": "106141411234567890"}, "container", "check digit of SSCC"),
        ({"place": "0614141000004"}, "place", "check digit of GLN"),
        ({"from_": "0614141000004"}, "from", "check digit of GLN"),
        ({"to": "0614141000004"}, "to", "check digit of GLN"),
        ({"party": "0614141000004"}, "party", "check digit of GLN"),
        ({"product": "4006381333931", "lot": "L" * 21}, "lot", "set 82"),
        ({"event_id": "17"}, "event_id", "must be a URI"),
        ({"item": "B", "container": "B", "step": "packing"}, "item", "packed into itself"),
        ({"item": ""}, "item", "at least one thing"),
        ({"document": "x" * 600}, "document", "at most 512"),
    ],
)
def test_refusals_name_the_column(cells, field, says):
    found = refusal(**{"item": "B", **cells})
    assert found[0] == field
    assert says in found[1]


def test_the_column_is_named_as_the_file_names_it():
    columns = {"columns": {"time": "Zeit", "quantity": "Menge"}}
    cells = {"Zeit": TIME, "step": "holding", "item": "B", "Menge": "-1"}
    reader = RowReader(tuple(cells), parse_map(columns), Codes("acme.example"), "t.csv")
    assert reader.read(Row(2, tuple(cells.values()))).field == "Menge"


def test_the_map_names_zone_words_and_codes():
    columns = {
        "timezone": "America/Sao_Paulo",
        "values": {"step": {"ordering": "https://acme.example/step/ordering"}, "place": {"1": "DOCK-1"}},
        "codes": {"domain": "partner.example", "plain": ["item"]},
    }
    cells = {"time": "2017-09-04 21:15:19", "step": "ordering", "place": "1", "item": "4006381333932"}
    codes = Codes("partner.example", frozenset({"item"}))  # as `check_files` takes them from the map
    found = RowReader(tuple(cells), parse_map(columns), codes, "t").read(Row(2, tuple(cells.values())))
    assert found["eventTime"] == "2017-09-04T21:15:19-03:00"
    assert found["bizStep"] == "https://acme.example/step/ordering"
    assert found["readPoint"] == {"id": "https://partner.example/loc/DOCK-1"}
    assert found["epcList"] == ["https://partner.example/obj/4006381333932"]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        (("step", "item"), "time"),
        (("time", "item"), "step"),
        (("time", "step", "place"), "item"),
        (("time", "step", "item", "a b", "a_b"), "own:a_b"),
        (("Time", "step", "item"), "time"),
    ],
)
def test_missing_columns(header, column):
    with pytest.raises(MissingColumnError) as caught:
        RowReader(header, parse_map({}), Codes("acme.example"), "t.csv")
    assert caught.value.column == column


def test_a_column_that_only_the_map_has():
    with pytest.raises(MissingColumnError, match="'quantity' from column 'Menge'"):
        RowReader(("time", "step", "item"), parse_map({"columns": {"quantity": "Menge"}}), Codes("a.example"), "t")


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("Temp °C", "own:Temp_C"),
        ("a:b/c#d", "own:a_b_c_d"),
        ("1st", "own:_1st"),
        ("_commit", "own:commit"),
        ("°", "own:column"),
        ("ä", "own:column"),
    ],
)
def test_unknown_columns_are_kept(column, name):
    assert read(**{"item": "B", column: " x "})[name] == "x"
