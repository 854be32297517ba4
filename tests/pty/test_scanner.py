# SPDX-License-Identifier: Apache-2.0
"""`trace scanner test` and `record` on a terminal, and what a saved profile does for a session."""

import json

import pytest

from trace_cli.dock.bursts import read_bursts, replay
from trace_cli.dock.calibration import FIRST, SECOND

JSON = ("scan", "--step", "receiving", "--place", "DOCK-3", "--json")


@pytest.mark.parametrize(
    ("sent", "kinds", "usable"),
    [
        (f"]d2{FIRST}\x1d{SECOND}\r", [], True),
        (f"]d2{FIRST}~{SECOND}\r", ["gs_mapped"], True),
        (f"]d2{FIRST}\x1b[B{SECOND}", ["gs_mapped", "no_suffix"], True),
        (f"]d2{FIRST}{SECOND}\r", ["gs_lost"], False),
    ],
)
def test_a_label_is_judged(dock, sent, kinds, usable):
    session = dock("scanner", "test", "--json").ready()
    session.send(sent.encode())
    code = session.end()
    session.until(lambda: b"}" in session.shown)
    answer = json.loads(session.shown[session.shown.index(b"{") :])
    assert [finding["kind"] for finding in answer["findings"]] == kinds
    assert (answer["usable"], code) == (usable, 0 if usable else 5)
    assert session.is_restored


def test_a_profile_mends_the_scans_of_a_session(dock):
    learner = dock("scanner", "test").ready()
    learner.send(f"{FIRST}~{SECOND}".encode())
    assert learner.end() == 0
    session = dock(*JSON).ready()
    session.send(b"BOX-1")
    session.until(lambda: len(session.lines) == 1)
    session.send(b"10AB~21CD")
    session.until(lambda: len(session.lines) == 2)
    assert session.raws == [b"BOX-1", b"10AB\x1d21CD"]
    assert session.lines[0]["status"] == "ok"


def test_what_is_recorded_plays_again(dock):
    sent = [b"]d20109521234543213\x1d21A", b"\x03inside\x13\x1c", b"BOX-1"]
    session = dock("scanner", "record", "-o", "bursts.txt").ready()
    for scan in sent:
        session.send(scan + b"\r", gap=0.1)
    session.send(b"\x03")
    assert session.end() == 0
    assert session.is_restored
    reads = replay(read_bursts(session.folder / "bursts.txt"))
    assert [(read.raw, read.end) for read in reads] == [(raw, "line") for raw in sent]
