# SPDX-License-Identifier: Apache-2.0
"""The forecast of demand: choose a model for each series by rolling origin, fit it, forecast with quantiles."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.arguments import quantile_columns, read_levels, read_seed
from forecasting.demand_class import classify_demand
from forecasting.errors import BadArgument
from forecasting.executors import map_chunks
from forecasting.models.ets import SHORTEST
from forecasting.models.registry import CANDIDATES, MODELS, find_models
from forecasting.selection import BENCHMARK, SCORE_LEVELS, Accuracy, choose_model, measure_accuracy
from forecasting.series import Panel, Series, read_panel
from forecasting.trials import Prediction, correction_from, cut_folds, predict, try_model

Floats = npt.NDArray[np.float64]

ORIGINS = 3
"""Origins that decide between the models."""

ACCURACY_COLUMNS = ("unique_id", "class", "model", "mase", "rmsse", "coverage80", "value_added", "notes")


@dataclass(frozen=True)
class ForecastResult:
    """A forecast with what it rests on.

    Attributes:
        points: ``unique_id, ds, mean, q..., model``, one row per series and period ahead.
        accuracy: columns `ACCURACY_COLUMNS`, one row per series; ``class`` after Syntetos and Boylan, the numbers
            as in `forecasting.selection.Accuracy`, ``notes`` a list of sentences.
        parameters: everything that decided the result besides the table, JSON-ready.
    """

    points: pd.DataFrame
    accuracy: pd.DataFrame
    parameters: dict[str, object]


@dataclass(frozen=True)
class _Plan:
    candidates: tuple[str, ...]
    season_length: int
    horizon: int
    levels: tuple[float, ...]


@dataclass(frozen=True)
class _Outcome:
    prediction: Prediction
    model: str
    demand_class: str
    accuracy: Accuracy
    notes: tuple[str, ...]


def forecast(
    demand: pd.DataFrame,
    *,
    freq: str,
    horizon: int,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    future: pd.DataFrame | None = None,
    season_length: int | None = None,
    regressors: Sequence[str] = (),
    engine: str = "auto",
    seed: int = 0,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Forecast the demand of every series.

    Args:
        demand: columns ``unique_id, ds, y`` (`forecasting.series.read_panel`).
        freq: pandas offset alias such as ``h D W MS QS YS``.
        horizon: periods ahead, from the period after each series' last.
        quantiles: ascending levels.
        future: future values of regressors; none can be used yet.
        season_length: periods in a season, or None for what `freq` implies.
        regressors: columns that explain demand; none can be used yet.
        engine: ``auto`` chooses for each series by rolling origin, or the name of a model.
        seed: recorded; nothing here draws at random.
        executor: where to run, or None for here; results do not depend on it.

    Returns:
        ``unique_id, ds, mean, q0.1, q0.5, ..., model`` in units/period, series in the order of the table.

    Raises:
        BadTable, BadArgument, NotEnoughHistory: as `read_panel`; or an argument here has no meaning.

    Example:
        >>> weeks = pd.date_range("2026-01-04", periods=8, freq="W")
        >>> demand = pd.DataFrame({"unique_id": "tea", "ds": weeks, "y": 5.0})
        >>> forecast(demand, freq="W", horizon=2)[["ds", "mean", "q0.9"]].to_string(index=False, header=False)
        '2026-03-01 5.0 5.0\\n2026-03-08 5.0 5.0'
    """
    return forecast_with_accuracy(
        demand,
        freq=freq,
        horizon=horizon,
        quantiles=quantiles,
        future=future,
        season_length=season_length,
        regressors=regressors,
        engine=engine,
        seed=seed,
        executor=executor,
    ).points


def forecast_with_accuracy(
    demand: pd.DataFrame,
    *,
    freq: str,
    horizon: int,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    future: pd.DataFrame | None = None,
    season_length: int | None = None,
    regressors: Sequence[str] = (),
    engine: str = "auto",
    seed: int = 0,
    executor: Executor | None = None,
) -> ForecastResult:
    """Forecast as `forecast` does, and say how good the chosen models were at earlier origins.

    Args and Raises are those of `forecast`.

    Returns:
        Points, accuracy for each series, and the parameters of the run.
    """
    if future is not None or list(regressors):
        raise BadArgument(
            f"regressors: columns that explain demand cannot be used yet, got regressors={list(regressors)!r}"
            f"{'' if future is None else ' and a future table'}; leave both out"
        )
    if engine != "auto" and engine not in MODELS:
        raise BadArgument(f"engine: expected auto, {', '.join(MODELS)}, got {engine!r}")
    panel = read_panel(demand, freq=freq, season_length=season_length, horizon=horizon)
    levels = read_levels(quantiles)
    candidates = CANDIDATES if engine == "auto" else (engine,)
    plan = _Plan(candidates, panel.season_length, int(horizon), tuple(levels.tolist()))
    outcomes = list(map_chunks(partial(_forecast_chunk, plan), panel.series, executor))
    parameters: dict[str, object] = {
        "freq": freq,
        "horizon": int(horizon),
        "quantiles": levels.tolist(),
        "season_length": panel.season_length,
        "engine": engine,
        "candidates": list(candidates),
        "origins": ORIGINS,
        "seed": read_seed(seed),
    }
    return ForecastResult(_points(panel, outcomes, plan), _accuracy(panel, outcomes), parameters)


def _forecast_chunk(plan: _Plan, chunk: Sequence[Series]) -> list[_Outcome]:
    return [_forecast_one(plan, series) for series in chunk]


def _forecast_one(plan: _Plan, series: Series) -> _Outcome:
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
    return _Outcome(
        prediction,
        fitted.name,
        classify_demand(y),
        measure_accuracy(trials[chosen], trials[BENCHMARK], y, season),
        (*notes, *fitted.notes),
    )


def _points(panel: Panel, outcomes: list[_Outcome], plan: _Plan) -> pd.DataFrame:
    horizon = plan.horizon
    labels = [panel.future_labels(series, horizon) for series in panel.series]
    columns: dict[str, object] = {
        "unique_id": pd.Series(
            [series.unique_id for series in panel.series for _ in range(horizon)], dtype=object
        ),
        "ds": pd.DatetimeIndex(np.concatenate(labels)),
        "mean": np.concatenate([outcome.prediction.mean for outcome in outcomes]),
    }
    quantiles = np.concatenate([outcome.prediction.quantiles for outcome in outcomes])
    for column, name in enumerate(quantile_columns(np.array(plan.levels))):
        columns[name] = quantiles[:, column]
    columns["model"] = pd.Series([outcome.model for outcome in outcomes for _ in range(horizon)], dtype=object)
    return pd.DataFrame(columns)


def _accuracy(panel: Panel, outcomes: list[_Outcome]) -> pd.DataFrame:
    rows = [
        {
            "unique_id": series.unique_id,
            "class": outcome.demand_class,
            "model": outcome.model,
            "mase": outcome.accuracy.mase,
            "rmsse": outcome.accuracy.rmsse,
            "coverage80": outcome.accuracy.coverage80,
            "value_added": outcome.accuracy.value_added,
            "notes": list(outcome.notes),
        }
        for series, outcome in zip(panel.series, outcomes, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(ACCURACY_COLUMNS))
