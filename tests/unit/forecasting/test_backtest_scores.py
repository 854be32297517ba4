# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.backtest_scores import by_step, segments, series_scores, summarise


def demand():
    rng = np.random.default_rng(3)
    sizes = {"big": 1000, "middle": 150, "small": 20}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "unique_id": name,
                    "ds": pd.date_range("2022-01-01", periods=40, freq="MS"),
                    "y": size * (1 + 0.2 * rng.random(40)),
                }
            )
            for name, size in sizes.items()
        ],
        ignore_index=True,
    )


def test_segments():
    table = pd.concat(
        [demand(), pd.DataFrame({"unique_id": "rare", "ds": pd.Timestamp("2022-01-01"), "y": [0, 0, 0, 9.0]})]
    )
    found = segments(table).set_index("unique_id")
    assert found["abc"].to_dict() == {"big": "A", "middle": "B", "small": "C", "rare": "C"}
    assert found.loc["big", "xyz"] == "X"
    assert found.loc["rare", "xyz"] == "Z"
    assert found.loc["rare", "class"] == "intermittent"


def test_scores_are_those_worked_out_by_hand():
    history = pd.DataFrame(
        {
            "unique_id": "a",
            "ds": pd.date_range("2022-01-01", periods=6, freq="MS"),
            "y": [1.0, 3.0, 2.0, 4.0, 5.0, 7.0],
        }
    )
    rows = pd.DataFrame(
        {
            "unique_id": "a",
            "origin": pd.Timestamp("2022-04-01"),
            "step": [1, 2],
            "model": "m",
            "y": [5.0, 7.0],
            "mean": [6.0, 6.0],
            "q0.1": [5.5, 5.0],
            "q0.9": [7.0, 8.0],
        }
    )
    found = series_scores(history, rows, season_length=1).iloc[0]
    assert found["mase"] == pytest.approx(1 / (5 / 3))
    assert found["rmsse"] == pytest.approx(1 / np.sqrt(9 / 3))
    assert found["coverage80"] == 0.5
    assert found["bias"] == 0
    assert found["tracking_signal"] == 0
    losses = [0.9 * 0.5, 0.1 * 2.0, 0.1 * 2.0, 0.1 * 1.0]
    assert found["pinball"] == pytest.approx(np.mean(losses) / (5 / 3))


def test_value_is_added_over_the_naive_ones_and_has_an_interval():
    table = demand()
    rows = forecasting.backtest(table, freq="MS", horizon=4)
    scores = series_scores(table, rows, season_length=12)
    everything = summarise(scores, None).set_index("model")
    assert set(everything.index) == {"auto", "seasonal_naive", "naive"}
    assert everything.loc["auto", "added_over_naive"] > 0.05
    assert everything.loc["naive", "added_over_naive"] == 0
    assert (everything["mase_low"] <= everything["mase"]).all()
    assert (everything["mase"] <= everything["mase_high"]).all()
    steps = by_step(rows)
    assert sorted(set(steps["step"])) == [1, 2, 3, 4]
    assert steps["error"].between(0, 1).all()
