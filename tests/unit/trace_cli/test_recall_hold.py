# SPDX-License-Identifier: Apache-2.0
"""The first screen of a recall: it fits, says whom to call and what is loose, and one command blocks that."""

import shlex

import pytest
from rich.cells import cell_len

from trace_cli.formats import table

HEAD = "time,step,item,product,lot,quantity,unit,place,from,to,party,container,transformation,role\n"
ROWS = HEAD + (
    "2026-03-01T08:00:00Z,commissioning,,P,A,10,kg,PLANT,,,,,,\n"
    "2026-03-01T09:00:00Z,commissioning,,P,A,10,kg,PLANT,,,,,R1,input\n"
    "2026-03-01T09:00:00Z,commissioning,,Q,C,20,kg,PLANT,,,,,R1,output\n"
    "2026-03-02T08:00:00Z,shipping,,Q,C,12,kg,PLANT,,SHOP-1,smith-farms,,,\n"
    "2026-03-03T08:00:00Z,receiving,,Q,C,12,kg,SHOP-1,PLANT,,smith-farms,,,\n"
)


def test_one_command_that_is_printed_blocks_all_that_is_loose(trace, ledger_of):
    ledger_of(ROWS)
    trace("partner", "add", "smith-farms", "--contact", "Ann 555")
    ran = trace("recall", "P:A")
    assert "Call smith-farms: Ann 555; has 20 kg at PLANT, SHOP-1" in ran.out
    assert "NOT ON HOLD: the lot itself and 1 thing that holds it." in ran.out
    answer = trace("recall", "P:A", "--json").answer["hold"]
    assert (answer["held"], len(answer["free"])) == ({}, 2)
    words = shlex.split(answer["command"])
    assert f"Block: {answer['command']}" in ran.out
    assert trace(*words[1:]).code == 0
    for thing in ("P:A", "Q:C"):
        assert trace("ship", thing + "=1kg", "--place", "PLANT", "--to", "SHOP-1").code == 5
    assert "On hold: the lot, and all that holds it" in trace("recall", "P:A").out
    again = trace(*words[1:])
    assert (again.code, "on hold already" in again.err) == (5, True)
    assert trace("release", "P:A", "Q:C").out.startswith("OK  released: P:A, Q:C  entry")


def test_only_what_is_loose_is_held_and_gaps_are_told(trace, ledger_of):
    ledger_of(ROWS + "2026-03-04T08:00:00Z,retail_selling,,Q,C,30,kg,SHOP-1,,,,,,\n")
    assert trace("hold", "Q:C", "--reason", "sample").code == 0
    ran = trace("hold", "--recall", "P:A")
    assert (ran.code, "Q:C" in ran.out, "more may hold the lot" in ran.err) == (0, False, True)


@pytest.mark.parametrize("words", [(), ("--recall", "nosuch:lot")])
def test_nothing_to_hold_is_said(trace, ledger_of, words):
    ledger_of(ROWS)
    ran = trace("hold", *words)
    assert ran.code == (4 if words else 2)
    assert "mend: " in ran.err


def test_the_list_fits_a_terminal_of_eighty_columns(trace, sample, monkeypatch):
    monkeypatch.setattr(table, "terminal_width", lambda: 80)
    lines = trace("recall", "99521234009019:Y26029-ROM").out.splitlines()
    listed = lines[: next(at for at, line in enumerate(lines) if line.startswith("Now at"))]
    assert max(map(cell_len, listed)) <= 80
    assert sum("GROCER-BLUEBONNET" in line for line in listed) == 6
    assert len(lines) <= 24


def test_what_was_sold_may_come_back_and_is_held_too(trace, sample):
    ran = trace("hold", "--recall", "99521234009019:Y26029-ROM")
    assert (ran.code, "P26030-MIX" in ran.out) == (0, True)
    assert trace("receive", "9521234000037:P26030-MIX=2kg", "--place", "STORE-OMAHA").code == 0
    assert trace("ship", "9521234000037:P26030-MIX=2kg", "--place", "STORE-OMAHA", "--to", "X").code == 5


def test_a_lot_that_is_spelt_almost_so_is_offered(trace, sample):
    ran = trace("recall", "99521234009019:Y26029-RON")
    assert (ran.code, "did you mean 99521234009019:Y26029-ROM" in ran.err) == (4, True)
    ran = trace("history", "BASKET-02055")
    assert (ran.code, "BASKET-0205" in ran.err.partition("mend:")[2]) == (4, True)


def test_a_mock_recall_that_cannot_be_written_is_not_recorded(trace, sample):
    before = trace("log", "--json").answer
    assert trace("recall", "99521234009019:Y26029-ROM", "--mock", "-o", "x.pdf").code == 2
    assert trace("log", "--json").answer == before


def test_what_left_a_place_is_on_its_way(trace, ledger_of):
    ledger_of("time,step,item,place,to\n2026-03-01T08:00:00Z,shipping,BOX-1,PLANT,SHOP-1\n")
    assert "Now: on the way from PLANT to SHOP-1" in trace("history", "BOX-1").out
    trace("receive", "BOX-1", "--place", "SHOP-1")
    assert "Now: SHOP-1" in trace("history", "BOX-1").out
