# SPDX-License-Identifier: Apache-2.0
"""Each kind of gap is named where a record is missing, and not where it is there; quantities convert exactly."""

from decimal import Decimal

import pytest

from ledger.custody.index.lookup import Lookup
from ledger.custody.provenance.answer import make_answer
from ledger.custody.provenance.graph import trace
from ledger.custody.provenance.recall import find_recall
from ledger.custody.units import convert, total

BASE = "https://acme.example"
RAW, MIX = f"{BASE}/lot/RAW:1", f"{BASE}/lot/MIX:1"
FARM, PACK = {"id": f"{BASE}/loc/FARM"}, {"id": f"{BASE}/loc/PACK"}


def some(lot, quantity, unit="KGM"):
    return [{"epcClass": lot, "quantity": quantity, "uom": unit}]


@pytest.fixture
def chain(body):
    """A farm lot, shipped, received and made into another: nothing is missing."""
    to = [{"type": "location", "destination": PACK["id"]}]
    made = body("Transformation", 4, 4, inputQuantityList=some(RAW, 2, "TNE"), readPoint=PACK)
    made |= {"outputQuantityList": some(MIX, 1900)}
    del made["action"]
    moved = {"quantityList": some(RAW, 2, "TNE")}
    return {
        "made": body("Object", 1, 1, action="ADD", bizStep="commissioning", readPoint=FARM, **moved),
        "shipped": body("Object", 2, 2, bizStep="shipping", readPoint=FARM, destinationList=to, **moved),
        "received": body("Object", 3, 3, bizStep="receiving", readPoint=PACK, **moved),
        "mixed": made,
    }


@pytest.fixture
def ask(make_recorder, record, looking):
    def answer(*events, item=MIX, direction="back"):
        record(make_recorder(), *events)
        with looking() as (view, reader):
            return make_answer(trace(Lookup(view, reader), item, direction))

    return answer


def test_a_whole_chain_has_no_gap_and_balances_in_one_unit(chain, ask):
    found = ask(*chain.values())
    assert found.complete
    assert {node.uri for node in found.nodes} == {RAW, MIX}
    (line,) = found.balance
    assert (line.unit, line.inputs, line.outputs, line.difference) == ("TNE", 2, Decimal("1.9"), Decimal("0.1"))


@pytest.mark.parametrize(
    ("missing", "kind"), [("made", "no_origin"), ("shipped", "not_shipped"), ("received", "not_received")]
)
def test_each_missing_record_is_named(chain, ask, missing, kind):
    del chain[missing]
    found = ask(*chain.values())
    assert [gap.kind for gap in found.gaps] == [kind]
    assert not found.complete
    assert found.gaps[0].item == RAW
    assert found.gaps[0].remedy


def test_what_is_received_from_somebody_who_is_named_begins_there(chain, ask):
    source = [{"type": "location", "source": FARM["id"]}]
    found = ask(chain["received"] | {"sourceList": source}, chain["mixed"])
    assert found.complete


def test_more_out_than_in_one_sided_and_no_lot_are_gaps(chain, ask, body):
    chain["mixed"]["outputQuantityList"] = some(MIX, 2100) + some(f"{BASE}/class/OTHER", 1)
    alone = body("Transformation", 9, 9, transformationID=f"{BASE}/xform/R", inputQuantityList=some(MIX, 1))
    del alone["action"]
    found = ask(*chain.values(), alone, item=RAW, direction="forward")
    assert {gap.kind for gap in found.gaps} == {"out_of_nothing", "one_sided", "no_lot"}


def test_out_of_a_box_that_it_never_went_into_and_in_two_boxes(ask, pack):
    thing = f"{BASE}/obj/A"
    found = ask(pack(1, 1, "BOX", "B"), pack(2, 2, "BOX", "A", action="DELETE"), item=thing, direction="forward")
    assert [gap.kind for gap in found.gaps] == ["not_packed"]


def test_a_thing_in_two_boxes_is_told(ask, pack):
    thing = f"{BASE}/obj/A"
    found = ask(pack(1, 1, "BOX", "A"), pack(2, 2, "CRATE", "A"), item=thing, direction="forward")
    assert [gap.kind for gap in found.gaps] == ["two_places"]
    assert {node.uri for node in found.nodes} == {thing, f"{BASE}/obj/BOX", f"{BASE}/obj/CRATE"}


def test_a_recall_counts_what_moved_and_names_what_was_overdrawn(chain, make_recorder, record, looking, body):
    sold = body("Object", 7, 7, bizStep="retail_selling", readPoint=PACK, quantityList=some(MIX, 1000))
    over = body("Object", 8, 8, bizStep="retail_selling", readPoint=PACK, quantityList=some(MIX, 950))
    record(make_recorder(), *chain.values(), sold, over)
    with looking() as (view, reader):
        found = find_recall(Lookup(view, reader), RAW, contact=lambda holder, place: f"call {place}")
    states = {(line.part.uri, line.part.state, line.part.quantity) for line in found.affected}
    assert states == {(RAW, "used", Decimal(2)), (MIX, "sold", Decimal(1950))}
    assert [gap.kind for gap in found.gaps] == ["out_of_nothing"]
    assert "50 kg more" in found.gaps[0].message
    assert found.affected[0].contact == f"call {PACK['id']}"


@pytest.mark.parametrize(
    ("quantity", "unit", "into", "expected"),
    [
        ("1", "TNE", "KGM", "1000"),
        ("2.5", "LBR", "KGM", "1.133980925"),
        ("12", "DZN", None, "144"),
        ("1", "MTQ", "LTR", "1000"),
        ("1", "KGM", "LTR", None),
        ("1", "XCS", "XCS", "1"),
        ("1", "XCS", None, None),
    ],
)
def test_units_convert_inside_a_dimension_only(quantity, unit, into, expected):
    assert convert(Decimal(quantity), unit, into) == (None if expected is None else Decimal(expected))


def test_an_unknown_amount_makes_a_sum_unknown():
    assert total([(Decimal(1), "KGM"), (Decimal(500), "GRM")]) == (Decimal("1.5"), "KGM")
    assert total([(Decimal(1), "KGM"), (None, "KGM")]) == (None, None)
    assert total([(Decimal(1), "KGM"), (Decimal(1), "LTR")]) == (None, None)
