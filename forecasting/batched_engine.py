# SPDX-License-Identifier: Apache-2.0
"""The engine ``auto``: all series at once in chunks, with a combination of members and learnt quantiles."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from forecasting.engine.learnt import read_learnt
from forecasting.engine.pipeline import run
from forecasting.engine.regression import explain, logged_columns
from forecasting.executors import map_chunks
from forecasting.reasons import Effect, Fitted, tell_effects
from forecasting.selection import Accuracy, measure_accuracy
from forecasting.trials import Fold, Trial, cut_folds

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
        notes: sentences: what a reader must know.
        fitted: what the words for why rest on (`forecasting.reasons`).
        effects: of the known regressors.
        holidays: their effects by name (0.1 is a tenth more), and which fall into the periods ahead.
    """

    mean: Floats
    quantiles: Floats
    model: str
    notes: tuple[str, ...]
    fitted: Fitted | None = None
    effects: tuple[Effect, ...] = ()
    holidays: tuple[Mapping[str, float], tuple[str, ...]] = ({}, ())


def forecast_all(
    plan: EnginePlan,
    histories: Sequence[Floats],
    executor: Executor | None,
    tell: Callable[[int, int], None] | None = None,
) -> list[EngineOutcome]:
    """Forecast every history.

    Args:
        plan: what is asked.
        histories: demand [units/period].
        executor: where to run; None for here, or for processes where there are `MANY`.
        tell: told how many are done, of how many.
    """
    work = partial(_forecast_chunk, plan)
    workers = os.cpu_count() or 1
    if executor is None and len(histories) >= MANY and workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            return _told(map_chunks(work, histories, pool, CHUNK), len(histories), tell)
    return _told(map_chunks(work, histories, executor, CHUNK), len(histories), tell)


def _told(
    outcomes: Iterator[EngineOutcome], total: int, tell: Callable[[int, int], None] | None
) -> list[EngineOutcome]:
    found = []
    for done, outcome in enumerate(outcomes, 1):
        found.append(outcome)
        if tell is not None and (done % CHUNK == 0 or done == total):
            tell(done, total)
    return found


def _forecast_chunk(plan: EnginePlan, chunk: Sequence[Floats]) -> list[EngineOutcome]:
    done = run(chunk, plan.base, plan.season_length, plan.horizon, np.array(plan.levels), read_learnt())
    return [
        EngineOutcome(
            done.mean[row],
            done.quantiles[row],
            "counts" if kind.endswith("count") else "combination",
            _notes(chunk[row], kind),
            _fitted(done.parts[row], kind, done.seasons[row]),
        )
        for row, kind in enumerate(done.kinds)
    ]


def _notes(y: Floats, kind: str) -> tuple[str, ...]:
    """Say what a reader must know."""
    if len(y) < 3:
        count = "1 period is" if len(y) == 1 else f"{len(y)} periods are"
        return (f"{count} too few to see trend or season: the spread is assumed, not measured",)
    return ("a count distribution around the smoothed level",) if kind.endswith("count") else ()


def _fitted(parts: Floats, kind: str, season: int) -> Fitted:
    _, slope, strength = parts.tolist()
    # Counts have a share of empty periods where other classes have the strength of their season.
    return Fitted(season) if kind.endswith("count") else Fitted(season, slope, strength)


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
    in_logs = logged_columns(x)
    done = explain(y, start, np.asarray(ends, dtype=np.int64), x, season_length, horizon)
    quantiles = np.sort(done.quantiles(np.array(plan.levels)), axis=2)
    outcomes = []
    for row in range(rows):
        effects = ", ".join(f"{name} {value:+.2f}" for name, value in zip(names, done.effects[row], strict=True))
        told = tell_effects(names, done.effects[row], in_logs, x[row, width:])
        outcomes.append(
            EngineOutcome(
                done.mean[row],
                quantiles[row],
                "regression",
                (f"effects on log demand: {effects}",),
                Fitted(season_length),
                told,
            )
        )
    return outcomes


def measure_all(
    histories: Sequence[Floats],
    horizon: int,
    season_length: int,
    ask: Callable[[Sequence[tuple[int, Fold]]], Sequence[EngineOutcome]],
) -> list[Accuracy]:
    """Measure forecasts at earlier origins of every history, beside seasonal naive.

    Args:
        histories: demand.
        horizon: periods ahead that are asked for.
        season_length: lag of MASE and of seasonal naive [periods].
        ask: forecasts cuts of the histories, each a place and a fold, with quantiles at `SCORE_LEVELS`.
    """
    folds = [cut_folds(len(y), horizon, ORIGINS) for y in histories]
    places = [(row, fold) for row, some in enumerate(folds) for fold in some]
    answers = ask(places) if places else []
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
