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


@pytest.fixture
def load(trace, tmp_path):
    """Import events as one EPCIS document; gives the answer."""

    def run(*events):
        document = {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-09T00:00:00Z",
            "epcisBody": {"eventList": list(events)},
        }
        path = tmp_path / "partner.jsonld"
        path.write_text(json.dumps(document), encoding="utf-8")
        ran = trace("import", path, "--json")
        assert ran.code == 0, ran.err
        return ran.answer

    return run


THEIRS = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:11111111-1111-4111-8111-111111111111",
    "eventTime": "2026-01-01T10:00:00+02:00",
    "eventTimeZoneOffset": "+02:00",
    "action": "OBSERVE",
    "bizStep": "receiving",
    "epcList": ["urn:epc:id:sgtin:9521321.012345.7", "https://other.example/obj/Y"],
    "readPoint": {"id": "https://other.example/loc/1"},
}
COPY = {**THEIRS, "errorDeclaration": ERROR}
THING = "urn:epc:id:sgtin:9521321.012345.7"


def line_of(trace, thing=THING):
    return [one for one in trace("history", thing, "--json").answer["events"] if not one["withdraws"]][-1]


def test_a_copy_withdraws_what_was_imported_in_any_spelling_and_order(site, trace, load):
    spelled = {
        **COPY,
        "eventTime": "2026-01-01T08:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": ["https://id.gs1.org/01/09521321123458/21/7", "https://other.example/obj/Y"],
    }
    cases = ((COPY, True), (COPY, False), (spelled, True), (spelled, False))
    for number, (declaration, first) in enumerate(cases):
        name = f"urn:uuid:{number:08d}-1111-4111-8111-111111111111"
        event, error = {**THEIRS, "eventID": name}, {**declaration, "eventID": name}
        answers = [load(one) for one in ((error, event) if first else (event, error))]
        told = answers[0 if first else 1]["withdrawals_not_made"]
        assert [one["why"] for one in told] == (["no_such_event"] if first else [])
        by_id = {
            one["event_id"]: one
            for one in trace("history", THING, "--json").answer["events"]
            if not one["withdraws"]
        }
        assert (by_id[name]["corrected"], by_id[name]["disputed"]) == (True, None)
        assert trace("index", "check").code == 0
    assert trace("index", "rebuild").code == 0
    assert trace("index", "check").code == 0


@pytest.mark.parametrize(
    "change",
    [
        {"epcList": ["https://attacker.example/obj/X"]},
        {"epcList": []},
        {"epcList": [THING, "https://attacker.example/obj/X"]},
        {"eventTime": "2026-01-01T10:00:01+02:00"},
    ],
)
@pytest.mark.parametrize("order", ["after", "before", "in one file"])
def test_who_knows_an_event_id_alone_withdraws_no_event_of_another_partner(site, trace, load, change, order):
    forged = {**COPY, **change}
    if order == "after":
        load(THEIRS)
        told = load(forged)["withdrawals_not_made"]
        assert [one["why"] for one in told] == ["not_allowed"]
    elif order == "before":
        assert [one["why"] for one in load(forged)["withdrawals_not_made"]] == ["no_such_event"]
        load(THEIRS)
    else:
        assert [one["why"] for one in load(forged, THEIRS)["withdrawals_not_made"]] == ["not_allowed"]
    line = line_of(trace)
    assert (line["corrected"], line["correction"]) == (False, None)
    assert line["disputed"]["via"] == "imported"
    assert "disputed" in trace("show", line["seq"]).out
    assert (
        "(corrected)" not in trace("query", f"EQ_eventID={THEIRS['eventID']}", "EXISTS_errorDeclaration=false").out
    )
    forward = trace("forward", THING, "--json").answer
    assert line["seq"] in forward["nodes"][0]["events"]
    assert line["seq"] not in forward["corrected"]
    for _ in range(2):
        assert trace("index", "check").code == 0
        assert trace("index", "rebuild").code == 0
    assert line_of(trace)["corrected"] is False
    # Whoever keeps the ledger can withdraw it after having asked.
    assert trace("correct", line["seq"], "--reason", "did_not_occur").code == 0
    assert line_of(trace)["corrected"] is True
    assert trace("index", "check").code == 0


def test_a_declaration_on_nothing_that_is_here_is_told(site, trace, load):
    answer = load(COPY)
    assert [(one["event_id"], one["why"]) for one in answer["withdrawals_not_made"]] == [
        (THEIRS["eventID"], "no_such_event")
    ]


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
