# SPDX-License-Identifier: Apache-2.0
"""Master data: the latest record counts, names and contacts stand in answers, private values stay private."""

import sqlite3

import pytest

HEAD = "time,step,item,product,lot,quantity,unit,place,party\n"
ROWS = HEAD + (
    "2026-03-01T08:00:00Z,commissioning,,9521321123458,24A,100,kg,DOCK-3,\n"
    "2026-03-01T09:00:00Z,shipping,,9521321123458,24A,100,kg,DOCK-3,smith-farms\n"
    "2026-03-02T09:00:00Z,receiving,,9521321123458,24A,100,kg,SHOP-1,smith-farms\n"
)
LOT = "9521321123458:24A"
DOCK = "https://acme.example/loc/DOCK-3"
HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0"
 creationDate="2026-03-01T00:00:00Z"><EPCISHeader><extension><EPCISMasterData><VocabularyList>
<Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList>
<VocabularyElement id="urn:epc:id:sgln:9521321.00009.0">
<attribute id="urn:epcglobal:cbv:mda#name">Valley packing house</attribute>
<attribute id="urn:epcglobal:cbv:mda#city">Yuma</attribute>
<attribute id="urn:epcglobal:cbv:mda#latitude">32.69</attribute>
<attribute id="urn:epcglobal:cbv:mda#siteLocation">north</attribute>
</VocabularyElement></VocabularyElementList></Vocabulary></VocabularyList></EPCISMasterData></extension></EPCISHeader>
<EPCISBody><EventList><ObjectEvent><eventTime>2026-03-01T00:00:00Z</eventTime>
<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:9521321.012345.7</epc></epcList>
<action>OBSERVE</action><bizStep>shipping</bizStep>
<readPoint><id>urn:epc:id:sgln:9521321.00009.0</id></readPoint></ObjectEvent></EventList></EPCISBody>
</epcis:EPCISDocument>
"""


def test_names_and_contacts_stand_in_answers(trace, ledger_of):
    ledger_of(ROWS)
    assert trace("place", "add", "DOCK-3", "--name", "North dock").code == 0
    assert trace("partner", "add", "smith-farms", "--name", "Smith Farms", "--contact", "Ann 555").code == 0
    assert trace("product", "add", "9521321123458", "--name", "Romaine", "--tolerance", "2%").code == 0
    answer = trace("history", LOT, "--json").answer
    assert answer["names"][DOCK] == "North dock"
    assert answer["names"][answer["item"]] == "Romaine"
    assert "DOCK-3 [North dock]" in trace("history", LOT).out
    recalled = trace("recall", LOT, "--json").answer
    assert {line["contact"] for line in recalled["affected"]} == {"Ann 555"}
    assert "[Romaine]" in trace("back", LOT).out
    assert trace("index", "check").code == 0
    assert trace("verify").code == 0


def test_what_is_not_said_stays_and_the_latest_counts(trace, ledger_of):
    ledger_of()
    trace("product", "add", "P", "--name", "Pears", "--unit", "kg", "--shelf-life", "14")
    trace("product", "add", "P", "--name", "Pears, red")
    record = trace("product", "show", "P", "--json").answer["records"][0]
    assert (record["name"], record["unit"], record["shelf_life"], record["seq"]) == ("Pears, red", "KGM", 14, 2)
    again = trace("product", "add", "P", "--name", "Pears, red", "--json").answer
    assert (again["recorded"], again["unchanged"]) == ([], 1)
    trace("product", "add", "P", "--unit", "")
    assert "unit" not in trace("product", "show", "P", "--json").answer["records"][0]
    assert trace("place", "show", "P", "--json").code == 4


def test_a_contact_is_a_commitment_and_one_erasure_takes_it_from_all_records(trace, ledger_of):
    folder = ledger_of()
    trace("place", "add", "DOCK-3", "--contact", "Ann 555")
    trace("place", "add", "DOCK-3", "--name", "North")
    with sqlite3.connect(folder / "ledger.db") as connection:
        stored = [data for (data,) in connection.execute("SELECT bytes FROM entry WHERE seq > 0")]
        assert connection.execute("SELECT count(*) FROM attachment").fetchone() == (1,)
    connection.close()
    assert len(stored) == 2
    assert not any(b"Ann" in data for data in stored)
    assert trace("place", "show", "DOCK-3", "--json").answer["records"][0]["contact"] == "Ann 555"
    assert trace("erase", 1, "--field", "contact", "--reason", "asked").code == 0
    assert trace("place", "show", "DOCK-3", "--json").answer["records"][0]["contact"].keys() == {"_commit"}
    assert trace("verify").code == 0


def test_a_table_is_recorded_whole_or_not_at_all(trace, ledger_of):
    folder = ledger_of()
    table = folder / "places.csv"
    table.write_text("id,name,latitude,region\nD1,One,48.1,south\nD2,Two,95,\n", encoding="utf-8")
    ran = trace("place", "import", table, "--json")
    assert ran.code == 5
    assert [(one["line"], one["field"]) for one in ran.answer["refused"]] == [(3, "latitude")]
    assert trace("place", "list", "--json").answer["records"] == []
    table.write_text("id,name,latitude,region\nD1,One,48.1,south\nD2,Two,-9.5,\n", encoding="utf-8")
    assert trace("place", "import", table).code == 0
    records = trace("place", "list", "--json").answer["records"]
    assert [(one["code"], one["latitude"]) for one in records] == [("D1", 48.1), ("D2", -9.5)]
    assert records[0]["attributes"] == {"own:region": "south"}
    assert len(trace("place", "import", table, "--json").answer["recorded"]) == 0


def test_the_header_of_an_epcis_document_becomes_master_data_once(trace, ledger_of):
    folder = ledger_of()
    (folder / "in.xml").write_text(HEADER, encoding="utf-8")
    first, second = (trace("import", "in.xml", "--json").answer for _ in range(2))
    assert (first["master_recorded"], second["master_recorded"]) == (1, 0)
    record = trace("place", "list", "--json").answer["records"][0]
    assert (record["name"], record["address"], record["latitude"]) == (
        "Valley packing house",
        {"city": "Yuma"},
        32.69,
    )
    assert record["attributes"] == {"urn:epcglobal:cbv:mda#siteLocation": "north"}
    shown = trace("history", "urn:epc:id:sgtin:9521321.012345.7")
    assert "[Valley packing house]" in shown.out


@pytest.mark.parametrize(
    "statement", ["DELETE FROM d_kind", "UPDATE d_kind SET seq = 1 WHERE kind LIKE 'master%'"]
)
def test_an_edited_index_hides_no_master_data(trace, ledger_of, statement):
    folder = ledger_of(ROWS)
    trace("place", "add", "DOCK-3", "--name", "North dock")
    connection = sqlite3.connect(folder / "ledger.db")
    connection.execute(statement)
    connection.commit()
    connection.close()
    ran = trace("place", "show", "DOCK-3", "--json")
    assert ran.answer["records"][0]["name"] == "North dock"
    assert ran.answer["warnings"]
    assert trace("index", "check").code == 3


@pytest.mark.parametrize(
    ("type_", "option", "value"),
    [
        ("place", "--latitude", "nan"),
        ("place", "--longitude", "181"),
        ("product", "--tolerance", "120%"),
        ("product", "--unit", "furlongs"),
        ("product", "--lot-size", "0"),
        ("partner", "--gcp-length", "3"),
        ("partner", "--gcp-length", "7.5"),
        ("partner", "--name", "a\x1b[31m"),
    ],
)
def test_malformed_fields_are_refused_by_name(trace, ledger_of, type_, option, value):
    ledger_of()
    ran = trace(type_, "add", "X", option, value)
    assert ran.code == 5
    assert option[2:].replace("-", "_") in ran.err
