# SPDX-License-Identifier: Apache-2.0
"""The choice between models by rolling origin, and the accuracy that goes with it.

Absolute error alone would let a forecast of nothing win wherever demand is rare. So the score of a model is an
error of its mean plus the scaled pinball loss of its quantiles: the error is MASE for smooth and erratic demand
and RMSSE, which only the true mean minimises, for intermittent and lumpy demand. And a model that forecast
nothing at every origin although something came is chosen only if all did.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.demand_class import classify_demand
from forecasting.metrics import coverage, mase, rmsse, scaled_pinball_loss
from forecasting.trials import Trial

Floats = npt.NDArray[np.float64]

SCORE_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Levels whose pinball loss counts in the choice; the outer two bound the 80 % interval."""

CLEARLY_BETTER = 0.2
"""Share of the first model's score by which another must be lower to be chosen."""

BENCHMARK = "seasonal_naive"
"""What value is added to."""

_RARE = ("intermittent", "lumpy")


@dataclass(frozen=True)
class Accuracy:
    """How the chosen model did at earlier origins; NaN where there was nothing to measure it by.

    Attributes:
        mase: mean over the origins of MASE at the season's lag (lag 1 where the history is not longer than it).
        rmsse: mean over the origins of RMSSE.
        coverage80: share of periods inside the 80 % interval.
        value_added: 1 - error / error of seasonal naive, of mean absolute errors for smooth and erratic demand, of
            root mean squared errors for intermittent and lumpy demand; 0.1 is a tenth better.
    """

    mase: float
    rmsse: float
    coverage80: float
    value_added: float


def choose_model(trials: dict[str, list[Trial]], history: Floats, season_length: int) -> str:
    """Choose the first model, or the one with the lowest score where that is clearly better.

    A few origins of one series are a noisy judge. On the developers' sample (60 series of each of eight groups) a
    choice by the lowest score alone had a higher MASE in every group than the first model for all series.

    Args:
        trials: for each model its trials at the same folds with quantiles at `SCORE_LEVELS`; all empty is allowed.
        history: the whole history, shape (n,).
        season_length: lag of MASE [periods].

    Returns:
        The name; the first where there are no trials.
    """
    rare = classify_demand(history) in _RARE
    ranks = {
        name: (_forecast_nothing(tried), _score(tried, history, season_length, rare)) if tried else (False, 0.0)
        for name, tried in trials.items()
    }
    first = next(iter(ranks))
    best = min(ranks, key=lambda name: ranks[name])
    clearly = ranks[best][0] != ranks[first][0] or ranks[best][1] < (1 - CLEARLY_BETTER) * ranks[first][1]
    return best if clearly else first


def measure_accuracy(chosen: list[Trial], benchmark: list[Trial], history: Floats, season_length: int) -> Accuracy:
    """Measure the chosen model over its trials.

    Args:
        chosen: trials of the chosen model with quantiles at `SCORE_LEVELS`.
        benchmark: trials of `BENCHMARK` at the same folds.
        history: the whole history, shape (n,).
        season_length: lag of MASE [periods].
    """
    if not chosen:
        return Accuracy(*[float("nan")] * 4)
    y = np.concatenate([trial.y for trial in chosen])
    error = y - np.concatenate([trial.mean for trial in chosen])
    naive_error = y - np.concatenate([trial.mean for trial in benchmark])
    power = 2 if classify_demand(history) in _RARE else 1
    size = float((np.abs(error) ** power).mean()) ** (1 / power)
    naive_size = float((np.abs(naive_error) ** power).mean()) ** (1 / power)
    band = np.concatenate([trial.quantiles for trial in chosen])
    return Accuracy(
        mase=_mean_known([_mase(trial, history, season_length) for trial in chosen]),
        rmsse=_mean_known([rmsse(trial.y, trial.mean, history[: trial.fold.origin]) for trial in chosen]),
        coverage80=coverage(y, band[:, 0], band[:, -1]),
        value_added=1 - size / naive_size if naive_size > 0 else float("nan"),
    )


def _forecast_nothing(trials: list[Trial]) -> bool:
    """Say whether a model saw nothing coming at any origin although something came."""
    came = any(bool(np.any(trial.y != 0)) for trial in trials)
    return came and not any(bool(np.any(trial.mean != 0)) for trial in trials)


def _score(trials: list[Trial], history: Floats, season_length: int, rare: bool) -> float:
    """Add the error of the mean and the pinball loss, over all origins at once.

    RMSSE is pooled as squares: the mean of roots would favour a forecast of nothing, which is perfect at every
    origin after which nothing came.
    """
    trains = [history[: trial.fold.origin] for trial in trials]
    if rare:
        squares = [rmsse(trial.y, trial.mean, train) ** 2 for trial, train in zip(trials, trains, strict=True)]
        error = float(np.sqrt(np.mean(squares)))
    else:
        error = float(np.mean([_mase(trial, history, season_length) for trial in trials]))
    levels = np.array(SCORE_LEVELS)
    losses = [
        scaled_pinball_loss(trial.y, trial.quantiles, levels, train)
        for trial, train in zip(trials, trains, strict=True)
    ]
    score = error + float(np.mean(losses))
    if np.isfinite(score):
        return score
    # a history without any change has no scale; among models at the same origins units compare as well
    return float(np.sqrt(np.mean([np.mean((trial.y - trial.mean) ** 2) for trial in trials])))


def _mase(trial: Trial, history: Floats, season_length: int) -> float:
    train = history[: trial.fold.origin]
    # Fewer than half a season of seasonal differences are too few to scale by.
    seasonal = 2 * (len(train) - season_length) >= season_length
    return mase(trial.y, trial.mean, train, season_length if seasonal else 1)


def _mean_known(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
