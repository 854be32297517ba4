# SPDX-License-Identifier: Apache-2.0
"""The regressions of statsmodels on price, promotion and holidays."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import forecasting
from forecasting.demand_forecast import forecast_with_accuracy
from forecasting.errors import BadArgument
from forecasting.models.demand_regression import RIDGE, design_matrix, regress

NAMES = ["price", "holiday"]


def sold(family, series=6, n=90, horizon=6, seed=2):
    """Demand with elasticity -2 and 50 % more on holidays; of `glm` small counts with zeros."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(series):
        price = rng.choice([2.0, 2.5, 3.0], n + horizon)
        holiday = (rng.random(n + horizon) < 0.15).astype(float)
        log = -2 * np.log(price / 2.5) + np.log(1.5) * holiday
        y = rng.poisson(2 * np.exp(log)) if family == "glm" else np.exp(4 + log + rng.normal(0, 0.1, n + horizon))
        ds = pd.date_range("2023-01-01", periods=n + horizon, freq="W")
        rows.append(pd.DataFrame({"unique_id": f"s{k}", "ds": ds, "y": y, "price": price, "holiday": holiday}))
    table = pd.concat(rows, ignore_index=True)
    last = table.groupby("unique_id").cumcount(ascending=False) < horizon
    return table[~last].reset_index(drop=True), table[last].reset_index(drop=True)


def ask(known, future, engine, **more):
    return forecast_with_accuracy(
        known, **({"freq": "W", "horizon": 6, "future": future, "regressors": NAMES, "engine": engine} | more)
    )


@pytest.mark.parametrize("family", ["ols", "glm"])
def test_effects_are_found_and_demand_is_foreseen(family):
    known, future = sold(family)
    result = ask(known, future.drop(columns="y"), "statsmodels")
    assert set(result.points["model"]) == {family}
    notes = result.accuracy["notes"][0]
    effects = dict(part.rsplit(" ", 1) for part in notes[0].split(": ")[1].split(", "))
    assert float(effects["price"]) == pytest.approx(-2, abs=1.2 if family == "glm" else 0.4)
    assert float(effects["holiday"]) == pytest.approx(np.log(1.5), abs=0.2)
    why = {reason["part"]: reason["value"] for reason in result.accuracy["why"][0]}
    assert why["holiday"] == pytest.approx(0.5, abs=0.25)
    truth = np.exp(-2 * np.log(future["price"] / 2.5) + np.log(1.5) * future["holiday"])
    truth *= 2 if family == "glm" else np.exp(4)
    assert np.abs(result.points["mean"] / truth - 1).mean() < (0.25 if family == "glm" else 0.12)
    inside = (future["y"] >= result.points["q0.1"]) & (future["y"] <= result.points["q0.9"])
    assert inside.mean() > 0.6


def test_accuracy_is_measured_with_the_regressors():
    known, future = sold("ols")
    plain = forecast_with_accuracy(known, freq="W", horizon=6, engine="auto").accuracy["mase"].mean()
    for engine in ("auto", "ols"):
        assert ask(known, future, engine).accuracy["mase"].mean() < 0.6 * plain, engine


def test_the_ridge_pulls_towards_the_prior_as_the_penalty_says():
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, (40, 1))
    y = np.exp(1 + 0.5 * x[:, 0])
    design = design_matrix(np.concatenate((x, np.zeros((2, 1)))), np.array([False]), 40)
    towards_nothing = regress(y, design, np.zeros(1), "ols").effects[0]
    # without noise and with an even level, b = prior + (truth - prior) / (1 + RIDGE) after the first round
    assert towards_nothing == pytest.approx(0.5 / (1 + RIDGE), abs=0.03)
    assert regress(y, design, np.array([0.5]), "ols").effects[0] == pytest.approx(0.5, abs=0.01)


def test_counts_are_spread_as_a_negative_binomial():
    rng = np.random.default_rng(6)
    y = rng.poisson(3, 200).astype(float)
    done = regress(y, np.zeros((203, 1)), np.zeros(1), "glm")
    levels = np.array([0.1, 0.5, 0.9])
    assert np.abs(done.quantiles(levels)[0] - stats.poisson.ppf(levels, 3)).max() <= 1


@pytest.mark.parametrize("engine", ["ols", "glm", "statsmodels"])
@pytest.mark.parametrize("y", [[5.0], [0.0] * 12, [4.0] * 12, [0.0, 0.0, 1e9], [1e-9, 1e-9, 3e-9]])
def test_hostile_histories_get_an_answer(engine, y):
    ds = pd.date_range("2025-01-01", periods=len(y) + 3, freq="MS")
    known = pd.DataFrame({"unique_id": "a", "ds": ds[: len(y)], "y": y, "price": 2.0})
    future = pd.DataFrame({"unique_id": "a", "ds": ds[len(y) :], "price": [2.0, 1.0, 1e6]})
    points = forecasting.forecast(known, freq="MS", horizon=3, future=future, regressors=["price"], engine=engine)
    values = points[["mean", "q0.1", "q0.5", "q0.9"]].to_numpy()
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values[:, 1:], axis=1) >= 0).all()


def test_workers_change_nothing():
    from concurrent.futures import ThreadPoolExecutor

    known, future = sold("ols", series=17, n=12)
    with ThreadPoolExecutor(2) as pool:
        many = ask(known, future, "ols", executor=pool, accuracy=False)
    pd.testing.assert_frame_equal(many.points, ask(known, future, "ols", accuracy=False).points, check_exact=True)


def test_regressions_without_regressors_are_refused():
    known, _ = sold("ols", series=1)
    with pytest.raises(BadArgument, match=r"engine 'ols': expected regressors"):
        forecasting.forecast(known, freq="W", horizon=6, engine="ols")
