# SPDX-License-Identifier: Apache-2.0
"""Readings of sensors out of events, and what master data knows of places and lots."""

import pytest

from ledger.chain.entry import Entry
from ledger.custody.history import make_event
from ledger.custody.known_sizes import known_places_and_lots
from ledger.custody.readings import read_readings
from tests.reference.slow_columns import READING_NAMES, readings_columns

REPORT = {"type": "gs1:Temperature", "value": 4.5, "uom": "CEL", "deviceID": "urn:dev:1"}
A, B = "https://acme.example/obj/A", "https://acme.example/obj/B"
GLN = "https://id.gs1.org/414/9521321000010"


def event(seq, sensors, *, epcs=(A,), event_id=None, **more):
    body = {
        "eventID": event_id or f"ni:///sha-256;{seq:064x}?ver=CBV2.0",
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": f"2026-01-05T{seq:02}:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": list(epcs),
        "readPoint": {"id": "https://acme.example/loc/DOCK"},
        "sensorElementList": sensors,
        **more,
    }
    return make_event(seq, body, f"2026-02-01T{seq:02}:00:00.000000Z", "scanned")


def test_numbers_are_read_with_their_time_sensor_and_kind():
    reports = [
        {"type": "https://gs1.org/voc/Temperature", "meanValue": 4, "uom": "CEL"},
        {"type": "Speed", "component": "cbv:Comp-x", "value": 2.5, "time": "2026-01-05T06:30:00Z"},
    ]
    metadata = {"time": "2026-01-05T07:00:00+01:00", "deviceID": "urn:dev:7"}
    found = read_readings({"sensorElementList": [{"sensorMetadata": metadata, "sensorReport": reports}]})
    assert [(one.sensor, one.type, one.value) for one in found] == [
        ("urn:dev:7", "Temperature CEL", 4.0),
        ("urn:dev:7", "Speed Comp-x", 2.5),
    ]
    assert found[1].time - found[0].time == 1_800_000_000


@pytest.mark.parametrize(
    "elements",
    [
        None,
        "",
        {"_commit": "00"},
        [
            None,
            3,
            {"sensorReport": "x"},
            {"sensorReport": [{"value": "4"}, {"value": True}, {"value": 1e400}, {}]},
        ],
        [{"sensorMetadata": 3, "sensorReport": [{"stringValue": "a"}]}],
    ],
)
def test_what_is_no_number_is_left_out(elements):
    assert read_readings({"sensorElementList": elements}) == ()


@pytest.mark.parametrize("time", ["yesterday", "2026-01-05T07:00:00", 7, "9" * 5000])
def test_a_time_that_is_none_is_that_of_the_event(time):
    found = read_readings({"sensorElementList": [{"sensorReport": [{**REPORT, "time": time}]}]})
    assert found[0].time is None


def test_columns_hold_what_was_known_and_not_withdrawn():
    sensors = [{"sensorReport": [REPORT]}]
    told = [event(1, sensors), event(2, sensors, epcs=()), event(3, sensors, epcs=(A, B)), event(4, None)]
    columns = readings_columns(told)
    assert tuple(columns) == READING_NAMES
    assert columns["seq"] == [1, 2, 3]
    assert columns["item"] == [A, None, None]
    assert columns["time"] == [one.facts.time for one in told[:3]]
    assert readings_columns(told, as_of=told[1].known)["seq"] == [1, 2]
    declared = {"declarationTime": "2026-02-02T00:00:00Z", "reason": "incorrect_data"}
    withdrawn = event(5, sensors, event_id=told[0].facts.event_id, errorDeclaration=declared)
    assert readings_columns([*told, withdrawn])["seq"] == [2, 3]
    assert readings_columns([*told, withdrawn], as_of=told[2].known)["seq"] == [1, 2, 3]
    assert all(values == [] for values in readings_columns([told[3]]).values())


def master(seq, **body):
    return Entry(seq, bytes(32), body, "x", "master", "2026-01-01T00:00:00.000000Z", "typed")


def test_places_and_lots_of_master_data():
    entries = [
        master(1, type="place", id=GLN, latitude=1, longitude=2),
        master(2, type="place", id=GLN, latitude=3, longitude=4),
        master(3, type="place", id="https://acme.example/loc/X", latitude=3, longitude={"_commit": "0"}),
        master(4, type="product", id="https://acme.example/class/TEA", lot_size=12),
        master(5, type="product", id="https://id.gs1.org/01/09521321123458/10/L7", lot_size=7),
        master(6, type="place", id=GLN, latitude=9, longitude=9),
    ]
    places, lots = known_places_and_lots(entries, size=6)
    assert places == [
        {"place": GLN, "latitude": 3.0, "longitude": 4.0},
        {"place": GLN.replace("/414/", "/417/"), "latitude": 3.0, "longitude": 4.0},
    ]
    assert lots == [
        {"product": "https://acme.example/class/TEA", "lot": None, "lot_size": 12.0},
        {"product": "https://id.gs1.org/01/09521321123458", "lot": "L7", "lot_size": 7.0},
    ]
