# SPDX-License-Identifier: Apache-2.0
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import forecasting
from forecasting import batched_engine
from forecasting.batched_engine import CHUNK
from forecasting.demand_forecast import ACCURACY_COLUMNS, forecast_with_accuracy
from forecasting.errors import BadArgument, BadTable, NotEnoughHistory


def table(freq="MS", **series):
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2020-01-31", periods=len(y), freq=freq), "y": y})
        for name, y in series.items()
    ]
    return pd.concat(frames, ignore_index=True).astype({"y": float})


def panel(count=20, n=40, seed=0):
    rng = np.random.default_rng(seed)
    season = 5 * np.sin(np.arange(n) * 2 * np.pi / 12)
    return table(**{f"s{k}": rng.poisson(10, n) + (k % 2) * (season + 5).round() for k in range(count)})


def test_shape_labels_and_order():
    demand = table(b=np.arange(30) % 5, a=np.arange(25) % 3)
    result = forecasting.forecast(demand, freq="MS", horizon=4, quantiles=(0.05, 0.5, 0.975))
    assert list(result.columns) == ["unique_id", "ds", "mean", "q0.05", "q0.5", "q0.975", "model"]
    assert result["unique_id"].tolist() == ["b"] * 4 + ["a"] * 4
    assert result["ds"][0] == pd.Timestamp("2022-08-01")
    assert result["ds"].tolist()[4:] == list(pd.date_range("2022-03-01", periods=4, freq="MS"))


def test_weeks_continue_the_labels_of_the_table():
    result = forecasting.forecast(table(freq="W", a=np.arange(20) % 4), freq="W", horizon=2)
    assert result["ds"].dt.day_name().unique().tolist() == ["Sunday"]


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_executors_change_no_bit(pool):
    demand = panel(2 * CHUNK + 40, 16)
    alone = forecast_with_accuracy(demand, freq="MS", horizon=3)
    with pool(2) as executor:
        together = forecast_with_accuracy(demand, freq="MS", horizon=3, executor=executor)
    assert_frame_equal(alone.points, together.points, check_exact=True)
    assert_frame_equal(alone.accuracy, together.accuracy, check_exact=True)


def many_series(count):
    """Steady and intermittent monthly series of several lengths, more than a chunk of them."""
    rng = np.random.default_rng(8)
    made = {}
    for k in range(count):
        n = (9, 14, 26, 40)[k % 4]
        made[f"s{k}"] = rng.poisson(0.4, n) if k % 5 == 0 else 50 + rng.normal(0, 5, n)
    return table(**made)


def test_several_chunks_on_several_workers_give_the_same_bits():
    demand = many_series(2 * CHUNK + 40)
    alone = forecasting.forecast(demand, freq="MS", horizon=5)
    for workers in (1, 2, 3):
        with ProcessPoolExecutor(workers) as executor:
            together = forecasting.forecast(demand, freq="MS", horizon=5, executor=executor)
        assert_frame_equal(alone, together, check_exact=True)


def test_very_many_series_share_the_work_without_being_asked(monkeypatch):
    demand = many_series(CHUNK + 40)
    alone = forecasting.forecast(demand, freq="MS", horizon=3)
    started = []

    class Counted(ProcessPoolExecutor):
        def submit(self, *work, **more):
            started.append(work)
            return super().submit(*work, **more)

    monkeypatch.setattr(batched_engine, "MANY", CHUNK)
    monkeypatch.setattr(batched_engine, "ProcessPoolExecutor", Counted)
    monkeypatch.setattr(batched_engine.os, "cpu_count", lambda: 2)
    assert_frame_equal(alone, forecasting.forecast(demand, freq="MS", horizon=3), check_exact=True)
    assert len(started) == 2


def test_other_series_and_the_seed_change_nothing():
    demand = panel(20)
    some = demand[demand["unique_id"].isin(["s3", "s17"])].reset_index(drop=True)
    whole = forecasting.forecast(demand, freq="MS", horizon=6)
    part = forecasting.forecast(some, freq="MS", horizon=6, seed=99)
    assert_frame_equal(
        whole[whole["unique_id"].isin(["s3", "s17"])].reset_index(drop=True), part, check_exact=True
    )


def test_quantiles_are_ordered_and_not_negative():
    result = forecasting.forecast(panel(10), freq="MS", horizon=12, quantiles=(0.01, 0.1, 0.5, 0.9, 0.99))
    band = result.filter(regex="^q").to_numpy()
    assert (np.diff(band, axis=1) >= 0).all()
    assert (band >= 0).all()
    assert np.isfinite(band).all()


def test_intervals_cover_what_they_promise():
    demand = panel(60, n=52, seed=4)
    known = demand.groupby("unique_id", sort=False).head(46).reset_index(drop=True)
    came = demand.groupby("unique_id", sort=False).tail(6)["y"].to_numpy()
    result = forecasting.forecast(known, freq="MS", horizon=6)
    inside = (came >= result["q0.1"].to_numpy()) & (came <= result["q0.9"].to_numpy())
    assert 0.72 < inside.mean() < 0.92


def test_accuracy_is_reported_beside_the_points():
    result = forecast_with_accuracy(panel(6), freq="MS", horizon=6, seed=7)
    assert list(result.accuracy.columns) == list(ACCURACY_COLUMNS)
    assert set(result.accuracy["class"]) <= {"smooth", "erratic", "intermittent", "lumpy"}
    assert result.accuracy["coverage80"].between(0, 1).all()
    assert result.parameters["seed"] == 7
    assert result.parameters["season_length"] == 12
    assert not result.points.attrs


