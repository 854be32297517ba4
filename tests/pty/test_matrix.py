# SPDX-License-Identifier: Apache-2.0
"""What scanners send, through a real terminal, into the program: not one byte lost, the terminal given back."""

import os
import signal

import pytest

JSON = ("scan", "--step", "receiving", "--place", "DOCK-3", "--json")
GS, RS, EOT, FS = b"\x1d", b"\x1e", b"\x04", b"\x1c"

BURSTS = {
    "gs": b"]d20109521234543213" + b"10ABC" + GS + b"2112345",
    "iso 15434": b"[)>" + RS + b"06" + GS + b"P12345" + GS + b"Q7" + RS + EOT,
    "fs, which kills": b"10A" + FS + b"BC",
    "xoff, which hangs": b"10A\x13BC",
    "xon": b"10A\x11BC",
    "tab": b"10A\tBC",
    "gs as an arrow": b"10ABC\x1b[B2112345",
    "eot at the end": b"10ABC" + EOT,
    "every control byte": bytes(set(range(32)) - {10, 13}) + b"\x7f end",
    "eighth bit": "Café".encode() + bytes(range(128, 256)),
    "suspend, quit, erase": b"a\x1ab\x1cc\x15d\x16e\x17f\x12g\x0fh",
    "ctrl-c inside": b"10AB\x03CD",
    "ctrl-c at the begin": b"\x0310ABCD",
    "5000 bytes": b"0123456789" * 500,
    "5000 separators": GS * 2500 + EOT * 2500,
}


@pytest.mark.parametrize("name", BURSTS)
def test_every_byte_arrives(dock, name):
    session = dock(*JSON).ready()
    session.send(BURSTS[name] + b"\r")
    session.until(lambda: len(session.lines) == 1)
    session.send(b"AFTER-1\r")
    session.until(lambda: len(session.lines) == 2)
    assert session.raws == [BURSTS[name], b"AFTER-1"]
    assert session.lines[1]["status"] == "ok"
    session.send(b"TRACE:DONE\r")
    assert session.end() == 0
    assert session.is_restored


def test_byte_by_byte(dock):
    """Each byte is a write of its own, as a keyboard sends them; times are tried in the tests of the reader."""
    session = dock(*JSON).ready()
    session.send(*(bytes([byte]) for byte in BURSTS["gs"] + b"\r"))
    session.until(lambda: len(session.lines) == 1)
    assert session.raws == [BURSTS["gs"]]


def test_five_hundred_scans_in_one_burst(dock):
    session = dock(*JSON).ready()
    codes = [b"CASE-%04d" % number for number in range(500)]
    session.send(b"".join(code + b"\r\n" for code in codes))
    session.until(lambda: len(session.lines) == 500)
    session.send(b"TRACE:DONE\r")
    assert session.end() == 0
    assert session.raws == codes
    assert {line["status"] for line in session.lines} == {"ok"}
    assert [line["seq"] for line in session.lines] == list(range(1, 501))
    entries = session.run("log", "-n", "600")["entries"]
    assert [entry["summary"].rpartition(" ")[2].encode() for entry in entries[1:]] == codes


def test_missing_enter(dock):
    session = dock().ready()
    session.send(b"BOX-1")
    session.wait_for("sends no Enter")
    session.pause(0.3)  # and as much went by before it was said: more than what is in doubt
    session.send(b"BOX-2\r")
    session.wait_for("OK")
    session.send(b"\x03")
    assert session.end() == 130
    assert session.run("log")["size"] == 2
    assert session.run("history", "BOX-2")["events"]


@pytest.mark.parametrize(
    "glued",
    [b"BOX-1BOX-2", b"952132112345678902952132112345678919", b"]C100952132112345678902]C100952132112345678919"],
)
def test_two_scans_glued(dock, glued):
    session = dock(*JSON).ready()
    session.send(glued + b"\r")
    session.until(lambda: len(session.lines) == 1)
    assert session.lines[0]["status"] == "refused"
    assert session.raws == [glued]
    assert session.run("log")["size"] == 1


def test_a_pause_inside_a_code_makes_no_other_code(dock):
    session = dock(*JSON).ready()
    session.send(b"PALLET-", b"12345\r", gap=0.25)
    session.until(lambda: len(session.lines) == 2)
    assert {line["status"] for line in session.lines} == {"refused"}
    assert session.raws == [b"PALLET-", b"12345"]


