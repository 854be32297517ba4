# SPDX-License-Identifier: Apache-2.0
"""`trace check`: each verdict with the entries that say so, and none from an entry that does not hold."""

import io
import json
import os
import subprocess
import sys

import pytest

from ledger.custody.index.lookup import Lookup

HEAD = "time,step,item,place,to,disposition,lot,product\n"
STORY = HEAD + "".join(
    f"2026-01-0{line}\n"
    for line in (
        "1T06:00Z,commissioning,BOX-1,MAKER,,,L1,TEA",
        "1T06:10Z,commissioning,BOX-2,MAKER,,,L1,TEA",
        "1T06:20Z,commissioning,BOX-3,MAKER,,,L1,TEA",
        "1T06:30Z,commissioning,BOX-4,MAKER,,,L1,TEA",
        "2T06:00Z,shipping,BOX-1,MAKER,DOCK,,,",
        "2T06:10Z,shipping,BOX-2,MAKER,DOCK,,,",
        "3T06:00Z,receiving,BOX-2,DOCK,,,,",
        "3T06:10Z,receiving,BOX-3,DOCK,,,,",
        "4T06:00Z,retail_selling,BOX-2,DOCK,,,,",
        "4T06:10Z,holding,BOX-3,DOCK,,non_conformant,,",
        "4T06:20Z,receiving,BOX-4,DOCK,,,,",
        "5T06:20Z,receiving,BOX-4,SHOP,,,,",
    )
)


@pytest.fixture
def story(ledger_of):
    return ledger_of(STORY)


@pytest.mark.parametrize(
    ("code", "options", "verdict", "seqs"),
    [
        ("BOX-1", ("--place", "DOCK"), "consistent", [1, 5]),
        ("BOX-1", ("--place", "SHOP"), "elsewhere", [5]),
        ("BOX-2", (), "gone", [9]),
        ("BOX-2", ("--at", "2026-01-03T12:00Z"), "consistent", [2, 6, 7]),
        ("BOX-3", (), "held", [10]),
        ("BOX-4", (), "elsewhere", [11, 12]),
        ("BOX-4", ("--at", "2025-01-03T12:00Z"), "cannot_tell", None),
        ("BOX-9", (), "unknown", []),
    ],
)
def test_verdicts(trace, story, code, options, verdict, seqs):
    ran = trace("check", code, *options, "--json")
    assert ran.code == 0
    answer = ran.answer
    assert answer["schema"] == "trace.check/1"
    assert answer["code"] == code
    assert answer["verdict"] == verdict
    assert seqs is None or answer["seqs"] == seqs
    assert answer["explanation"]


def test_a_label_against_what_was_declared(trace, ledger_of):
    ledger_of()
    label = "]C1010952123456788217270131102026A\x1d21S1"
    assert (
        trace("scan", label, "--step", "commissioning", "--place", "MAKER", "--at", "2026-01-01T08:00Z").code == 0
    )
    when = ("--at", "2026-02-01T00:00Z", "--json")
    assert trace("check", label, *when).answer["verdict"] == "consistent"
    other_lot = label.replace("2026A", "2026B")
    assert trace("check", other_lot, *when).answer["verdict"] == "mismatch"
    other_day = label.replace("17270131", "17280131")
    found = trace("check", other_day, *when).answer
    assert (found["verdict"], found["seqs"]) == ("mismatch", [1])
    assert trace("check", label, "--at", "2027-03-01T00:00Z", "--json").answer["verdict"] == "expired"


def test_against_a_file(trace, story, tmp_path):
    sent = tmp_path / "sent.csv"
    sent.write_text("item,lot,expiry\nBOX-1,L1,\n", encoding="utf-8")
    assert trace("check", "BOX-1", "--against", sent, "--json").answer["verdict"] == "consistent"
    assert trace("check", "BOX-3", "--against", sent, "--json").answer["verdict"] == "unknown"
    sent.write_text("thing\nBOX-1\n", encoding="utf-8")
    assert trace("check", "BOX-1", "--against", sent).code == 5
    missing = trace("check", "BOX-1", "--against", tmp_path / "absent.csv")
    assert (missing.code, "no such file" in missing.err) == (4, True)


def test_the_attempt_is_recorded(trace, story):
    answer = trace("check", "BOX-2", "--log", "--json").answer
    shown = trace("show", answer["logged_seq"], "--json")
    assert shown.code == 0
    assert '"gone"' in shown.out
    assert trace("verify").code == 0


def test_an_entry_that_does_not_hold_is_no_evidence(trace, story, tamper):
    tamper(story / "ledger.db", 9, b"retail_selling", b"retail_sellinG")
    ran = trace("check", "BOX-2")
    assert ran.code == 3
    assert "9" in ran.err


