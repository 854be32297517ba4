# SPDX-License-Identifier: Apache-2.0
"""Trials of models at earlier origins: forecast from a shorter history, then look at what came.

A fold trains on everything up to its origin and is scored on the periods after it. The last folds of a history
of n periods with horizon h, each h apart::

    fold 1   |==========train==========|..h..|
    fold 2   |=============train=============|..h..|
    fold 3   |================train================|..h..|
                                                         n
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.intervals import forecast_quantiles, residual_quantiles, spread_correction
from forecasting.models.base import FittedModel, Model

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fold:
    """One origin: the first `origin` periods train, the `horizon` periods after them are scored."""

    origin: int
    horizon: int


@dataclass(frozen=True)
class Trial:
    """What one model forecast at one origin, and what came.

    Attributes:
        fold: the origin.
        model: name of the model asked for.
        fitted: name of what was really fitted.
        y: what came, shape (horizon,).
        mean: shape (horizon,).
        quantiles: shape (horizon, number of levels).
        ratios: errors over the spread that the fit expected at each step, shape (horizon,).
    """

    fold: Fold
    model: str
    fitted: str
    y: Floats
    mean: Floats
    quantiles: Floats
    ratios: Floats


@dataclass(frozen=True)
class Prediction:
    """A forecast with its quantiles, from one fit.

    Attributes:
        mean: shape (horizon,).
        quantiles: shape (horizon, number of levels).
        spread: standard deviation expected of the error at each step, shape (horizon,); 0 where unknown.
    """

    mean: Floats
    quantiles: Floats
    spread: Floats


def cut_folds(n: int, horizon: int, origins: int, *, least_train: int = 3) -> tuple[Fold, ...]:
    """Cut the last folds of a history.

    Folds are `horizon` apart, so that no period is scored twice. Where the history is too short for even one, the
    horizon of the folds shrinks to a third of the history.

    Args:
        n: periods of the history.
        horizon: periods ahead that will be asked for.
        origins: how many folds at most.
        least_train: periods that a fold needs before its origin.

    Returns:
        The folds, oldest first; none where the history has not even `least_train` + 1 periods.
    """
    length = horizon if n - horizon >= least_train else max(1, n // 3)
    cuts = [n - length * count for count in range(origins, 0, -1)]
    return tuple(Fold(cut, length) for cut in cuts if cut >= least_train)


def predict(fitted: FittedModel, history: Floats, horizon: int, levels: Floats, correction: float) -> Prediction:
    """Forecast with quantiles.

    Args:
        fitted: the model fitted to `history`.
        history: shape (n,).
        horizon: periods ahead.
        levels: ascending, in (0, 1), shape (k,).
        correction: factor for the spread (`spread_correction`).
    """
    mean = fitted.forecast(horizon)
    growth = fitted.growth(horizon)
    errors = residual_quantiles(fitted.residuals, levels, typical=float(np.abs(history).mean()))
    known = fitted.residuals[np.isfinite(fitted.residuals)]
    size = float(np.sqrt((known**2).mean())) if len(known) else 0.0
    return Prediction(mean, forecast_quantiles(mean, growth, errors, correction), growth * size)


def try_model(model: Model, y: Floats, season_length: int, folds: tuple[Fold, ...], levels: Floats) -> list[Trial]:
    """Try a model at every fold, oldest first.

    The spread at a fold is corrected by the folds before it only, whose outcomes were known by then.

    Args:
        model: the model.
        y: the whole history, shape (n,).
        season_length: periods in a season.
        folds: from `cut_folds`.
        levels: ascending, in (0, 1), shape (k,).

    Returns:
        A trial for each fold.
    """
    trials: list[Trial] = []
    for fold in folds:
        train = y[: fold.origin]
        actual = y[fold.origin : fold.origin + fold.horizon]
        fitted = model.fit(train, season_length)
        prediction = predict(fitted, train, fold.horizon, levels, correction_from(trials))
        spread = np.where(prediction.spread > 0, prediction.spread, np.nan)
        ratios = (actual - prediction.mean) / spread
        trials.append(Trial(fold, model.name, fitted.name, actual, prediction.mean, prediction.quantiles, ratios))
    return trials


def correction_from(trials: list[Trial]) -> float:
    """Give the factor for the spread that the trials of one model teach."""
    return spread_correction(np.concatenate([trial.ratios for trial in trials]) if trials else np.empty(0))
