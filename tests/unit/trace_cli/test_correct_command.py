# SPDX-License-Identifier: Apache-2.0
"""`trace correct` and `trace undo`: both events are shown, one counts, and nothing is lost from the log."""

import json

import pytest

from ledger.chain.errors import Refused
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.amendment import FIELDS, amend
from ledger.custody.codes import Codes
from ledger.custody.history import read_events
from tests.reference.slow_columns import events_columns

HEAD = "time,step,item,product,lot,quantity,unit,place,contact\n"
ROWS = HEAD + (
    "2026-03-01T08:00:00Z,receiving,BOX-1,,,5,kg,DOCK-1,Ann 555\n"
    "2026-03-01T09:00:00Z,storing,BOX-1,,,5,kg,HALL,\n"
    "2026-03-01T09:30:00Z,retail_selling,,P,L,3,kg,SHOP,\n"
)


def told(trace, item="BOX-1"):
    answer = trace("history", item, "--json").answer
    return [(e["seq"], e["place"].rpartition("/")[2], e["quantity"], e["corrected"]) for e in answer["events"]]


@pytest.fixture
def columns():
    def read(folder, as_of=None):
        storage = SqliteStorage(folder / "ledger.db", writable=False)
        with storage.snapshot() as view:
            found = events_columns(read_events(view, 100), as_of=as_of)
        storage.close()
        return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]

    return read


def test_a_corrected_event_counts_once(trace, ledger_of):
    ledger_of(ROWS)
    ran = trace(
        "correct", 1, "--reason", "incorrect_data", "--with", "place=DOCK-2", "--with", "quantity=4", "--json"
    )
    assert ran.code == 0
    assert (ran.answer["declaration_seq"], [found["seq"] for found in ran.answer["corrective"]]) == (4, [5])
    standing = [line for line in told(trace) if not line[3]]
    assert standing == [(5, "DOCK-2", 4, False), (2, "HALL", 5, False)]
    assert [line[0] for line in told(trace) if line[3]] == [1, 4]
    assert "withdrawn by entry 4 (incorrect_data)" in trace("history", "BOX-1").out
    assert "withdrawn by entry 4" in trace("log").out
    shown = trace("show", 1, "--json").answer["correction"]
    assert (shown["seq"], shown["reason"]) == (4, "incorrect_data")
    assert shown["corrective_event_ids"] == [ran.answer["corrective"][0]["event_id"]]
    assert trace("verify").code == 0
    assert trace("index", "check").code == 0


def test_the_declaration_is_a_copy_with_the_error_and_shares_private_values(trace, ledger_of):
    ledger_of(ROWS)
    assert trace("correct", 1, "--reason", "incorrect_data", "--with", "time=2026-03-01T08:10:00Z").code == 0
    one, copy, fresh = (trace("show", seq, "--json").answer["body"] for seq in (1, 4, 5))
    error = copy.pop("errorDeclaration")
    assert copy == one
    assert (error["reason"], error["correctiveEventIDs"]) == ("incorrect_data", [fresh["eventID"]])
    assert fresh["eventTime"] == "2026-03-01T08:10:00+00:00"
    changed = {"eventID", "eventTime"}
    assert {k: v for k, v in fresh.items() if k not in changed} == {
        k: v for k, v in one.items() if k not in changed
    }
    # What is private in the original is the same commitment in both, so erased once it is gone from all three.
    assert trace("erase", 1, "--field", "contact", "--reason", "asked for").code == 0
    assert all(trace("show", seq, "--json").answer["withheld"] for seq in (1, 4, 5))
    assert trace("verify").code == 0


def test_refusals_write_nothing(trace, ledger_of):
    ledger_of(ROWS)
    size = trace("log", "--json").answer["size"]
    for arguments in (
        (0, "--reason", "did_not_occur"),
        (1, "--reason", "oops"),
        (1, "--reason", "incorrect_data", "--with", "colour=red"),
        (1, "--reason", "incorrect_data", "--with", "time="),
        (1, "--reason", "incorrect_data", "--with", "time=yesterday"),
        (1, "--reason", "incorrect_data", "--event", 1),
        (1, "--reason", "incorrect_data", "--event", 0),
    ):
        assert trace("correct", *arguments).code == 5, arguments
    assert trace("correct", 99, "--reason", "did_not_occur").code == 4
    assert trace("correct", 1, "--reason", "did_not_occur", "--with", "place").code == 2
    assert trace("log", "--json").answer["size"] == size
    assert trace("correct", 1, "--reason", "did_not_occur", "--event", 2).code == 0
    for seq in (1, 4):
        again = trace("correct", seq, "--reason", "did_not_occur")
        assert again.code == 5
        assert "entry 4" in again.err


