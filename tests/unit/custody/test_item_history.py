# SPDX-License-Identifier: Apache-2.0
"""The history of one item: its own events, and those of its containers only while it was inside."""

import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from ledger.chain.errors import Refused, Untrue
from ledger.custody.codes import Codes
from ledger.custody.index.lookup import Lookup
from ledger.custody.item_history import NotFoundError, item_history, resolve

OBJ = "https://acme.example/obj/"
CODES = Codes("acme.example")


@pytest.fixture
def story(make_recorder, record, looking):
    """Record bodies and tell the history of an item as (entry, container) pairs."""

    def tell(item, *bodies):
        record(make_recorder(), *bodies)
        with looking() as (view, reader):
            return item_history(Lookup(view, reader), item if ":" in item else OBJ + item)

    return tell


def pairs(found):
    return [(line.event.seq, line.parent and line.parent.removeprefix(OBJ)) for line in found.lines]


def test_through_containers_only_while_inside(story, obj, pack):
    found = story(
        "A",
        obj(1, 0, "PAL"),
        obj(2, 1, "A"),
        pack(3, 2, "PAL", "A"),
        obj(4, 3, "PAL"),
        pack(5, 4, "PAL", "B"),
        pack(6, 5, "PAL", "A", action="DELETE"),
        obj(7, 6, "PAL"),
        obj(8, 7, "A"),
    )
    assert pairs(found) == [(2, None), (3, None), (4, "PAL"), (6, None), (8, None)]


def test_emptying_names_nothing_and_ends_all_stays(story, obj, pack):
    found = story(
        "A",
        pack(1, 0, "BOX", "A"),
        pack(2, 1, "PAL", "BOX"),
        obj(3, 2, "PAL"),
        pack(4, 3, "PAL", action="DELETE"),
        obj(5, 4, "PAL"),
        obj(6, 5, "BOX"),
        pack(7, 6, "BOX", action="DELETE"),
        obj(8, 7, "BOX"),
        pack(9, 8, "BOX", "A"),
        obj(10, 9, "BOX"),
    )
    assert pairs(found) == [
        (1, None),
        (2, "BOX"),
        (3, "PAL"),
        (4, "PAL"),
        (6, "BOX"),
        (7, "BOX"),
        (9, None),
        (10, "BOX"),
    ]


def test_at_one_time_the_number_decides(story, obj, pack):
    found = story(
        "A",
        obj(1, 0, "PAL"),
        pack(2, 0, "PAL", "A"),
        obj(3, 0, "PAL"),
        pack(4, 0, "PAL", action="DELETE"),
        obj(5, 0, "PAL"),
    )
    assert pairs(found) == [(2, None), (3, "PAL"), (4, "PAL")]


def test_what_is_left_of_a_lot_stays_inside(story, body, obj):
    lot = "https://acme.example/lot/P:L"

    def move(number, hours, action, quantity):
        goods = [{"epcClass": lot, "quantity": Decimal(quantity), "uom": "KGM"}]
        return body("Aggregation", number, hours, parentID=OBJ + "PAL", action=action, childQuantityList=goods)

    found = story(
        lot,
        move(1, 0, "ADD", "10"),
        move(2, 1, "DELETE", "4.5"),
        obj(3, 2, "PAL"),
        move(4, 3, "DELETE", "5.5"),
        obj(5, 4, "PAL"),
    )
    assert pairs(found) == [(1, None), (2, None), (3, "PAL"), (4, None)]


def test_a_withdrawn_packing_packed_nothing(story, obj, pack, at):
    packing = pack(1, 0, "PAL", "A")
    found = story("A", packing, obj(2, 1, "PAL"), packing | {"errorDeclaration": {"declarationTime": at(5)}})
    assert [(line.event.seq, line.corrected) for line in found.lines] == [(1, True), (3, True)]


def test_holder_and_place_are_the_last_that_stand(story, obj, at):
    moved = obj(
        2, 1, "A", readPoint={"id": "q"}, destinationList=[{"type": "possessing_party", "destination": "buyer"}]
    )
    found = story(
        "A",
        obj(1, 0, "A", readPoint={"id": "p"}, **{"trace:party": "farm"}),
        moved,
        obj(3, 2, "A"),
        moved | {"errorDeclaration": {"declarationTime": at(5)}},
    )
    assert (found.holder, found.place) == ("farm", "p")


def test_resolve(make_recorder, record, looking, obj, body):
    gtin = "https://id.gs1.org/01/04006381333931"
    goods = [
        {"epcClass": uri}
        for uri in (f"{gtin}/10/L1", "https://acme.example/lot/A:L2", "https://acme.example/lot/B:L2")
    ]
    record(make_recorder(), obj(1, 0, "A", "4006381333932"), body("Object", 2, 0, quantityList=goods))
    with looking() as found:
        lookup = Lookup(*found)
        assert resolve(lookup, CODES, "A") == OBJ + "A"
        assert resolve(lookup, CODES, OBJ + "A") == OBJ + "A"
        assert resolve(lookup, CODES, "4006381333932") == OBJ + "4006381333932"
        assert resolve(lookup, CODES, "4006381333931:L1") == f"{gtin}/10/L1"
        assert resolve(lookup, CODES, "L1") == f"{gtin}/10/L1"
        assert resolve(lookup, CODES, "B:L2") == "https://acme.example/lot/B:L2"
        with pytest.raises(Refused, match="fits 2 things: A:L2, B:L2"):
            resolve(lookup, CODES, "L2")
        for nothing in ("Z", "", "urn:x:1", "\udcff", "a\x00", "%", "_", "a" * 600, "L"):
            with pytest.raises(NotFoundError):
                resolve(lookup, CODES, nothing)


def test_an_index_that_lies_misleads_nobody(make_recorder, record, looking, obj, tmp_path):
    recorder = make_recorder()
    record(recorder, obj(1, 0, "A"), obj(2, 1, "B"))
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection:
        for seq in (-1, 0, 2, 99, 2**62):
            connection.execute(
                "INSERT INTO d_mention SELECT id, ?, 1, 0, 0 FROM d_thing WHERE uri = ?",
                (seq, OBJ + "A"),
            )
    with looking() as (view, reader):
        assert pairs(item_history(Lookup(view, reader), OBJ + "A")) == [(1, None)]


def test_a_private_value_that_was_changed_is_never_shown(make_recorder, record, looking, obj, tmp_path):
    record(make_recorder("party"), obj(1, 0, "A", **{"trace:party": "https://acme.example/party/ann"}))
    with looking() as (view, reader):
        assert item_history(Lookup(view, reader), OBJ + "A").holder == "https://acme.example/party/ann"
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection:
        connection.execute("UPDATE attachment SET data = CAST(replace(data, 'ann', 'eve') AS BLOB)")
    with looking() as (view, reader), pytest.raises(Untrue, match="private value was changed"):
        item_history(Lookup(view, reader), OBJ + "A")


def test_an_entry_that_was_changed_is_never_shown(make_recorder, record, looking, obj, tmp_path):
    record(make_recorder(), obj(1, 0, "A"), obj(2, 0, "B"))
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection:
        connection.execute(
            "UPDATE entry SET bytes = CAST(replace(bytes, 'holding', 'storing') AS BLOB) WHERE seq = 1"
        )
    with looking() as (view, reader):
        assert pairs(item_history(Lookup(view, reader), OBJ + "B")) == [(2, None)]
        with pytest.raises(Untrue, match="entry 1") as caught:
            item_history(Lookup(view, reader), OBJ + "A")
        assert caught.value.seq == 1
