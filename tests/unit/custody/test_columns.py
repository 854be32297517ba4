# SPDX-License-Identifier: Apache-2.0
"""The events table: who was where, told once for each thing, also for what is inside of containers."""

from decimal import Decimal

import pandas as pd
import pytest

from forecasting.tables.events import events_table
from forecasting.tables.known import known_events
from forecasting.tables.recorded import record_events
from ledger.custody.history import make_event
from ledger.custody.times import micros, read_time
from tests.reference.slow_columns import NAMES, events_columns

OBJ = "https://acme.example/obj/"


@pytest.fixture
def rows(events):
    def lay(*bodies, as_of=None):
        history = tuple(events(*bodies))
        columns = events_columns(history, as_of=as_of)
        # What predictions use says the same of every case here.
        fast = known_events(record_events(history), as_of=as_of)
        pd.testing.assert_frame_equal(fast, events_table(events_columns(history, as_of=as_of)))
        assert list(columns) == list(NAMES)
        assert len({len(column) for column in columns.values()}) == 1
        return [dict(zip(NAMES, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    return lay


@pytest.fixture
def told(rows):
    """Tell for each event the things, each with its parent, without the start of their URIs."""

    def lay(*bodies, as_of=None):
        found = {}
        for row in rows(*bodies, as_of=as_of):
            parent = row["parent"] and row["parent"].removeprefix(OBJ)
            found.setdefault(row["seq"], []).append((row["item"].removeprefix(OBJ), parent))
        return found

    return lay


def test_every_field(rows, obj, at):
    (row,) = rows(
        obj(
            1,
            1,
            "A",
            action="OBSERVE",
            bizStep="shipping",
            disposition="in_transit",
            readPoint={"id": "p"},
            sourceList=[{"type": "location", "source": "s"}, {"type": "possessing_party", "source": "giver"}],
            destinationList=[{"type": "location", "destination": "d"}],
            bizTransactionList=[{"bizTransaction": "doc"}],
            recordTime=at(3),
            **{
                "trace:product": "P",
                "trace:lot": "L",
                "trace:quantity": 4,
                "trace:unit": "KGM",
                "trace:promised": at(9),
            },
        )
    )
    hour, start = 3600 * 10**6, micros(read_time(at(0)))
    assert row == {
        "seq": 1,
        "event_id": "urn:uuid:1",
        "event_time": start + hour,
        "record_time": start + 3 * hour,
        "kind": "ObjectEvent",
        "action": "OBSERVE",
        "step": "shipping",
        "disposition": "in_transit",
        "place": "p",
        "item": OBJ + "A",
        "product": "P",
        "lot": "L",
        "quantity": 4.0,
        "unit": "KGM",
        "parent": None,
        "source": "s",
        "destination": "d",
        "document": "doc",
        "party": "giver",
        "corrected": False,
        "promised": start + 9 * hour,
    }


def test_business_location_comes_before_read_point(rows, obj):
    assert rows(obj(1, 0, "A", readPoint={"id": "p"}, bizLocation={"id": "q"}))[0]["place"] == "q"


def test_a_product_that_was_named_once_is_known_from_then_on(rows, obj):
    found = rows(obj(1, 0, "A"), obj(2, 1, "A", **{"trace:product": "P"}), obj(3, 2, "A"))
    assert [row["product"] for row in found] == [None, "P", "P"]


def test_products_and_lots_that_the_uri_names(rows, body):
    gtin = "https://id.gs1.org/01/04006381333931"
    goods = [
        {"epcClass": f"{gtin}/10/L", "quantity": 2.5, "uom": "KGM"},
        {"epcClass": "https://acme.example/lot/A:B"},
    ]
    one, two = rows(body("Object", 1, 0, quantityList=goods))
    assert (one["product"], one["lot"], one["quantity"], one["unit"]) == (gtin, "L", 2.5, "KGM")
    assert (two["product"], two["lot"], two["quantity"]) == ("https://acme.example/class/A", "B", None)


def test_an_event_on_a_container_counts_for_what_is_inside(told, obj, pack):
    found = told(
        obj(1, 0, "A", "B", "PAL"),
        pack(2, 1, "PAL", "A", "B"),
        obj(3, 2, "PAL"),
        pack(4, 3, "PAL", "A", action="DELETE"),
        obj(5, 4, "PAL"),
        pack(6, 5, "PAL", action="DELETE"),
        obj(7, 6, "PAL"),
    )
    assert found == {
        1: [("A", None), ("B", None), ("PAL", None)],
        2: [("PAL", None), ("A", "PAL"), ("B", "PAL")],
        3: [("PAL", None), ("A", "PAL"), ("B", "PAL")],
        4: [("PAL", None), ("A", "PAL")],
        5: [("PAL", None), ("B", "PAL")],
        6: [("PAL", None), ("B", "PAL")],
        7: [("PAL", None)],
    }


def test_nesting(told, obj, pack):
    found = told(
        pack(1, 0, "BOX", "A"),
        pack(2, 1, "PAL", "BOX"),
        obj(3, 2, "PAL"),
        pack(4, 3, "PAL", "BOX", action="DELETE"),
        obj(5, 4, "PAL"),
        obj(6, 5, "BOX"),
    )
    assert found[2] == [("PAL", None), ("BOX", "PAL"), ("A", "BOX")]
    assert found[3] == [("PAL", None), ("BOX", "PAL"), ("A", "BOX")]
    assert found[5] == [("PAL", None)]
    assert found[6] == [("BOX", None), ("A", "BOX")]


def test_a_thing_is_told_once(told, obj, pack):
    found = told(pack(1, 0, "PAL", "A"), pack(2, 1, "PAL2", "A"), obj(3, 2, "PAL", "PAL2", "A", "PAL"))
    assert found[3] == [("PAL", None), ("PAL2", None), ("A", None)]


def test_containers_in_a_circle_end(told, obj, pack):
    found = told(pack(1, 0, "X", "Y"), pack(2, 1, "Y", "X"), obj(3, 2, "X"))
    assert found[3] == [("X", None), ("Y", "X")]


def test_order_is_by_event_time_whatever_the_order_of_recording(told, obj, pack):
    found = told(obj(1, 5, "PAL"), pack(2, 6, "PAL", action="DELETE"), pack(3, 1, "PAL", "A"), obj(4, 7, "PAL"))
    assert found[1] == [("PAL", None), ("A", "PAL")]
    assert found[4] == [("PAL", None)]
    assert list(found) == [3, 1, 2, 4]


def test_looking_into_a_container_puts_nothing_in(told, obj, pack):
    found = told(pack(1, 0, "PAL", "A", action="OBSERVE"), obj(2, 1, "PAL"))
    assert found == {1: [("PAL", None), ("A", "PAL")], 2: [("PAL", None)]}


def test_lots_come_out_by_quantity(rows, body, obj):
    lot = "https://acme.example/lot/P:L"

    def move(number, hours, action, quantity):
        goods = [{"epcClass": lot, "quantity": quantity, "uom": "KGM"}]
        return body("Aggregation", number, hours, parentID=OBJ + "PAL", action=action, childQuantityList=goods)

    found = rows(
        move(1, 0, "ADD", 10),
        move(2, 1, "ADD", 2.5),
        obj(3, 2, "PAL"),
        move(4, 3, "DELETE", 4),
        obj(5, 4, "PAL"),
        move(6, 5, "DELETE", 8.5),
        obj(7, 6, "PAL"),
    )
    inside = {row["seq"]: (row["quantity"], row["unit"]) for row in found if row["item"] == lot}
    assert inside == {
        1: (10, "KGM"),
        2: (2.5, "KGM"),
        3: (12.5, "KGM"),
        4: (4, "KGM"),
        5: (8.5, "KGM"),
        6: (8.5, "KGM"),
    }


def test_what_is_said_of_the_goods_is_not_said_of_the_pallet(rows, pack):
    said = {"trace:product": "P", "trace:lot": "L", "trace:quantity": 5, "trace:unit": "KGM"}
    pallet, thing = rows(pack(1, 0, "PAL", "A", **said))
    assert [pallet[name] for name in ("product", "lot", "quantity", "unit")] == [None] * 4
    assert [thing[name] for name in ("product", "lot", "quantity", "unit")] == ["P", "L", 5.0, "KGM"]


def test_the_sides_of_a_transformation(rows, body):
    found = rows(
        body(
            "Transformation",
            1,
            0,
            inputEPCList=[OBJ + "A"],
            outputEPCList=[OBJ + "A"],
            inputQuantityList=[{"epcClass": "https://acme.example/lot/P:L", "quantity": 3}],
            outputQuantityList=[{"epcClass": "https://acme.example/lot/P:M", "quantity": 2.5}],
        )
    )
    assert [(row["item"].rpartition("/")[2], row["action"], row["quantity"]) for row in found] == [
        ("A", "DELETE", None),
        ("P:L", "DELETE", 3),
        ("A", "ADD", None),
        ("P:M", "ADD", 2.5),
    ]


@pytest.fixture
def withdrawal(at):
    def make(of, declared, **fields):
        return of | {"errorDeclaration": {"declarationTime": at(declared)}} | fields

    return make


def test_a_correction_counts_from_its_own_record_time(rows, told, obj, pack, withdrawal, at):
    packing = pack(1, 0, "PAL", "A")
    moving = obj(2, 1, "PAL")
    bodies = [packing, moving, withdrawal(packing, 50, recordTime=at(10))]
    before, after = micros(read_time(at(9.99))), micros(read_time(at(10)))
    assert told(*bodies, as_of=before)[2] == [("PAL", None), ("A", "PAL")]
    assert [row["corrected"] for row in rows(*bodies, as_of=before)] == [False] * 4
    assert told(*bodies, as_of=after)[2] == [("PAL", None)]
    assert [(row["seq"], row["corrected"]) for row in rows(*bodies, as_of=after)] == [
        (1, True),
        (1, True),
        (2, False),
    ]
    assert rows(*bodies) == rows(*bodies, as_of=after)


def test_a_correction_without_record_time_counts_from_its_declaration(rows, obj, withdrawal, at):
    bodies = [obj(1, 0, "A"), withdrawal(obj(1, 0, "A"), 5)]
    assert [row["corrected"] for row in rows(*bodies, as_of=micros(read_time(at(4))))] == [False]
    assert [row["corrected"] for row in rows(*bodies, as_of=micros(read_time(at(5))))] == [True]


def test_as_of_uses_what_was_known(told, obj, pack, at):
    bodies = [pack(1, 0, "PAL", "A", recordTime=at(8)), obj(2, 1, "PAL"), obj(3, 20, "PAL")]
    assert told(*bodies, as_of=micros(read_time(at(7)))) == {2: [("PAL", None)]}
    assert told(*bodies, as_of=micros(read_time(at(8))))[2] == [("PAL", None), ("A", "PAL")]
    assert told(*bodies, as_of=micros(read_time(at(0))) - 1) == {}


@pytest.mark.parametrize(("via", "known"), [("imported", 1), ("scanned", 30), ("typed", 30), ("piped", 30)])
def test_when_an_event_was_known(obj, at, via, known):
    rec = at(30).replace("+00:00", ".000Z")
    assert make_event(1, obj(1, 1, "A"), rec, via).known == micros(read_time(at(known)))
    told = obj(1, 1, "A", recordTime=at(2))
    assert make_event(1, told, rec, via).known == micros(read_time(at(2 if via == "imported" else 30)))


def test_private_values_that_are_withheld_are_empty(rows, obj):
    hidden = {"_commit": "00" * 32}
    (row,) = rows(obj(1, 0, "A", sourceList=hidden, **{"trace:quantity": hidden, "trace:product": None}))
    assert (row["quantity"], row["party"], row["source"]) == (None, None, None)


def test_decimals_are_floats(rows, obj):
    assert rows(obj(1, 0, "A", **{"trace:quantity": 2}))[0]["quantity"] == 2.0
    assert isinstance(rows(obj(1, 0, "A", **{"trace:quantity": Decimal("2.5")}))[0]["quantity"], float)


def test_an_imported_corrective_event_counts_from_its_declaration(events, obj, at):
    wrong, right = obj(1, 0, "A"), obj(2, 0, "A")
    error = {"declarationTime": at(5), "correctiveEventIDs": [right["eventID"]]}
    told = events(wrong, right, wrong | {"errorDeclaration": error})
    for hour, standing in ((4, [1]), (5, [2])):
        found = events_columns(told, as_of=micros(read_time(at(hour))))
        pairs = zip(found["seq"], found["corrected"], strict=True)
        assert [seq for seq, corrected in pairs if not corrected] == standing
