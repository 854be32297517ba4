# SPDX-License-Identifier: Apache-2.0
"""What is known ahead: plans as they were known at an origin, holidays, and nothing else of what came later."""

import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.calendar_days import CalendarDays, holidays_between, read_calendars
from forecasting.demand_forecast import forecast_with_accuracy
from forecasting.errors import BadArgument, BadTable
from forecasting.frequency import read_frequency
from forecasting.known_regressors import Plans
from forecasting.series import read_panel

KNOWN = {"freq": "W", "horizon": 4, "origins": 2, "regressors": ["promo"]}


def promoted(series=12, n=80, lift=0.8):
    rng = np.random.default_rng(3)
    pieces = []
    for k in range(series):
        promo = (rng.random(n) < 0.25).astype(float)
        y = np.round(np.exp(4 + lift * promo + rng.normal(0, 0.08, n)))
        ds = pd.date_range("2024-01-07", periods=n, freq="W")
        pieces.append(pd.DataFrame({"unique_id": f"s{k}", "ds": ds, "y": y, "promo": promo}))
    return pd.concat(pieces, ignore_index=True)


def error(rows, model):
    mine = rows[rows["model"] == model]
    return float((mine["mean"] - mine["y"]).abs().mean())


def test_a_backtest_uses_what_was_declared_to_be_known_ahead():
    rows = forecasting.backtest(promoted(), models=("auto", "combination", "naive"), **KNOWN)
    assert error(rows, "auto") < 0.4 * error(rows, "combination")
    assert len(rows) == 12 * 2 * 4 * 3


@pytest.mark.parametrize("column", ["y", "promo"])
def test_nothing_that_came_after_an_origin_leaks(column):
    """Whatever is changed after the first origin, its forecasts are the same bits, except by its declared plan."""
    table = promoted()
    plans = table[["unique_id", "ds", "promo"]]
    late = table.groupby("unique_id").cumcount() >= 80 - 2 * 4
    changed = table.copy()
    changed.loc[late, column] = changed.loc[late, column] * 3 + 1
    first = [
        forecasting.backtest(one, future=plans, models=("auto",), **KNOWN).groupby("unique_id").head(4)["mean"]
        for one in (table, changed)
    ]
    assert first[0].tolist() == first[1].tolist()


def test_series_that_end_later_teach_earlier_origins_nothing():
    table = promoted(series=4)
    short = table[(table["unique_id"] != "s0") | (table.groupby("unique_id").cumcount() < 60)]
    other = short.copy()
    other.loc[
        (other["unique_id"] != "s0") & (other["ds"] > short[short["unique_id"] == "s0"]["ds"].max()), "y"
    ] *= 9
    ours = [
        rows[rows["unique_id"] == "s0"]["mean"].tolist()
        for rows in (forecasting.backtest(one, models=("auto",), **KNOWN) for one in (short, other))
    ]
    assert ours[0] == ours[1]


def test_a_plan_counts_from_when_it_was_known():
    table = promoted(series=1)
    panel = read_panel(table, freq="W")
    first, second = table["ds"].iloc[-2:]
    plans = pd.DataFrame(
        {
            "unique_id": "s0",
            "ds": [first, first, second],
            "promo": [5.0, 7.0, 1.0],
            "known": pd.to_datetime(["2024-01-01", first + pd.Timedelta(days=1), "2024-01-01"]),
        }
    )
    read = Plans(panel, table, plans, ["promo"])
    assert read.values(0, 78, 2)[-2:, 0].tolist() == [5, 1]
    assert read.values(0, 77, 1)[-1, 0] == table["promo"].iloc[77]  # nothing was planned: what is recorded counts
    late = plans.assign(known=pd.Timestamp("2030-01-01"), ds=[first, second, second + pd.Timedelta(days=7)])
    with pytest.raises(BadTable, match="got none that was known by"):
        Plans(panel, table, late, ["promo"]).values(0, 78, 2)
    # Now, every plan that there is counts.
    assert Plans(panel, table, late, ["promo"]).values(0, 80, 1)[-1, 0] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plans: plans.assign(known="no time"), "column known"),
        (lambda plans: plans.assign(known=pd.NaT), "column known"),
        (lambda plans: pd.concat((plans, plans)), "got 2 rows"),
        (lambda plans: plans.drop(columns="promo"), "promo"),
        (lambda plans: plans.assign(promo=np.inf), "finite"),
        (lambda plans: plans.assign(promo="yes"), "numbers"),
        (lambda plans: plans.assign(ds=pd.NaT), "NaT"),
    ],
)
def test_plans_that_cannot_be_read_are_refused(change, message):
    table = promoted(series=2)
    with pytest.raises(BadTable, match=message):
        forecasting.backtest(table, future=change(table[["unique_id", "ds", "promo"]]), **KNOWN)


