# SPDX-License-Identifier: Apache-2.0
"""The forecast of demand, with quantiles: the public door to the engines."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.arguments import quantile_columns, read_levels, read_seed
from forecasting.batched_engine import EngineOutcome, EnginePlan, measure_all
from forecasting.demand_class import classify_demand
from forecasting.errors import BadArgument
from forecasting.known_ahead import Cut, Tell, forecast_cuts, read_known
from forecasting.models.registry import CANDIDATES, MODELS
from forecasting.named_engine import NamedPlan, forecast_named
from forecasting.reasons import (
    Fitted,
    as_records,
    explain_effects,
    explain_forecasts,
    explain_holidays,
    explain_shares,
)
from forecasting.regression_engine import REGRESSIONS
from forecasting.selection import SCORE_LEVELS, Accuracy
from forecasting.series import Panel, read_panel
from forecasting.trials import Fold

Floats = npt.NDArray[np.float64]

ORIGINS = 3
"""Earlier origins at which accuracy is measured."""

ENGINES = {"statsmodels": CANDIDATES}
"""Engines that choose between named models."""

ACCURACY_COLUMNS = ("unique_id", "class", "model", "mase", "rmsse", "coverage80", "value_added", "notes", "why")


@dataclass(frozen=True)
class ForecastResult:
    """A forecast with what it rests on.

    Attributes:
        points: ``unique_id, ds, mean, q..., model``, one row per series and period ahead.
        accuracy: columns `ACCURACY_COLUMNS`, one row per series; ``class`` after Syntetos and Boylan, the numbers
            as in `forecasting.selection.Accuracy`, ``notes`` a list of sentences, ``why`` a list of reasons
            (`forecasting.reasons`).
        parameters: everything that decided the result besides the table, JSON-ready.
    """

    points: pd.DataFrame
    accuracy: pd.DataFrame
    parameters: dict[str, object]


def forecast(
    demand: pd.DataFrame,
    *,
    freq: str,
    horizon: int,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    future: pd.DataFrame | None = None,
    season_length: int | None = None,
    regressors: Sequence[str] = (),
    holidays: Sequence[str] = (),
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
        future: ``unique_id, ds`` and the regressors, a row for each series and period ahead
            (`forecasting.known_regressors.Plans`).
        season_length: periods in a season, or None for what `freq` implies.
        regressors: columns of `demand` that explain it and whose future is known: price, promotion, holidays,
        events.
        holidays: calendars whose days move demand: countries (ISO 3166-1) and their parts, such as ``US-CA``.
        engine: ``auto`` combines many forecasts with learnt weights; ``statsmodels`` chooses for each series by
            rolling origin among its models, with regressors between ``ols`` and ``glm``; or the name of a model.
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
        holidays=holidays,
        engine=engine,
        seed=seed,
        executor=executor,
        accuracy=False,
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
    holidays: Sequence[str] = (),
    engine: str = "auto",
    seed: int = 0,
    executor: Executor | None = None,
    accuracy: bool = True,
    tell: Tell | None = None,
) -> ForecastResult:
    """Forecast as `forecast` does, and say how good the chosen models were at earlier origins.

    Args and Raises are those of `forecast`; without `accuracy` nothing is measured and that table is empty; `tell`
    is told how many series are done, of how many.

    Returns:
        Points, accuracy for each series, and the parameters of the run.
    """
    names = _names(regressors)
    if future is not None and not names:
        raise BadArgument("future: expected regressors=[...] to name its columns, got none")
    explaining = ("auto", *ENGINES, *REGRESSIONS)
    if engine not in (*explaining, *MODELS):
        raise BadArgument(f"engine: expected one of {', '.join((*explaining, *MODELS))}, got {engine!r}")
    if names and engine not in explaining:
        raise BadArgument(f"regressors: only the engines {', '.join(explaining)} use them, got engine={engine!r}")
    if names and future is None:
        raise BadArgument(
            f"future: expected a table with unique_id, ds and {', '.join(names)} for the {horizon} periods ahead; "
            "a regressor without a known future cannot be used"
        )
    if holidays and engine != "auto" and not names:
        raise BadArgument(
            f"holidays: only the engine 'auto', and others with regressors, use them; got engine={engine!r}"
        )
    if engine in REGRESSIONS and not names:
        raise BadArgument(f"engine {engine!r}: expected regressors=[...] to explain demand by, got none")
    panel = read_panel(demand, freq=freq, season_length=season_length, horizon=horizon)
    levels = read_levels(quantiles)
    parameters: dict[str, object] = {
        "freq": freq,
        "horizon": int(horizon),
        "quantiles": levels.tolist(),
        "season_length": panel.season_length,
        "engine": engine,
        "candidates": list(ENGINES.get(engine, (engine,))),
        "regressors": list(names),
        "holidays": [],
        "origins": ORIGINS,
        "seed": read_seed(seed),
    }
    if engine != "auto" and not names:
        named = NamedPlan(
            ENGINES.get(engine, (engine,)), panel.season_length, int(horizon), tuple(levels.tolist())
        )
        done = forecast_named(named, panel.series, executor)
        outcomes = [
            EngineOutcome(one.prediction.mean, one.prediction.quantiles, one.model, one.notes) for one in done
        ]
        measured = [one.accuracy for one in done]
    else:
        plan = EnginePlan(panel.frequency.base, season_length, int(horizon), tuple(levels.tolist()))
        known = read_known(panel, demand, future, names, holidays, int(horizon))
        if known.calendar is not None:
            parameters |= {"holidays": list(known.calendar.names), "holidays_digest": known.calendar.digest()}
        histories = [series.y for series in panel.series]
        whole = [Cut(row, len(y), int(horizon)) for row, y in enumerate(histories)]
        outcomes = forecast_cuts(plan, panel.series, whole, known, panel.season_length, executor, engine, tell)
        scored = replace(plan, levels=SCORE_LEVELS)

        def ask(places: Sequence[tuple[int, Fold]]) -> list[EngineOutcome]:
            cuts = [Cut(row, fold.origin, fold.horizon) for row, fold in places]
            return forecast_cuts(scored, panel.series, cuts, known, panel.season_length, executor, engine, tell)

        measured = measure_all(histories, int(horizon), panel.season_length, ask) if accuracy else []
    table = pd.DataFrame(columns=list(ACCURACY_COLUMNS))
    if accuracy:
        table = _accuracy(panel, outcomes, measured, _why(panel, outcomes, engine))
    return ForecastResult(_points(panel, outcomes, int(horizon), levels), table, parameters)


def _names(regressors: Sequence[str]) -> tuple[str, ...]:
    return (regressors,) if isinstance(regressors, str) else tuple(regressors)


def _points(panel: Panel, outcomes: Sequence[EngineOutcome], horizon: int, levels: Floats) -> pd.DataFrame:
    stops = np.array([series.stop for series in panel.series], dtype=np.int64)
    ordinals = (stops[:, None] + np.arange(horizon)[None, :]).ravel()
    ids = np.array([series.unique_id for series in panel.series], dtype=object)
    columns: dict[str, object] = {
        "unique_id": np.repeat(ids, horizon),
        "ds": panel.frequency.labels(ordinals),
        "mean": np.concatenate([outcome.mean for outcome in outcomes]),
    }
    quantiles = np.concatenate([outcome.quantiles for outcome in outcomes])
    for column, name in enumerate(quantile_columns(levels)):
        columns[name] = quantiles[:, column]
    columns["model"] = np.repeat(np.array([outcome.model for outcome in outcomes], dtype=object), horizon)
    table = pd.DataFrame(columns)
    return table.astype({"unique_id": object, "model": object})


def _why(panel: Panel, outcomes: Sequence[EngineOutcome], engine: str) -> list[list[dict[str, object]]]:
    """Say of each series what moves its forecast; where the engine is not in a hurry, by STL too."""
    reasons = explain_forecasts(
        [series.y for series in panel.series],
        [series.stop for series in panel.series],
        [outcome.mean for outcome in outcomes],
        [outcome.fitted or Fitted(panel.season_length) for outcome in outcomes],
        panel.frequency,
        [outcome.factors for outcome in outcomes],
    )
    if engine != "auto":
        from forecasting.decomposition import LONGEST_READ, decompose

        for said, series in zip(reasons, panel.series, strict=True):
            said += explain_shares(decompose(series.y[-LONGEST_READ:], panel.season_length).shares, said)
    return [
        as_records([*said, *explain_holidays(*outcome.holidays), *explain_effects(outcome.effects)])
        for said, outcome in zip(reasons, outcomes, strict=True)
    ]


def _accuracy(
    panel: Panel,
    outcomes: Sequence[EngineOutcome],
    measured: Sequence[Accuracy],
    reasons: Sequence[list[dict[str, object]]],
) -> pd.DataFrame:
    rows = [
        {
            "unique_id": series.unique_id,
            "class": classify_demand(series.y),
            "model": outcome.model,
            "mase": accuracy.mase,
            "rmsse": accuracy.rmsse,
            "coverage80": accuracy.coverage80,
            "value_added": accuracy.value_added,
            "notes": list(outcome.notes),
            "why": why,
        }
        for series, outcome, accuracy, why in zip(panel.series, outcomes, measured, reasons, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(ACCURACY_COLUMNS))
