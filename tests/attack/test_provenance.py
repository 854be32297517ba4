# SPDX-License-Identifier: Apache-2.0
"""Answers under attack: changed events on and off the path, a wrong index, held goods, formulas."""

import csv
import json
import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from ledger.chain.keys import create_key
from ledger.chain.policy import create_policy
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder
from trace_cli.settings import write_settings

BASE = "https://acme.example"
FIELD, MIX = f"{BASE}/lot/ROMAINE:F1", f"{BASE}/lot/MIX:M1"
BOX, PALLET, OTHER = f"{BASE}/obj/BOX-1", f"{BASE}/obj/PALLET-1", f"{BASE}/obj/OTHER"
START = datetime(2026, 3, 1, tzinfo=UTC)


def at(hour):
    return (START + timedelta(hours=hour)).isoformat()


def some(lot, quantity):
    return [{"epcClass": lot, "quantity": quantity, "uom": "KGM"}]


STORY = [
    {
        "type": "ObjectEvent",
        "action": "ADD",
        "bizStep": "commissioning",
        "quantityList": some(FIELD, 60),
        "place": "FARM",
    },
    {
        "type": "TransformationEvent",
        "bizStep": "creating_class_instance",
        "inputQuantityList": some(FIELD, 58),
        "outputQuantityList": some(MIX, 55),
        "place": "PACK",
    },
    {
        "type": "AggregationEvent",
        "action": "ADD",
        "bizStep": "packing",
        "parentID": BOX,
        "childQuantityList": some(MIX, 20),
        "place": "PACK",
    },
    {
        "type": "AggregationEvent",
        "action": "ADD",
        "bizStep": "packing",
        "parentID": PALLET,
        "childEPCs": [BOX],
        "place": "PACK",
    },
    {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "epcList": [PALLET],
        "place": "PACK",
        "destinationList": [{"type": "location", "destination": f"{BASE}/loc/STORE"}],
    },
    {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "receiving", "epcList": [PALLET], "place": "STORE"},
    {"type": "AggregationEvent", "action": "DELETE", "bizStep": "unpacking", "parentID": PALLET, "place": "STORE"},
]
ON_THE_PATH = {"back": [1, 2], "forward": [1, 2, 3, 4, 5, 6, 7]}


@pytest.fixture(scope="session")
def graph_master(tmp_path_factory, make_clock):
    folder = tmp_path_factory.mktemp("graph-site")
    home, origin = folder / "home", "acme.example/dc1"
    key = create_key(home, origin)
    create_policy(home, origin, key.verifier)
    recorder = Recorder.create(folder / "ledger.db", key, make_policy(), clock=make_clock(), home=home, by="setup")
    write_settings(folder / "trace.toml", org="acme.example", site="dc1")
    events = [dict(event) for event in STORY]
    events += [
        {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "storing", "epcList": [OTHER], "place": "STORE"}
        for _ in range(20)
    ]
    for number, event in enumerate(events):
        event |= {"eventID": f"urn:uuid:{number}", "eventTime": at(number), "eventTimeZoneOffset": "+00:00"}
        event["readPoint"] = {"id": f"{BASE}/loc/{event.pop('place')}"}
    recorder.record([recorder.prepare(event, by="dock-3", via="imported") for event in events])
    recorder.log.close()
    return folder


@pytest.fixture
def site_master(graph_master):
    """The site of these tests, for the fixtures of this folder."""
    return graph_master


def change(site, seq, old, new):
    data = site.sql(f"SELECT bytes FROM entry WHERE seq = {seq}")[0][0]
    assert old in data
    site.sql(f"UPDATE entry SET bytes = x'{data.replace(old, new).hex()}' WHERE seq = {seq}")


def nodes(ran):
    return {node["id"] for node in ran.answer["nodes"]}


def test_the_story_is_told_whole(site, trace):
    back, forward = trace("back", "MIX:M1", "--json"), trace("forward", "ROMAINE:F1", "--json")
    assert (back.code, nodes(back)) == (0, {MIX, FIELD})
    assert (forward.code, nodes(forward)) == (0, {FIELD, MIX, BOX, PALLET})
    assert back.answer["complete"]
    assert forward.answer["complete"]
    assert back.answer["balance"] == [
        {
            "seq": 2,
            "unit": "KGM",
            "inputs": 58,
            "outputs": 55,
            "difference": 3,
            "within": True,
            "tolerance": None,
            "transformation": None,
            "seqs": [2],
        }
    ]
    recalled = trace("recall", "ROMAINE:F1", "--json").answer
    places = {(line["id"], line["place"], line["state"], line["quantity"]) for line in recalled["affected"]}
    loc = f"{BASE}/loc/"
    assert places == {
        (FIELD, loc + "FARM", "here", 2),
        (FIELD, loc + "PACK", "used", 58),
        (MIX, loc + "PACK", "here", 35),
        (MIX, loc + "STORE", "here", 20),
        (BOX, loc + "STORE", "here", None),
    }
    assert {(one["place"], one["quantity"]) for one in recalled["where"]} == {
        (loc + "FARM", 2),
        (loc + "PACK", 35),
        (loc + "STORE", 20),
    }


