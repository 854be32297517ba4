# SPDX-License-Identifier: Apache-2.0
"""Tables for people: no line wider than the terminal, nothing lost, and nothing changed in a pipe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from trace_cli.formats.table import draw_table, fold

HEAD = ("state", "place", "container", "quantity")
ROWS = [
    ("sold", "Štore 7 – Überlinger Straße 非常に長い名前のお店 with a name that does not end", "", 63.4),
    ("here", "مستودع الرصيف الثالث", None, 7),
]
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=60)


def bare(text):
    return "".join(text.split())


@pytest.mark.parametrize("width", [80, 60, 40, 30])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(width):
    drawn = draw_table(HEAD, ROWS, right=(3,), width=width, indent="  ")
    assert max(map(cell_len, drawn.splitlines())) <= width
    for word in ("Überlinger", "end", "الثالث", "63.4", "here"):
        assert word in bare(drawn)
    assert "container" not in drawn


def test_without_a_terminal_every_row_is_one_line_with_all_columns(capsys):
    drawn = draw_table(HEAD, ROWS)
    assert len(drawn.splitlines()) == 2 + len(ROWS)
    assert "container" in drawn


def test_times_and_short_codes_stay_whole():
    rows = [("2026-11-21 10:41", "shipping", "x" * 30 + " " + "y" * 30)]
    drawn = draw_table(("time (UTC)", "step", "details"), rows, width=60)
    assert "2026-11-21 10:41  shipping" in drawn


def test_titles_stand_above_their_rows_in_columns_and_in_blocks():
    for width in (80, 24):
        lines = draw_table(HEAD, ROWS, width=width, titles={0: "LOT A", 1: "LOT B"}).splitlines()
        assert lines.index("LOT A") < next(at for at, line in enumerate(lines) if "sold" in line)
        assert next(at for at, line in enumerate(lines) if "sold" in line) < lines.index("LOT B")


def test_control_characters_of_data_never_reach_the_terminal():
    assert "\x1b" not in draw_table(("a",), [("\x1b[31mred\x1b[0m",)], width=10)


@given(TEXTS, st.integers(2, 40))
def test_folding_keeps_every_character_but_space(text, width):
    lines = fold(text, width)
    assert bare("".join(lines)) == bare(text)
    assert all(cell_len(line) <= width for line in lines)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4), st.integers(24, 100))
def test_any_table_fits(rows, width):
    drawn = draw_table(("one", "two", "three"), rows, width=width)
    assert max((cell_len(line) for line in drawn.splitlines()), default=0) <= width
    assert bare(drawn).count("") >= sum(len(bare(cell)) for row in rows for cell in row)
