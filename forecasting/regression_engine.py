# SPDX-License-Identifier: Apache-2.0
"""Forecasts with known regressors by the regressions of statsmodels: for few or valuable series, and as the
reference that the batched regression is held against.

1. Fit every series alone, with a ridge towards no effect.
2. The prior is the median of the effects over the series in which the regressor moved.
3. Fit every series again, with the ridge towards that prior, and continue it.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np

from forecasting.batched_engine import EngineOutcome, EnginePlan
from forecasting.engine.block import Bools, Floats
from forecasting.engine.regression import logged_columns
from forecasting.executors import map_chunks
from forecasting.models.demand_regression import design_matrix, fits_counts, regress
from forecasting.reasons import Fitted, tell_effects

REGRESSIONS = ("ols", "glm")
"""Families that can be asked for; the engine ``statsmodels`` takes ``glm`` where a period had no demand."""

_LEAST_MOVEMENT = 1e-9


def forecast_regressed(
    plan: EnginePlan,
    engine: str,
    histories: Sequence[Floats],
    regressors: Sequence[Floats],
    names: Sequence[str],
    season_length: int,
    executor: Executor | None,
) -> list[EngineOutcome]:
    """Forecast every history with its known regressors.

    Args:
        plan: what is asked.
        engine: ``ols``, ``glm``, or ``statsmodels`` to choose for each series.
        histories: demand, at least 0.
        regressors: of history and horizon, each of shape (n + H, k).
        names: of the regressors.
        season_length: periods in a season.
        executor: where to run.
    """
    logged = logged_columns(np.concatenate(regressors))
    cases = [
        (y, x[len(y) :], design_matrix(x, logged, len(y)), engine if engine in REGRESSIONS else _family(y))
        for y, x in zip(histories, regressors, strict=True)
    ]
    alone = list(map_chunks(partial(_effects_of_chunk, np.zeros(len(names))), cases, executor))
    prior = np.zeros(len(names))
    for column in range(len(names)):
        found = [
            effects[column]
            for (y, _, design, _), effects in zip(cases, alone, strict=True)
            if design[: len(y), column].var() > _LEAST_MOVEMENT
        ]
        prior[column] = float(np.median(found)) if found else 0.0
    work = partial(_forecast_chunk, np.array(plan.levels), prior, tuple(names), logged, season_length)
    return list(map_chunks(work, cases, executor))


def _family(y: Floats) -> str:
    return "glm" if fits_counts(y) else "ols"


_Case = tuple[Floats, Floats, Floats, str]


def _effects_of_chunk(prior: Floats, chunk: Sequence[_Case]) -> list[Floats]:
    return [regress(y, design, prior, family).effects for y, _, design, family in chunk]


def _forecast_chunk(
    levels: Floats,
    prior: Floats,
    names: tuple[str, ...],
    logged: Bools,
    season_length: int,
    chunk: Sequence[_Case],
) -> list[EngineOutcome]:
    outcomes = []
    for y, ahead, design, family in chunk:
        done = regress(y, design, prior, family)
        told = ", ".join(f"{name} {value:+.2f}" for name, value in zip(names, done.effects, strict=True))
        effects = tell_effects(names, done.effects, logged, ahead)
        notes = (f"effects on log demand: {told}",)
        outcomes.append(
            EngineOutcome(done.mean, done.quantiles(levels), family, notes, Fitted(season_length), effects)
        )
    return outcomes