@pytest.mark.parametrize("before", [b"", b"BOX-1\r", b"ab"])
def test_ctrl_c_alone_ends_the_session(dock, before):
    session = dock().ready()
    session.send(before)
    if b"\r" in before:
        session.wait_for("+ OK")
    session.pause(0.15)
    session.send(b"\x03")
    assert session.end() == 130
    assert session.is_restored
    assert b"it stays open" in session.shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_signals_end_it_cleanly(dock, number):
    session = dock().ready()
    session.send(b"BOX-1\rBOX-2\r")
    session.wait_for("+ OK", 2)
    session.kill(number)
    assert session.end() == 130
    assert session.is_restored
    assert b"2 recorded" in session.shown


def test_a_closed_terminal_loses_nothing(dock):
    session = dock().ready()
    session.send(b"BOX-1\rBOX-2\r")
    session.wait_for("+ OK", 2)
    session.hang_up()
    assert session.process.wait(60) == 130
    assert session.run("log")["size"] == 3
    again = dock().ready()
    assert "goes on: 2 recorded; the last: BOX-2, entry 2" in again.wait_for("goes on")


def test_an_exception_gives_the_terminal_back(dock, place):
    """The disk fails in the middle of a session: the file of the ledger is taken away."""
    session = dock().ready()
    session.send(b"BOX-1\r")
    session.wait_for("+ OK")
    os.rename(place / "site" / "ledger.db", place / "site" / "gone.db")
    session.send(b"BOX-2\r")
    assert session.end() == 6
    assert session.is_restored


def test_what_is_scanned_after_the_end_does_not_reach_the_shell(dock):
    session = dock().ready()
    session.send(b"BOX-1\rTRACE:DONE\rrm important\r")
    assert session.end() == 0
    assert "after the end" in session.wait_for("after the end")
    assert session.is_restored
    os.set_blocking(session.slave, False)
    with pytest.raises(BlockingIOError):
        os.read(session.slave, 100)
    assert session.run("log")["size"] == 2


def test_killed_at_any_moment_what_was_shown_is_there(dock):
    session = dock().ready()
    session.send(b"".join(b"CASE-%03d\r" % number for number in range(200)))
    session.wait_for("+ OK", 40)
    session.kill()
    assert session.end() == -signal.SIGKILL
    shown = session.shown.count(b"entry ")
    assert session.run("verify")["verdict"] == "ok"
    again = dock().ready()
    text = again.wait_for("goes on")
    kept = int(text.partition("goes on: ")[2].split()[0])
    assert kept >= shown
    assert session.run("log")["size"] == 1 + kept
    again.send(b"CASE-000\r")
    assert "already counted, entry 1" in again.wait_for("already counted")


def test_two_docks_of_one_ledger(dock):
    """Both bursts are kept whole; what both scan is recorded once, and the other is told who has it."""
    one = dock(*JSON).ready()
    other = dock("scan", "--step", "receiving", "--place", "DOCK-4", "--json").ready()
    for session, mark in ((one, b"A"), (other, b"B")):
        session.send(b"".join(b"%b-%03d\r" % (mark * 4, number) for number in range(60)))
    for session in (one, other):
        session.until(lambda session=session: len(session.lines) == 60)
        assert {line["status"] for line in session.lines} == {"ok"}
    seqs = sorted(line["seq"] for session in (one, other) for line in session.lines)
    assert seqs == list(range(1, 121))
    assert one.run("verify")["verdict"] == "ok"


def test_nobody_there_for_long(dock):
    session = dock("scan", "--step", "receiving", "--place", "DOCK-3", "--idle", "1").ready()
    session.send(b"BOX-1\r")
    session.wait_for("+ OK")
    session.wait_for("scan your badge first")
    session.send(b"BOX-2\rTRACE:BY:kim\rBOX-2\rTRACE:DONE\r")
    assert session.end() == 0
    entries = session.run("log")["entries"]
    assert [entry["by"] for entry in entries[1:]] == ["jo", "kim"]


def test_a_verb_asks_on_a_terminal_and_a_scanner_may_answer(dock):
    session = dock("receive").ready()
    session.wait_for("where")
    session.type("DOCK-3\r")
    session.wait_for("receive what")
    session.send(b"]d2010952123454321321A-1\rBOX-1\rBOX-2\r")
    session.pause(0.2)
    session.send(b"\r")
    assert session.end() == 0
    assert session.is_restored
    events = session.run("history", "(01)09521234543213(21)A-1")["events"]
    assert [event["place"] for event in events] == ["https://acme.example/loc/DOCK-3"]
    assert session.run("history", "BOX-2")["events"][0]["seq"] == events[0]["seq"]


def test_a_verb_asks_nothing_with_no_input(dock):
    session = dock("receive", "--no-input")
    assert session.end() == 2
    assert "needs at least one thing" in session.wait_for("needs at least")
