# SPDX-License-Identifier: Apache-2.0
"""Bad input through the program: a clear refusal or a sensible answer, never a traceback, never a silent NaN."""

import numpy as np
import pandas as pd
import pytest

GOOD = np.arange(30) % 7 + 5.0


def series(y=GOOD, freq="MS", start="2020-01-01", name="a"):
    ds = pd.date_range(start, periods=len(y), freq=freq)
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": np.asarray(y, dtype=float)})


def years(first, count):
    return pd.DataFrame({"unique_id": "a", "ds": [f"{first + n}-01-01" for n in range(count)], "y": 5.0})


REFUSED = {
    "nan": (series(np.where(np.arange(30) == 5, np.nan, GOOD)), 5, "finite number"),
    "infinite": (series(np.where(np.arange(30) == 5, np.inf, GOOD)), 5, "finite number"),
    "too large": (series(GOOD * 1e150), 5, "at most 1e\\+100"),
    "twice": (pd.concat([series(), series().tail(1)]), 5, "comes twice"),
    "gap": (series().drop(index=[4]), 5, "1 periods are missing"),
    "mixed frequencies": (pd.concat([series(), series(freq="D", name="b")]), 5, "no label of freq"),
    "empty": (series([]), 4, "at least one period"),
    "no name": (series().assign(unique_id=np.nan), 5, "expected a name"),
    "text": (series().astype({"y": object}).replace({"y": {5.0: "five"}}), 5, "expected numbers"),
    "no date": (series().assign(ds="soon"), 5, "expected times"),
    "no column": (series().drop(columns="y"), 5, "missing y"),
    "year 9999": (years(9980, 20), 5, "9999"),
}
ANSWERED = {
    "unsorted": series().sample(frac=1, random_state=1),
    "one period": series([5.0]),
    "one zero": series([0.0]),
    "constant": series([5.0] * 30),
    "zeros": series([0.0] * 400),
    "negative": series(GOOD - 8),
    "all negative": series(-GOOD),
    "tiny": series([1e-300] * 15 + [3e-300] * 15),
    "large": series(GOOD * 1e95),
    "ragged": pd.concat([series(), series(GOOD[:3], start="2021-01-01", name="b"), series([4.0], name="c")]),
    "long ago": series().assign(ds=[f"{900 + k // 12:04d}-{k % 12 + 1:02d}-01" for k in range(30)]),
}


@pytest.fixture
def write(tmp_path):
    def save(name, table):
        path = tmp_path / f"{name}.csv"
        table.to_csv(path, index=False)
        return path

    return save


def no_nan(ran):
    """JSON knows no NaN; what is not known must be null, and never a forecast."""
    assert not {"NaN", "Infinity"} & set(ran.out.replace(",", " ").split())
    for one in ran.answer["series"]:
        for point in one["points"]:
            assert all(np.isfinite(value) for value in (point["mean"], *point["quantiles"].values()))


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("command", ["forecast", "backtest"])
def test_refused(trace, write, command, name):
    table, code, words = REFUSED[name]
    freq = "YS" if name.startswith("year") else "MS"
    ran = trace(command, "--series", write("bad", table), "--freq", freq, "--horizon", 3)
    assert ran.code == code
    assert pd.Series([ran.err]).str.contains(words)[0], ran.err


@pytest.mark.parametrize("name", ANSWERED)
@pytest.mark.parametrize("model", ["auto", "ets"])
def test_answered(trace, write, name, model):
    path = write("good", ANSWERED[name])
    ran = trace(
        "forecast", "--series", path, "--freq", "MS", "--model", model, "--json", "-o", path.with_suffix(".html")
    )
    assert ran.code == 0
    no_nan(ran)
    page = path.with_suffix(".html").read_text(encoding="utf-8")
    assert "nan" not in page.lower().replace("finance", "")


@pytest.mark.parametrize(("horizon", "code"), [(0, 2), (-1, 2), (10_001, 2), (45, 0), (400, 0)])
def test_horizons(trace, write, horizon, code):
    path = write("good", series())
    assert trace("forecast", "--series", path, "--freq", "MS", "--horizon", horizon, "--json").code == code
    judged = trace("backtest", "--series", path, "--freq", "MS", "--horizon", horizon, "--json")
    assert judged.code == code


def test_days_beyond_a_year(trace, write):
    ran = trace(
        "forecast", "--series", write("d", series([3.0, 5] * 250, "D")), "--freq", "D", "--horizon", 800, "--json"
    )
    assert ran.code == 0
    no_nan(ran)


def test_a_million_zeros(trace, tmp_path):
    path = tmp_path / "z.parquet"
    ds = pd.date_range("1900-01-01", periods=10**6, freq="h")
    pd.DataFrame({"unique_id": "z", "ds": ds, "y": 0.0}).to_parquet(path)
    ran = trace("forecast", "--series", path, "--freq", "h", "--json")
    assert {point["mean"] for point in ran.answer["series"][0]["points"]} == {0.0}


PLANS = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2022-07-01", periods=8, freq="MS"), "price": 2.0})
BAD_PLANS = {
    "row missing": (PLANS.drop(index=3), "got no row"),
    "too short": (PLANS.head(2), "got no row"),
    "nan": (PLANS.assign(price=[2.0] * 7 + [np.nan]), "finite number"),
    "infinite": (PLANS.assign(price=np.inf), "finite number"),
    "text": (PLANS.assign(price="cheap"), "expected numbers"),
    "unknown before": (PLANS.assign(promo=1), "missing \\['promo'\\]"),
    "no regressor": (PLANS.drop(columns="price"), "a column for each regressor"),
    "twice": (pd.concat([PLANS, PLANS.tail(1)]), "got 2 rows"),
    "of others": (PLANS.assign(unique_id="b"), "got no row"),
    "no time": (PLANS.drop(columns="ds"), "missing ds"),
    "nothing": (PLANS.head(0), "got no row|expected"),
}


@pytest.mark.parametrize("name", BAD_PLANS)
def test_plans_refused(trace, write, name):
    plans, words = BAD_PLANS[name]
    past = write("past", series().assign(price=2.0 + np.arange(30) % 3))
    ran = trace("forecast", "--series", past, "--future", write("plans", plans), "--freq", "MS")
    assert ran.code == 5
    assert pd.Series([ran.err]).str.contains(words)[0], ran.err


def test_what_is_no_regressor_is_refused(trace, write):
    past = write("past", series())
    for name, code in (("y", 2), ("ds", 2), ("weather", 5)):
        assert trace("backtest", "--series", past, "--regressors", name, "--freq", "MS").code == code
    ran = trace("forecast", "--future", past)
    assert ran.code == 2
    assert "--series" in ran.err
    assert trace("forecast", "--series", past.with_name("none.csv")).code == 4
    before = past.read_bytes()
    for command in ("forecast", "backtest"):
        assert trace(command, "--series", past, "--freq", "MS", "-o", past).code == 1
    assert past.read_bytes() == before
    for calendar in ("XX", "US-ZZ", "12"):
        assert trace("forecast", "--series", past, "--freq", "MS", "--holidays", calendar).code == 2
