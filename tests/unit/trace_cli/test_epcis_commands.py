# SPDX-License-Identifier: Apache-2.0
"""`trace import` of EPCIS, `trace export epcis` and `trace hash`: what people and programs see of them."""

import json
import sqlite3
from contextlib import closing

import pytest

from ledger.custody.gs1.canonical import canonical_uri

SHIPMENT = {
    "@context": [
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        {"ext": "https://acme.example/ns/"},
    ],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-03-01T09:00:00Z",
    "epcisBody": {
        "eventList": [
            {
                "type": "ObjectEvent",
                "eventTime": "2026-03-01T08:15:00+01:00",
                "eventTimeZoneOffset": "+01:00",
                "action": "OBSERVE",
                "bizStep": "shipping",
                "epcList": ["urn:epc:id:sscc:9521321.0000000017"],
                "readPoint": {"id": "urn:epc:id:sgln:9521321.00001.0"},
                "ext:truck": "B & C 7",
                "ext:price": "12.50",
            },
            {
                "type": "AssociationEvent",
                "eventTime": "2026-03-01T08:10:00+01:00",
                "eventTimeZoneOffset": "+01:00",
                "action": "ADD",
                "parentID": "urn:epc:id:grai:9521321.00001.7",
                "childEPCs": ["urn:epc:id:giai:9521321.9"],
            },
        ]
    },
}


@pytest.fixture
def shipment(tmp_path):
    path = tmp_path / "shipment.jsonld"
    path.write_text(json.dumps(SHIPMENT), encoding="utf-8")
    return path


def hashes(trace, path, *more):
    ran = trace("hash", path, "--json", *more)
    assert ran.code == 0
    answer = json.loads(ran.out)
    assert answer["schema"] == "trace.hash/1"
    return [(one["index"], one["type"], one["hash"]) for one in answer["hashes"]]


def imported(trace, *paths):
    answer = json.loads(trace("import", *paths, "--json").out)
    return answer["recorded"], answer["duplicates"], len(answer["refused"])


