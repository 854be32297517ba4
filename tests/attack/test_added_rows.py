# SPDX-License-Identifier: Apache-2.0
"""Rows are added to the index, or lead to another container, so that a stay seems over before it matters."""

import json

import pytest

START = 1772323200  # 2026-03-01T00:00:00Z
ITEM = "https://id.gs1.org/01/04012345123418/21/7"
CRATE, PALLET, OTHER = (
    f"https://id.gs1.org/00/{sscc}" for sscc in ("040123450000000016", "040123450000000023", "040123450000000030")
)
EMPTIED, TAKEN_OUT = 32, 1032
AT = START + 3 * 3600


def number(uri):
    return f"(SELECT id FROM d_thing WHERE uri = '{uri}')"


def added(thing, seq, role, container="0"):
    columns = "d_mention(thing, seq, role, time, container)"
    return f"INSERT INTO {columns} VALUES ({number(thing)}, {seq}, {role}, {AT}, {container})"


# What hides that the crate was on the pallet while the item was in the crate; entry 302 put it there.
EDITS = {
    "another container": (
        f"UPDATE d_mention SET container = {number(OTHER)} WHERE seq = 302 AND thing = {number(CRATE)}"
    ),
    "an emptying": added(PALLET, 303, EMPTIED),
    "an emptying beyond the log": added(PALLET, 9999, EMPTIED),
    "a taking-out": added(CRATE, 303, TAKEN_OUT, number(PALLET)),
    "a taking-out beyond the log": added(CRATE, 9999, TAKEN_OUT, number(PALLET)),
}


def aggregation(hour, action, container, *inside, **more):
    return {
        "type": "AggregationEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-9000-{hour:012}",
        "eventTime": f"2026-03-01T{hour:02}:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": action,
        "bizStep": "packing" if action == "ADD" else "unpacking",
        "readPoint": {"id": "https://acme.example/loc/DOCK-1"},
        "parentID": container,
        "childEPCs": list(inside),
        **more,
    }


@pytest.fixture
def packed(site, trace, tmp_path):
    gone = {"declarationTime": "2026-03-02T00:00:00Z", "reason": "https://ref.gs1.org/cbv/ER-did_not_occur"}
    emptied = aggregation(4, "DELETE", PALLET)
    events = [
        aggregation(1, "DELETE", OTHER),
        aggregation(2, "ADD", PALLET, CRATE),
        aggregation(3, "DELETE", OTHER),
        emptied,
        {**emptied, "errorDeclaration": gone},
        aggregation(5, "ADD", CRATE, ITEM),
        aggregation(6, "DELETE", CRATE, ITEM),
    ]
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T00:00:00Z",
        "epcisBody": {"eventList": events},
    }
    file = tmp_path / "events.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    assert trace("import", file).code == 0
    return site


def found(trace):
    ran = trace("forward", ITEM)
    return "(00)040123450000000023" in ran.out, "the index is wrong" in ran.err


def test_a_sound_index_leads_to_the_pallet(packed, trace):
    assert found(trace) == (True, False)


@pytest.mark.parametrize("name", EDITS)
def test_what_is_added_hides_nothing(packed, trace, name):
    sound = trace("recall", ITEM, "--json").answer
    packed.sql(EDITS[name])
    assert found(trace) == (True, True)
    told = trace("recall", ITEM, "--json").answer
    assert (told["affected"], told["complete"]) == (sound["affected"], sound["complete"])


def test_an_emptying_that_was_withdrawn_ends_no_stay(packed, trace):
    assert packed.sql("SELECT count(*) FROM d_withdrawn WHERE seq >= 0") == [(1,)]
    packed.sql("DELETE FROM d_withdrawn")
    assert found(trace) == (True, True)
