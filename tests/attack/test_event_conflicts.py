# SPDX-License-Identifier: Apache-2.0
"""An eventID that is known with other contents is no duplicate: who came first must not keep a true event out."""

import json

import pytest


def event(item, event_id="urn:uuid:11111111-2222-4333-8444-555555555555", **more):
    return {
        "type": "ObjectEvent",
        "eventID": event_id,
        "eventTime": "2026-03-01T08:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": "inspecting",
        "epcList": [f"https://acme.example/obj/{item}"],
        **more,
    }


@pytest.fixture
def put(tmp_path, trace):
    def write(*events):
        path = tmp_path / "events.json"
        document = {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-01T08:00:00Z",
            "epcisBody": {"eventList": list(events)},
        }
        path.write_text(json.dumps(document))
        return trace("import", path, "--json")

    return write


def test_other_contents_under_a_known_event_id_are_told(site, put):
    first = put(event("N-1"))
    assert (first.code, first.answer["recorded"], first.answer["conflicts"]) == (0, 1, [])
    again = put(event("N-1", recordTime="2026-03-02T08:00:00Z"))
    assert (again.code, again.answer["duplicates"], again.answer["conflicts"]) == (0, 1, [])
    other = put(event("N-2"))
    (conflict,) = other.answer["conflicts"]
    assert (other.code, other.answer["duplicates"]) == (5, 0)
    assert conflict == {"seq": first.answer["first_seq"], "event_id": event("N-2")["eventID"]}


def test_also_within_one_file_and_the_rest_is_recorded(site, put):
    ran = put(event("N-3"), event("N-4"), event("N-5", "urn:uuid:11111111-2222-4333-8444-666666666666"))
    assert (ran.code, ran.answer["recorded"], len(ran.answer["conflicts"])) == (5, 2, 1)
