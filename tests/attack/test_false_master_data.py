# SPDX-License-Identifier: Apache-2.0
"""Master data in a partner's file: it adds what was not said here, and changes nothing that was."""

import json
import sqlite3

import pytest

from ledger.custody.lookalike import skeleton

MDA = "urn:epcglobal:cbv:mda#"
OURS = "https://trace.example/ns/trace/"
DOCK = "https://acme.example/loc/DOCK-0"
PRODUCT = "https://id.gs1.org/01/09521321123458"
VTYPES = {"place": "BusinessLocation", "product": "EPCClass", "partner": "Party"}


@pytest.fixture
def partner_says(site, trace):
    """Import a document whose header says things; give what the import answers."""
    number = iter(range(100))

    def call(type_, uri, **said):
        turn = next(number)
        attributes = [{"id": name.replace("__", ":", 1), "attribute": value} for name, value in said.items()]
        element = {"id": uri, "attributes": attributes}
        vocabulary = {"type": f"urn:epcglobal:epcis:vtype:{VTYPES[type_]}", "vocabularyElementList": [element]}
        event = {
            "type": "ObjectEvent",
            "eventID": f"urn:uuid:00000000-0000-4000-9000-{turn:012}",
            "eventTime": "2026-03-02T00:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "bizStep": "holding",
            "epcList": ["https://partner.example/obj/X"],
        }
        document = {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-02T00:00:00Z",
            "epcisHeader": {"epcisMasterData": {"vocabularyList": [vocabulary]}},
            "epcisBody": {"eventList": [event]},
        }
        path = site.folder / f"partner{turn}.jsonld"
        path.write_text(json.dumps(document), encoding="utf-8")
        ran = trace("import", path, "--json")
        assert ran.code == 0, ran.err
        return ran.answer

    return call


def attribute(name):
    return f"{MDA}{name}"


@pytest.mark.parametrize(
    ("type_", "code", "uri", "option", "ours", "said", "theirs"),
    [
        ("place", "DOCK-0", DOCK, "--name", "North dock", attribute("name"), "Closed for ever"),
        ("place", "DOCK-0", DOCK, "--latitude", "32.69", attribute("latitude"), "-54.8"),
        ("product", "9521321123458", PRODUCT, "--tolerance", "2%", f"{OURS}tolerance", "1"),
        ("product", "9521321123458", PRODUCT, "--lot-size", "40", f"{OURS}lot_size", "1000000"),
        ("product", "9521321123458", PRODUCT, "--shelf-life", "14", f"{OURS}shelf_life", "9999"),
        ("product", "9521321123458", PRODUCT, "--unit", "kg", f"{OURS}unit", "GRM"),
    ],
)
def test_what_was_said_here_stays(site, trace, partner_says, type_, code, uri, option, ours, said, theirs):
    assert trace(type_, "add", code, option, ours).code == 0
    field = option[2:].replace("-", "_")
    before = trace(type_, "show", code, "--json").answer["records"][0]
    answer = partner_says(type_, uri, **{said: theirs, attribute("city"): "Ushuaia"})
    assert [(one["why"], one["field"]) for one in answer["master_questioned"]] == [("disputed", field)]
    after = trace(type_, "show", code, "--json").answer["records"][0]
    assert after[field] == before[field]
    assert list(after["disputed"]) == [field]
    assert after["seq"] == before["seq"]
    # What was not said here is learnt, and the same document says nothing new the second time.
    assert after["address"] == "Ushuaia" or after["address"] == {"city": "Ushuaia"}
    again = partner_says(type_, uri, **{said: theirs, attribute("city"): "Ushuaia"})
    assert (again["master_recorded"], again["master_questioned"]) == (0, [])
    # Whoever changes his mind does so himself.
    assert trace(type_, "add", code, "--gcp-length", "7").code == 0
    assert trace(type_, "show", code, "--json").answer["records"][0][field] == before[field]
    assert trace("index", "check").code == 0


