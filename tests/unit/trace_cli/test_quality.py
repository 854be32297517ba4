# SPDX-License-Identifier: Apache-2.0
"""Quality: every kind of loss lowers its own part, names its entry, and says a command that mends it."""

import shlex

import pytest

HEAD = "time,step,product,lot,quantity,unit,place,from,to,document,recorded\n"
GOOD = (
    "2026-03-01T08:00:00Z,commissioning,P,L1,10,kg,FARM,,,,2026-03-01T08:01:00Z\n"
    "2026-03-01T09:00:00Z,shipping,P,L1,10,kg,FARM,,STORE,BOL-1,2026-03-01T09:01:00Z\n"
    "2026-03-01T12:00:00Z,receiving,P,L1,10,kg,STORE,FARM,,BOL-1,2026-03-01T12:01:00Z\n"
)


def quality_of(trace, item="P:L1"):
    ran = trace("quality", item, "--json")
    assert ran.code == 0
    return ran.answer


def test_a_record_without_a_loss_has_every_point(trace, ledger_of):
    ledger_of(HEAD + GOOD)
    answer = quality_of(trace)
    assert (answer["score"], answer["losses"]) == (100.0, [])
    assert answer["parts"] == {"complete": 1.0, "timely": 1.0, "linked": 1.0, "balanced": None, "signed": 1.0}


@pytest.mark.parametrize(
    ("old", "new", "part", "seq", "says", "command"),
    [
        (",BOL-1,2026-03-01T09", ",,2026-03-01T09", "complete", 2, "no document", "trace correct 2"),
        ("FARM,,STORE", "FARM,,", "complete", 2, "no destination", "trace correct 2"),
        ("08:01:00Z", "12:01:00Z", None, 0, "", ""),
        ("2026-03-01T08:01", "2026-03-03T08:01", "timely", 1, "recorded 48 hours after", "trace scan"),
        ("commissioning", "storing", "linked", 1, "nothing says how", "trace record P:L1 --step commissioning"),
    ],
)
def test_a_loss_is_told_with_its_entry_and_what_mends_it(trace, ledger_of, old, new, part, seq, says, command):
    ledger_of(HEAD + GOOD.replace(old, new, 1))
    answer = quality_of(trace)
    if part is None:
        assert answer["losses"] == []
        return
    loss = next(loss for loss in answer["losses"] if loss["part"] == part and says in loss["message"])
    assert seq in loss["seqs"]
    assert command in loss["command"]
    assert answer["parts"][part] < 1
    assert answer["score"] < 100


def test_a_missing_receipt_is_mended_by_the_command_that_is_named(trace, ledger_of):
    late = GOOD.replace("receiving", "storing").replace("STORE,FARM,,BOL-1", "STORE,,,")
    ledger_of(HEAD + late)
    before = quality_of(trace)
    (loss,) = [loss for loss in before["losses"] if loss["part"] == "complete"]
    assert loss["command"].startswith("trace receive P:L1 --place STORE --from FARM")
    words = shlex.split(loss["command"].replace("TIME", "2026-03-01T11:00:00Z"))[1:]
    assert trace(*words, "--document", "BOL-1").code == 0
    after = quality_of(trace)
    assert after["parts"]["complete"] == 1.0
    assert before["parts"]["complete"] < 1


def test_more_out_than_in_is_a_loss_of_balance(trace, ledger_of):
    ledger_of(HEAD + GOOD)
    assert trace("transform", "--input", "P:L1=10kg", "--out", "Q:L2=12kg", "--place", "STORE").code == 0
    answer = quality_of(trace, "Q:L2")
    assert answer["parts"]["balanced"] == 0
    assert any("12" in loss["message"] for loss in answer["losses"] if loss["part"] == "balanced")


def test_a_tampered_event_has_no_score(trace, ledger_of, tamper):
    folder = ledger_of(HEAD + GOOD)
    tamper(folder / "ledger.db", 2, b"FARM", b"BARN")
    assert trace("quality", "P:L1").code == 3
    assert trace("quality", "NOTHING").code == 4
