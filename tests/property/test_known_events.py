# SPDX-License-Identifier: Apache-2.0
"""The events table out of columns against the one that is laid out event by event, on random histories."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.tables.events import events_table
from forecasting.tables.known import find_declarations, known_events, known_readings
from forecasting.tables.readings import readings_table
from forecasting.tables.recorded import by_number, join_recorded, record_events, take_events
from ledger.custody.history import make_event
from tests.reference.slow_columns import events_columns, readings_columns

OBJ = "https://acme.example/obj/"
THINGS = [*(f"{OBJ}{name}" for name in "ABCXYZ"), "https://acme.example/lot/P:L", "https://acme.example/lot/P:M"]
START = datetime(2026, 3, 1, tzinfo=UTC)


def moment(hours):
    return (START + timedelta(hours=hours)).isoformat()


def micros(hours):
    return int((START + timedelta(hours=hours)).timestamp() * 1_000_000)


@st.composite
def bodies(draw):
    """One event: any kind, late or not, things in containers in containers, goods told or not, or an error."""
    hours = st.integers(0, 12)
    things = st.lists(st.sampled_from(THINGS), max_size=3)
    amounts = st.sampled_from([None, 1, 2.5, {"_commit": "00" * 32}])
    kind = draw(st.sampled_from(["Object", "Aggregation", "Aggregation", "Transformation", "Transaction"]))
    body = {
        "type": f"{kind}Event",
        "eventID": f"urn:uuid:{draw(st.integers(0, 9))}",
        "eventTime": moment(draw(hours)),
        "action": draw(st.sampled_from(["ADD", "OBSERVE", "DELETE"])),
        "bizStep": draw(st.sampled_from(["shipping", "receiving", "packing"])),
        "readPoint": {"id": draw(st.sampled_from(["p", "q"]))},
    }
    goods = [
        {"epcClass": uri, "quantity": amount} if amount is not None else {"epcClass": uri}
        for uri, amount in draw(st.lists(st.tuples(st.sampled_from(THINGS[-2:]), amounts), max_size=2))
    ]
    if kind == "Aggregation":
        body |= {"childEPCs": draw(things), "childQuantityList": goods}
        if draw(st.booleans()) or not body["childEPCs"]:
            body["parentID"] = draw(st.sampled_from(THINGS[:6]))
    elif kind == "Transformation":
        body |= {"inputEPCList": draw(things), "outputEPCList": draw(things), "outputQuantityList": goods}
        del body["action"]
    else:
        body |= {"epcList": draw(things), "quantityList": goods}
    for name, values in (
        ("product", ["S", "T", {"_commit": "11" * 32}]),
        ("lot", ["L1", ""]),
        ("quantity", [3, 1]),
        ("unit", ["KGM", ""]),
        ("promised", [moment(40)]),
    ):
        if draw(st.integers(0, 3)) == 0:
            body[f"trace:{name}"] = draw(st.sampled_from(values))
    if draw(st.integers(0, 3)) == 0:
        body["recordTime"] = moment(draw(hours))
    if draw(st.integers(0, 4)) == 0:
        named = draw(st.lists(st.integers(0, 9), max_size=2))
        body["errorDeclaration"] = {
            "declarationTime": moment(draw(hours)),
            "correctiveEventIDs": [f"urn:uuid:{number}" for number in named],
        }
    if draw(st.integers(0, 3)) == 0:
        values = draw(st.lists(st.sampled_from([4, 4.5, "cold"]), max_size=2))
        report = [{"type": "Temperature", "uom": "CEL", "value": value} for value in values]
        about = draw(st.sampled_from([{}, {"time": moment(draw(hours)), "deviceID": "urn:sensor:1"}]))
        body["sensorElementList"] = [{"sensorMetadata": about, "sensorReport": report}]
    return body, draw(st.sampled_from(["imported", "imported", "scanned"])), draw(hours)


@st.composite
def histories(draw):
    told = draw(st.lists(bodies(), max_size=14))
    return tuple(
        make_event(2 * seq + 1, body, (START + timedelta(hours=rec)).isoformat(), via, by="ann")
        for seq, (body, via, rec) in enumerate(told)
    )


MOMENTS = st.one_of(st.none(), st.integers(-1, 13))


def reference(events, as_of):
    return events_table(events_columns(events, as_of=as_of))


@settings(max_examples=120, deadline=None)
@given(histories(), MOMENTS)
def test_columns_give_the_table_that_events_give(events, hours):
    as_of = None if hours is None else micros(hours)
    pd.testing.assert_frame_equal(known_events(record_events(events), as_of=as_of), reference(events, as_of))


@settings(max_examples=40, deadline=None)
@given(histories(), MOMENTS, st.integers(0, 14), st.integers(0, 14))
def test_a_history_read_in_parts_is_the_history(events, hours, one, other):
    low, high = sorted((one, other))
    as_of = None if hours is None else micros(hours)
    parts = [record_events(part) for part in (events[:low], events[low:high], events[high:])]
    pd.testing.assert_frame_equal(known_events(join_recorded(parts), as_of=as_of), reference(events, as_of))


@settings(max_examples=80, deadline=None)
@given(histories(), MOMENTS, st.integers(0, 14))
def test_columns_give_the_readings_that_events_give(events, hours, cut):
    as_of = None if hours is None else micros(hours)
    expected = readings_table(readings_columns(events, as_of=as_of))
    recorded = join_recorded([record_events(events[cut:]), record_events(events[:cut])])
    pd.testing.assert_frame_equal(known_readings(recorded, as_of=as_of), expected)


@settings(max_examples=15, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_taken_is_put_right(events, dice):
    recorded = record_events(events)
    rows = np.array(dice.sample(range(len(events)), len(events)), dtype=np.int64)
    shuffled = take_events(recorded, rows)
    pd.testing.assert_frame_equal(known_events(by_number(shuffled)), reference(events, None))


def test_nothing_recorded_is_an_empty_table():
    pd.testing.assert_frame_equal(known_events(record_events(())), reference((), None))


@pytest.mark.parametrize("as_of", [None, micros(5)])
def test_declarations_of_the_whole_count_for_a_part(as_of):
    body = {"type": "ObjectEvent", "eventID": "urn:1", "eventTime": moment(1), "action": "ADD", "epcList": ["a:1"]}
    error = body | {"errorDeclaration": {"declarationTime": moment(4)}}
    recorded = record_events(make_event(seq, one, moment(0), "imported") for seq, one in enumerate((body, error)))
    part = take_events(recorded, np.array([0]))
    assert not known_events(part, as_of=as_of)["corrected"].any()
    assert known_events(part, as_of=as_of, corrections=find_declarations(recorded))["corrected"].all()