def test_coordinates_and_sizes_of_detectors_stay(site, trace, partner_says):
    from ledger.chain.entry import parse_entry
    from ledger.custody.known_sizes import known_places_and_lots

    trace("place", "add", "DOCK-0", "--latitude", "32.69", "--longitude=-114.62")
    trace("product", "add", "9521321123458", "--lot-size", "40")
    partner_says("place", DOCK, **{attribute("latitude"): "1", attribute("longitude"): "2"})
    partner_says("product", PRODUCT, **{f"{OURS}lot_size": "1000000"})
    entries = [parse_entry(data) for data in site.entries()]
    master = [entry for entry in entries if entry.kind == "master"]
    assert len(master) == 4
    places, lots = known_places_and_lots(master, len(entries))
    assert places == [{"place": DOCK, "latitude": 32.69, "longitude": -114.62}]
    assert lots == [{"product": PRODUCT, "lot": None, "lot_size": 40}]


def test_where_nothing_was_said_here_the_latest_file_counts_and_is_marked(trace, partner_says):
    partner_says("place", DOCK, **{attribute("name"): "Their dock"})
    partner_says("place", DOCK, **{attribute("name"): "Their dock, painted"})
    record = trace("place", "show", "DOCK-0", "--json").answer["records"][0]
    assert (record["name"], record["imported"]) == ("Their dock, painted", True)
    assert trace("place", "add", "DOCK-0", "--name", "Our dock").code == 0
    record = trace("place", "show", "DOCK-0", "--json").answer["records"][0]
    assert (record["name"], record["imported"]) == ("Our dock", False)


def test_a_contact_that_a_file_repeats_is_erased_with_ours(site, trace, partner_says):
    trace("place", "add", "DOCK-0", "--address", "1 Dock Road")
    seq = trace("place", "show", "DOCK-0", "--json").answer["records"][0]["seq"]
    partner_says("place", DOCK, **{attribute("streetAddressOne"): "1 Dock Road", attribute("name"): "X"})
    assert trace("erase", seq, "--field", "address", "--reason", "asked").code == 0
    with sqlite3.connect(site.path) as connection:
        held = [data for (data,) in connection.execute("SELECT data FROM attachment")]
    connection.close()
    assert not any(b"1 Dock Road" in data for data in held)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("https://partner.example/loc/P1", "Nоrth doсk"),  # Cyrillic o and c
        ("https://partner.example/loc/P2", "NORTH  DOCK"),
        ("https://partner.example/loc/P3", "Ｎｏｒｔｈ dock"),  # full width
        ("https://partner.example/loc/P4", "Nörth-dock"),
        ("https://acme.example/loc/D%D0%9E%D0%A1K-0", "Somewhere"),  # the code itself, in Cyrillic
    ],
)
def test_a_name_that_looks_like_ours_is_told(trace, partner_says, uri, name):
    trace("place", "add", "DOCK-0", "--name", "North dock")
    answer = partner_says("place", uri, **{attribute("name"): name})
    assert [one["why"] for one in answer["master_questioned"]] == ["looks_like"]
    assert "DOCK-0" in answer["master_questioned"][0]["here"]


def test_honest_names_raise_no_question(trace, partner_says):
    trace("place", "add", "DOCK-0", "--name", "North dock")
    for number, name in enumerate(("South dock", "North dock 2", "Северный склад", "北倉庫")):
        answer = partner_says("place", f"https://partner.example/loc/{number}", **{attribute("name"): name})
        assert (answer["master_recorded"], answer["master_questioned"]) == (1, [])


@pytest.mark.parametrize("name", ["a\x1b[2J", "abc\u202etxt", "x" * 5000, "two\nlines", "\u200b"])
def test_a_name_that_is_no_name_is_kept_and_shown_as_none(trace, partner_says, name):
    partner_says("place", DOCK, **{attribute("name"): name})
    record = trace("place", "show", "DOCK-0", "--json").answer["records"][0]
    assert "name" not in record
    assert (
        record["attributes"][attribute("name")] == name.strip() or record["attributes"][attribute("name")] == name
    )
    shown = trace("place", "show", "DOCK-0").out
    assert all(char == "\n" or char.isprintable() for char in shown)


def test_a_skeleton_is_the_same_for_what_is_read_as_the_same():
    assert skeleton("Rnoder 10") == skeleton("Моdеr lO")
    assert skeleton("") == skeleton("--- ")
    assert skeleton("dock 1") != skeleton("dock 2")
