# SPDX-License-Identifier: Apache-2.0
"""Forecasts by models asked for by name: fitted one series after another, chosen by rolling origin where
several are.

For few or valuable series, and as the reference that the batched engine is held against.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from forecasting.executors import map_chunks
from forecasting.models.ets import SHORTEST
from forecasting.models.registry import MODELS, find_models
from forecasting.selection import BENCHMARK, SCORE_LEVELS, Accuracy, choose_model, measure_accuracy
from forecasting.series import Series
from forecasting.trials import Prediction, correction_from, cut_folds, predict, try_model

Floats = npt.NDArray[np.float64]

ORIGINS = 3
"""Origins that decide between the models."""


@dataclass(frozen=True)
class NamedPlan:
    """What is asked of every series."""

    candidates: tuple[str, ...]
    season_length: int
    horizon: int
    levels: tuple[float, ...]


@dataclass(frozen=True)
class NamedOutcome:
    """What one series got."""

    prediction: Prediction
    model: str
    accuracy: Accuracy
    notes: tuple[str, ...]


def forecast_named(plan: NamedPlan, series: Sequence[Series], executor: Executor | None) -> list[NamedOutcome]:
    """Forecast every series by the best of the candidates."""
    return list(map_chunks(partial(_forecast_chunk, plan), series, executor))


def _forecast_chunk(plan: NamedPlan, chunk: Sequence[Series]) -> list[NamedOutcome]:
    return [_forecast_one(plan, series) for series in chunk]


def _forecast_one(plan: NamedPlan, series: Series) -> NamedOutcome:
    """Forecast one series.

    1. Try every candidate, and the benchmark, at the same earlier origins.
    2. Choose the candidate with the lowest score.
    3. Fit it to the whole history and forecast, with the spread corrected by its trials.
    """
    y, season = series.y, plan.season_length
    folds = cut_folds(len(y), plan.horizon, ORIGINS)
    score_levels = np.array(SCORE_LEVELS)
    names = tuple(dict.fromkeys((*plan.candidates, BENCHMARK)))
    trials = {
        model.name: try_model(model, y, season, folds, score_levels) if folds else []
        for model in find_models(names)
    }
    chosen = choose_model({name: trials[name] for name in plan.candidates}, y, season)
    notes: tuple[str, ...] = ()
    if not folds:
        notes = (f"{len(y)} periods are too few to try models at earlier origins",)
    fitted = MODELS[chosen].fit(y, season)
    prediction = predict(fitted, y, plan.horizon, np.array(plan.levels), correction_from(trials[chosen]))
    if not folds and len(y) < SHORTEST:
        notes = (*notes, "the spread is assumed, not measured")
    return NamedOutcome(
        prediction,
        fitted.name,
        measure_accuracy(trials[chosen], trials[BENCHMARK], y, season),
        (*notes, *fitted.notes),
    )
