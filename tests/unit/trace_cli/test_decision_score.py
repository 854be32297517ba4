# SPDX-License-Identifier: Apache-2.0
"""A forecast is held against what came after it, by hand-computed figures."""

from pathlib import Path

import pytest

HEAD = "time,step,product,lot,quantity,unit,place\n"
WEEKS = [f"2026-{month:02d}-{day:02d}" for month, day in ((1, 7), (1, 14), (1, 21), (1, 28), (2, 4), (2, 11))]
SOLD = [10, 14, 12, 16, 20, 4]


def sales(first: int, last: int) -> str:
    rows = [f"{WEEKS[n]}T10:00Z,retail_selling,TEA,L1,{SOLD[n]},KGM,SHOP" for n in range(first, last)]
    return "\n".join(rows) + "\n"


@pytest.fixture
def forecasted(trace, ledger_of) -> int:
    """A forecast made after four weeks, of which the naive mean is 16 for every week ahead."""
    ledger_of(
        HEAD + sales(0, 4) + "2026-02-02T10:00Z,storing,,,,,SHOP\n".replace(",,,,,SHOP", ",TEA,L2,1,KGM,SHOP")
    )
    return trace("forecast", "--model", "naive", "--horizon", "3", "--quantiles", "0.1,0.5,0.9", "--json").answer[
        "decision_seq"
    ]


@pytest.fixture
def came(trace, forecasted) -> int:
    """Two of the three weeks have come and are complete."""
    rows = HEAD + sales(4, 6) + "2026-02-16T10:00Z,storing,TEA,L3,1,KGM,SHOP\n"
    Path("late.csv").write_text(rows, encoding="utf-8")
    assert trace("import", "late.csv").code == 0
    return forecasted


def test_nothing_has_come_yet(trace, forecasted):
    ran = trace("decision", "score", forecasted)
    assert ran.code == 4
    assert "2026-02-08" in ran.err


def test_the_score_is_what_a_hand_computes(trace, came):
    ran = trace("decision", "score", came, "--json")
    answer = ran.answer
    assert (ran.code, answer["schema"]) == (0, "trace.decision-score/1")
    assert (answer["periods"], answer["horizon"]) == (2, 3)
    assert answer["nominal_coverage"] == pytest.approx(0.8)
    (row,) = answer["series"]
    # Changes 4, 2, 4 have mean 10/3; the errors of 16 against 20 and 4 are 4 and 12.
    assert row["lag"] == 1  # four weeks are no season of 52
    assert row["mase"] == pytest.approx(8 / (10 / 3))
    assert row["naive_mase"] == pytest.approx(8 / (10 / 3))
    # Mean of 16-20 and 16-4 is 4; the history has mean 13.
    assert row["bias"] == pytest.approx(4 / 13)
    shown = trace("decision", "show", came, "--json").answer["body"]["output"]["columns"]
    inside = [float(shown["q0.1"][n]) <= SOLD[4 + n] <= float(shown["q0.9"][n]) for n in range(2)]
    assert row["coverage"] == pytest.approx(sum(inside) / 2)
    losses = [
        max(level * (y - q), (level - 1) * (y - q))
        for level in (0.1, 0.5, 0.9)
        for y, q in zip(SOLD[4:], (float(cell) for cell in shown[f"q{level}"]), strict=False)
    ]
    assert row["pinball"] == pytest.approx(sum(losses) / 6)


def test_the_score_is_recorded_and_comes_out_the_same(trace, came):
    seq = trace("decision", "score", came, "--json").answer["decision_seq"]
    body = trace("decision", "show", seq, "--json").answer["body"]
    assert (body["command"], body["refers"]) == ("score", came)
    ran = trace("decision", "replay", seq, "--json")
    assert (ran.code, ran.answer["outcome"]) == (0, "same")
    assert trace("decision", "replay", came, "--json").answer["outcome"] == "same"


def test_nothing_is_recorded_when_asked(trace, came):
    assert trace("decision", "score", came, "--no-record", "--json").answer["decision_seq"] is None
    assert "Recorded" not in trace("decision", "score", came, "--no-record").out


def test_only_what_was_known_then_is_scored(trace, came):
    answer = trace("decision", "score", came, "--as-of", "2026-02-09", "--no-record", "--json").answer
    assert answer["periods"] == 1
    assert answer["series"][0]["mase"] == pytest.approx(4 / (10 / 3))


def test_what_is_no_forecast_of_demand_has_no_score(trace, came):
    seq = trace("bottlenecks", "--json").answer["decision_seq"]
    ran = trace("decision", "score", seq)
    assert ran.code == 5
    assert "has no score" in ran.err


def test_a_history_that_does_not_hold_is_refused(trace, came, tamper):
    tamper(Path("ledger.db"), 1, b'"via":"imported"', b'"via":"scanneds"')
    ran = trace("decision", "score", came, "--json")
    assert (ran.code, ran.answer["first_bad_seq"]) == (3, 1)


def test_the_text_fits_a_terminal(trace, came):
    text = trace("decision", "score", came).out
    assert text.startswith(f"Decision {came}: 2 of 3 periods are complete\n")
    assert max(map(len, text.splitlines())) <= 80
