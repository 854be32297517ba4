# SPDX-License-Identifier: Apache-2.0
"""Published documents and event hashes: every one read, judged, hashed and written again."""

import json

import pytest

from ledger.custody.event_hash import event_hash, prehash
from ledger.custody.exchange.epcis_document import MasterData
from ledger.custody.problems import Problem

# The field that must be named in each invalid document: the end of the pointer or path.
FIELDS = {
    "ObjectEvent_with_invalid_action": {"action"},
    "ObjectEvent_with_invalid_eventTime_format": {"eventTime"},
    "ObjectEvent_with_quantity_as_text": {"quantity"},
    "ObjectEvent_without_action_and_eventTime": {"action", "eventTime", "eventTimeZoneOffset"},
    "ObjectEvent_bare_event_without_action": {"action"},
    "ObjectEvent_with_unknown_element": {"madeUpField"},
    "ObjectEvent_without_eventTime": {"eventTime"},
    "EPCISDocument_without_context": {"@context"},
    "ObjectEvent_with_non_standard_bizStep_in_second_event": {"bizStep"},
    "QueryDocument_with_invalid_action": {"action"},
    "Combination_of_multiple_invalid_fields": {
        "bizStep", "disposition", "type", "materialType", "eventTime", "action",
    },
}  # fmt: skip


@pytest.mark.parametrize("strict", [True, False])
def test_event_hash_vectors(published, bodies, strict):
    folder = published("event-hash")
    vectors = json.loads((folder / "vectors.json").read_bytes())
    wrong = []
    for vector in vectors:
        event = bodies(folder / "documents" / vector["document"], strict=strict)[vector["event_index"]]
        if (prehash(event, vector["cbv"]), event_hash(event, vector["cbv"])) != (
            vector["prehash"],
            vector["expected"],
        ):
            wrong.append((vector["document"], vector["cbv"], vector["event_index"]))
    assert wrong == []
    assert len(vectors) > 100


def test_documents_whose_events_must_hash_alike(published, bodies):
    for path in sorted((published("event-hash") / "expected-equal").iterdir()):
        events = bodies(path)
        assert len(events) > 1
        assert len({prehash(event) for event in events}) == len({prehash(event, "2.1") for event in events}) == 1


def test_valid_documents_are_taken_and_invalid_ones_refused_by_the_field(published, manifest, read):
    folder = published("epcis-documents")
    named = 0
    for entry in manifest:
        problems = [one for one in read(folder / entry["file"]) if isinstance(one, Problem)]
        assert bool(problems) == (entry["expect"] == "invalid"), (entry["file"], problems[:2])
        fields = FIELDS.get(entry["file"].rpartition("/")[2].rpartition(".")[0])
        if problems and fields:
            named += 1
            assert {one.field.rpartition("/")[2] for one in problems} == fields
    assert named >= 10


def documents(published, manifest):
    folder = published("epcis-documents")
    taken = [folder / entry["file"] for entry in manifest if entry["expect"] == "valid"]
    return taken + sorted(published("regulated-epcis").rglob("*.jsonld"))


def test_json_out_is_json_in(published, manifest, bodies, as_json):
    for path in documents(published, manifest):
        events = bodies(path)
        assert bodies(as_json(events)) == events, path


def test_xml_out_hashes_as_what_came_in(published, manifest, bodies, as_json, as_xml, prehashes):
    whole = 0
    for path in documents(published, manifest):
        events = bodies(path)
        text, left = as_xml(events)
        # Bare names that only a remote context could explain have no name in XML, and are told.
        assert {one.reason for one in left} <= {"its name has no namespace that is known here"}
        if not left:
            whole += 1
            back = bodies(text)
            assert prehashes(back) == prehashes(events), path
            assert prehashes(bodies(as_json(back))) == prehashes(events), path
    assert whole >= 70


def test_what_1_2_says_comes_back_from_1_2(published, manifest, bodies, as_xml, prehashes):
    said = 0
    for path in documents(published, manifest):
        events = bodies(path)
        text, left = as_xml(events, "1.2")
        if not left:
            said += 1
            assert prehashes(bodies(text)) == prehashes(events), path
    assert said >= 20


def test_master_data_of_headers_is_handed_over(published, read):
    master = MasterData()
    read(published("epcis-documents/1.2/XML/Capture/Documents/GS1_US_Pharma_Example_2_2_1_1.xml"), master=master)
    first = master.elements[0]
    assert len(master.elements) == 6
    assert first.vocabulary == "urn:epcglobal:epcis:vtype:EPCClass"
    assert dict(first.attributes)["urn:epcglobal:cbv:mda#regulatedProductName"] == "Epcistra"
