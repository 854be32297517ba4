# SPDX-License-Identifier: Apache-2.0
"""What the models by statsmodels share: fitting that never fails, forecasts that are bounded.

statsmodels warns through the process-wide warnings filter, so fits take turns; a fit that fails, or whose forecast
is not finite, gives way to exponential smoothing, with a note.
"""

import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.linalg import LinAlgError

from forecasting.models.base import FittedModel, Floats
from forecasting.models.ets import LARGEST_MULTIPLE, Ets

_LOCK = threading.Lock()

FARTHEST = 400
"""Periods ahead that a fit is asked for; beyond them its season, or its last value, is repeated."""


@dataclass(frozen=True)
class FittedPath:
    """A fit as its path ahead.

    Attributes:
        path: bounded forecasts [units/period], shape (`FARTHEST`,).
        spread: standard error at each step over that at step 1, not falling, shape (`FARTHEST`,).
        residuals: one-step errors, NaN where there is none, shape (n,).
        season: periods in a season.
    """

    path: Floats
    spread: Floats
    residuals: Floats
    season: int
    name: str
    notes: tuple[str, ...] = ()

    def forecast(self, horizon: int) -> Floats:
        """Give the path, shape (horizon,)."""
        return self.path[_reach(horizon, self.season)]

    def growth(self, horizon: int) -> Floats:
        """Give the spread over that of step 1, shape (horizon,)."""
        return self.spread[np.minimum(np.arange(horizon), FARTHEST - 1)]


def fit_bounded(
    name: str, y: Floats, season_length: int, fit: Callable[[], tuple[Floats, Floats, Floats]], least: int
) -> FittedModel:
    """Fit, bound and fall back.

    Args:
        name: of the model.
        y: history, shape (n,).
        season_length: periods in a season.
        fit: gives path ahead (`FARTHEST`,), standard errors (`FARTHEST`,) and residuals (n,).
        least: periods that the model needs.
    """
    if len(y) < least or float(np.ptp(y)) == 0:
        return _instead(y, season_length, f"{len(y)} periods are too few or too even for {name}")
    try:
        with _LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path, errors, residuals = fit()
    except (ValueError, LinAlgError, ZeroDivisionError, FloatingPointError) as error:
        return _instead(y, season_length, f"{name} could not be fitted ({error})")
    if not (np.isfinite(path).all() and np.isfinite(errors).all()):
        return _instead(y, season_length, f"{name} gave no finite forecast")
    bounded = np.clip(path, 0.0, max(LARGEST_MULTIPLE * float(y.max()), 0.0))
    first = errors[0] if errors[0] > 0 else 1.0
    spread = np.maximum.accumulate(np.maximum(errors / first, 1.0))
    spread[0] = 1.0
    return FittedPath(bounded, spread, residuals, season_length, name)


def _instead(y: Floats, season_length: int, why: str) -> FittedModel:
    other = Ets().fit(y, season_length)
    return _Renamed(other, (f"{why}: {other.name} instead", *other.notes))


@dataclass(frozen=True)
class _Renamed:
    other: FittedModel
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.other.name

    @property
    def residuals(self) -> Floats:
        return self.other.residuals

    def forecast(self, horizon: int) -> Floats:
        return self.other.forecast(horizon)

    def growth(self, horizon: int) -> Floats:
        return self.other.growth(horizon)


def _reach(horizon: int, season: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    steps = np.arange(horizon)
    beyond = steps >= FARTHEST
    last = FARTHEST - season
    return (
        np.where(beyond, last + (steps - last) % season, steps)
        if season < FARTHEST
        else np.minimum(steps, FARTHEST - 1)
    )