@pytest.mark.parametrize(
    ("command", "item"), [("back", "MIX:M1"), ("forward", "ROMAINE:F1"), ("recall", "ROMAINE:F1")]
)
@pytest.mark.parametrize("seq", range(1, 8))
def test_a_changed_event_on_the_path_is_named_and_one_elsewhere_is_told(site, trace, command, item, seq):
    change(site, seq, b'"by":"dock-3"', b'"by":"dock-4"')
    ran = trace(command, item, "--json")
    if seq in ON_THE_PATH["back" if command == "back" else "forward"]:
        assert ran.code == 3
        assert ran.answer["error"]["first_bad_seq"] == seq
        assert f"entry {seq}" in ran.answer["error"]["message"]
    else:
        assert ran.code == 0
        assert ran.answer["verdict"]["elsewhere"]["untrue"] == [seq]
        assert f"entry {seq}" in ran.answer["warnings"][0]
        assert "warning" in ran.err


def test_a_deleted_event_on_the_path_is_named(site, trace):
    site.sql("DELETE FROM entry WHERE seq = 2")
    ran = trace("forward", "ROMAINE:F1", "--json")
    assert (ran.code, ran.answer["error"]["first_bad_seq"]) == (3, 2)


EDITS = {
    "a mention deleted": "DELETE FROM d_mention WHERE seq = 2",
    "mentions of a thing deleted": "DELETE FROM d_mention "
    f"WHERE thing = (SELECT id FROM d_thing WHERE uri = '{BOX}')",
    "an input called an output": "UPDATE d_mention SET role = 4 WHERE seq = 2 AND role = 2",
    "a child called plain": "UPDATE d_mention SET role = 1 WHERE seq = 3 AND role & 8",
    "an emptying called plain": "UPDATE d_mention SET role = 1 WHERE seq = 7",
    "a mention moved": "UPDATE d_mention SET seq = 20 WHERE seq = 3",
    "a mention invented": f"INSERT INTO d_mention SELECT id, 5, 4, 0, 0 FROM d_thing WHERE uri = '{FIELD}'",
    "a mention beyond": f"INSERT INTO d_mention SELECT id, 999, 8, 0, 0 FROM d_thing WHERE uri = '{MIX}'",
    "two things swapped": f"UPDATE d_thing SET uri = CASE uri WHEN '{BOX}' THEN '{OTHER}' ELSE '{BOX}' END "
    f"WHERE uri IN ('{BOX}', '{OTHER}')",
    "a declaration invented": "UPDATE d_ident SET ident = x'00' WHERE seq = 2",
    "no nodes": "DROP TABLE d_node",
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_wrong_index_changes_no_answer(site, trace, edit):
    if "swapped" in edit:
        site.sql(
            f"UPDATE d_thing SET uri = 'x' WHERE uri = '{BOX}'",
            f"UPDATE d_thing SET uri = '{BOX}' WHERE uri = '{OTHER}'",
            f"UPDATE d_thing SET uri = '{OTHER}' WHERE uri = 'x'",
        )
    else:
        site.sql(EDITS[edit])
    ran = trace("forward", "ROMAINE:F1", "--json")
    assert (ran.code, nodes(ran)) == (0, {FIELD, MIX, BOX, PALLET})
    assert bool(ran.answer["warnings"]) is (edit != "a declaration invented")
    back = trace("back", "MIX:M1", "--json")
    assert (back.code, nodes(back)) == (0, {FIELD, MIX})
    assert trace("index", "check").code == 3
    assert trace("index", "rebuild").code == 0
    assert trace("index", "check").code == 0
    assert trace("forward", "ROMAINE:F1", "--json").answer["warnings"] == []


def test_a_withdrawn_event_links_nothing_even_if_the_index_hides_that(site, trace, tmp_path):
    from ledger.custody.identity import ident_of

    with_declaration = dict(STORY[1]) | {
        "eventID": "urn:uuid:1",
        "eventTime": at(1),
        "eventTimeZoneOffset": "+00:00",
        "readPoint": {"id": f"{BASE}/loc/PACK"},
        "errorDeclaration": {"declarationTime": at(90), "reason": "did_not_occur"},
    }
    with_declaration.pop("place")
    record(site, with_declaration)
    ran = trace("forward", "ROMAINE:F1", "--json")
    assert nodes(ran) == {FIELD}
    assert ran.answer["corrected"] == [2, 28]
    back = trace("back", "MIX:M1", "--json")
    assert (nodes(back), back.answer["complete"]) == ({MIX}, False)
    assert [gap["kind"] for gap in back.answer["gaps"]] == ["no_origin"]
    site.sql(
        f"DELETE FROM d_ident WHERE ident = x'{ident_of('urn:uuid:1', True, imported=True).hex()}'",
        "DELETE FROM d_mention WHERE seq = 28",
    )
    hidden = trace("forward", "ROMAINE:F1", "--json")
    assert nodes(hidden) == {FIELD}
    assert hidden.answer["warnings"]


def record(site, *events):
    from ledger.chain.keys import load_key
    from ledger.chain.log import Log
    from ledger.chain.storage.sqlite import SqliteStorage

    key = load_key(site.folder / "home", "acme.example/dc1")
    storage = SqliteStorage(site.path, writable=True)
    log = Log(storage, key, lambda: datetime.now(UTC), site.folder / "home")
    recorder = Recorder(log, make_policy())
    recorder.record([recorder.prepare(event, by="dock-3", via="imported") for event in events])
    log.close()


def test_what_is_on_hold_is_not_passed_on_and_what_others_say_is_flagged(site, trace, tmp_path):
    assert trace("hold", "MIX:M1", "--reason", "positive sample").code == 0
    size = len(site.entries())
    refused = [
        ("ship", "MIX:M1=5kg", "--place", "PACK", "--to", "STORE"),
        ("ship", "BOX-1", "--place", "STORE", "--to", "OTHER"),  # the box holds the lot
        ("pack", "MIX:M1=5kg", "--into", "BOX-2"),
        ("transform", "--input", "MIX:M1=5kg", "--out", "SOUP:1=5kg"),
        ("record", "MIX:M1=1kg", "--step", "retail_selling"),
    ]
    for command in refused:
        ran = trace(*command)
        assert ran.code == 5, command
        assert "on hold" in ran.err
        assert "entry 28" in ran.err
    assert len(site.entries()) == size
    assert trace("record", "MIX:M1", "--step", "inspecting").code == 0
    assert trace("ship", "PALLET-1", "--place", "STORE").code == 0  # it was emptied
    assert trace("record", "MIX:M1=5kg", "--step", "shipping", "--anyway", "goes back").code == 0
    table = tmp_path / "rows.csv"
    table.write_text(f"time,step,product,lot,quantity,unit,place\n{at(200)},shipping,MIX,M1,1,KGM,PACK\n")
    imported = trace("import", table, "--json")
    assert imported.code == 0
    assert imported.answer["held"] == [{"seq": len(site.entries()) - 1, "item": MIX}]
    assert trace("release", "ROMAINE:F1").code == 5
    assert trace("release", "MIX:M1").code == 0
    assert trace("ship", "MIX:M1=5kg", "--place", "PACK", "--to", "STORE").code == 0
    assert trace("index", "check").code == 0
    assert trace("verify").code == 0


def test_files_hold_text_and_no_formulas(site, trace, tmp_path):
    record(
        site,
        {
            "type": "TransformationEvent",
            "eventID": "urn:uuid:900",
            "eventTime": at(50),
            "eventTimeZoneOffset": "+00:00",
            "bizStep": "creating_class_instance",
            "inputQuantityList": some(MIX, 1),
            "outputEPCList": [f"{BASE}/obj/%3DHYPERLINK(1)", f'{BASE}/obj/"];x->y;%22', f"{BASE}/obj/007"],
            "readPoint": {"id": f"{BASE}/loc/%2B1"},
        },
    )
    book, table, dot = tmp_path / "r.xlsx", tmp_path / "r.csv", tmp_path / "r.dot"
    assert trace("recall", "MIX:M1", "-o", book).code == 0
    assert trace("recall", "MIX:M1", "-o", table).code == 0
    assert trace("forward", "MIX:M1", "-o", dot).code == 0
    with zipfile.ZipFile(book) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if "worksheets/" in name]
        strings = parts.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in parts.namelist() else ""
    assert sheets
    assert not any("<f>" in sheet for sheet in sheets)
    assert "007" in strings + "".join(sheets)
    with table.open() as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    quoted = dot.read_text().replace('\\"', "")
    assert all(line.count('"') % 2 == 0 for line in quoted.splitlines())


def test_an_exercise_is_timed_and_kept(site, trace):
    ran = trace("recall", "ROMAINE:F1", "--mock", "--json")
    assert ran.code == 0
    seq = ran.answer["mock"]["seq"]
    entry = json.loads(site.entries()[seq])
    assert entry["kind"] == "recall"
    assert entry["body"]["lot"] == FIELD
    assert entry["body"]["affected"] == len(ran.answer["affected"])
    assert entry["body"]["checkpoint"]["size"] == seq
    assert trace("verify").code == 0
    shutil.rmtree(site.folder / "home" / "keys")
    assert trace("recall", "ROMAINE:F1", "--mock").code == 7
