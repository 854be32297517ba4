# SPDX-License-Identifier: Apache-2.0
"""What every model in the registry promises (forecasting.models.base)."""

import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.errors import BadArgument
from forecasting.models.registry import CANDIDATES, MODELS, find_models

RNG = np.random.default_rng(11)
BEGIN = RNG.bit_generator.state
HISTORIES = {
    "one period": np.array([4.0]),
    "two periods": np.array([4.0, 6.0]),
    "six periods": np.array([4.0, 6.0, 5.0, 7.0, 3.0, 6.0]),
    "constant": np.full(30, 7.0),
    "nothing": np.zeros(30),
    "one demand": np.array([0.0] * 20 + [5.0] + [0.0] * 9),
    "intermittent": (RNG.random(60) < 0.2) * RNG.integers(1, 9, 60).astype(float),
    "season": 50 + 20 * np.sin(np.arange(72) * 2 * np.pi / 12) + RNG.normal(0, 1, 72),
    "growth": 1.2 ** np.arange(40.0),
    "decline": np.linspace(90.0, 0.0, 40),
    "returns": RNG.normal(0, 5, 40),
    "huge": RNG.uniform(1e14, 2e14, 40),
    "tiny": RNG.uniform(1e-12, 2e-12, 40),
    "one outlier": np.concatenate((np.full(39, 5.0), [1e6])),
    "weeks": RNG.poisson(20, 110).astype(float),
}


STATE_SPACE = {"sarimax", "unobserved_components"}
"""Models that take a tenth of a second and more a fit: they are held to the same promises on fewer examples."""


FEW = ("one period", "six periods", "constant", "intermittent", "growth", "returns")


@pytest.fixture(autouse=True)
def numbers():
    """Each test draws the same numbers, whatever ran before it."""
    RNG.bit_generator.state = BEGIN


@pytest.fixture(params=sorted(set(MODELS) - STATE_SPACE))
def model(request):
    return MODELS[request.param]


CASES = [
    (model, name, season)
    for model in sorted(MODELS)
    for name in (FEW if model in STATE_SPACE else HISTORIES)
    for season in ((4,) if model in STATE_SPACE else (1, 12, 52))
]


@pytest.mark.parametrize(("named", "name", "season"), CASES)
def test_forecasts_are_finite_bounded_and_not_negative(named, name, season):
    model = MODELS[named]
    y = HISTORIES[name]
    fitted = model.fit(y, season)
    for horizon in (1, 7, 60):
        mean, growth = fitted.forecast(horizon), fitted.growth(horizon)
        assert mean.shape == growth.shape == (horizon,)
        assert np.isfinite(mean).all()
        assert (mean >= 0).all()
        assert mean.max() <= 3 * max(y.max(), 0.0) + 1e-9
        assert growth[0] == 1
        assert (np.diff(growth) >= 0).all()
    assert fitted.residuals.shape == y.shape
    assert fitted.name == model.name or fitted.notes


def test_a_longer_horizon_only_adds(model):
    fitted = model.fit(HISTORIES["season"], 12)
    assert fitted.forecast(30)[:5] == pytest.approx(fitted.forecast(5))
    assert fitted.growth(30)[:5] == pytest.approx(fitted.growth(5))


def test_fitting_changes_neither_model_nor_data(model):
    y = HISTORIES["season"].copy()
    y.flags.writeable = False
    first = model.fit(y, 12)
    expected = first.forecast(6)
    model.fit(HISTORIES["weeks"], 1)
    assert (first.forecast(6) == expected).all()
    assert (model.fit(y, 12).forecast(6) == expected).all()
    assert (y == HISTORIES["season"]).all()


def test_fitted_and_unfitted_are_different_frozen_types(model):
    fitted = model.fit(HISTORIES["season"], 12)
    assert not hasattr(model, "forecast")
    assert not hasattr(fitted, "fit")
    for thing in (model, fitted):
        with pytest.raises(dataclasses.FrozenInstanceError):
            thing.name = "other"
    assert (pickle.loads(pickle.dumps(fitted)).forecast(4) == fitted.forecast(4)).all()


def test_residuals_are_errors_of_one_step(model):
    y = HISTORIES["season"]
    residuals = model.fit(y, 12).residuals
    known = residuals[np.isfinite(residuals)]
    assert len(known) >= len(y) - 12
    assert np.abs(known).mean() < np.abs(y - y.mean()).mean()


@settings(max_examples=25, deadline=None)
@given(y=st.lists(st.floats(0, 1e6), min_size=1, max_size=25), season=st.integers(1, 13))
@pytest.mark.parametrize("name", sorted(set(MODELS) - STATE_SPACE))
def test_no_finite_history_fails(name, y, season):
    fitted = MODELS[name].fit(np.array(y), season)
    assert np.isfinite(fitted.forecast(4)).all()
    assert np.isfinite(fitted.growth(4)).all()


def test_registry():
    assert all(name == model.name for name, model in MODELS.items())
    assert set(CANDIDATES) <= set(MODELS)
    for names in ((), ("oracle",), ("naive", "naive")):
        with pytest.raises(BadArgument):
            find_models(names)