def test_a_clear_season_adds_value_over_naive_and_a_clear_trend_over_seasonal_naive():
    time = np.arange(60)
    noise = np.random.default_rng(1).normal(0, 1, 60)
    trend = table(a=100 + 2 * time + noise)
    accuracy = forecast_with_accuracy(trend, freq="MS", horizon=6).accuracy.iloc[0]
    assert accuracy["model"] == "combination"
    assert accuracy["value_added"] > 0.5


@pytest.mark.parametrize("y", [[5.0], [5.0, 7.0], [5.0] * 30, [0.0] * 30, [0.0] * 29 + [1.0], [3.0, 1.0, 2.0]])
def test_poor_histories_get_a_sensible_answer(y):
    result = forecast_with_accuracy(table(a=y), freq="MS", horizon=5, quantiles=(0.1, 0.5, 0.9))
    points = result.points
    assert points["mean"].between(0, 3 * max(y)).all()
    assert (points["q0.1"] <= points["mean"]).all()
    if len(set(y)) == 1 and len(y) > 5:
        assert (points[["mean", "q0.1", "q0.9"]].to_numpy() == y[0]).all()
    if len(y) < 3:
        assert (points["q0.9"] > points["mean"]).all()
        assert result.accuracy["notes"][0]
        assert np.isnan(result.accuracy["mase"][0])


def test_scale_of_the_unit_does_not_matter():
    y = panel(1)["y"].to_numpy()
    small = forecasting.forecast(table(a=y), freq="MS", horizon=6)
    large = forecasting.forecast(table(a=y * 1e9), freq="MS", horizon=6)
    assert large["mean"].to_numpy() == pytest.approx(small["mean"].to_numpy() * 1e9, rel=1e-4)


def test_a_named_model_is_used():
    result = forecast_with_accuracy(panel(3), freq="MS", horizon=6, engine="naive")
    assert result.points["model"].unique().tolist() == ["naive"]
    assert result.parameters["candidates"] == ["naive"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"regressors": ["price"]}, "future: expected a table with unique_id, ds and price"),
        ({"future": pd.DataFrame({"price": [1.0]})}, "name its columns"),
        ({"regressors": ["price"], "engine": "ets"}, "only the engines auto, statsmodels"),
        ({"engine": "oracle"}, "engine"),
        ({"quantiles": (0.0, 0.5)}, "quantiles"),
        ({"quantiles": (0.9, 0.1)}, "ascending"),
        ({"quantiles": "many"}, "quantiles"),
        ({"seed": -1}, "seed"),
        ({"horizon": 0}, "horizon"),
        ({"freq": "fortnight"}, "freq"),
        ({"season_length": 0}, "season_length"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(BadArgument, match=message):
        forecasting.forecast(panel(1), **({"freq": "MS", "horizon": 3} | arguments))


def test_the_table_is_left_alone():
    demand = panel(2)
    before = demand.copy(deep=True)
    forecasting.forecast(demand, freq="MS", horizon=3)
    assert_frame_equal(demand, before)


def test_backtest_rows_match_the_table():
    demand = panel(3)
    result = forecasting.backtest(demand, freq="MS", horizon=5, origins=3, models=("seasonal_naive", "naive"))
    assert list(result.columns) == [
        "unique_id",
        "origin",
        "step",
        "ds",
        "model",
        "y",
        "mean",
        "q0.1",
        "q0.5",
        "q0.9",
    ]
    assert len(result) == 3 * 3 * 5 * 2
    key = demand.set_index(["unique_id", "ds"])["y"]
    assert (key.loc[list(zip(result["unique_id"], result["ds"], strict=True))].to_numpy() == result["y"]).all()
    months = (
        result["ds"].dt.year * 12
        + result["ds"].dt.month
        - result["origin"].dt.year * 12
        - result["origin"].dt.month
    )
    assert (months == result["step"]).all()
    naive = result[result["model"] == "naive"]
    at_origin = key.loc[list(zip(naive["unique_id"], naive["origin"], strict=True))].to_numpy()
    assert (naive["mean"].to_numpy() == at_origin).all()


def test_backtest_does_not_see_what_came_later():
    demand = panel(2)
    changed = demand.copy()
    last = changed.groupby("unique_id").cumcount(ascending=False) < 5
    changed.loc[last, "y"] = 10_000.0
    rows = ["unique_id", "origin", "step", "model"]
    one, two = (forecasting.backtest(each, freq="MS", horizon=5).drop(columns="y") for each in (demand, changed))
    assert_frame_equal(one.sort_values(rows), two.sort_values(rows), check_exact=True)


def test_backtest_refusals():
    with pytest.raises(BadArgument, match="origins"):
        forecasting.backtest(panel(1), freq="MS", horizon=3, origins=0)
    with pytest.raises(BadArgument, match="models"):
        forecasting.backtest(panel(1), freq="MS", horizon=3, models=("oracle",))
    with pytest.raises(NotEnoughHistory, match="at least 4"):
        forecasting.backtest(table(a=[1.0, 2.0, 3.0]), freq="MS", horizon=3)
    with pytest.raises(BadTable):
        forecasting.backtest(panel(1).drop(columns="y"), freq="MS", horizon=3)
