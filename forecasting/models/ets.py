# SPDX-License-Identifier: Apache-2.0
"""Exponential smoothing by statsmodels: damped additive trend, additive season.

Only additive forms: multiplicative error and trend explode on data near zero (statsmodels issues 7331, 8551).
Forecasts are bounded by the history, and a fit that fails gives way to a simpler form, with a note.
"""

import threading
import warnings
from dataclasses import dataclass

import numpy as np
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from forecasting.demand_class import mean_interval
from forecasting.models.base import FittedModel, Floats
from forecasting.models.seasonal_naive import SeasonalNaive
from forecasting.models.seasonal_profile import has_season, shrunk_profile

SHORTEST = 6
"""Periods below which smoothing parameters cannot be told from noise."""

LONGEST_SEASON = 24
"""Seasons longer than this are taken out beforehand by a shrunk profile, not smoothed."""

LARGEST_MULTIPLE = 3.0
"""No forecast exceeds this multiple of the largest value of the history."""

_TREND_NEEDS = 10
_INTERMITTENT = 1.32  # Syntetos and Boylan 2005: mean interval between demands [periods]

# warnings.catch_warnings changes the whole process until Python 3.14, so threads must take turns here.
_WARNINGS_LOCK = threading.Lock()


@dataclass(frozen=True)
class FittedEts:
    """Smoothed level, trend and season at the end of a history.

    Attributes:
        level, trend: at the end of the history [units/period], [units/period per period].
        damping: phi, the share of the trend that is left one step on.
        season: of the steps ahead [units/period], shape (season length smoothed,).
        alpha, beta, gamma: how much of an error level, trend and season take up.
        ceiling: no forecast exceeds it [units/period].
        residuals: one-step errors [units/period], shape (n,).
    """

    level: float
    trend: float
    damping: float
    season: Floats
    alpha: float
    beta: float
    gamma: float
    ceiling: float
    residuals: Floats
    notes: tuple[str, ...] = ()
    name: str = "ets"

    def forecast(self, horizon: int) -> Floats:
        """Continue level, damped trend and season, within [0, ceiling], shape (horizon,)."""
        steps = np.arange(1, horizon + 1, dtype=np.float64)
        path = self.level + self.trend * _damped_sums(self.damping, steps) + np.resize(self.season, horizon)
        return np.asarray(np.clip(path, 0.0, self.ceiling))

    def growth(self, horizon: int) -> Floats:
        """Give the spread over that of step 1, shape (horizon,).

        Class 1 of Hyndman, Koehler, Ord and Snyder (2008), table 6.1: variance at h over that at 1 is
        1 + sum over j < h of (alpha + beta * phi_j + gamma * [j mod m = 0])^2.
        """
        steps = np.arange(1, horizon, dtype=np.float64)
        weights = self.alpha + self.beta * _damped_sums(self.damping, steps)
        weights = weights + self.gamma * (steps % len(self.season) == 0)
        return np.asarray(np.sqrt(1 + np.concatenate(([0.0], np.cumsum(weights**2)))))


@dataclass(frozen=True)
class Ets:
    """Holt-Winters exponential smoothing with a damped additive trend (Gardner and McKenzie 1985).

    The season is smoothed where it is at most `LONGEST_SEASON` periods long and the history shows it
    (`has_season`); a longer one is taken out first by a shrunk profile if two of it are there. Intermittent and
    short histories get no trend. The first form that converges to finite numbers is taken.
    """

    name: str = "ets"

    def fit(self, y: Floats, season_length: int) -> FittedModel:
        """Fit by least squares of the one-step errors."""
        if len(y) < SHORTEST:
            return _fallen_back(y, season_length, (f"ets needs {SHORTEST} periods and got {len(y)}",))
        scale = float(np.abs(y).mean())
        if float(y.max()) == float(y.min()):
            return _constant(y)
        profile = np.zeros(1)
        smoothed_season = 1
        if season_length > LONGEST_SEASON and len(y) >= 2 * season_length:
            profile = shrunk_profile(y, season_length)
        elif 1 < season_length <= LONGEST_SEASON and has_season(y, season_length):
            smoothed_season = season_length
        # element 0 of the profile follows the history, so the history is read backwards from its end
        phase = np.arange(-len(y), 0) % len(profile)
        values = (y - profile[phase]) / scale
        trend = len(y) >= _TREND_NEEDS and mean_interval(y) < _INTERMITTENT
        notes: tuple[str, ...] = ()
        for with_trend, season in dict.fromkeys(((trend, smoothed_season), (False, smoothed_season), (False, 1))):
            fitted = _smooth(values, with_trend, season)
            if isinstance(fitted, str):
                notes = (*notes, fitted)
                continue
            ceiling = LARGEST_MULTIPLE * max(float(y.max()), 0.0)
            return _scaled(fitted, scale, profile, ceiling, notes)
        return _fallen_back(y, season_length, notes)


