# SPDX-License-Identifier: Apache-2.0
import io
import sys

import pytest

from trace_cli.formats.chart import Ahead, draw_bar, draw_chart, is_rich
from trace_cli.formats.csv_text import csv_text

HISTORY = [(f"2026-01-{day:02d}", value) for day, value in enumerate((400.0, 400.0, 800.0, 200.0), 1)]
AHEAD = [Ahead("2026-01-05", 200.0, 400.0, 600.0), Ahead("2026-01-06", 100.0, 400.0, 800.0)]

DRAWN = """\
800 ┤        ╭───╮   ┊    ░░░░
    │        │   │   ┊    ░░░░
    │        │   │   ┊    ░░░░
600 ┤        │   │   ┊░░░░░░░░
    │        │   │   ┊░░░░░░░░
    │        │   │   ┊░░░░░░░░
400 ┤────────╯   │   ┊━━━━━━━━
    │            │   ┊░░░░░░░░
    │            │   ┊░░░░░░░░
200 ┤            ╰───┊░░░░░░░░
    │                ┊    ░░░░
    │                ┊
  0 ┤                ┊
     2026-01-01       2026-01-05  2026-01-06"""


def test_a_history_runs_on_into_its_band():
    lines = draw_chart(HISTORY, AHEAD, rich=True)
    assert "\n".join(lines) == DRAWN


def test_ascii_has_the_same_shape():
    rich, plain = (draw_chart(HISTORY, AHEAD, rich=rich) for rich in (True, False))
    assert all(line.isascii() for line in plain)
    assert [len(line) for line in plain] == [len(line) for line in rich]
    assert [line.count(" ") for line in plain] == [line.count(" ") for line in rich]


@pytest.mark.parametrize("rich", [True, False])
@pytest.mark.parametrize("width", [40, 80, 132])
@pytest.mark.parametrize(("past", "horizon"), [(0, 0), (0, 1), (1, 0), (24, 8), (24, 60), (300, 300)])
def test_no_line_is_wider_than_it_may_be(rich, width, past, horizon):
    history = [(f"2026-{at:06d}", 1e6 + at) for at in range(past)]
    ahead = [Ahead(f"2027-{at:06d}", 1e6, 2e6, 3e6 + at) for at in range(horizon)]
    lines = draw_chart(history, ahead, rich=rich, width=width)
    assert max(map(len, lines)) <= width
    assert lines == draw_chart(history, ahead, rich=rich, width=width)
    assert lines == [line.rstrip() for line in lines]


@pytest.mark.parametrize(
    ("largest", "labels"),
    [
        (0.0, ["1", "0"]),
        (0.03, ["0.03", "0.02", "0.01", "0.00"]),
        (1.0, ["1.0", "0.8", "0.6", "0.4", "0.2", "0.0"]),
        (7.0, ["8", "6", "4", "2", "0"]),
        (1234.0, ["1,250", "1,000", "750", "500", "250", "0"]),
        (9.99e8, ["1,000,000,000", "800,000,000", "600,000,000", "400,000,000", "200,000,000", "0"]),
    ],
)
def test_the_axis_begins_at_zero_and_has_round_numbers(largest, labels):
    lines = draw_chart([("a", largest)], [], rich=False)
    assert [line.split()[0] for line in lines if line.split()[0][0].isdigit()] == labels


def test_values_stand_at_their_height():
    lines = draw_chart([("a", 100.0)], [Ahead("b", 0.0, 50.0, 100.0)], rich=True)
    rows = [line for line in lines if "┊" in line]
    assert "─" in rows[0]
    assert "━" in rows[len(rows) // 2]
    assert all("░" in row or "━" in row for row in rows)


@pytest.mark.parametrize(
    ("share", "rich", "plain"),
    [
        (-1.0, "", ""),
        (0.0, "", ""),
        (0.5, "████", "####"),
        (0.55, "████▍", "####"),
        (1.0, "████████", "########"),
        (3.0, "████████", "########"),
    ],
)
def test_a_share_is_drawn_to_an_eighth(share, rich, plain):
    assert draw_bar(share, 8, rich=True) == rich
    assert draw_bar(share, 8, rich=False) == plain


@pytest.mark.parametrize(("encoding", "rich"), [("utf-8", True), ("ascii", False), ("latin-1", False)])
def test_what_stdout_can_show_decides(monkeypatch, encoding, rich):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert is_rich() is rich


def test_csv_takes_no_text_for_a_formula():
    rows = [["=1+1", -2.5, None], ["+49", 0.1, "-x"], ["@a", 3, "\tb"], ["a=b", 1, 'say "hi", now']]
    assert csv_text(["a", "-b", "c"], rows) == (
        "a,'-b,c\n'=1+1,-2.5,\n'+49,0.1,'-x\n'@a,3,'\tb\na=b,1,\"say \"\"hi\"\", now\"\n"
    )