def shop(days=800, closed=("01-01", "07-04", "12-25"), series=1):
    """A shop with a week, closed on some days of the year, busy the day before."""
    ds = pd.date_range("2023-01-02", periods=days, freq="D")
    rng = np.random.default_rng(4)
    pieces = []
    for k in range(series):
        y = rng.poisson(40 + 20 * (ds.day_of_week == 5), days).astype(float)
        shut = np.isin(ds.strftime("%m-%d"), closed)
        y[shut] = 0
        pieces.append(pd.DataFrame({"unique_id": f"s{k}", "ds": ds, "y": y}))
    return pd.concat(pieces, ignore_index=True)


def test_a_closed_holiday_ahead_is_forecast_as_one():
    table = shop(days=900)
    cut = table[table["ds"] < "2025-06-20"]
    ahead = forecasting.forecast(cut, freq="D", horizon=20, holidays=["US"])
    plain = forecasting.forecast(cut, freq="D", horizon=20)
    fourth = ahead["ds"] == "2025-07-04"
    assert ahead[fourth]["mean"].item() < 0.5 * plain[fourth]["mean"].item()
    assert ahead[fourth]["q0.9"].item() < 0.5 * plain[fourth]["q0.9"].item()
    others = ~ahead["ds"].between("2025-07-03", "2025-07-05") & (ahead["ds"] != "2025-06-19")
    assert ahead[others]["mean"].to_numpy() == pytest.approx(plain[others]["mean"].to_numpy(), rel=0.1)


def test_the_words_name_the_holiday_and_the_run_its_calendar():
    found = forecast_with_accuracy(
        shop(days=900).query("ds < '2025-06-20'"), freq="D", horizon=20, holidays=["US"]
    )
    why = {one["part"]: one["words"] for one in found.accuracy["why"][0]}
    assert "Independence Day -" in why["holiday"]
    assert found.parameters["holidays"] == ["US"]
    assert str(found.parameters["holidays_digest"]).startswith("sha256:")


def test_many_series_learn_a_holiday_from_each_other():
    """One Christmas alone is drawn to no effect; seen in every series, it is believed more."""
    cut = shop(days=800, series=8)
    cut = cut[(cut["ds"] < "2024-12-20") & (cut["ds"] >= "2023-12-01")]
    day = [
        forecasting.forecast(one, freq="D", horizon=7, holidays=["US"]).groupby("unique_id")["mean"].nth(5).mean()
        for one in (cut[cut["unique_id"] == "s0"], cut)
    ]
    assert day[1] < day[0] < 40


def test_months_follow_their_working_days():
    ds = pd.date_range("2018-01-01", periods=84, freq="MS")
    calendar = CalendarDays(("DE-BY",), read_frequency("MS"), 48 * 12, 48 * 12 + 84 + 12)
    y = 100 * calendar._work[:84] / 21 + np.random.default_rng(1).normal(0, 0.5, 84)
    table = pd.DataFrame({"unique_id": "a", "ds": ds, "y": y})
    actual = 100 * calendar._work[84:96] / 21
    size = [
        np.abs(
            forecasting.forecast(table, freq="MS", horizon=12, holidays=known)["mean"].to_numpy() - actual
        ).mean()
        for known in ((), ("DE-BY",))
    ]
    assert size[1] < 0.75 * size[0]


def test_a_backtest_with_holidays_does_not_see_those_to_come():
    table = shop(days=760, closed=("12-25",))
    cut = table[table["ds"] < "2024-12-27"]
    other = cut.copy()
    other.loc[other["ds"] >= "2024-12-20", "y"] = 1000.0
    first = [
        forecasting.backtest(one, freq="D", horizon=7, origins=1, models=("auto",), holidays=["US"])[
            "mean"
        ].tolist()
        for one in (cut, other)
    ]
    assert first[0] == first[1]


def test_calendars_are_checked():
    days, hours = read_frequency("D"), read_frequency("h")
    assert read_calendars(["US-CA", "US-CA", "DE"], days) == ("US-CA", "DE")
    for names, message in (
        (["XX"], "no calendar"),
        (["US-ZZ"], "no part"),
        (["us"], "no calendar"),
        ([""], "no cal"),
    ):
        with pytest.raises(BadArgument, match=message):
            read_calendars(names, days)
    with pytest.raises(BadArgument, match="got freq"):
        read_calendars(["US"], hours)
    found = holidays_between(("US", "GB"), pd.Timestamp("2026-12-20").date(), pd.Timestamp("2026-12-31").date())
    assert [day.day for day in found] == [25, 26, 28]


@pytest.mark.parametrize("y", [[0.0] * 40, [3.0], [5.0, 6.0, 7.0], [1.0] * 400])
def test_any_history_with_holidays_has_an_answer(y):
    table = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=len(y), freq="D"), "y": y})
    for freq in ("D",):
        found = forecasting.forecast(table, freq=freq, horizon=400, holidays=["US"])
        assert np.isfinite(found[["mean", "q0.1", "q0.9"]].to_numpy()).all()
