# SPDX-License-Identifier: Apache-2.0
"""`trace correct` is judged like what is recorded: a correction that the ledger contradicts is refused."""

import pytest

HEAD = "time,step,item,product,lot,quantity,unit,place,to\n"
ROWS = HEAD + (
    "2026-03-01T08:00:00Z,receiving,BOX-1,,,,,DOCK-1,\n"
    "2026-03-01T09:00:00Z,shipping,BOX-1,,,,,DOCK-1,SHOP\n"
    "2026-03-01T10:00:00Z,inspecting,BOX-1,,,,,DOCK-1,\n"
    "2026-03-01T08:00:00Z,commissioning,,P,L,10,kg,DOCK-1,\n"
    "2026-03-01T09:00:00Z,shipping,,P,L,4,kg,DOCK-1,SHOP\n"
)


def entries(trace):
    return len(trace("log", "-n", "100", "--json").answer["entries"])


@pytest.mark.parametrize(
    ("seq", "change", "word"),
    [(3, "step=shipping", "shipped"), (5, "quantity=40", "too_much"), (2, "place=ELSEWHERE", "not_here")],
)
def test_a_correction_that_the_ledger_contradicts_is_refused_whole(trace, ledger_of, seq, change, word):
    ledger_of(ROWS)
    before = entries(trace)
    call = ("correct", seq, "--reason", "incorrect_data", "--with", change)
    ran = trace(*call, "--json")
    assert (ran.code, ran.answer["schema"], ran.answer["contradicts"]["word"]) == (5, "trace.correct/1", word)
    assert "--anyway" in trace(*call).err
    assert entries(trace) == before
    assert trace(*call, "--anyway", "the driver says so").code == 0
    assert entries(trace) == before + 2


def test_what_is_withdrawn_contradicts_nothing(trace, ledger_of):
    ledger_of(ROWS)
    # 10 kg came into being: all of it can have been shipped, but for the 4 that are corrected.
    assert trace("correct", 5, "--reason", "incorrect_data", "--with", "quantity=10").code == 0
    assert trace("correct", 2, "--reason", "incorrect_data", "--with", "to=SHOP-2").code == 0
    assert trace("correct", 3, "--reason", "did_not_occur").code == 0


def test_an_old_mistake_does_not_keep_a_field_from_being_mended(trace, ledger_of):
    ledger_of(ROWS + "2026-03-01T11:00:00Z,shipping,BOX-1,,,,,ELSEWHERE,SHOP\n")
    assert trace("correct", 6, "--reason", "incorrect_data", "--with", "to=SHOP-2").code == 0
