# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest

from forecasting import lead_times
from forecasting.errors import BadArgument, BadTable, NotEnoughHistory
from forecasting.flow.lead_time_model import fit_line

NOW = pd.Timestamp("2026-06-01")
NAMES = ["q0.1", "q0.5", "q0.9"]


def make_legs(count=200, seed=1, **more):
    """Two lanes, 24 h and 96 h in the middle, spread over 200 days; one column that says how long, roughly."""
    rng = np.random.default_rng(seed)
    far = rng.random(count) < 0.5
    start = NOW - pd.to_timedelta(np.sort(rng.uniform(0, 200, count))[::-1], unit="D")
    weight = rng.uniform(0, 1, count)
    hours = np.where(far, 96.0, 24.0) * np.exp(rng.normal(0, 0.15, count) + weight)
    table = pd.DataFrame(
        {
            "item": [f"I{n}" for n in range(count)],
            "origin": "A",
            "destination": np.where(far, "FAR", "NEAR"),
            "start": start,
            "end": start + pd.to_timedelta(hours, unit="h"),
            "promised": start + pd.to_timedelta(np.where(far, 140.0, 35.0), unit="h"),
            "weight": weight,
        }
    )
    return table.assign(**more)


def queries(**columns):
    size = max(len(value) for value in columns.values() if isinstance(value, list))
    return pd.DataFrame({"origin": "A", "start": NOW, **columns}, index=range(10, 10 + size))


@pytest.fixture(scope="module")
def legs():
    return make_legs()


def test_rows_order_index_and_columns_are_those_of_the_queries(legs):
    asked = queries(destination=["FAR", "NEAR", "FAR"], weight=[0.5, 0.5, 0.1], note=["x", None, "y"])
    answer = lead_times(legs, asked, as_of=NOW, quantiles=(0.1, 0.5, 0.9))
    assert list(answer.index) == [10, 11, 12]
    assert list(answer.columns) == [*asked.columns, *NAMES, "late_probability"]
    pd.testing.assert_frame_equal(answer[asked.columns], asked)
    assert answer["late_probability"].isna().all()
    values = answer[NAMES].to_numpy()
    assert (np.diff(values, axis=1) > 0).all()


def test_lanes_and_covariates_are_learnt(legs):
    asked = queries(destination=["FAR", "NEAR", "NEAR"], weight=[0.5, 0.1, 0.9])
    middle = lead_times(legs, asked, as_of=NOW)["q0.5"].to_numpy()
    assert middle == pytest.approx([96 * np.exp(0.5), 24 * np.exp(0.1), 24 * np.exp(0.9)], rel=0.2)


def test_the_band_holds_what_it_says():
    table = make_legs(500, seed=3)
    asked = table[table.start > NOW - pd.Timedelta(days=40)]
    cut = NOW - pd.Timedelta(days=40)
    answer = lead_times(table, asked.drop(columns="end"), as_of=cut)
    hours = (asked.end - asked.start).dt.total_seconds().to_numpy() / 3600
    inside = (hours >= answer["q0.1"]) & (hours <= answer["q0.9"])
    assert 0.68 < inside.mean() < 0.92
    late = (asked.end > asked.promised).to_numpy()
    assert answer["late_probability"][late].mean() > answer["late_probability"][~late].mean() + 0.3


def test_what_came_later_moves_no_digit(legs):
    cut = NOW - pd.Timedelta(days=30)
    asked = queries(destination=["FAR", "NEAR"], weight=[0.5, 0.5]).assign(start=cut)
    known = legs[legs.start <= cut]
    known = known.assign(end=known.end.where(known.end <= cut))
    expected = lead_times(known, asked, as_of=cut)
    changed = legs.assign(end=legs.end.where(legs.end <= cut, legs.end + pd.Timedelta(days=9)))
    pd.testing.assert_frame_equal(lead_times(changed, asked, as_of=cut), expected, check_exact=True)


def test_the_order_of_rows_changes_nothing(legs):
    asked = queries(destination=["FAR", "NEAR"], weight=[0.5, 0.5])
    shuffled = legs.sample(frac=1, random_state=5)
    pd.testing.assert_frame_equal(
        lead_times(shuffled, asked, as_of=NOW), lead_times(legs, asked, as_of=NOW), check_exact=True
    )


def test_under_way_lasts_at_least_what_it_has_lasted(legs):
    waited = pd.Timedelta(hours=70)
    asked = queries(destination=["NEAR", "NEAR"], weight=[0.5, 0.5])
    asked["start"] = [NOW, NOW - waited]
    answer = lead_times(legs, asked, as_of=NOW)
    assert answer["q0.1"].iloc[0] < 70 < answer["q0.1"].iloc[1]
    # a year back there is no open shipment: it is a question about any leg
    asked["start"] = [NOW, NOW - pd.Timedelta(days=400)]
    assert lead_times(legs, asked, as_of=NOW)["q0.1"].iloc[1] < 70


def test_late_probability_follows_the_promise(legs):
    hours = [1.0, 20.0, 40.0, 200.0, -5.0]
    asked = queries(destination=["NEAR"] * 5, weight=[0.5] * 5)
    asked["promised"] = NOW + pd.to_timedelta(hours, unit="h")
    late = lead_times(legs.drop(columns="promised"), asked, as_of=NOW)["late_probability"].to_numpy()
    assert late[0] > 0.99
    assert late[3] < 0.01
    assert (np.diff(late[:4]) <= 0).all()
    assert late[4] == 1.0


