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
from forecasting.errors import BadArgument, NotEnoughHistory
from forecasting.executors import map_chunks
from forecasting.models.registry import CANDIDATES, find_models
from forecasting.series import Panel, Series, read_horizon, read_panel
from forecasting.trials import Trial, cut_folds, try_model

Floats = npt.NDArray[np.float64]

MOST_ORIGINS = 1000


@dataclass(frozen=True)
class _Plan:
    models: tuple[str, ...]
    season_length: int
    horizon: int
    origins: int
    levels: tuple[float, ...]


def backtest(
    demand: pd.DataFrame,
    *,
    freq: str,
    horizon: int,
    origins: int = 3,
    models: Sequence[str] = CANDIDATES,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    season_length: int | None = None,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Forecast from earlier origins with nothing that came later, and set it beside what came.

    The folds of a series of n periods, each `horizon` apart (`cut_folds`)::

        origin 1   |==========train==========|..h..|
        origin 2   |=============train=============|..h..|
        origin 3   |================train================|..h..|
                                                               n

    Quantiles at an origin are corrected by the errors at the origins before it only.

    Args:
        demand: columns ``unique_id, ds, y`` (`forecasting.series.read_panel`).
        freq: pandas offset alias.
        horizon: periods ahead; a series too short for one fold is scored on a shorter one.
        origins: how many folds at most.
        models: names out of `forecasting.models.registry.MODELS`.
        quantiles: ascending levels.
        season_length: periods in a season, or None for what `freq` implies.
        executor: where to run, or None for here; results do not depend on it.

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
    find_models(names)
    plan = _Plan(names, panel.season_length, read_horizon(horizon), int(origins), tuple(levels.tolist()))
    results = list(map_chunks(partial(_try_chunk, plan), panel.series, executor))
    frames = [
        _rows(panel, one, trial, levels)
        for one, trials in zip(panel.series, results, strict=True)
        for trial in trials
    ]
    if not frames:
        longest = max(len(one.y) for one in panel.series)
        raise NotEnoughHistory(f"backtest: expected a series of at least 4 periods, the longest has {longest}")
    return pd.concat(frames, ignore_index=True)


def _try_chunk(plan: _Plan, chunk: Sequence[Series]) -> list[list[Trial]]:
    models = find_models(plan.models)
    levels = np.array(plan.levels)
    results = []
    for one in chunk:
        folds = cut_folds(len(one.y), plan.horizon, plan.origins)
        tried = [try_model(model, one.y, plan.season_length, folds, levels) for model in models]
        results.append([trials[place] for place in range(len(folds)) for trials in tried])
    return results


def _rows(panel: Panel, series: Series, trial: Trial, levels: Floats) -> pd.DataFrame:
    length = trial.fold.horizon
    origin = series.start + trial.fold.origin
    labels = panel.frequency.labels(np.arange(origin - 1, origin + length, dtype=np.int64))
    columns: dict[str, object] = {
        "unique_id": pd.Series([series.unique_id] * length, dtype=object),
        "origin": pd.DatetimeIndex(np.repeat(labels[:1], length)),
        "step": np.arange(1, length + 1),
        "ds": pd.DatetimeIndex(labels[1:]),
        "model": pd.Series([trial.model] * length, dtype=object),
        "y": trial.y,
        "mean": trial.mean,
    }
    for column, name in enumerate(quantile_columns(levels)):
        columns[name] = trial.quantiles[:, column]
    return pd.DataFrame(columns)
