# SPDX-License-Identifier: Apache-2.0
"""The batched engine against statsmodels: on given parameters the recursions are the same to rounding
(relative 1e-9), and fitted by each in its own way their forecasts stay near each other (stated tolerances)."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel, ThetaModelResults
from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing

from forecasting.engine import holt_winters as winters
from forecasting.engine import smoothing
from forecasting.engine.block import make_block
from forecasting.engine.members import run_members
from forecasting.engine.season import past_phases
from forecasting.engine.smoothing import ALPHA, BETA, DAMPED, FAMILY, HOLT, LEVEL, PHI, Smoothed
from forecasting.engine.theta import theta

RNG = np.random.default_rng(17)
BEGIN = RNG.bit_generator.state
Y = 20 + np.cumsum(RNG.normal(0.2, 1, 40))
HORIZON = 8


@pytest.fixture(autouse=True)
def numbers():
    """Each test draws the same numbers, whatever ran before it."""
    RNG.bit_generator.state = BEGIN


def at_cell(cell, level, trend):
    """Runs one cell of the grid from given states and forecasts by it alone."""
    shape = (1, len(ALPHA))
    start, stop = np.zeros(1, dtype=int), np.full(1, len(Y))
    end_level, end_trend, sse = smoothing.follow(
        Y[None], start, stop, np.full(shape, level), np.full(shape, trend)
    )
    aicc = np.full(shape, 1e6)
    aicc[0, cell] = 0.0
    return Smoothed(end_level, end_trend, aicc, sse)


@pytest.mark.parametrize("cell", np.flatnonzero((FAMILY != LEVEL) & (BETA > 0))[::7].tolist())
def test_trends_on_given_parameters_are_those_of_statsmodels(cell):
    ours = at_cell(cell, 19.0, 0.3)
    damped = bool(FAMILY[cell] == DAMPED)
    peer = ExponentialSmoothing(
        Y, trend="add", damped_trend=damped, initialization_method="known", initial_level=19.0, initial_trend=0.3
    ).fit(
        smoothing_level=ALPHA[cell],
        smoothing_trend=BETA[cell],
        damping_trend=PHI[cell] if damped else None,
        optimized=False,
    )
    family = DAMPED if damped else HOLT
    assert ours.forecast(family, HORIZON)[0] == pytest.approx(peer.forecast(HORIZON), rel=1e-9)
    assert ours.sse[0, cell] == pytest.approx(peer.sse, rel=1e-9)


@pytest.mark.parametrize("cell", np.flatnonzero(FAMILY == LEVEL).tolist())
def test_levels_on_given_parameters_are_those_of_statsmodels(cell):
    ours = at_cell(cell, 19.0, 0.0)
    peer = SimpleExpSmoothing(Y, initialization_method="known", initial_level=19.0)
    fitted = peer.fit(smoothing_level=ALPHA[cell], optimized=False)
    assert ours.forecast(LEVEL, HORIZON)[0] == pytest.approx(fitted.forecast(HORIZON), rel=1e-9)
    assert ours.sse[0, cell] == pytest.approx(fitted.sse, rel=1e-9)


@pytest.mark.parametrize("cell", np.flatnonzero(FAMILY == LEVEL)[1:].tolist())
def test_theta_on_a_given_rate_is_that_of_statsmodels(cell):
    ours = at_cell(cell, Y[0], 0.0)
    slope = np.polyfit(np.arange(len(Y)), Y, 1)[0]
    model = ThetaModel(Y, period=1, deseasonalize=False)
    peer = ThetaModelResults(slope, ALPHA[cell], 1.0, float(ours.level[0, cell]), np.empty(0), False, model)
    found = theta(ours, np.array([slope]), np.array([len(Y)]), 0.5, HORIZON)[0]
    assert found == pytest.approx(peer.forecast(HORIZON, theta=2).to_numpy(), rel=1e-9)


@pytest.mark.parametrize("cell", [0, 7, 22, 41, 59])
def test_holt_winters_on_given_parameters_is_that_of_statsmodels(cell, monkeypatch):
    m, n = 4, 36
    y = 50 + np.tile([5.0, -3.0, 1.0, -3.0], 9) + RNG.normal(0, 1, n)
    alpha, beta, phi, gamma = winters._CELLS[cell]
    for name, value in zip(("_ALPHA", "_BETA", "_PHI", "_GAMMA"), (alpha, beta, phi, gamma), strict=True):
        monkeypatch.setattr(winters, name, np.array([value]))
    monkeypatch.setattr(winters, "_CELLS", [winters._CELLS[cell]])
    profile = np.array([[-2.5, 1.5, -3.5, 4.5]])  # by phase from the end
    slope = np.array([0.1])
    found = winters.holt_winters(y[None], np.zeros(1, dtype=int), profile, slope, HORIZON)[0]
    phases = past_phases(m, n)
    first = np.mean([y[k] - profile[0, phases[k]] for k in range(m)]) - slope[0] * (m + 1) / 2
    damped = phi < 1
    # ETSModel, in error-correction form; `ExponentialSmoothing.forecast` leaves the last update of the season out.
    model = ETSModel(
        pd.Series(y),
        error="add",
        trend="add" if beta > 0 else None,
        damped_trend=damped,
        seasonal="add",
        seasonal_periods=m,
        initialization_method="known",
        initial_level=first,
        initial_trend=slope[0] if beta > 0 else None,
        initial_seasonal=profile[0, phases[:m]],
    )
    given = {
        "smoothing_level": alpha,
        "smoothing_trend": alpha * beta,
        "smoothing_seasonal": gamma * (1 - alpha),
        "damping_trend": phi,
    }
    peer = model.smooth([given[name] for name in model.param_names if name in given])
    assert found == pytest.approx(peer.forecast(HORIZON).to_numpy(), rel=1e-9)


def test_fitted_members_stay_near_the_fits_of_statsmodels():
    """Weights over a grid and an optimiser find about the same forecasts: within 3 % of the level in the median
    and 15 % at worst, over 12 random walks with drift."""
    rng = np.random.default_rng(3)
    walks = [100 + np.cumsum(rng.normal(0.5, 2, 60)) + rng.normal(0, 2, 60) for _ in range(12)]
    members = run_members(make_block(walks, 100), 1, HORIZON)
    apart = {"level": [], "damped": [], "theta": []}
    for row, y in enumerate(walks):
        peers = {
            "level": SimpleExpSmoothing(y, initialization_method="estimated").fit().forecast(HORIZON),
            "damped": ExponentialSmoothing(y, trend="add", damped_trend=True, initialization_method="estimated")
            .fit(use_brute=False)
            .forecast(HORIZON),
            "theta": ThetaModel(y, period=1, deseasonalize=False).fit().forecast(HORIZON).to_numpy(),
        }
        for name, peer in peers.items():
            ours = members.forecasts[name][row] * np.abs(y).mean()
            apart[name].append(np.abs(ours - peer).max() / y[-1])
    for name, found in apart.items():
        assert np.median(found) < 0.03, name
        assert max(found) < 0.15, name


def test_least_squares_with_an_even_ridge_are_the_closed_form():
    """`sm.OLS.fit_regularized` with a vector of penalties minimises mean squares / 2 + sum(alpha b^2) / 2."""
    x = sm.add_constant(RNG.normal(0, 1, (50, 2)))
    y = x @ [1.0, 2.0, -1.0] + RNG.normal(0, 0.1, 50)
    alpha = np.array([0.0, 0.1, 0.5])
    found = sm.OLS(y, x).fit_regularized(alpha=alpha, L1_wt=0.0).params
    assert found == pytest.approx(np.linalg.solve(x.T @ x + 50 * np.diag(alpha), x.T @ y))