def test_open_legs_are_heeded():
    table = make_legs(500, seed=4)
    # nothing has arrived for ten days although as much has started as ever
    stuck = table.assign(end=table.end.where(table.end < NOW - pd.Timedelta(days=10)))
    gone = stuck[stuck.end.notna()]
    asked = queries(destination=["NEAR"], weight=[0.5])
    with_open, without = (lead_times(table, asked, as_of=NOW) for table in (stuck, gone))
    # how long it may take rises most: what is stuck says little of the quickest
    assert (with_open[NAMES].iloc[0].to_numpy() > [1.0, 1.03, 1.2] * without[NAMES].iloc[0].to_numpy()).all()


def test_a_lane_never_seen_takes_what_its_ends_show(legs):
    asked = queries(destination=["ELSEWHERE", "FAR"], weight=[0.5, 0.5])
    asked.loc[11, "origin"] = "NEW"
    values = lead_times(legs, asked, as_of=NOW)[NAMES].to_numpy()
    assert 24 < values[0, 1] < 96 * np.exp(0.5)
    assert values[1, 1] == pytest.approx(96 * np.exp(0.5), rel=0.3)


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_few_legs(count):
    table = make_legs(count, seed=2).assign(end=lambda legs: legs.start + pd.Timedelta(hours=10))
    later = NOW + pd.Timedelta(days=1)
    answer = lead_times(table, queries(destination=["NEAR"], weight=[0.5]).assign(start=later), as_of=later)
    assert answer["q0.5"].iloc[0] == pytest.approx(10, rel=0.3)


def test_no_queries(legs):
    answer = lead_times(legs, legs.drop(columns="end").head(0), as_of=NOW)
    assert answer.empty
    assert set(NAMES) < set(answer.columns)


def test_legs_without_a_calendar_learn_from_each_other():
    table = make_legs(300, seed=6)
    hours = table.end - table.start
    begin = pd.Timestamp("2020-01-01")
    table = table.assign(start=begin, end=begin + hours, promised=pd.NaT)
    asked = queries(destination=["FAR", "NEAR"], weight=[0.5, 0.5])
    answer = lead_times(table, asked, as_of=NOW)
    assert answer["q0.5"].to_numpy() == pytest.approx([96 * np.exp(0.5), 24 * np.exp(0.5)], rel=0.2)


def test_all_open_is_told():
    table = make_legs(20).assign(end=pd.NaT)
    with pytest.raises(NotEnoughHistory, match="20 under way"):
        lead_times(table, queries(destination=["NEAR"], weight=[0.5]), as_of=NOW)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda legs: legs.assign(end=legs.start - pd.Timedelta(hours=1)), "ends before it starts"),
        (lambda legs: legs.assign(start=pd.NaT), "expected a start"),
        (lambda legs: legs.drop(columns="origin"), "missing"),
        (lambda legs: legs.assign(end="soon"), "expected UTC timestamps"),
    ],
)
def test_bad_legs(legs, change, message):
    with pytest.raises(BadTable, match=message):
        lead_times(change(legs), queries(destination=["NEAR"], weight=[0.5]), as_of=NOW)


def test_bad_arguments(legs):
    asked = queries(destination=["NEAR"], weight=[0.5])
    with pytest.raises(BadArgument, match="quantiles"):
        lead_times(legs, asked, as_of=NOW, quantiles=(0.9, 0.1))
    with pytest.raises(BadArgument, match="as_of"):
        lead_times(legs, asked, as_of="some day")


def test_without_a_ridge_the_line_is_that_of_statsmodels():
    from statsmodels.regression.quantile_regression import QuantReg

    rng = np.random.default_rng(8)
    columns = rng.normal(size=(300, 3))
    outcome = columns @ [1.0, -0.5, 0.0] + rng.standard_t(3, 300)
    line = fit_line(columns, outcome, worth=1e-9)
    low, high = np.quantile(columns, (0.005, 0.995), axis=0)
    matrix = np.column_stack((np.ones(300), np.clip(columns, low, high)))
    expected = matrix @ QuantReg(outcome, matrix).fit(q=0.5).params
    assert line.predict(columns) == pytest.approx(expected, abs=0.03)


def test_a_leg_long_overdue_is_not_put_off_by_centuries():
    """One leg in seven takes weeks, the others an hour: what is still open is one of the slow ones."""
    rng = np.random.default_rng(4)
    now = pd.Timestamp("2026-06-01")
    slow = rng.random(200) < 0.15
    start = now - pd.to_timedelta(rng.uniform(0, 2400, 200), unit="h")
    hours = np.where(slow, np.exp(rng.normal(7, 0.6, 200)), np.exp(rng.normal(0, 0.2, 200)))
    end = pd.Series(start + pd.to_timedelta(hours, unit="h"))
    legs = pd.DataFrame({"origin": rng.choice(["A", "B"], 200), "destination": "Z", "start": start})
    legs["end"] = end.where(end <= now)
    told = lead_times(legs, legs[legs["end"].isna()].drop(columns="end"), as_of=now)
    longest = (legs["end"] - legs["start"]).dt.total_seconds().max() / 3600
    age = (now - told["start"]).dt.total_seconds() / 3600
    for level in (0.1, 0.5, 0.9):
        assert (told[f"q{level}"] >= age - 1e-6).all()
        assert (told[f"q{level}"] <= np.maximum(3 * longest, age * (1 - level) ** -0.25) + 1e-6).all()
