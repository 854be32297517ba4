# SPDX-License-Identifier: Apache-2.0
"""Scanning: one line in, one line out, and what was said to be recorded is recorded."""

import json
import subprocess

import pytest

WORDS = ("scan", "-", "--step", "receiving", "--place", "DOCK-3")


def lines(ran):
    return [json.loads(line) for line in ran.out.splitlines()]


def test_one_code(site):
    (line,) = lines(site.good("scan", "106141411234567897", "--step", "receiving", "--place", "DOCK-3", "--json"))
    assert (line["schema"], line["status"], line["seq"]) == ("trace.scan/1", "ok", 1)
    assert line["uri"] == "https://id.gs1.org/00/106141411234567897"
    assert set(line) >= {"raw_hex", "status", "symbology", "elements", "uri", "reason"}
    shown = site.good("show", line["event_id"], "--json").answer
    assert shown["via"] == "scanned"
    assert shown["body"]["readPoint"] == {"id": "https://acme.example/loc/DOCK-3"}
    assert site.good("scan", "A", "--step", "holding").out == "OK  A  holding  entry 2\n"


def test_codes_together_or_not_at_all(site):
    ran = site.run("scan", "A", "4006381333932", "B", "--step", "holding", "--json")
    assert (ran.code, lines(ran)[-1]["status"]) == (5, "refused")
    assert lines(ran)[-1]["raw_hex"] == b"4006381333932".hex()
    assert site.size() == 1
    assert [line["seq"] for line in lines(site.good("scan", "A", "B", "--step", "holding", "--json"))] == [1, 2]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"A\nB\n", [b"A", b"B"]),
        (b"A\r\nB\r\n", [b"A", b"B"]),
        (b"A\rB\r", [b"A", b"B"]),
        (b"A\nB", [b"A", b"B"]),
        (b"\n\n\r\r\nA\n\n", [b"A"]),
        (b"", []),
        ("Café\nB\n".encode(), ["Café".encode(), b"B"]),
    ],
)
def test_line_ends(site, sent, expected):
    found = lines(site.good(*WORDS, stdin=sent))
    assert [bytes.fromhex(line["raw_hex"]) for line in found] == expected
    assert [line["status"] for line in found] == ["ok"] * len(expected)
    assert [line["seq"] for line in found] == list(range(1, 1 + len(expected)))


def test_bytes_stay_bytes_and_one_bad_line_stops_none(site):
    sent = [
        b"]C1010400638133393110L1\x1d21S",  # GS parts element strings: data, and no end of line
        b"GOOD-1",
        b"\xff\xfe\x00binary",
        b"4006381333932",
        b"a\x0bb\x0cc\x85d\x1cd",
        "a\u2028b\x1e".encode(),
        b"x" * 5000,
        b"-",
        b"--step",
        b"GOOD-2",
    ]
    ran = site.run(*WORDS, stdin=b"\n".join(sent) + b"\n")
    found = lines(ran)
    assert ran.code == 5
    assert len(found) == len(sent)
    for line, raw in zip(found, sent, strict=True):
        assert line["schema"] == "trace.scan/1"
        assert raw.startswith(bytes.fromhex(line["raw_hex"]))
        assert len(raw) > 4096 or bytes.fromhex(line["raw_hex"]) == raw
    assert [line["status"] == "ok" for line in found] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
        True,
        True,
        True,
    ]
    assert all(line["reason"] for line in found if line["status"] == "refused")
    log = site.good("log", "--json").answer
    assert log["size"] == 1 + 5
    assert {entry["via"] for entry in log["entries"][1:]} == {"piped"}


def test_a_line_that_never_ends_fills_no_memory(site):
    ran = site.run(*WORDS, stdin=b"x" * 30_000_000 + b"\nGOOD\n")
    assert [line["status"] for line in lines(ran)] == ["refused", "ok"]
    assert len(ran.raw) < 20_000


@pytest.mark.parametrize(
    "words",
    [
        ("--step", "receving"),
        ("--step", "receiving", "--place", "0614141000004"),
        ("--step", "holding", "--quantity", "-1"),
        ("--step", "packing", "--container", "106141411234567890"),
        ("--step", "holding", "--at", "now"),
    ],
)
def test_what_is_wrong_with_every_line_is_told_before_the_first(site, words):
    ran = site.run("scan", "-", *words, stdin=b"A\nB\n")
    assert (ran.code, ran.out) == (5, "")
    assert site.size() == 1


def test_committed_before_it_is_printed(site):
    running = site.start(*WORDS, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert running.stdin is not None
    assert running.stdout is not None
    with running:
        for number in range(3):
            running.stdin.write(b"BOX-%d\n" % number)
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["seq"] == 1 + number
        running.kill()
    log = site.good("log", "--json").answer["entries"]
    assert [entry["summary"] for entry in log[1:]] == [f"receiving at DOCK-3: BOX-{number}" for number in range(3)]
    assert site.good("verify", "--json").answer["size"] == 4
    assert site.good("scan", "NEXT", "--step", "holding", "--json").answer["seq"] == 4


def test_packing_by_scanning(site):
    site.good("scan", "A", "B", "--step", "packing", "--container", "PAL")
    site.good("scan", "PAL", "--step", "shipping", "--place", "DC")
    steps = [event["step"] for event in site.good("history", "A", "--json").answer["events"]]
    assert steps == ["packing", "shipping"]
