# SPDX-License-Identifier: Apache-2.0
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from forecasting.models import ets
from forecasting.models.ets import Ets
from forecasting.models.seasonal_profile import has_season, shrunk_profile


def series(n=60, season=0.0, trend=0.0, m=12, seed=0):
    time = np.arange(n)
    return 100 + trend * time + season * np.sin(2 * np.pi * time / m) + np.random.default_rng(seed).normal(0, 2, n)


@pytest.mark.parametrize("m", [1, 12])
def test_states_continue_as_statsmodels_would(m):
    y = series(season=20.0 if m > 1 else 0.0, trend=0.5)
    extra = {"seasonal": "add", "seasonal_periods": m} if m > 1 else {}
    peer = ExponentialSmoothing(
        y / y.mean(), trend="add", damped_trend=True, initialization_method="estimated", **extra
    )
    result = peer.fit(use_brute=False)
    ours = Ets().fit(y, m)
    assert ours.name == "ets"
    assert ours.forecast(15) == pytest.approx(result.forecast(15) * y.mean(), rel=1e-6)


def test_smoothing_weights_are_those_of_the_error_correction_form():
    y = series(n=80, trend=0.5, seed=3) + 8 * np.sin(np.arange(80) / 9)
    peer = ExponentialSmoothing(y / y.mean(), trend="add", damped_trend=True, initialization_method="estimated")
    result = peer.fit(use_brute=False)
    error = (y / y.mean() - result.fittedvalues)[-1]
    ours = Ets().fit(y, 1)
    step = result.trend[-1] - ours.damping * result.trend[-2]
    assert ours.beta == pytest.approx(step / error, rel=1e-6)
    rise = result.level[-1] - result.level[-2] - ours.damping * result.trend[-2]
    assert ours.alpha == pytest.approx(rise / error, rel=1e-6)


def test_growth_is_the_spread_of_simulated_paths():
    y = series(trend=0.5)
    fitted = Ets().fit(y, 1)
    rng = np.random.default_rng(5)
    level, trend = np.full(40_000, fitted.level), np.full(40_000, fitted.trend)
    ends = []
    for _ in range(8):
        error = rng.normal(0, 1, 40_000)
        ends.append(level + fitted.damping * trend + error)
        level = level + fitted.damping * trend + fitted.alpha * error
        trend = fitted.damping * trend + fitted.beta * error
    assert fitted.growth(8) == pytest.approx(np.std(ends, axis=1), rel=0.03)


def test_a_season_is_used_only_where_there_is_one():
    assert has_season(series(season=20.0), 12)
    assert not has_season(series(), 12)
    assert not has_season(series(n=24, season=20.0), 12)
    assert not has_season(np.full(60, 3.0), 12)


def test_long_seasons_are_shrunk_by_their_disagreement():
    noise = np.random.default_rng(2).normal(0, 1, 104)
    assert np.abs(shrunk_profile(noise, 52)).max() < 0.5 * np.abs(noise).max()
    clear = 30 * np.sin(2 * np.pi * np.arange(110) / 52)
    profile = shrunk_profile(clear + np.tile(noise, 2)[:110], 52)
    ahead = 30 * np.sin(2 * np.pi * np.arange(110, 162) / 52)
    assert np.corrcoef(profile, ahead)[0, 1] > 0.95
    assert profile.sum() == pytest.approx(0, abs=1e-9)


def test_weekly_season_reaches_the_forecast_in_phase():
    y = series(n=115, season=40.0, m=52)
    ahead = 100 + 40 * np.sin(2 * np.pi * np.arange(115, 141) / 52)
    assert np.abs(Ets().fit(y, 52).forecast(26) - ahead).mean() < 10


def test_steep_growth_is_bounded_by_history():
    y = 1.35 ** np.arange(40.0)
    assert Ets().fit(y, 1).forecast(200).max() <= 3 * y.max()


def test_decline_stops_at_nothing():
    y = np.linspace(50, 1, 30)
    assert Ets().fit(y, 1).forecast(50).min() >= 0


@pytest.mark.parametrize("failure", ["converge", "finite", "raise"])
def test_a_failed_fit_gives_way_and_says_so(monkeypatch, failure):
    def fit(self, **_):
        if failure == "raise":
            raise ValueError("singular")
        n = len(self.endog)
        parameters = {
            "smoothing_level": 0.3,
            "smoothing_trend": 0.1,
            "damping_trend": 0.9,
            "smoothing_seasonal": 0.1,
        }
        level = np.full(n, np.nan if failure == "finite" else 1.0)
        return SimpleNamespace(
            mle_retvals=SimpleNamespace(success=failure == "finite"),
            params=parameters,
            level=level,
            trend=level,
            season=level,
            fittedvalues=level,
        )

    monkeypatch.setattr(ets.ExponentialSmoothing, "fit", fit)
    fitted = Ets().fit(series(), 1)
    assert fitted.name == "seasonal_naive"
    words = {"converge": "did not converge", "finite": "not finite", "raise": "singular"}[failure]
    assert any(words in note for note in fitted.notes)
    assert any("took the place of ets" in note for note in fitted.notes)
    assert np.isfinite(fitted.forecast(3)).all()


def test_the_simpler_form_is_tried_before_giving_up(monkeypatch):
    real = ExponentialSmoothing.fit

    def fit(self, **arguments):
        result = real(self, **arguments)
        if self.trend is not None:
            result.mle_retvals.success = False
        return result

    monkeypatch.setattr(ets.ExponentialSmoothing, "fit", fit)
    fitted = Ets().fit(series(), 1)
    assert fitted.name == "ets"
    assert fitted.notes == ("ets with damped trend did not converge",)


def test_only_the_named_warning_is_silenced(monkeypatch):
    real = ExponentialSmoothing.fit

    def fit(self, **arguments):
        warnings.warn("expected", ConvergenceWarning, stacklevel=1)
        warnings.warn("surprising", RuntimeWarning, stacklevel=1)
        return real(self, **arguments)

    monkeypatch.setattr(ets.ExponentialSmoothing, "fit", fit)
    with pytest.raises(RuntimeWarning, match="surprising"):
        Ets().fit(series(), 1)
