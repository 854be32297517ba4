# SPDX-License-Identifier: Apache-2.0
"""Cutting bursts: nothing dropped, changed or joined; what is doubtful is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_cli.dock.reader import BURST_GAP, DOUBT, HOLE, SILENCE, Read, Splitter, edit

FAST, SLOW = 0.004, 0.12
CODE = b"952132112345678902"


def play(*chunks, suffix=True, close=True):
    """Feeds (time, bytes) as a terminal would, with every tick that falls due between."""
    splitter, reads = Splitter(suffix=suffix), []
    for at, data in chunks:
        while (due := splitter.deadline()) is not None and due <= at:
            reads += splitter.tick(due)
        reads += splitter.feed(data, at)
    while (due := splitter.deadline()) is not None:
        reads += splitter.tick(due)
    return [*reads, *splitter.close()] if close else reads


def keys(text, start=0.0, gap=SLOW):
    return [(start + number * gap, bytes([byte])) for number, byte in enumerate(text)]


times = st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=12)


@given(st.binary(min_size=1, max_size=400), times, st.data())
def test_every_byte_comes_out_as_it_went_in(data, gaps, draw):
    """However the bytes are cut into chunks and whenever they come: all of them, in order."""
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=len(gaps))))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]
    at, chunks = 0.0, []
    for number, piece in enumerate(pieces):
        at += gaps[number % len(gaps)]
        chunks.append((at, piece))
    kept = b"".join(read.raw for read in play(*chunks))
    assert kept == data.replace(b"\r", b"").replace(b"\n", b"")


@given(st.lists(st.binary(min_size=1).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b"")), max_size=9))
def test_lines_in_one_burst_are_kept_apart(lines):
    lines = [line for line in lines if line]
    reads = play((0.0, b"".join(line + b"\r" for line in lines)))
    assert [read.raw for read in reads] == lines
    assert {(read.entry, read.end) for read in reads} <= {("scanned", "line")}


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\n\r"])
def test_line_ends(end):
    assert play((0, CODE + end), (1, b"B" + end)) == [Read(CODE, "scanned", "line"), Read(b"B", "scanned", "line")]
    halves = play((0, CODE), (FAST, end[:1]), (2 * FAST, end[1:] + b"B\r"))
    assert [read.raw for read in halves] == [CODE, b"B"]


def test_a_slow_burst_is_one_scan():
    assert play(*keys(CODE + b"\r", gap=0.010)) == [Read(CODE, "scanned", "line")]
    assert play(*keys(CODE + b"\r", gap=BURST_GAP * 0.9)) == [Read(CODE, "scanned", "line")]


def test_fingers_are_typed():
    assert play(*keys(b"BOX-1\r")) == [Read(b"BOX-1", "typed", "line")]
    assert play(*keys(b"5\r")) == [Read(b"5", "typed", "line")]
    assert play(*keys(b"BOX-1", gap=3.0)) == [Read(b"BOX-1", "typed", "closed")]


def test_no_enter_is_told_and_the_next_scan_is_not_joined():
    assert play((0, CODE), (SILENCE + DOUBT, b"NEXT-1\r")) == [
        Read(CODE, "scanned", "silence"),
        Read(b"NEXT-1", "scanned", "line"),
    ]


def test_a_hole_in_a_burst_makes_no_code_of_its_end():
    """The tail of a scan after a pause looks like a code of its own, and must not be taken for one."""
    for pause in (HOLE, 0.2, SILENCE, SILENCE + 0.15):
        reads = play((0, CODE[:9]), (pause, CODE[9:] + b"\r"))
        assert [read.raw for read in reads] == [CODE[:9], CODE[9:]]
        assert all(read.end in ("glued", "silence") for read in reads), (pause, reads)


def test_a_busy_computer_delays_a_burst():
    for cut in (1, 3, 9, 17):
        for pause in (BURST_GAP, HOLE * 0.99):
            assert play((0, CODE[:cut]), (pause, CODE[cut:] + b"\r")) == [Read(CODE, "scanned", "line")]


def test_enter_by_hand_after_a_scan_counts():
    assert play((0, CODE), (0.2, b"\r")) == [Read(CODE, "scanned", "line")]
    assert play((0, CODE), (2.0, b"\r")) == [Read(CODE, "scanned", "silence")]


def test_a_scan_into_half_typed_words_is_cut_off():
    reads = play(*keys(b"ab"), (0.5, CODE + b"\r"))
    assert [(read.raw, read.end) for read in reads] == [(b"ab", "glued"), (CODE, "glued")]


def test_a_scanner_without_suffix():
    reads = play((0, CODE), (0.5, b"SECOND"), (1.0, b"THIRD"), suffix=False)
    assert reads == [Read(raw, "scanned", "line") for raw in (CODE, b"SECOND", b"THIRD")]


@pytest.mark.parametrize("before", [[], [(0, CODE + b"\r")], keys(b"ab")])
def test_ctrl_c_alone(before):
    reads = play(*before, (5.0, b"\x03"))
    assert reads[-1].end == "interrupt"
    assert play((0, CODE + b"\r\x03"))[-1].end == "interrupt"


def test_ctrl_c_inside_a_burst_is_data():
    assert play((0, b"AB\x03CD\r")) == [Read(b"AB\x03CD", "scanned", "line")]
    assert play((0, b"\x02ABCD\x03"))[0].end == "silence"
    assert play((0, b"\x03"), (FAST, b"ABCD\r")) == [Read(b"\x03ABCD", "scanned", "line")]


def test_a_key_held_down_is_no_scan():
    held = [(0.4 + number * 0.03, b"\x7f") for number in range(9)]
    assert play(*keys(b"ab"), *held, (2.0, b"\r"))[0].entry == "typed"


@pytest.mark.parametrize(
    ("raw", "text"), [(b"AX\x7fB", "AB"), (b"\x7f\x08A", "A"), (b"AB\x15C", "C"), ("é\x7fx".encode(), "x")]
)
def test_editing(raw, text):
    assert edit(raw).decode() == text
