# SPDX-License-Identifier: Apache-2.0
"""`trace query`: proven events, marked corrections, a document that reads back, refusals with the nearest name."""

import json

HEAD = "time,step,item,product,lot,quantity,unit,place\n"
ROWS = HEAD + (
    "2026-03-01T08:00:00Z,commissioning,,9521321123458,24A,100,kg,DOCK-3\n"
    "2026-03-01T09:00:00Z,shipping,,9521321123458,24A,100,kg,DOCK-3\n"
    "2026-03-02T09:00:00Z,receiving,,9521321123458,24A,100,kg,SHOP-1\n"
    "2026-03-02T10:00:00Z,storing,BOX-1,,,,,SHOP-1\n"
)


def seqs(ran):
    assert ran.code == 0, ran.err
    return [found["seq"] for found in ran.answer["events"]]


def test_values_are_or_and_parameters_are_and(trace, ledger_of):
    ledger_of(ROWS)
    assert seqs(trace("query", "EQ_bizStep=shipping|receiving", "--json")) == [2, 3]
    assert seqs(trace("query", "EQ_bizStep=shipping|receiving", "EQ_bizLocation=SHOP-1", "--json")) == []
    assert seqs(trace("query", "EQ_bizStep=shipping|receiving", "EQ_readPoint=SHOP-1", "--json")) == [3]
    assert seqs(trace("query", "MATCH_anyEPCClass=9521321123458:24A", "--json")) == [1, 2, 3]
    assert seqs(trace("query", "MATCH_epc=BOX-1", "--json")) == [4]
    assert seqs(trace("query", "MATCH_epc=BOX-2", "--json")) == []


def test_a_corrected_event_is_marked(trace, ledger_of):
    ledger_of(ROWS)
    trace("correct", 4, "--reason", "did_not_occur")
    found = trace("query", "MATCH_epc=BOX-1", "--json").answer["events"]
    assert [(one["seq"], one["corrected"]) for one in found] == [(4, True), (5, True)]
    assert "(corrected)" in trace("query", "MATCH_epc=BOX-1").out


def test_the_document_is_recognised_when_it_comes_back(trace, ledger_of):
    folder = ledger_of(ROWS)
    assert trace("query", "EQ_bizStep=shipping", "-o", "found.json").code == 0
    document = json.loads((folder / "found.json").read_bytes())
    assert document["type"] == "EPCISQueryDocument"
    answer = trace("import", "found.json", "--json").answer
    assert (answer["recorded"], answer["duplicates"], answer["refused"]) == (0, 1, [])


def test_a_changed_entry_is_not_shown(trace, ledger_of, tamper):
    folder = ledger_of(ROWS)
    tamper(folder / "ledger.db", 2, b'"shipping"', b'"dripping"')
    assert trace("query", "EQ_bizStep=shipping", "--json").code == 3


def test_a_wrong_name_is_refused_with_the_nearest(trace, ledger_of):
    ledger_of(ROWS)
    ran = trace("query", "EQ_bizstep=shipping")
    assert ran.code == 5
    assert "the nearest is EQ_bizStep" in ran.err
    assert trace("query", "shipping").code == 2


def test_places_below_a_place_come_from_the_header_of_a_document(trace, ledger_of):
    folder = ledger_of(ROWS)
    element = {
        "id": "https://acme.example/loc/SITE",
        "attributes": [{"id": "cbvmda:name", "attribute": "Site"}],
        "children": ["https://acme.example/loc/SHOP-1"],
    }
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisHeader": {
            "epcisMasterData": {
                "vocabularyList": [
                    {"type": "urn:epcglobal:epcis:vtype:Location", "vocabularyElementList": [element]}
                ]
            }
        },
        "epcisBody": {"eventList": []},
    }
    (folder / "site.json").write_text(json.dumps(document), encoding="utf-8")
    assert trace("import", "site.json", "--json").answer["master_recorded"] == 1
    assert seqs(trace("query", "WD_readPoint=SITE", "--json")) == [3, 4]
    assert seqs(trace("query", "EQ_readPoint=SITE", "--json")) == []