@dataclass(frozen=True)
class _Smoothed:
    level: float
    trend: float
    damping: float
    season: Floats
    alpha: float
    beta: float
    gamma: float
    residuals: Floats


def _smooth(values: Floats, trend: bool, season: int) -> _Smoothed | str:
    """Fit one form; give the reason in words where it does not converge to finite numbers."""
    form = ("damped trend" if trend else "level") + (f" and season {season}" if season > 1 else "")
    model = ExponentialSmoothing(
        values,
        trend="add" if trend else None,
        damped_trend=trend,
        seasonal="add" if season > 1 else None,
        seasonal_periods=season if season > 1 else None,
        initialization_method="estimated",
    )
    with _WARNINGS_LOCK, warnings.catch_warnings():
        # convergence is read from mle_retvals below; the warning would only repeat it
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            result = model.fit(use_brute=False)
        except (ValueError, np.linalg.LinAlgError, FloatingPointError) as error:
            return f"ets with {form} could not be fitted: {error}"
    if not bool(result.mle_retvals.success):
        return f"ets with {form} did not converge"
    parameters = result.params
    alpha = float(parameters["smoothing_level"])
    smoothed = _Smoothed(
        level=float(result.level[-1]),
        trend=float(result.trend[-1]) if trend else 0.0,
        damping=float(parameters["damping_trend"]) if trend else 1.0,
        season=np.asarray(result.season[-season:], dtype=np.float64) if season > 1 else np.zeros(1),
        alpha=alpha,
        beta=alpha * float(parameters["smoothing_trend"]) if trend else 0.0,
        gamma=float(parameters["smoothing_seasonal"]) if season > 1 else 0.0,
        residuals=np.asarray(values - result.fittedvalues, dtype=np.float64),
    )
    numbers = (smoothed.level, smoothed.trend, smoothed.damping, alpha, smoothed.beta, smoothed.gamma)
    if not (
        np.isfinite(numbers).all() and np.isfinite(smoothed.season).all() and np.isfinite(smoothed.residuals).all()
    ):
        return f"ets with {form} gave numbers that are not finite"
    return smoothed


def _scaled(
    fitted: _Smoothed, scale: float, profile: Floats, ceiling: float, notes: tuple[str, ...]
) -> FittedModel:
    season = fitted.season * scale if len(profile) == 1 else profile
    return FittedEts(
        level=fitted.level * scale,
        trend=fitted.trend * scale,
        damping=fitted.damping,
        season=season,
        alpha=fitted.alpha,
        beta=fitted.beta,
        gamma=fitted.gamma,
        ceiling=ceiling,
        residuals=fitted.residuals * scale,
        notes=notes,
    )


def _constant(y: Floats) -> FittedEts:
    value = float(y[-1])
    nothing = np.zeros(1)
    return FittedEts(value, 0.0, 1.0, nothing, 0.0, 0.0, 0.0, max(value, 0.0), np.zeros(len(y)))


def _fallen_back(y: Floats, season_length: int, reasons: tuple[str, ...]) -> FittedModel:
    naive = SeasonalNaive().fit(y, season_length)
    notes = (*reasons, "seasonal_naive took the place of ets", *naive.notes)
    return type(naive)(naive.season, naive.residuals, notes)


def _damped_sums(damping: float, steps: Floats) -> Floats:
    """Sum phi + phi^2 + ... + phi^h for each step h."""
    if abs(1.0 - damping) < 1e-9:
        return steps
    return np.asarray(damping * (1.0 - damping**steps) / (1.0 - damping))
