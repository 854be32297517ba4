# SPDX-License-Identifier: Apache-2.0
"""Words for why: level, trend, season and known regressors, from what was fitted."""

import numpy as np
import pandas as pd
import pytest

from forecasting.demand_forecast import forecast_with_accuracy
from forecasting.frequency import read_frequency
from forecasting.reasons import (
    Effect,
    Fitted,
    Reason,
    explain_effects,
    explain_forecasts,
    explain_holidays,
    explain_shares,
)


def why(y, freq="MS", horizon=6, **more):
    ds = pd.date_range("2020-01-01", periods=len(y), freq=freq)
    table = pd.DataFrame({"unique_id": "a", "ds": ds, "y": np.asarray(y, dtype=float)})
    found = forecast_with_accuracy(table, freq=freq, horizon=horizon, **more).accuracy["why"][0]
    return {one["part"]: one for one in found}


def test_a_season_names_its_months():
    month = np.arange(60) % 12
    found = why(100 + 50 * (month == 11) - 30 * (month == 1) + np.random.default_rng(1).normal(0, 1, 60))
    assert "December +4" in found["season"]["words"]
    assert "February -3" in found["season"]["words"]
    assert found["season"]["value"] == pytest.approx(0.48, abs=0.06)
    assert "one season before" in found["level"]["words"]


def test_days_of_the_week_are_named():
    ds = pd.date_range("2020-01-01", periods=140, freq="D")
    found = why(20 + 10 * (ds.day_of_week == 4) - 15 * (ds.day_of_week == 6), freq="D", horizon=14)
    assert "Friday" in found["season"]["words"]
    assert "Sunday" in found["season"]["words"]


def test_a_trend_is_told_for_the_history_and_for_what_is_ahead():
    found = why(50 + 3 * np.arange(40) + np.random.default_rng(1).normal(0, 2, 40), freq="YS", horizon=5)
    assert "rose" in found["trend"]["words"]
    assert found["trend"]["value"] > 0.02
    flat = why(50 + np.random.default_rng(2).normal(0, 2, 40), freq="YS", horizon=5)
    assert flat["trend"]["words"] == "the history has no clear trend; none is expected"


@pytest.mark.parametrize("engine", ["auto", "ets"])
@pytest.mark.parametrize("y", [[4], [4, 5], [0] * 30, [7] * 30, [0] * 29 + [3], [1e-300, 2e-300, 0, 1e-300]])
def test_any_history_has_words(y, engine):
    found = why(y, engine=engine)
    assert "level" in found
    for one in found.values():
        assert one["words"]
        assert "nan" not in one["words"]
        assert one["value"] is None or np.isfinite(one["value"])


def test_the_level_is_the_mean_ahead_beside_the_mean_before():
    (reasons,) = explain_forecasts(
        [np.array([8.0, 10, 12])], [3], [np.full(3, 15.0)], [Fitted(1)], read_frequency("YS")
    )
    assert reasons[0].value == pytest.approx(0.5)
    assert reasons[0].words == "15.0 a year on average, against 10.0 in the last 3 years"


def test_regressors_speak_in_their_own_terms():
    price, promotion, weather = explain_effects(
        [
            Effect("price", -1.8, True, np.array([2.0, 2.5])),
            Effect("promotion", np.log(1.5), False, np.array([0.0, 1.0, 1.0])),
            Effect("degrees", 0.02, False, np.array([15.0, 17.0])),
        ]
    )
    assert price.words == "1 % more of it changes demand by -1.8 %; 2.00 to 2.50 ahead"
    assert promotion.words == "+50 % where it is on, in 2 of the 3 periods ahead"
    assert weather.words == "+2 % for each unit of it"


def test_holidays_ahead_are_named_once():
    (reason,) = explain_holidays({"Labor Day": -0.4, "Christmas Day": -1.0}, ["Labor Day", "Labor Day"])
    assert reason.words == "ahead: Labor Day -40 %"
    assert explain_holidays({}, ["Labor Day"])[0].words == "ahead: Labor Day; none had a clear effect"
    assert explain_holidays({}, []) == []


def test_engines_of_statsmodels_say_what_moved_the_history():
    month = np.arange(60) % 12
    dice = np.random.default_rng(1)
    y = 100 + 50 * (month == 11) + dice.normal(0, 1, 60)
    found = why(y, engine="ets")["history"]
    assert found["words"].startswith("of what moved demand in the history, trend is 0 %, season ")
    assert found["value"] == pytest.approx(0, abs=0.05)
    assert "history" not in why(y, engine="auto")


def test_a_season_that_is_not_clear_counts_as_noise():
    clear, unclear = Reason("season", "a season of 12 months", 0.4), Reason("season", "no clear season", 0.0)
    start = "of what moved demand in the history, trend is 10 %"
    assert explain_shares((0.1, 0.3, 0.6), [clear])[0].words == f"{start}, season 30 %, neither 60 % (STL)"
    assert explain_shares((0.1, 0.3, 0.6), [unclear])[0].words == f"{start}, neither 90 % (STL)"
    assert explain_shares((0.0, 0.0, 0.0), [clear]) == []
