# SPDX-License-Identifier: Apache-2.0
"""`trace verify --against` and `--quick`: what can be named, what is refused, and how it is told.

What it says of rollbacks and forks is tested in tests/attack/test_rollback_and_forks.py.
"""

import os

import pytest

from ledger.chain.checkpoint import Checkpoint, sign_checkpoint
from ledger.chain.keys import create_key, load_key

ROWS = "time,step,item,place\n2026-03-01T08:00:00Z,receiving,PALLET-1,DOCK-3\n"


@pytest.fixture
def folder(ledger_of):
    return ledger_of(ROWS)


@pytest.fixture
def against(trace, folder):
    def run(path, *more):
        ran = trace("verify", "--against", path, "--json", *more)
        return ran.code, ran.answer

    return run


def test_a_copy_a_checkpoint_and_a_receipt_are_told_apart(trace, folder, against):
    (folder / "partner").mkdir()
    trace("backup", "partner/ledger.db")
    trace("checkpoint", "-o", "head.txt")
    trace("prove", "1", "-o", "one.tlog-proof")
    trace("scan", "PALLET-2", "--step", "receiving", "--place", "DOCK-3")
    for path in ("partner/ledger.db", "partner", "head.txt", "one.tlog-proof"):
        code, answer = against(path)
        assert (code, answer["verdict"], answer["evidence"]) == (0, "ok", None)
        assert (answer["anchor"]["kind"], answer["anchor"]["size"], answer["size"]) == ("partner", 2, 3)
        assert answer["checks"][-1] == {"name": "partner", "passed": True, "count": 1}
    ran = trace("verify", "--against", "head.txt")
    assert "The verdict rests on the head that a partner holds" in ran.out


def test_another_origin_is_foreign(folder, against):
    key = create_key(folder / "elsewhere", "acme.example/dc2")
    (folder / "head.txt").write_text(sign_checkpoint(Checkpoint("acme.example/dc2", 2, bytes(32)), [key.signer]))
    code, answer = against("head.txt")
    assert code == 6
    assert "acme.example/dc2" in answer["error"]["message"]


def test_an_empty_log_says_nothing(folder, against):
    key = load_key(folder / "home", "acme.example/dc1")
    (folder / "head.txt").write_text(sign_checkpoint(Checkpoint("acme.example/dc1", 0, bytes(32)), [key.signer]))
    assert against("head.txt")[0] == 6


@pytest.mark.parametrize(
    "content",
    [b"", b"hello\n", b"\xff\xfe", b"SQLite format 3\0" + bytes(100), b"c2sp.org/tlog-proof@v1\nindex x\n"],
)
def test_what_is_none_of_the_three_is_refused(folder, against, content):
    (folder / "theirs").write_bytes(content)
    code, answer = against("theirs")
    assert code == 6
    assert "theirs" in answer["error"]["message"]
    assert answer["error"]["message"]


def test_what_is_not_there_or_no_plain_file(folder, against):
    assert against("nothing.db")[0] == 6
    os.mkfifo(folder / "fifo")
    assert against("fifo")[0] == 6
    (folder / "empty").mkdir()
    assert against("empty")[0] == 6


def test_a_tampered_ledger_stays_tampered_whatever_the_partner_holds(trace, folder, against, tamper):
    trace("checkpoint", "-o", "head.txt")
    tamper(folder / "ledger.db", 1, b"PALLET-1", b"PALLET-7")
    code, answer = against("head.txt")
    assert (code, answer["verdict"], answer["first_bad_seq"], answer["evidence"]) == (3, "tampered", 1, None)


def test_a_receipt_is_not_compared(trace, folder):
    trace("prove", "1", "-o", "one.tlog-proof")
    ran = trace("verify", "one.tlog-proof", "--against", "ledger.db")
    assert ran.code == 2
    assert "trace verify" in ran.err


def test_with_a_key_of_the_command_line(trace, folder, against):
    trace("checkpoint", "-o", "head.txt")
    key = load_key(folder / "home", "acme.example/dc1").verifier
    other = create_key(folder / "elsewhere", "acme.example/dc1").verifier
    assert against("head.txt", "--key", key)[1]["anchor"]["kind"] == "partner"
    assert against("head.txt", "--key", other)[1]["verdict"] == "untrusted"


# Quick.


def test_quick_says_what_it_looked_at(trace, folder):
    answer = trace("verify", "--quick", "--json").answer
    assert (answer["mode"], answer["new"], answer["old"]) == ("quick", 0, {"tiles": 1, "verified": 1, "days": 1})
    assert "That is all." in trace("verify", "--quick").out


def test_quick_without_a_pin_says_so_and_verifies_everything(trace, folder):
    next((folder / "home").rglob("dc1.pin")).unlink()
    ran = trace("verify", "--quick")
    assert ran.code == 0
    assert "no head was seen here before" in ran.err
    assert "Quick" not in ran.out
    assert trace("verify", "--quick", "--json").answer["mode"] == "quick"  # the first run left a pin


def test_the_full_way_is_called_full(trace, folder):
    answer = trace("verify", "--json").answer
    assert answer["mode"] == "full"
    assert "new" not in answer


def test_quick_and_full_contradict_each_other(trace, folder):
    assert trace("verify", "--quick", "--full").code == 2


def test_quick_tells_how_long_the_old_takes(trace, folder, monkeypatch):
    for number in range(3):
        trace("scan", f"PALLET-{number}", "--step", "receiving", "--place", "DOCK-3")
    monkeypatch.setattr("ledger.chain.quick.rolling_tiles", lambda _day, _tiles, _most: range(0))
    assert "0 of 1 tiles" in (out := trace("verify", "--quick").out)
    assert "Run daily" in out