def test_undo_takes_back_the_last_of_this_operator(trace, ledger_of):
    ledger_of(ROWS)
    assert trace("undo").code == 4  # imported events are nobody's
    for item in ("A", "B"):
        assert trace("record", item, "--step", "holding", "--place", "DOCK-1").code == 0
    assert trace("record", "C", "--step", "holding", "--place", "DOCK-1", "--by", "other").code == 0
    assert [trace("undo", "--json").answer["seq"] for _ in range(2)] == [5, 4]
    assert trace("undo").code == 4
    assert trace("undo", "--by", "other", "--within", "0").code == 4
    assert [line[3] for line in told(trace, "A")] == [True, True]


def test_undo_refuses_where_somebody_went_on_with_it(trace, ledger_of):
    ledger_of(ROWS)
    assert trace("record", "A", "--step", "holding", "--place", "DOCK-1").code == 0
    assert trace("record", "A", "--step", "storing", "--place", "HALL", "--by", "other").code == 0
    ran = trace("undo")
    assert ran.code == 5
    assert "entry 5" in ran.err
    assert trace("undo", "--by", "other").code == 0
    assert trace("undo").code == 0


def test_forecasts_see_it_once_and_as_of_before_as_it_was(trace, ledger_of, columns):
    folder = ledger_of(ROWS)
    before = max(row["record_time"] for row in columns(folder))
    trace("correct", 3, "--reason", "incorrect_data", "--with", "quantity=30", "--with", "lot=M")
    sold = [row for row in columns(folder) if row["step"] == "retail_selling"]
    assert [(row["quantity"], row["lot"]) for row in sold if not row["corrected"]] == [(30.0, "M")]
    assert len(sold) == 2
    sold = [row for row in columns(folder, as_of=before) if row["step"] == "retail_selling"]
    assert [(row["quantity"], row["corrected"]) for row in sold] == [(3.0, False)]


CODES = Codes("acme.example")
BASE = "https://acme.example"
CLASS = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:1",
    "eventTime": "2026-03-01T08:00:00+00:00",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "bizStep": "receiving",
    "bizLocation": {"id": f"{BASE}/loc/A"},
    "readPoint": {"id": f"{BASE}/loc/GATE"},
    "quantityList": [{"epcClass": f"{BASE}/lot/P:L", "quantity": 3, "uom": "KGM"}],
    "sourceList": [{"type": "location", "source": "s"}, {"type": "owning_party", "source": "o"}],
}


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ("place=B", "bizLocation", {"id": f"{BASE}/loc/B"}),
        ("quantity=2.5", "quantityList", [{"epcClass": f"{BASE}/lot/P:L", "quantity": 2.5, "uom": "KGM"}]),
        ("unit=", "quantityList", [{"epcClass": f"{BASE}/lot/P:L", "quantity": 3}]),
        ("lot=M", "quantityList", [{"epcClass": f"{BASE}/lot/P:M", "quantity": 3, "uom": "KGM"}]),
        ("product=Q", "quantityList", [{"epcClass": f"{BASE}/lot/Q:L", "quantity": 3, "uom": "KGM"}]),
        ("step=commissioning", "action", "ADD"),
        ("from=X", "sourceList", [{"type": "location", "source": f"{BASE}/loc/X"}, CLASS["sourceList"][1]]),
        ("from=", "sourceList", [CLASS["sourceList"][1]]),
        ("party=N", "destinationList", [{"type": "possessing_party", "destination": f"{BASE}/party/N"}]),
        ("document=PO-1", "bizTransactionList", [{"bizTransaction": f"{BASE}/bt/PO-1"}]),
        ("own:seal=broken", "own:seal", "broken"),
        ("promised=2026-03-02T00:00:00Z", "trace:promised", "2026-03-02T00:00:00+00:00"),
    ],
)
def test_fields_of_the_corrective_event(change, path, value):
    name, _, text = change.partition("=")
    before = json.dumps(CLASS)
    fresh = amend(CLASS, {name: text}, CODES, event_id="urn:uuid:2")
    assert json.loads(json.dumps(fresh[path], default=float)) == value
    others = {key for key in CLASS if key not in (path, "eventID", "bizStep")}
    assert all(fresh[key] == CLASS[key] for key in others)
    assert json.dumps(CLASS) == before


def test_what_is_not_one_is_refused():
    two = CLASS | {"quantityList": CLASS["quantityList"] * 2}
    for name in ("quantity", "lot", "product"):
        with pytest.raises(Refused, match="names 2"):
            amend(two, {name: "7"}, CODES, event_id="urn:uuid:2")
    assert set(FIELDS) >= {"time", "step", "quantity"}