def test_lines(trace, story, tamper, monkeypatch):
    tamper(story / "ledger.db", 9, b"retail_selling", b"retail_sellinG")
    stream = io.TextIOWrapper(io.BytesIO(b"BOX-1\n\nBOX-2\r\nBOX-9\n\xff\n"))
    monkeypatch.setattr(sys, "stdin", stream)
    ran = trace("check", "-")
    assert ran.code == 0
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [one["code"] for one in answers[:3]] == ["BOX-1", "BOX-2", "BOX-9"]
    assert [one["verdict"] for one in answers[:3]] == ["consistent", "cannot_tell", "unknown"]
    assert len(answers) == 4


@pytest.mark.parametrize("large", [False, True])
def test_lines_together_are_answered_as_one_by_one(trace, ledger_of, monkeypatch, large):
    ledger_of(STORY)
    if large:  # a log that is not searched for what the index leaves out
        monkeypatch.setattr(Lookup.__init__, "__kwdefaults__", {"probed": 0})
    assert trace("pack", "BOX-3", "--into", "PALLET-1", "--place", "DOCK", "--anyway", "a test").code == 0
    assert trace("hold", "PALLET-1", "--reason", "wet").code == 0
    withdrawn = trace("correct", "12", "--reason", "did_not_occur")
    assert withdrawn.code == 0, withdrawn.err
    codes = [
        "BOX-1",
        "BOX-2",
        "PALLET-1",
        "BOX-4",
        "952132112345678909",
        "BOX-9",
        "L1",
        "TEA:L1",
        "BOX-3",
        "BOX-1",
        " ",
    ]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\r\n".join(codes).encode())))
    together = [json.loads(line) for line in trace("check", "-").out.splitlines()]
    assert [one["code"] for one in together] == codes
    verdicts = []
    for code, one in zip(codes, together, strict=True):
        alone = trace("check", code, "--json")
        verdicts.append(one["verdict"])
        assert one == alone.answer if alone.code == 0 else one["verdict"] == "cannot_tell"
    assert set(verdicts) == {"held", "gone", "consistent", "unknown", "cannot_tell"}


def test_whoever_sends_one_line_and_waits_is_answered_at_once(story):
    process = subprocess.Popen(
        [sys.executable, "-m", "trace_cli", "check", "-"],
        cwd=story,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    for code, verdict in (("BOX-1", "consistent"), ("BOX-2", "gone"), ("BOX-9", "unknown")):
        process.stdin.write(f"{code}\n".encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["verdict"] == verdict
    out, _ = process.communicate(b"BOX-3")  # a last line without its end
    assert json.loads(out)["verdict"] == "held"


def test_nothing_heavy_is_loaded(story):
    code = (
        "import sys\nfrom trace_cli.main import run\n"
        "try: run(['check', 'BOX-1'])\nexcept SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'rich', 'scipy', 'statsmodels', 'sqlite_utils'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_what_a_hold_keeps_back_is_held(trace, ledger_of):
    rows = "1T06:00Z,commissioning,BOX-1,MAKER,,,L1,TEA\n2026-01-02T06:00Z,commissioning,BOX-5,MAKER,,,L2,TEA\n"
    ledger_of(HEAD + f"2026-01-0{rows}")
    assert trace("pack", "BOX-1", "--into", "PALLET-1", "--place", "MAKER").code == 0
    assert trace("hold", "TEA:L1", "--reason", "positive sample").code == 0
    for code in ("BOX-1", "PALLET-1", "TEA:L1"):
        found = trace("check", code, "--json").answer
        assert (found["verdict"], found["seqs"]) == ("held", [4]), code
    assert "TEA:L1" in trace("check", "BOX-1", "--json").answer["explanation"]
    assert trace("check", "BOX-5", "--json").answer["verdict"] == "consistent"
    assert trace("release", "TEA:L1").code == 0
    assert trace("check", "PALLET-1", "--json").answer["verdict"] == "consistent"


def test_lines_are_recorded_too(trace, story, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"BOX-1\nBOX-9\n]C1garbage\n")))
    ran = trace("check", "-", "--log", "--by", "kim")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [one["logged_seq"] for one in answers] == [13, 14, 15]
    for one in answers:
        shown = trace("show", one["logged_seq"], "--json").answer
        assert (shown["kind"], shown["via"], shown["by"]) == ("check", "piped", "kim")
        assert shown["body"]["verdict"] == one["verdict"]
    assert trace("verify").code == 0


@pytest.mark.parametrize(
    ("command", "fifo", "missing"),
    [
        ("check BOX-1 --against {}", 5, 4),
        ("anomalies --places {}", 5, 4),
        ("anomalies --lots {}", 5, 4),
        ("forecast --series {}", 5, 4),
        ("import x.csv --map {}", 5, 4),
        ("verify --policy {}", 2, 4),
    ],
)
def test_a_fifo_is_refused_and_not_waited_for(trace, story, tmp_path, command, fifo, missing):
    words = command.format(tmp_path / "pipe.csv").split()
    assert trace(*words).code == missing
    os.mkfifo(tmp_path / "pipe.csv")
    ran = trace(*words)
    assert ran.code == fifo
    assert "no plain file" in ran.err
