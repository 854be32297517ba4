# SPDX-License-Identifier: Apache-2.0
"""The backtest: what would have been forecast at earlier origins, beside what came."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.arguments import quantile_columns, read_levels
from forecasting.batched_engine import EnginePlan
from forecasting.errors import BadArgument, NotEnoughHistory
from forecasting.executors import map_chunks
from forecasting.known_ahead import Cut, KnownAhead, Tell, forecast_cuts, read_known
from forecasting.models.registry import find_models
from forecasting.series import Series, read_horizon, read_panel
from forecasting.trials import Fold, cut_folds, try_model

Floats = npt.NDArray[np.float64]

MOST_ORIGINS = 1000

AUTO = "auto"
"""The batched engine among the models of a backtest."""

PLAIN = "combination"
"""The same engine without what is known ahead, so that one sees what that is worth."""

COMPARED = (AUTO, "seasonal_naive", "naive")
"""What a backtest compares unless told otherwise: value is added to the naive ones or it is not."""


@dataclass(frozen=True)
class _Plan:
    models: tuple[str, ...]
    season_length: int
    horizon: int
    origins: int
    levels: tuple[float, ...]


_Answer = tuple[Floats, Floats]
"""Mean, shape (h,), and quantiles, shape (h, q)."""


def backtest(
    demand: pd.DataFrame,
    *,
    freq: str,
    horizon: int,
    origins: int = 3,
    models: Sequence[str] = COMPARED,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    season_length: int | None = None,
    future: pd.DataFrame | None = None,
    regressors: Sequence[str] = (),
    holidays: Sequence[str] = (),
    executor: Executor | None = None,
    tell: Tell | None = None,
) -> pd.DataFrame:
    """Forecast from earlier origins with nothing that came later, and set it beside what came.

    The folds of a series of n periods, each `horizon` apart (`cut_folds`)::

        origin 1   |==========train==========|..h..|
        origin 2   |=============train=============|..h..|
        origin 3   |================train================|..h..|
                                                               n

    The constants of the engine ``auto`` were learnt on other series; quantiles of named models are corrected
    by the
    errors at the origins before only.

    Args:
        demand: columns ``unique_id, ds, y`` (`forecasting.series.read_panel`).
        freq: pandas offset alias.
        horizon: periods ahead; a series too short for one fold is scored on a shorter one.
        origins: how many folds at most.
        models: ``auto``, ``combination`` (``auto`` without what is known ahead) and names out of
            `forecasting.models.registry.MODELS`.
        quantiles: ascending levels.
        season_length: periods in a season, or None for what `freq` implies.
        future: what had been planned (`forecasting.known_regressors.Plans`); None: what is recorded was planned.
        regressors: columns of `demand` that were known ahead; ``auto`` reads them beyond an origin, and no other.
        holidays: calendars, as `forecasting.forecast` takes them.
        executor: where to run, or None for here; results do not depend on it.
        tell: told how many forecasts are done, of how many.

    Returns:
        One row per series, origin, step and model: ``unique_id, origin, step, ds, model, y, mean, q...``;
        ``origin`` is the label of the last period known, ``ds`` of the one forecast, ``step`` counts from 1.
        Series without room for a fold have no rows.

    Raises:
        BadTable, BadArgument: as `read_panel`; or `origins`, `models` or `quantiles` has no meaning.
        NotEnoughHistory: no series has room for a fold.
    """
    panel = read_panel(demand, freq=freq, season_length=season_length)
    if isinstance(origins, bool) or not isinstance(origins, int | np.integer) or not 1 <= origins <= MOST_ORIGINS:
        raise BadArgument(f"origins: expected a whole number from 1 to {MOST_ORIGINS}, got {origins!r}")
    levels = read_levels(quantiles)
    names = (models,) if isinstance(models, str) else tuple(models)
    named = tuple(name for name in names if name not in (AUTO, PLAIN))
    if named or not names or len(set(names)) < len(names):
        find_models(named if len(set(names)) == len(names) else names)
    plan = _Plan(names, panel.season_length, read_horizon(horizon), int(origins), tuple(levels.tolist()))
    folds = [cut_folds(len(one.y), plan.horizon, plan.origins) for one in panel.series]
    if not any(folds):
        longest = max(len(one.y) for one in panel.series)
        raise NotEnoughHistory(f"backtest: expected a series of at least 4 periods, the longest has {longest}")
    ahead = (regressors,) if isinstance(regressors, str) else tuple(regressors)
    known = read_known(panel, demand, future, ahead, holidays, plan.horizon)
    engine = EnginePlan(panel.frequency.base, season_length, plan.horizon, plan.levels)
    cuts = [Cut(row, fold.origin, fold.horizon) for row, some in enumerate(folds) for fold in some]
    batched = {
        name: iter(forecast_cuts(engine, panel.series, cuts, what, panel.season_length, executor, tell=tell))
        for name, what in ((AUTO, known), (PLAIN, KnownAhead()))
        if name in names
    }
    tried = map_chunks(partial(_try_chunk, plan, named), panel.series, executor)
    pieces: list[tuple[Series, Fold, str, _Answer]] = []
    for one, some, others in zip(panel.series, folds, tried, strict=True):
        for place, fold in enumerate(some):
            ours = {
                name: (answer.mean[: fold.horizon], answer.quantiles[: fold.horizon])
                for name, found in batched.items()
                for answer in (next(found),)
            }
            for name in names:
                pieces.append((one, fold, name, ours[name] if name in ours else others[name][place]))
    return _table(pieces, panel.frequency.labels, levels)


def _try_chunk(plan: _Plan, named: tuple[str, ...], chunk: Sequence[Series]) -> list[dict[str, list[_Answer]]]:
    levels = np.array(plan.levels)
    results = []
    for one in chunk:
        folds = cut_folds(len(one.y), plan.horizon, plan.origins)
        answers = {}
        for model in find_models(named) if named else ():
            trials = try_model(model, one.y, plan.season_length, folds, levels)
            answers[model.name] = [(trial.mean, trial.quantiles) for trial in trials]
        results.append(answers)
    return results


def _table(
    pieces: Sequence[tuple[Series, Fold, str, _Answer]],
    labels: "object",
    levels: Floats,
) -> pd.DataFrame:
    assert callable(labels)
    lengths = np.array([fold.horizon for _, fold, _, _ in pieces])
    origin = np.repeat([one.start + fold.origin for one, fold, _, _ in pieces], lengths)
    step = np.concatenate([np.arange(1, length + 1) for length in lengths])
    quantiles = np.concatenate([answer[1] for *_, answer in pieces])
    columns: dict[str, object] = {
        "unique_id": np.repeat(np.array([one.unique_id for one, *_ in pieces], dtype=object), lengths),
        "origin": labels(origin - 1),
        "step": step,
        "ds": labels(origin + step - 1),
        "model": np.repeat(np.array([name for _, _, name, _ in pieces], dtype=object), lengths),
        "y": np.concatenate([one.y[fold.origin : fold.origin + fold.horizon] for one, fold, _, _ in pieces]),
        "mean": np.concatenate([answer[0] for *_, answer in pieces]),
    }
    for column, name in enumerate(quantile_columns(levels)):
        columns[name] = quantiles[:, column]
    return pd.DataFrame(columns).astype({"unique_id": object, "model": object})
