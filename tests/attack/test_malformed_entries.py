# SPDX-License-Identifier: Apache-2.0
"""Entries that the key signed but this program would not write, FIFOs, circles: no command is at a loss."""

import os
from datetime import UTC, datetime

import pytest

from ledger.chain.entry import draft
from ledger.chain.keys import load_key
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SqliteStorage

OBJ = "https://acme.example/obj/"
EVENT = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:00000000-0000-4000-8000-0000000000ff",
    "eventTime": "2026-03-02T00:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "bizStep": "shipping",
    "readPoint": {"id": "https://acme.example/loc/DOCK-1"},
    "epcList": [f"{OBJ}BOX-07"],
}
BODIES = {
    "a number": ("event", 5),
    "text": ("event", "event"),
    "a list": ("event", [EVENT]),
    "nothing": ("event", None),
    "empty": ("event", {}),
    "a decision of nothing": ("decision", None),
    "a key that is a list": ("key", []),
    "master data of nothing": ("master", None),
    "an erasure of nothing": ("erase", None),
    "eventID {}": ("event", EVENT | {"eventID": {}}),
    "eventID {} of a declaration": ("event", EVENT | {"eventID": {}, "errorDeclaration": {}}),
    "eventTime empty": ("event", EVENT | {"eventTime": ""}),
    "eventTime 5": ("event", EVENT | {"eventTime": 5}),
    "type 5": ("event", EVENT | {"type": 5}),
    "epcList of numbers": ("event", EVENT | {"epcList": [5]}),
    "errorDeclaration text": ("event", EVENT | {"errorDeclaration": "x"}),
    "lists that are none": (
        "event",
        EVENT | {"sourceList": None, "destinationList": [5], "bizTransactionList": [None], "trace:promised": ""},
    ),
    "lists that are text": ("event", EVENT | {"sourceList": "x", "destinationList": "y", "recordTime": "z"}),
}
COMMANDS = (
    "log",
    "show 301",
    "correct 301 --reason did_not_occur",
    "export epcis",
    "export epcis --format xml --drop",
    "eta BOX-07",
    "bottlenecks",
    "history BOX-07",
    "prove BOX-07",
    "passport BOX-07 -o p.html",
    "back BOX-07",
    "forward BOX-07",
    "recall BOX-07",
    "quality BOX-07",
    "balance BOX-07",
    "contents BOX-07",
    "receive BOX-07",
)


def sign(site, kind, body):
    """Append what no command would, with the key of the site."""
    storage = SqliteStorage(site.path, writable=True)
    log = Log(storage, load_key(site.folder / "home", "acme.example/dc1"), lambda: datetime.now(UTC), None)
    log.append([draft(kind, body, by="intruder", via="typed")])
    storage.close()


@pytest.mark.parametrize("name", BODIES)
def test_signed_but_malformed_entries_are_told_by_every_command(site, trace, name):
    sign(site, *BODIES[name])
    for indexed in (False, True):
        for command in COMMANDS:
            ran = trace(*command.split())
            assert "--debug" not in ran.err, (command, indexed, ran.err)
            assert ran.code not in (1, 2), (command, indexed, ran.err)
        trace("index", "rebuild")


@pytest.mark.parametrize("name", ["a list", "eventID {}", "eventTime empty"])
def test_an_entry_that_is_no_event_is_listed_as_such_and_the_rest_is_answered(site, trace, name):
    sign(site, *BODIES[name])
    assert trace("log", "--json").answer["entries"][-1]["summary"] == "unreadable: signed, but no event"
    assert trace("index", "rebuild").code == 0
    said = "entry 301 is signed but is no event, so no answer counts it"
    for command in (("history",), ("back",), ("forward",), ("recall",), ("quality",)):
        shown = trace(*command, "BOX-07", "--json")
        assert (shown.code, shown.answer["warnings"]) == (0, [said])
        assert said in shown.err
    for command in (("eta", "BOX-07"), ("bottlenecks",)):
        told = trace(*command, "--no-record", "--json")
        assert (told.answer["left_out"] if told.code == 0 else [301]) == [301]
        assert said in told.err
    assert trace("index", "check").code == 0
    refused = trace("correct", 301, "--reason", "did_not_occur")
    assert (refused.code, "entry 301 is signed but is no event" in refused.err) == (5, True)


@pytest.mark.parametrize(
    "command", ["receive BOX-07", "history BOX-07", "back BOX-07", "quality BOX-07", "balance BOX-07"]
)
def test_an_index_whose_things_are_renamed_is_named_with_its_remedy(site, trace, command):
    site.sql("UPDATE d_thing SET uri = uri || 'x'")
    ran = trace(*command.split())
    assert ran.code not in (1, 2)
    assert "--debug" not in ran.err
    if not command.startswith("receive"):  # which only writes, where nothing listed speaks against it
        assert "mend: trace index rebuild" in ran.err


@pytest.mark.parametrize("command", ["hash", "import"])
def test_a_fifo_is_refused_and_not_waited_for(site, trace, command):
    os.mkfifo(site.folder / "fifo")
    ran = trace(*command.split(), "fifo")
    assert ran.code in (4, 5)
    assert "no plain file" in ran.err


@pytest.mark.parametrize("circle", [["CS"], ["CA", "CB"], ["CA", "CB", "CC"]])
def test_containers_that_hold_each_other_are_shown_once(site, trace, circle):
    for parent, child in zip(circle, [*circle[1:], circle[0]], strict=True):
        event = {key: value for key, value in EVENT.items() if key != "epcList"}
        pack = {"type": "AggregationEvent", "action": "ADD", "bizStep": "packing", "parentID": OBJ + parent}
        sign(site, "event", event | pack | {"childEPCs": [OBJ + child], "eventID": f"urn:x:{parent}"})
    ran = trace("contents", circle[0])
    assert ran.code == 0
    told = [line.split()[0] for line in ran.out.splitlines()]
    assert told == [*circle, circle[0]]
    assert ran.out.rstrip().endswith("(already above)")


def test_recording_on_held_goods_under_a_wrong_index_is_refused_with_its_remedy(site, trace):
    assert trace("hold", "BOX-09", "--reason", "x").code == 0
    site.sql("UPDATE d_thing SET uri = uri || 'y'")
    before = len(site.entries())
    ran = trace("receive", "BOX-09")
    assert (ran.code, "mend: trace index rebuild" in ran.err) == (3, True)
    assert len(site.entries()) == before
    assert trace("index", "rebuild").code == 0
    assert trace("receive", "BOX-09").code == 0
