# SPDX-License-Identifier: Apache-2.0
"""Cases: held with the evidence, followed to a verdict, and what each verdict leads to afterwards."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger.chain.entry import Entry, draft, entry_bytes
from ledger.chain.errors import Untrue
from ledger.chain.hashing import leaf_hash
from ledger.chain.keys import create_key
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.cases import closing_body, opening_body, read_cases
from trace_cli.context import now

HEAD = "time,step,item,place,to,disposition,lot,product\n"
ROWS = (
    "2026-01-01T06:00Z,commissioning,BOX-1,MAKER,,,L1,TEA\n"
    "2026-01-01T06:10Z,commissioning,BOX-2,MAKER,,,L1,TEA\n"
    "2026-01-02T06:00Z,shipping,BOX-1,MAKER,DOCK,,,\n"
    "2026-01-03T06:00Z,receiving,BOX-1,DOCK,,,,\n"
    "2026-01-03T06:20Z,receiving,BOX-1,SHOP,,,,\n"
)
FINDING = "replay:" + "0123456789abcdef" * 2


@pytest.fixture
def site(ledger_of):
    return ledger_of(HEAD + ROWS)


def test_a_case_holds_bundles_and_is_followed_to_its_end(trace, site):
    opened = trace("suspect", "BOX-1", "--reason", "seal broken", "--finding", FINDING, "--json").answer
    assert (opened["schema"], opened["case"], opened["hold"]) == ("trace.suspect/1", 7, 6)
    file = Path(opened["evidence"]["file"])
    assert hashlib.sha256(file.read_bytes()).hexdigest() == opened["evidence"]["sha256"]
    assert trace("verify", file).code == 0
    assert opened["events"] == [1, 3, 4, 5]
    assert trace("check", "BOX-1", "--json").answer["verdict"] == "held"
    assert trace("ship", "BOX-1", "--place", "SHOP", "--to", "X").code == 5
    assert [one["case"] for one in trace("case", "list", "--json").answer["cases"]] == [7]
    entry = trace("show", 7, "--json").answer
    assert (entry["kind"], entry["by"], entry["body"]["hold"]) == ("case", "planner-1", 6)

    closed = trace("dismiss", 7, "--reason", "a test of the scanner", "--json").answer
    assert (closed["state"], closed["release"], closed["seq"]) == ("dismissed", 8, 9)
    assert trace("check", "BOX-1", "--json").answer["verdict"] != "held"
    assert trace("case", "list", "--json").answer["cases"] == []
    shown = trace("case", "show", 7, "--json").answer
    assert (shown["state"], shown["evidence"]["state"], shown["held"]) == ("dismissed", "unchanged", {})
    assert shown["decided"]["reason"] == "a test of the scanner"
    assert trace("dismiss", 7, "--reason", "again").code == 5
    assert trace("confirm", 7, "--reason", "after all").code == 5
    assert trace("confirm", 8, "--reason", "no such case").code == 4
    assert trace("verify").code == 0
    assert trace("index", "check").code == 0


def test_a_confirmed_case_keeps_what_it_holds(trace, site, tmp_path):
    assert trace("suspect", "BOX-1", "--reason", "print blurred").code == 0
    ran = trace("confirm", 7, "--reason", "the maker never made it", "--json").answer
    assert ran["hold"] == 6
    assert any("24 hours" in step for step in ran["next"])
    refused = trace("release", "BOX-1")
    assert refused.code == 5
    assert "case 7, which is confirmed" in refused.err
    page = tmp_path / "case.html"
    assert trace("case", "show", 7, "-o", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "the maker never made it" in text
    assert "<script" not in text
    # A mistake is put right by another case, in which it is said why.
    second = trace("suspect", "BOX-1", "--reason", "the maker found it after all", "--json").answer
    assert second["hold"] is None, "it was on hold already"
    done = trace("dismiss", second["case"], "--reason", "letter of the maker", "--json").answer
    assert done["release"] is not None
    assert trace("ship", "BOX-1", "--place", "SHOP", "--to", "X").code == 0


def test_what_something_else_holds_is_not_released(trace, site):
    assert trace("hold", "BOX-1", "--disposition", "recalled").code == 0
    assert trace("suspect", "BOX-1", "--reason", "seal").code == 0
    assert trace("hold", "BOX-1", "--reason", "and again, by hand").code == 0
    done = trace("dismiss", 8, "--reason", "nothing", "--json").answer
    assert (done["release"], "belongs to no case" in done["kept"]) == (None, True)
    assert trace("release", "BOX-1").code == 0
    first, second = (trace("suspect", "BOX-1", "--reason", "x", "--json").answer["case"] for _ in range(2))
    assert f"case {second}" in trace("dismiss", first, "--reason", "x", "--json").answer["kept"]
    assert trace("hold", "BOX-1", "--disposition", "recalled").code == 0
    done = trace("dismiss", second, "--reason", "x", "--json").answer
    assert done["release"] is not None
    answer = trace("check", "BOX-1", "--json").answer
    assert answer["verdict"] == "held", "the recall stands"


def test_confirming_what_was_freed_holds_it_again(trace, site):
    assert trace("suspect", "BOX-1", "--reason", "x").code == 0
    assert trace("correct", 6, "--reason", "did_not_occur").code == 0
    assert trace("check", "BOX-1", "--json").answer["verdict"] != "held"
    assert trace("confirm", 7, "--reason", "fake", "--json").answer["hold"] == 9
    assert trace("check", "BOX-1", "--json").answer["verdict"] == "held"


def test_what_nobody_named_can_be_suspect(trace, site):
    label = "]C1010952123456788217270131102026A\x1d21S1"
    opened = trace("suspect", label, "--reason", "not ours", "--json").answer
    assert (opened["evidence"], opened["events"]) == (None, [])
    assert opened["item"] == "https://id.gs1.org/01/09521234567882/21/S1"
    assert trace("check", label, "--json").answer["verdict"] == "held"


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "\x1b[2J", "x" * 2001])
def test_a_reason_is_a_line_of_text(trace, site, reason):
    assert trace("suspect", "BOX-1", "--reason", reason).code == 5
    assert trace("case", "list", "--all", "--json").answer["cases"] == []


def test_a_finding_has_its_form(trace, site):
    assert trace("suspect", "BOX-1", "--reason", "x", "--finding", "replay:12").code == 2


def test_a_dismissed_finding_stays_dismissed_and_a_confirmed_one_is_known(trace, site):
    found = trace("anomalies", "--alpha", "1", "--no-record", "--json").answer["alarms"]
    item = "https://acme.example/obj/BOX-1"
    finding = next(one["finding"] for one in found if one["item"] == item)
    number = trace("suspect", "BOX-1", "--finding", finding, "--reason", "seen twice", "--json").answer["case"]

    def findings():
        answer = trace("anomalies", "--alpha", "1", "--json").answer
        return {one["finding"] for one in answer["alarms"]}, answer

    assert finding in findings()[0], "an open case says nothing yet"
    assert trace("dismiss", number, "--reason", "one dock, two names").code == 0
    now, answer = findings()
    assert finding not in now
    body = trace("show", answer["decision_seq"], "--json").answer["body"]
    assert body["parameters"]["dismissed"] == [finding]
    early = trace("anomalies", "--alpha", "1", "--no-record", "--as-of", "2026-02-01", "--json").answer
    assert finding in {one["finding"] for one in early["alarms"]}, "then nobody had dismissed it"
    number = trace("suspect", "BOX-1", "--finding", finding, "--reason", "no", "--json").answer["case"]
    assert trace("confirm", number, "--reason", "a clone").code == 0
    now, answer = findings()
    assert finding in now
    body = trace("show", answer["decision_seq"], "--json").answer["body"]["parameters"]
    assert (body["dismissed"], body["confirmed"]) == ([], [finding])


def test_evidence_that_was_changed_is_told(trace, site):
    opened = trace("suspect", "BOX-1", "--reason", "x", "--json").answer
    file = Path(opened["evidence"]["file"])
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert trace("case", "show", 7, "--json").answer["evidence"]["state"] == "changed"
    file.unlink()
    assert trace("case", "show", 7, "--json").answer["evidence"]["state"] == "missing"


def test_a_tampered_case_is_no_case(trace, site, tamper):
    assert trace("suspect", "BOX-1", "--reason", "seal broken").code == 0
    tamper(site / "ledger.db", 7, b"seal broken", b"seal intact")
    ran = trace("case", "list", "--json")
    assert ran.code == 3
    assert trace("dismiss", 7, "--reason", "x").code == 3


def test_a_verdict_without_the_key_of_the_site_is_none(trace, site, tmp_path):
    assert trace("suspect", "BOX-1", "--reason", "seal broken").code == 0
    thief, ledger = create_key(tmp_path / "thief", "acme.example/dc1"), site / "ledger.db"
    with closing(SqliteStorage(ledger, writable=True)) as storage, pytest.raises(Untrue):
        Log(storage, thief, now, tmp_path / "thief")
    # So the entry is written with a database tool, as if it had been appended.
    body = closing_body(7, "dismissed", reason="x", release=None, hold=None)
    with closing(sqlite3.connect(ledger)) as connection, connection:
        (last,) = connection.execute("SELECT bytes FROM entry WHERE seq = 7").fetchone()
        made = entry_bytes(
            leaf_hash(last), 8, draft("case", body, by="x", via="typed"), "2027-01-01T00:00:00.000Z"
        )
        connection.execute("INSERT INTO entry(seq, bytes) VALUES (8, ?)", (made,))
        connection.execute("INSERT INTO d_kind(kind, seq) VALUES ('case', 8)")
    cases = trace("case", "list", "--all", "--json").answer["cases"]
    assert [(one["case"], one["state"]) for one in cases] == [(7, "open")]
    assert trace("verify").code == 3
    assert trace("anomalies", "--no-record").code == 3


@pytest.mark.parametrize("via", ["imported", "typed"])
def test_what_has_not_the_form_of_a_case_is_none(via):
    good = opening_body(
        item="urn:x", code="X", reason="r", hold=None, findings=(), evidence=None, events=(), size=1
    )
    entries = [Entry(1, "", good, "jo", "case", "2026-01-01T00:00:00.000Z", via)] if via == "imported" else []
    bodies = [None, [], {**good, "item": 7}, {"state": "open"}, {"state": "dismissed", "case": 1, "reason": "r"}]
    entries += [Entry(2 + n, "", body, "jo", "case", "", "typed") for n, body in enumerate(bodies)]
    assert read_cases(entries) == {}
    evil = Entry(1, "", {**good, "evidence": "../../etc/passwd"}, "jo", "case", "", "typed")
    assert read_cases([evil])[1].evidence is None, "it names a file"


def test_an_import_neither_releases_nor_dismisses(trace, site, tmp_path):
    assert trace("suspect", "BOX-1", "--reason", "seal broken").code == 0
    event = {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:5f0d2a5e-0c5e-4c9b-8a6b-2f3b1c4d5e6f",
        "eventTime": "2026-12-01T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": "other",
        "disposition": "available",
        "persistentDisposition": {"unset": ["unavailable", "recalled"]},
        "epcList": ["https://acme.example/obj/BOX-1"],
    }
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-12-01T00:00:00Z",
        "epcisBody": {"eventList": [event]},
    }
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps(document), encoding="utf-8")
    assert trace("import", theirs).code == 0
    when = ("--at", "2027-01-01T00:00:00Z")
    assert trace("ship", "BOX-1", "--place", "SHOP", "--to", "X", *when).code == 5
    assert trace("check", "BOX-1", "--json", *when).answer["verdict"] == "held"
    assert trace("check", "BOX-1", "--json").answer["verdict"] == "held"
    assert trace("case", "show", 7, "--json").answer["state"] == "open"
    assert trace("dismiss", 7, "--reason", "nothing in it").code == 0
    assert trace("ship", "BOX-1", "--place", "SHOP", "--to", "X").code == 0


def test_a_hold_of_a_standing_case_is_not_undone(trace, site):
    opened = trace("suspect", "BOX-1", "--reason", "seal broken", "--json").answer
    refused = trace("undo")
    assert refused.code == 5
    assert f"trace dismiss {opened['case']}" in refused.err
    assert trace("ship", "BOX-1", "--place", "SHOP", "--to", "X").code == 5
    trace("confirm", opened["case"], "--reason", "opened on the way")
    refused = trace("undo")
    assert refused.code == 5
    assert "trace suspect" in refused.err
    told = trace("log").out
    assert "case: open BOX-1" in told
    assert f"case: confirmed case {opened['case']}" in told


def test_a_hold_by_hand_that_a_case_rests_on_is_undone_after_the_verdict_alone(trace, site):
    assert trace("hold", "BOX-1").code == 0
    opened = trace("suspect", "BOX-1", "--reason", "seal broken", "--json").answer
    assert opened["hold"] is None
    assert trace("undo").code == 5
    assert trace("dismiss", opened["case"], "--reason", "a test of the scanner").code == 0
    assert trace("undo").code == 0
