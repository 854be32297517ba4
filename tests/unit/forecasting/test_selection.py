# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass

import numpy as np
import pytest

from forecasting.demand_class import classify_demand
from forecasting.models.naive import Naive
from forecasting.models.seasonal_naive import SeasonalNaive
from forecasting.selection import SCORE_LEVELS, choose_model, measure_accuracy
from forecasting.trials import Fold, Trial, correction_from, cut_folds, try_model

LEVELS = np.array(SCORE_LEVELS)


@dataclass(frozen=True)
class _Level:
    """A fitted forecast of one number, with a band that knows it."""

    value: float
    residuals: np.ndarray
    name: str = "level"
    notes: tuple = ()

    def forecast(self, horizon):
        return np.full(horizon, self.value)

    def growth(self, horizon):
        return np.ones(horizon)


@dataclass(frozen=True)
class _Zero:
    name: str = "zero"

    def fit(self, y, season_length):
        return _Level(0.0, np.zeros(len(y)))


@dataclass(frozen=True)
class _Mean:
    name: str = "mean"

    def fit(self, y, season_length):
        return _Level(float(y.mean()), y - y.mean())


@dataclass(frozen=True)
class _Spy:
    """Remembers what it was given to fit."""

    seen: list
    name: str = "spy"

    def fit(self, y, season_length):
        self.seen.append(y.copy())
        return Naive().fit(y, season_length)


def test_folds_are_the_last_ones_and_do_not_overlap():
    assert cut_folds(20, 4, 3) == (Fold(8, 4), Fold(12, 4), Fold(16, 4))
    assert cut_folds(9, 4, 3) == (Fold(5, 4),)
    assert cut_folds(5, 8, 3) == (Fold(3, 1), Fold(4, 1))
    assert cut_folds(3, 8, 3) == ()
    assert cut_folds(1, 1, 3) == ()


def test_nothing_after_the_origin_is_seen():
    y = np.arange(20.0)
    spy = _Spy([])
    trials = try_model(spy, y, 1, cut_folds(20, 4, 3), LEVELS)
    assert [len(seen) for seen in spy.seen] == [8, 12, 16]
    assert [trial.y.tolist() for trial in trials] == [[8, 9, 10, 11], [12, 13, 14, 15], [16, 17, 18, 19]]
    changed = y.copy()
    changed[16:] = 1e6
    again = try_model(Naive(), changed, 1, cut_folds(20, 4, 3), LEVELS)
    first = try_model(Naive(), y, 1, cut_folds(20, 4, 3), LEVELS)
    assert [(one.quantiles == two.quantiles).all() for one, two in zip(first, again, strict=True)] == [True] * 3


@pytest.mark.parametrize("seed", range(5))
def test_a_forecast_of_nothing_does_not_win_where_demand_is_rare(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(60) < 0.25) * rng.integers(1, 6, 60).astype(float)
    folds = cut_folds(60, 6, 5)
    trials = {model.name: try_model(model, y, 1, folds, LEVELS) for model in (_Zero(), _Mean())}
    errors = {
        name: np.mean([np.abs(trial.y - trial.mean).mean() for trial in tried]) for name, tried in trials.items()
    }
    assert errors["zero"] < errors["mean"], "absolute error alone would choose the forecast of nothing"
    assert choose_model(trials, y, 1) == "mean"


def test_the_season_is_found():
    y = np.tile([1.0, 5.0, 9.0, 2.0], 8) + np.random.default_rng(0).normal(0, 0.2, 32)
    folds = cut_folds(32, 4, 3)
    trials = {model.name: try_model(model, y, 4, folds, LEVELS) for model in (Naive(), SeasonalNaive())}
    assert choose_model(trials, y, 4) == "seasonal_naive"
    accuracy = measure_accuracy(trials["naive"], trials["seasonal_naive"], y, 4)
    assert accuracy.value_added < -1
    assert accuracy.mase > 3
    assert measure_accuracy(trials["seasonal_naive"], trials["seasonal_naive"], y, 4).value_added == 0


def test_another_must_be_clearly_better_than_the_first():
    fold, y = Fold(20, 4), np.arange(24.0) % 5
    band = np.tile(np.arange(5.0), (4, 1))

    def miss(name, error):
        came = y[20:]
        return Trial(fold, name, name, came, came + error, came[:, None] + error * band, np.full(4, np.nan))

    trials = {"first": [miss("first", 1.0)], "other": [miss("other", 0.9)]}
    assert choose_model(trials, y, 5) == "first"
    trials["other"] = [miss("other", 0.7)]
    assert choose_model(trials, y, 5) == "other"


def test_ties_and_missing_trials_go_to_the_first():
    y = np.full(12, 3.0)
    trials = {
        model.name: try_model(model, y, 4, cut_folds(12, 2, 3), LEVELS) for model in (SeasonalNaive(), Naive())
    }
    assert choose_model(trials, y, 4) == "seasonal_naive"
    assert choose_model({"b": [], "a": []}, y, 4) == "b"
    assert np.isnan(measure_accuracy([], [], y, 4).mase)


def test_too_narrow_bands_are_widened():
    rng = np.random.default_rng(1)
    y = np.concatenate((rng.normal(50, 1, 40), rng.normal(50, 8, 24)))
    trials = try_model(_Mean(), y, 1, cut_folds(64, 8, 3), LEVELS)
    assert correction_from(trials) > 1.5
    alone = try_model(_Mean(), y, 1, cut_folds(64, 8, 3)[1:2], LEVELS)
    width, width_alone = (np.ptp(trial.quantiles[0]) for trial in (trials[1], alone[0]))
    assert width == pytest.approx(width_alone * correction_from(trials[:1]))


def test_one_quiet_origin_does_not_outweigh_the_others():
    y = np.array([1.0, 0, 0] * 8 + [0, 0, 0, 0] + [3.0, 0, 3, 0] + [0, 0, 0, 0])

    def trial(name, origin, value):
        came = y[origin : origin + 4]
        return Trial(Fold(origin, 4), name, name, came, np.full(4, value), np.zeros((4, 5)), np.full(4, np.nan))

    rare = {
        name: [trial(name, at, value) for at in (24, 28, 32)] for name, value in (("low", 0.05), ("true", 0.5))
    }
    assert classify_demand(y) in ("intermittent", "lumpy")
    assert choose_model(rare, y, 1) == "low", "within the margin of the first"
    assert choose_model(dict(reversed(rare.items())), y, 1) == "true"
