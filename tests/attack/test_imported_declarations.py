# SPDX-License-Identifier: Apache-2.0
"""Files of others that declare events of the site wrong: they are kept, and withdraw nothing made here."""

import json

import pytest

ERROR = {"declarationTime": "2026-03-09T00:00:00Z", "reason": "did_not_occur"}


@pytest.fixture
def attack(trace, tmp_path):
    """Import an error declaration that carries an eventID of the site, and names something else."""

    def run(event_id):
        event = {
            "type": "ObjectEvent",
            "eventID": event_id,
            "eventTime": "2026-01-01T00:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "epcList": ["https://other.example/obj/X"],
            "errorDeclaration": ERROR,
        }
        document = {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-09T00:00:00Z",
            "epcisBody": {"eventList": [event]},
        }
        path = tmp_path / "theirs.jsonld"
        path.write_text(json.dumps(document))
        ran = trace("import", path, "--json")
        assert (ran.code, ran.answer["recorded"]) == (0, 1), ran.err
        return ran.answer["first_seq"]

    return run


def test_an_imported_declaration_lifts_no_hold(site, trace, attack):
    assert trace("receive", "CRATE-9", "--from", "FARM-1").code == 0
    assert trace("hold", "CRATE-9", "--reason", "sample").code == 0
    held = trace("history", "CRATE-9", "--json").answer["events"][-1]
    theirs = attack(held["event_id"])
    assert trace("ship", "CRATE-9", "--to", "SHOP-1").code == 5
    line = trace("history", "CRATE-9", "--json").answer["events"][-1]
    assert (line["corrected"], line["correction"], line["disputed"]["seq"]) == (False, None, theirs)
    said = f"disputed by entry {theirs} (imported)"
    assert said in trace("history", "CRATE-9").out
    assert said in trace("log").out
    assert said in trace("show", line["seq"]).out
    assert trace("index", "check").code == 0
    assert trace("index", "rebuild").code == 0
    assert trace("index", "check").code == 0
    # The site itself can still withdraw it: a file that came first does not keep that out.
    assert trace("correct", line["seq"], "--reason", "did_not_occur").code == 0
    assert "by auditor" in trace("history", "CRATE-9").out
    assert trace("index", "check").code == 0
    assert trace("ship", "CRATE-9", "--to", "SHOP-1").code == 0


def test_what_was_imported_is_still_withdrawn_by_what_is_imported(site, trace, attack):
    imported = trace("history", "BOX-07", "--json").answer["events"][-1]
    theirs = attack(imported["event_id"])
    line = trace("history", "BOX-07", "--json").answer["events"][-1]
    assert (line["corrected"], line["correction"]["seq"], line["disputed"]) == (True, theirs, None)
    assert trace("index", "check").code == 0


def test_a_correction_passes_on_nothing_that_is_on_hold(site, trace):
    assert trace("receive", "CRATE-9", "--from", "FARM-1").code == 0
    received = trace("history", "CRATE-9", "--json").answer["events"][-1]["seq"]
    assert trace("hold", "CRATE-9", "--reason", "sample").code == 0
    change = ("correct", received, "--reason", "incorrect_data", "--with", "step=shipping")
    ran = trace(*change)
    assert ran.code == 5
    assert "on hold" in ran.err
    assert trace("correct", received, "--reason", "incorrect_data", "--with", "place=DOCK-2").code == 0


def test_a_correction_of_held_goods_is_recorded_with_why(site, trace):
    assert trace("receive", "CRATE-9", "--from", "FARM-1").code == 0
    received = trace("history", "CRATE-9", "--json").answer["events"][-1]["seq"]
    assert trace("hold", "CRATE-9", "--reason", "sample").code == 0
    change = ("correct", received, "--reason", "incorrect_data", "--with", "step=shipping")
    assert trace(*change, "--anyway", "back to the farm").code == 0
