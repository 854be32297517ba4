# SPDX-License-Identifier: Apache-2.0
"""Evidence of an item: declarations on its events, names of what they name, and withheld fields, end to end."""

import json

import pytest

from ledger.chain.bundle import make_bundle, parse_bundle, write_bundle
from trace_cli.asking import asking

HEAD = "time,step,item,place,party,contact,weight\n"
ROWS = HEAD + (
    "2026-03-01T08:00:00Z,commissioning,BOX-1,FARM,,Nora Nameless,7\n"
    "2026-03-02T08:00:00Z,shipping,BOX-1,FARM,smith-farms,Ned Nameless,7\n"
)


@pytest.fixture
def packed(trace, ledger_of):
    """Makes a bundle of BOX-1 and gives its entries as text."""
    folder = ledger_of(ROWS)

    def pack(*options):
        assert trace("prove", "BOX-1", "-o", "box.bundle", *options).code == 0
        text = (folder / "box.bundle").read_text(encoding="utf-8")
        return [json.loads(proof.extra) for proof in parse_bundle(text).proofs]

    return pack


def declare(trace, folder, event, **change):
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-09T00:00:00Z",
        "epcisBody": {
            "eventList": [
                {
                    "type": "ObjectEvent",
                    "eventID": event["event_id"],
                    "eventTime": "2026-03-02T08:00:00Z",
                    "eventTimeZoneOffset": "+00:00",
                    "action": "OBSERVE",
                    "epcList": [],
                    "errorDeclaration": {"declarationTime": "2026-03-09T00:00:00Z", "reason": "did_not_occur"},
                    **change,
                }
            ]
        },
    }
    (folder / "wrong.jsonld").write_text(json.dumps(document), encoding="utf-8")
    assert trace("import", folder / "wrong.jsonld").code == 0


def test_a_declaration_that_names_no_item_is_in_the_bundle_and_told(trace, packed, tmp_path):
    event = trace("history", "BOX-1", "--json").answer["events"][-1]
    assert len(packed()) == 2
    declare(trace, tmp_path, event)
    entries = packed()
    assert [one["_seq"] for one in entries] == [1, 2, 3]
    ran = trace("verify", "box.bundle", "--json")
    assert (ran.code, ran.answer["verdict"]) == (0, "ok")
    assert [(one["seq"], one["disputed"]["seq"]) for one in ran.answer["contradicted"]] == [(2, 3)]
    assert "Entry 2 is disputed by entry 3 (did_not_occur)." in trace("verify", "box.bundle").out
    assert trace("passport", "BOX-1", "-o", "box.html").code == 0
    assert trace("verify", "box.html").code == 0


def test_a_withdrawn_event_is_told_to_the_stranger(trace, packed, tmp_path):
    event = trace("history", "BOX-1", "--json").answer["events"][-1]
    declare(trace, tmp_path, event, epcList=["https://acme.example/obj/BOX-1"])
    packed()
    told = trace("verify", "box.bundle", "--json").answer["contradicted"]
    assert [(one["seq"], one["withdrawn"]["seq"], one["disputed"]) for one in told] == [(2, 3, None)]


def test_names_are_in_the_bundle_and_contacts_are_not(trace, packed, tmp_path):
    trace("place", "add", "FARM", "--name", "Valley farm", "--contact", "Ann 555", "--address", "1 Farm Rd")
    trace("partner", "add", "smith-farms", "--name", "Smith Farms")
    trace("place", "add", "ELSEWHERE", "--name", "Nowhere")
    entries = packed()
    names = {one["body"].get("name") for one in entries if one["kind"] == "master"}
    assert names == {"Valley farm", "Smith Farms"}
    text = (tmp_path / "own" / "box.bundle").read_text(encoding="utf-8")
    assert "QW5uIDU1N" not in text  # the contact, in base64
    assert trace("verify", "box.bundle").code == 0
    # Only the latest record of each is packed.
    trace("place", "add", "FARM", "--name", "Old farm")
    assert {one["body"].get("name") for one in packed() if one["kind"] == "master"} == {"Old farm", "Smith Farms"}


def test_master_data_of_a_stranger_does_not_belong_in_a_bundle(trace, packed, tmp_path):
    trace("place", "add", "ELSEWHERE", "--name", "Nowhere")
    packed()
    with asking(tmp_path / "own") as asked:
        bundle = make_bundle(asked.lookup.reader, "https://acme.example/obj/BOX-1", [1, 2, 3], ())
    (tmp_path / "own" / "box.bundle").write_text(write_bundle(bundle), encoding="utf-8")
    ran = trace("verify", "box.bundle", "--json")
    assert (ran.code, ran.answer["first_bad_seq"]) == (3, 3)


def test_withheld_from_recording_to_the_stranger(trace, packed, tmp_path):
    whole = packed()
    assert any("_commit" in one["body"]["own:contact"] for one in whole)
    opened = trace("verify", "box.bundle", "--json").answer
    entries = packed("--withhold", "contact")
    assert [one["body"]["own:contact"] for one in entries] == [one["body"]["own:contact"] for one in whole]
    closed = trace("verify", "box.bundle", "--json")
    assert (closed.code, closed.answer["verdict"]) == (0, "ok")
    values = [
        {check["name"]: check["count"] for check in one["checks"]}["values"] for one in (opened, closed.answer)
    ]
    assert values == [2, 0]
    assert "Nameless" not in (tmp_path / "own" / "box.bundle").read_text(encoding="utf-8")
    # What stands in the signed bytes cannot leave them, and the line to add is named.
    for command, name in (("prove", "x.bundle"), ("passport", "x.html")):
        refused = trace(command, "BOX-1", "-o", name, "--withhold", "weight")
        assert refused.code == 5
        assert "private" in refused.err
        assert not (tmp_path / "own" / name).exists()
