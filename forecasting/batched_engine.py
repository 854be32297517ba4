# SPDX-License-Identifier: Apache-2.0
"""The engine ``auto``: all series at once in chunks, with a combination of members and learnt quantiles."""

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from forecasting.effect_words import effect_words
from forecasting.engine.learnt import read_learnt
from forecasting.engine.pipeline import run
from forecasting.engine.regression import explain, logged_columns
from forecasting.executors import map_chunks
from forecasting.selection import SCORE_LEVELS, Accuracy, measure_accuracy
from forecasting.trials import Trial, cut_folds

Floats = npt.NDArray[np.float64]

CHUNK = 256
"""Series in a chunk: enough to fill the arrays, few enough to share out."""

MANY = 4096
"""Series from which processes share the work unless an executor is given."""

ORIGINS = 3
"""Earlier origins that accuracy is measured at."""


@dataclass(frozen=True)
class EnginePlan:
    """What is asked of every series."""

    base: str
    season_length: int | None
    horizon: int
    levels: tuple[float, ...]


@dataclass(frozen=True)
class EngineOutcome:
    """What one series got.

    Attributes:
        mean: shape (H,).
        quantiles: shape (H, q).
        model: ``combination``, ``counts`` or ``regression``.
        notes: sentences: why the forecast is what it is.
    """

    mean: Floats
    quantiles: Floats
    model: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a history ends: series `row` of the call, after `origin` periods."""

    row: int
    origin: int


class Ask(Protocol):
    """An engine that forecasts histories, wherever they were cut."""

    def __call__(
        self, plan: EnginePlan, histories: Sequence[Floats], places: Sequence[Place], /
    ) -> list[EngineOutcome]:
        """Forecast every history, which ends at its place."""
        ...


def forecast_all(plan: EnginePlan, histories: Sequence[Floats], executor: Executor | None) -> list[EngineOutcome]:
    """Forecast every history.

    Args:
        plan: what is asked.
        histories: demand [units/period].
        executor: where to run; None for here, or for processes where there are `MANY`.
    """
    work = partial(_forecast_chunk, plan)
    workers = os.cpu_count() or 1
    if executor is None and len(histories) >= MANY and workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            return list(map_chunks(work, histories, pool, CHUNK))
    return list(map_chunks(work, histories, executor, CHUNK))


def _forecast_chunk(plan: EnginePlan, chunk: Sequence[Floats]) -> list[EngineOutcome]:
    done = run(chunk, plan.base, plan.season_length, plan.horizon, np.array(plan.levels), read_learnt())
    return [
        EngineOutcome(
            done.mean[row],
            done.quantiles[row],
            "counts" if kind.endswith("count") else "combination",
            _reasons(chunk[row], done.parts[row], kind, done.seasons[row]),
        )
        for row, kind in enumerate(done.kinds)
    ]


def _reasons(y: Floats, parts: Floats, kind: str, season: int) -> tuple[str, ...]:
    """Say in words what the forecast rests on."""
    if len(y) < 3:
        return (f"{len(y)} periods are too few to see trend or season: the spread is assumed, not measured",)
    if kind.endswith("count"):
        share = float((y == 0).mean())
        return (f"{share:.0%} of the periods had no demand; a count distribution around the smoothed level",)
    _, slope, strength = parts.tolist()
    level = float(np.abs(y).mean()) or 1.0
    words = []
    change = slope * len(y) / level
    if abs(change) >= 0.1:
        words.append(f"a trend of {change:+.0%} of the mean over the history")
    if strength >= 0.3:
        words.append(f"a season of {season} periods (strength {strength:.0%})")
    return ("; ".join(words),) if words else ("a level without clear trend or season",)


def forecast_explained(
    plan: EnginePlan,
    histories: Sequence[Floats],
    ends: Sequence[int],
    regressors: Sequence[Floats],
    names: Sequence[str],
    season_length: int,
) -> list[EngineOutcome]:
    """Forecast every history with its known regressors.

    Args:
        plan: what is asked.
        histories: demand.
        ends: number of the period after each history.
        regressors: of history and horizon, each of shape (n + H, k).
        names: of the regressors.
        season_length: periods in a season.
    """
    width, horizon = max(len(y) for y in histories), plan.horizon
    rows, k = len(histories), regressors[0].shape[1]
    y, x, start = np.zeros((rows, width)), np.zeros((rows, width + horizon, k)), np.zeros(rows, dtype=np.int64)
    for row, (history, known) in enumerate(zip(histories, regressors, strict=True)):
        start[row] = width - len(history)
        y[row, start[row] :], x[row, start[row] :] = history, known
        x[row, : start[row]] = known[0]
    logged = logged_columns(x)
    done = explain(y, start, np.asarray(ends, dtype=np.int64), x, season_length, horizon)
    quantiles = np.sort(done.quantiles(np.array(plan.levels)), axis=2)
    outcomes = []
    for row in range(rows):
        effects = ", ".join(f"{name} {value:+.2f}" for name, value in zip(names, done.effects[row], strict=True))
        notes = (f"effects on log demand: {effects}", *effect_words(names, done.effects[row], logged))
        outcomes.append(EngineOutcome(done.mean[row], quantiles[row], "regression", notes))
    return outcomes


def measure_all(plan: EnginePlan, histories: Sequence[Floats], season_length: int, ask: Ask) -> list[Accuracy]:
    """Measure an engine at earlier origins of every history, beside seasonal naive.

    Args:
        plan: what is asked.
        histories: demand.
        season_length: lag of MASE and of seasonal naive [periods].
        ask: the engine.
    """
    folds = [cut_folds(len(y), plan.horizon, ORIGINS) for y in histories]
    places = [(row, fold) for row, some in enumerate(folds) for fold in some]
    tried = EnginePlan(plan.base, plan.season_length, plan.horizon, SCORE_LEVELS)
    cut = [histories[row][: fold.origin] for row, fold in places]
    answers = ask(tried, cut, [Place(row, fold.origin) for row, fold in places]) if cut else []
    chosen: list[list[Trial]] = [[] for _ in histories]
    naive: list[list[Trial]] = [[] for _ in histories]
    for (row, fold), answer in zip(places, answers, strict=True):
        y = histories[row]
        actual = y[fold.origin : fold.origin + fold.horizon]
        past = y[: fold.origin]
        lag = season_length if fold.origin > season_length else 1
        repeated = past[-lag:][np.arange(fold.horizon) % lag]
        nothing = np.empty(0)
        mean, band = answer.mean[: fold.horizon], answer.quantiles[: fold.horizon]
        chosen[row].append(Trial(fold, answer.model, answer.model, actual, mean, band, nothing))
        naive[row].append(Trial(fold, "seasonal_naive", "seasonal_naive", actual, repeated, band, nothing))
    return [
        measure_accuracy(own, other, y, season_length)
        for own, other, y in zip(chosen, naive, histories, strict=True)
    ]