def test_the_hash_needs_no_ledger(trace, shipment, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = hashes(trace, shipment)
    assert [(index, kind) for index, kind, _ in found] == [(0, "ObjectEvent"), (1, "AssociationEvent")]
    assert all(one.startswith("ni:///sha-256;") and one.endswith("?ver=CBV2.0") for _, _, one in found)
    newer = hashes(trace, shipment, "--cbv", "2.1")
    assert [one[:78] for _, _, one in newer] == [one[:78] for _, _, one in found]
    assert all(one.endswith("?ver=CBV2.1") for _, _, one in newer)
    shown = trace("hash", shipment, "--prehash")
    assert "eventTime=2026-03-01T07:15:00.000Z" in shown.out


def test_what_cannot_be_hashed_is_told(trace, tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{", encoding="utf-8")
    assert trace("hash", path).code == 5
    assert trace("hash", tmp_path / "none.json").code == 4
    assert trace("hash", path, "--cbv", "3").code == 2
    assert json.loads(trace("hash", path, "--json").out)["error"]


def test_a_shipment_as_json_and_as_xml_is_recorded_once(trace, ledger_of, shipment, tmp_path):
    ledger_of()
    assert imported(trace, shipment) == (2, 0, 0)
    for name, more in (("a.jsonld", ()), ("a.xml", ("--format", "xml"))):
        assert trace("export", "epcis", *more, "-o", tmp_path / name).code == 0
        assert hashes(trace, tmp_path / name) == hashes(trace, shipment)
        assert imported(trace, tmp_path / name) == (0, 2, 0)
    # Without the eventIDs that the ledger gave, the content alone says that it is the same.
    text = (tmp_path / "a.xml").read_text(encoding="utf-8")
    without = "".join(
        part.partition("</eventID>")[2] if n else part for n, part in enumerate(text.split("<eventID>"))
    )
    (tmp_path / "b.xml").write_text(without, encoding="utf-8")
    assert "eventID" not in without
    assert imported(trace, tmp_path / "b.xml") == (0, 2, 0)
    assert imported(trace, shipment, shipment) == (0, 4, 0)


def test_private_values_are_kept_back_and_come_out_again(trace, ledger_of, shipment):
    folder = ledger_of()
    imported(trace, shipment)
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        (data,) = connection.execute("SELECT bytes FROM entry WHERE seq = 1").fetchone()
        kept = dict(connection.execute("SELECT seq, hash FROM d_ident"))
    assert b"12.50" not in data
    assert kept[1] is None  # the hash covers a private value
    assert hashes(trace, shipment)[1][2].removeprefix("ni:///sha-256;").startswith(kept[2].hex())
    document = json.loads(trace("export", "epcis").out)
    assert document["epcisBody"]["eventList"][0]["ext:price"] == "12.50"


def test_history_knows_a_thing_by_any_of_its_names(trace, ledger_of, shipment):
    ledger_of()
    imported(trace, shipment)
    code = canonical_uri("urn:epc:id:sscc:9521321.0000000017").rpartition("/")[2]
    for name in (code, f"https://shop.example/00/{code}?17=261231"):
        assert len(json.loads(trace("history", name, "--json").out)["events"]) == 1
    ran = trace("history", "urn:epc:id:sscc:9521321.0000000017", "--json")
    assert len(json.loads(ran.out)["events"]) == 1


def test_one_bad_event_keeps_the_file_out_unless_it_is_skipped(trace, ledger_of, shipment):
    ledger_of()
    bad = json.loads(shipment.read_text(encoding="utf-8"))
    bad["epcisBody"]["eventList"][1]["action"] = "TIE"
    shipment.write_text(json.dumps(bad), encoding="utf-8")
    ran = trace("import", shipment, "--json")
    (refusal,) = json.loads(ran.out)["refused"]
    assert (ran.code, refusal["field"]) == (5, "/epcisBody/eventList/1/action")
    assert "/epcisBody/eventList/1/action" in trace("import", shipment).err
    ran = trace("import", shipment, "--on-error", "skip", "--json")
    assert (ran.code, json.loads(ran.out)["recorded"]) == (0, 1)


def test_1_2_refuses_what_it_cannot_say_until_it_is_dropped(trace, ledger_of, shipment, tmp_path):
    ledger_of()
    imported(trace, shipment)
    wanted = ("export", "epcis", "--format", "xml", "--version", "1.2", "-o", tmp_path / "old.xml")
    ran = trace(*wanted)
    assert ran.code == 5
    assert "AssociationEvent" in ran.err
    assert not (tmp_path / "old.xml").exists()
    answer = json.loads(trace(*wanted, "--drop", "--json").out)
    assert [one["reason"] for one in answer["dropped"]] == ["EPCIS 1.2 has no AssociationEvent"]
    assert hashes(trace, tmp_path / "old.xml") == hashes(trace, shipment)[:1]


def test_one_item_is_exported_alone(trace, ledger_of, shipment, tmp_path):
    ledger_of()
    imported(trace, shipment)
    answer = json.loads(trace("export", "epcis", "--item", "urn:epc:id:giai:9521321.9", "--json").out)
    assert answer["events"] == 1
    assert json.loads(answer["document"])["epcisBody"]["eventList"][0]["type"] == "AssociationEvent"
    assert trace("export", "epcis", "--item", "NOBODY").code == 4
    assert trace("export", "epcis", "--format", "json", "--version", "1.2").code == 2
    assert trace("export", "epcis", "--format", "pdf").code == 2


def test_an_erased_value_is_left_out_and_told(trace, ledger_of, shipment):
    ledger_of()
    imported(trace, shipment)
    assert trace("erase", "1", "--field", "price", "--reason", "asked").code == 0
    ran = trace("export", "epcis")
    assert "ext:price" not in ran.out
    assert "this ledger does not hold them: 1 value" in ran.err
