# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.demand_forecast import forecast_with_accuracy
from forecasting.errors import BadTable
from forecasting.tables.own_series import read_series_file


def promoted(series=12, n=100, horizon=8, elasticity=-2.0, lift=0.4):
    rng = np.random.default_rng(2)
    rows = []
    for k in range(series):
        price = rng.choice([2.0, 2.5, 3.0], n + horizon)
        promo = (rng.random(n + horizon) < 0.2).astype(float)
        y = np.exp(4 + elasticity * np.log(price / 2.5) + lift * promo + rng.normal(0, 0.1, n + horizon))
        ds = pd.date_range("2023-01-01", periods=n + horizon, freq="W")
        rows.append(pd.DataFrame({"unique_id": f"s{k}", "ds": ds, "y": y, "price": price, "promo": promo}))
    table = pd.concat(rows, ignore_index=True)
    last = table.groupby("unique_id").cumcount(ascending=False) < horizon
    return table[~last].reset_index(drop=True), table[last].reset_index(drop=True)


def ask(known, future, **more):
    return forecasting.forecast(
        known, **({"freq": "W", "horizon": 8, "future": future, "regressors": ["price", "promo"]} | more)
    )


def test_known_price_and_promotion_explain_demand():
    known, future = promoted()
    with_them = ask(known, future.drop(columns="y"))
    without = forecasting.forecast(known, freq="W", horizon=8)
    error = np.abs(with_them["mean"] / future["y"] - 1).mean()
    assert error < 0.12
    assert error < 0.4 * np.abs(without["mean"] / future["y"] - 1).mean()
    assert set(with_them["model"]) == {"regression"}
    inside = (future["y"] >= with_them["q0.1"]) & (future["y"] <= with_them["q0.9"])
    assert 0.65 < inside.mean() < 0.95


def test_effects_are_told():
    known, future = promoted()
    notes = forecast_with_accuracy(
        known, freq="W", horizon=8, future=future, regressors=["price", "promo"]
    ).accuracy["notes"][0]
    effects = dict(part.rsplit(" ", 1) for part in notes[0].split(": ")[1].split(", "))
    assert float(effects["price"]) == pytest.approx(-2, abs=0.4)
    assert float(effects["promo"]) == pytest.approx(0.4, abs=0.15)


def test_the_order_of_the_future_does_not_matter():
    known, future = promoted(series=3)
    shuffled = future.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(ask(known, future), ask(known, shuffled), check_exact=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.iloc[1:], "expected one row for .*, got no row"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "2 rows"),
        (lambda t: t.assign(price=np.nan), "future column price: expected a finite number"),
        (lambda t: t.assign(price="low"), "future column price: expected numbers"),
        (lambda t: t.drop(columns="promo"), "promo"),
    ],
)
def test_a_future_that_does_not_fit_is_refused(change, message):
    known, future = promoted(series=2)
    with pytest.raises(BadTable, match=message):
        ask(known, change(future))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_short_histories_with_regressors_get_an_answer(n):
    known, future = promoted(series=2, n=n)
    result = ask(known, future)
    assert np.isfinite(result[["mean", "q0.1", "q0.9"]].to_numpy()).all()


def test_own_series_are_read_and_sorted(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("unique_id,ds,y\n007,2026-02-01,2\n007,2026-01-01,1\nb,2026-01-01,5\n", encoding="utf-8")
    table = read_series_file(path)
    assert table["unique_id"].tolist() == ["007", "007", "b"]
    assert table["y"].tolist() == [1, 2, 5]


@pytest.mark.parametrize("text", ["", "unique_id,ds\na,2026-01-01\n", "unique_id,ds,y\na,yesterday,1\n"])
def test_files_that_are_no_series_are_refused(tmp_path, text):
    path = tmp_path / "own.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadTable, match=r"own\.csv"):
        read_series_file(path)
