# SPDX-License-Identifier: Apache-2.0
"""`trace forecast --series` and `trace backtest --series`: own files, unverified, recorded nowhere."""

import pytest


@pytest.fixture
def own(tmp_path):
    lines = ["unique_id,ds,y"]
    lines += [f"tea,{2020 + k // 12}-{k % 12 + 1:02d}-01,{50 + 20 * (k % 12 == 5) + k % 3}" for k in range(60)]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_forecast_of_own_series_is_marked_unverified(trace, own):
    answer = trace("forecast", "--series", own, "--freq", "MS", "--horizon", "6", "--json").answer
    assert answer["schema"] == "trace.forecast/1"
    assert (answer["verified"], answer["checkpoint"], answer["decision_seq"]) == (False, None, None)
    (series,) = answer["series"]
    june = series["points"][5]
    assert june["ds"] == "2025-06-01"
    assert june["mean"] == pytest.approx(71, abs=6)


def test_a_backtest_of_own_series_stands_beside_the_naive_ones(trace, own):
    answer = trace("backtest", "--series", own, "--freq", "MS", "--horizon", "6", "--json").answer
    assert answer["schema"] == "trace.backtest/1"
    assert {row["model"] for row in answer["segments"]} == {"auto", "seasonal_naive", "naive"}
    assert {row["kind"] for row in answer["segments"]} == {"all", "abc", "xyz", "class", "size"}
    assert len(answer["steps"]) == 6 * 3


@pytest.mark.parametrize(("bad", "code"), [("nan", 5), ("inf", 5)])
def test_values_that_are_no_numbers_are_refused(trace, own, bad, code):
    own.write_text(own.read_text(encoding="utf-8") + f"tea,2025-01-01,{bad}\n", encoding="utf-8")
    result = trace("forecast", "--series", own, "--freq", "MS")
    assert result.code == code
    assert "tea" in result.err
