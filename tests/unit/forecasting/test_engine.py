# SPDX-License-Identifier: Apache-2.0
"""The batched engine against scalar references, known answers and hostile histories."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from forecasting.engine import smoothing
from forecasting.engine.autoregression import autoregress
from forecasting.engine.block import make_block
from forecasting.engine.classes import series_class
from forecasting.engine.combination import member_weights
from forecasting.engine.count_quantiles import count_quantiles
from forecasting.engine.learnt import read_learnt
from forecasting.engine.pipeline import run
from forecasting.engine.season import find_season, future_phases, seasonal_factors
from forecasting.engine.spread import TABLE_LEVELS, error_quantiles, movement

RNG = np.random.default_rng(5)
BEGIN = RNG.bit_generator.state
LEVELS = np.array([0.025, 0.1, 0.5, 0.9, 0.975])
BASES = ("h", "D", "W", "M", "Q", "Y")


@pytest.fixture(autouse=True)
def numbers():
    """Each test draws the same numbers, whatever ran before it."""
    RNG.bit_generator.state = BEGIN


def forecast(histories, base="M", season=None, horizon=6):
    return run([np.asarray(y, dtype=float) for y in histories], base, season, horizon, LEVELS, read_learnt())


def test_every_cell_of_the_grid_follows_the_recursion():
    y = RNG.normal(10, 2, 15)
    block = make_block([y, RNG.normal(5, 1, 40)], 100)
    found = smoothing.smooth(block.z, block.start)
    z = y / np.abs(y).mean()
    for cell in (0, 5, 20, 60):
        alpha, beta, phi = smoothing.ALPHA[cell], smoothing.BETA[cell], smoothing.PHI[cell]
        trended = smoothing.FAMILY[cell] == smoothing.HOLT and beta == 0
        back = z[::-1]
        slope = -np.polyfit(np.arange(15), z, 1)[0] if trended else np.median(np.diff(back)[:8])
        level, trend = back[0], slope if beta > 0 or trended else 0.0
        for value in back:
            step = level + phi * trend
            level, trend = step + alpha * (value - step), phi * trend + alpha * beta * (value - step)
        level, trend, sse = level + phi * trend, -trend, 0.0
        for value in z:
            step = level + phi * trend
            sse += (value - step) ** 2
            level, trend = step + alpha * (value - step), phi * trend + alpha * beta * (value - step)
        assert found.level[0, cell] == pytest.approx(level)
        assert found.trend[0, cell] == pytest.approx(trend)
        assert found.sse[0, cell] == pytest.approx(sse)


def test_autoregression_finds_the_coefficients():
    y = np.zeros(4000)
    for t in range(2, len(y)):
        y[t] = 0.5 * y[t - 1] - 0.3 * y[t - 2] + RNG.normal()
    path = autoregress(y[None], np.zeros(1, dtype=int), (1, 2), 2, ridge=1.0)[0]
    assert path[0] == pytest.approx(0.5 * y[-1] - 0.3 * y[-2], abs=0.1)
    assert path[1] == pytest.approx(0.5 * path[0] - 0.3 * y[-1], abs=0.1)


def test_seasonal_factors_are_found_and_noise_has_none():
    profile = np.array([0.5, 1.0, 1.5, 1.0])
    season = np.tile(profile, 12) * np.linspace(80, 120, 48)
    factors, weight = seasonal_factors(make_block([season, RNG.normal(100, 10, 48)], 100), 4)
    assert weight[0] > 0.95
    assert factors[0][future_phases(4, 4)] == pytest.approx(profile, abs=0.03)
    assert weight[1] < 0.7
    assert np.abs(factors[1] - 1).max() < 0.06


def test_weeks_of_six_days_are_found_and_others_left():
    week = np.array([5.0, 9.0, 4.0, 7.0, 12.0, 20.0])
    assert find_season(np.tile(week, 40) + RNG.normal(0, 1, 240), "D") == 6
    assert find_season(RNG.poisson(20, 300).astype(float), "D") == 7
    assert find_season(np.tile(week, 40), "M") == 12


@pytest.mark.parametrize(("mean", "dispersion"), [(0.1, 1.5), (3.0, 1.2), (50.0, 4.0), (300.0, 9.0)])
def test_count_quantiles_are_those_of_the_negative_binomial(mean, dispersion):
    found = count_quantiles(np.array([mean]), np.array([dispersion]), LEVELS)[0]
    p = 1 / dispersion
    assert found == pytest.approx(stats.nbinom.ppf(LEVELS, mean * p / (1 - p), p))


def test_large_counts_are_near_the_negative_binomial():
    found = count_quantiles(np.array([5000.0]), np.array([50.0]), LEVELS)[0]
    p = 1 / 50
    assert found == pytest.approx(stats.nbinom.ppf(LEVELS, 5000 * p / (1 - p), p), rel=0.01)


def test_error_quantiles_pass_through_the_table_and_ascend_beyond():
    table = np.array([stats.norm.ppf(TABLE_LEVELS) * 2])
    levels = np.array([0.001, 0.05, 0.3, 0.975, 0.999])
    assert error_quantiles(table, levels)[0] == pytest.approx(stats.norm.ppf(levels) * 2, abs=0.02)


def test_movement_is_the_mean_change_and_the_peak_over_the_recent_level():
    short, long = np.array([2.0, 6.0, 4.0]), np.array([9.0, 1.0, 1.0, 1.0, 1.0, 3.0])
    block = make_block([short, long], 100)
    change, peak = np.exp(movement(block, 4)).T
    assert change == pytest.approx([3 / short.mean() + 1e-3, 10 / 5 / long.mean() + 1e-3])
    assert peak == pytest.approx([6 / 4 + 0.1, 9 / 1.5 + 0.1])


@pytest.mark.parametrize("base", ["D", "W", "M", "Q", "Y"])
def test_nearly_constant_histories_keep_some_width(base):
    y = np.full(40, 70.5)
    y[30] = 80.0
    quantiles = forecast([y], base=base).quantiles[0]
    assert (quantiles[:, -1] - quantiles[:, 0] > 0.5).all()
    assert (quantiles[:, -1] < 110).all()


@pytest.mark.parametrize("name", sorted(read_learnt()))
def test_learnt_constants_are_sound(name):
    learnt = read_learnt()[name]
    features = np.array([[1.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.5, 1.0, 1.0]])
    weights = member_weights(learnt.coefficients, features, 10, learnt.longest)
    assert weights.shape == (2, len(learnt.members), 10)
    assert weights.sum(axis=1) == pytest.approx(np.ones((2, 10)))
    if not learnt.counted:
        assert (np.diff(learnt.table, axis=1) >= 0).all()
        assert (learnt.table[:, 0] < 0).all()
        assert (learnt.table[:, -1] > 0).all()


def test_a_series_is_forecast_alike_alone_and_among_others():
    some = [RNG.gamma(3, 10, n) for n in (3, 9, 40, 90, 200)]
    together = forecast(some)
    for row, y in enumerate(some):
        alone = forecast([y])
        assert together.mean[row] == pytest.approx(alone.mean[0], rel=1e-9), len(y)
        assert together.quantiles[row] == pytest.approx(alone.quantiles[0], rel=1e-9)


def test_season_and_trend_are_continued():
    time = np.arange(96)
    y = (100 + time) * (1 + 0.3 * np.sin(2 * np.pi * time / 12)) + RNG.normal(0, 1, 96)
    ahead = np.arange(96, 108)
    truth = (100 + ahead) * (1 + 0.3 * np.sin(2 * np.pi * ahead / 12))
    assert forecast([y], horizon=12).mean[0] == pytest.approx(truth, rel=0.06)


def test_days_without_trade_stay_without():
    week = np.tile([10.0, 12.0, 11.0, 13.0, 20.0, 15.0, 0.0], 30)
    noisy = np.where(week > 0, week + RNG.normal(0, 1, 210), 0.0)
    mean = forecast([noisy], base="D", horizon=14).mean[0]
    assert (mean[[6, 13]] == 0).all()
    assert (np.delete(mean, [6, 13]) > 5).all()


def test_classes_follow_from_frequency_and_demand_alone():
    steady, rare = np.full(100, 50.5), np.tile([0.0, 0.0, 3.0], 30)
    assert [series_class(steady, base) for base in BASES] == ["hour", "day", "week", "month", "quarter", "year"]
    assert series_class(steady[:50], "W") == "short week"
    assert series_class(rare, "W") == "count"
    assert series_class(rare, "D") == "day count"


HOSTILE = {
    "one": [5.0],
    "nothing": [0.0] * 50,
    "constant": [7.0] * 30,
    "last only": [0.0] * 40 + [3.0],
    "explosion": (1.5 ** np.arange(60.0)).tolist(),
    "collapse": [1e9] * 20 + [1.0] * 20,
    "tiny": (RNG.random(40) * 1e-12).tolist(),
    "huge": (RNG.random(40) * 1e15).tolist(),
    "negative": RNG.normal(0, 5, 60).tolist(),
    "fractions that come rarely": (RNG.random(80) * (RNG.random(80) < 0.2)).tolist(),
    "next to nothing": [1.5, 2.2e-311, 0.0, 2.2e-311],
    "nothing but denormal numbers": [2.2e-311, 0.0, 2.2e-311, 0.0, 0.0],
    "many counts": (RNG.poisson(5000, 40) * (RNG.random(40) < 0.5)).tolist(),
}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_histories_get_bounded_answers(base, name):
    y = np.array(HOSTILE[name])
    done = forecast([y], base=base, horizon=30)
    assert np.isfinite(done.mean).all()
    assert np.isfinite(done.quantiles).all()
    assert (done.mean >= 0).all()
    assert (np.diff(done.quantiles, axis=2) >= 0).all()
    assert done.quantiles.max() <= 50 * max(np.abs(y).max(), 1e-300)


@settings(max_examples=30, deadline=None)
@given(
    y=st.lists(st.floats(0, 1e7) | st.just(0.0), min_size=1, max_size=40),
    base=st.sampled_from(BASES),
    season=st.sampled_from([None, 1, 2, 5, 30]),
)
def test_no_history_breaks_the_engine(y, base, season):
    done = forecast([y, [1.0, 2.0]], base=base, season=season, horizon=5)
    assert np.isfinite(done.mean).all()
    assert np.isfinite(done.quantiles).all()
    assert (done.quantiles >= 0).all()
