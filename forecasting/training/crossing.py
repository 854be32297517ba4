# SPDX-License-Identifier: Apache-2.0
"""Cross-fitting over series: every series is forecast with weights and quantiles learnt without its fold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.arguments import quantile_columns
from forecasting.engine.block import Bools, Ints
from forecasting.engine.learnt import Learnt
from forecasting.engine.pipeline import finish
from forecasting.engine.spread import scales
from forecasting.training.learn import fit_dispersion, fit_scale, learn_combination, pooled_table, scaled_errors
from forecasting.training.samples import Batch

FOLDS = 5
SEED = 20261121
LEVELS = (0.005, 0.025, 0.05, 0.1, 0.165, 0.25, 0.5, 0.75, 0.835, 0.9, 0.95, 0.975, 0.995)


@dataclass(frozen=True)
class Crossed:
    """What cross-fitting gives.

    Attributes:
        learnt: constants of the class from all series; the table of quantiles from errors out of fold.
        forecasts: of origin 0, out of fold: ``model, series_id, step, mean, q...``.
        summary: a few measures out of fold.
    """

    learnt: Learnt
    forecasts: pd.DataFrame
    summary: dict[str, float]


def cross_fit(kind: str, batches: Sequence[Batch]) -> Crossed:
    """Learn a class `FOLDS` times without a fold, and once from all.

    The folds of the combination are those of the spread: quantiles that score a fold come from the out-of-fold
    errors
    of the other folds.
    """
    ids = sorted({name for batch in batches for name in batch.ids})
    places = np.random.default_rng(SEED).permutation(len(ids)) % FOLDS
    fold_of = dict(zip(ids, places.tolist(), strict=True))
    folds = [np.array([fold_of[name] for name in batch.ids]) for batch in batches]
    without = [learn_combination(kind, batches, [fold != number for fold in folds]) for number in range(FOLDS)]
    complete = learn_combination(kind, batches, [fold >= 0 for fold in folds])
    spread = _learn_counts if complete.counted else _learn_spread
    tuned = [spread(complete, batches, without, folds, number) for number in range(FOLDS)]
    tuned = [
        replace(tuned[number], coefficients=without[number].coefficients, centre=without[number].centre)
        for number in range(FOLDS)
    ]
    learnt = spread(complete, batches, without, folds, -1)
    forecasts = pd.concat(
        [_forecast(batch, fold, tuned) for batch, fold in zip(batches, folds, strict=True) if batch.origin == 0]
    )
    return Crossed(learnt, forecasts, {"series": len(ids), "members": len(learnt.members)})


def _learn_spread(
    complete: Learnt, batches: Sequence[Batch], without: Sequence[Learnt], folds: Sequence[Ints], left_out: int
) -> Learnt:
    """Fit scale and table to the errors out of fold, without those of the fold left out."""
    terms, errors, steps, weight = [], [], [], []
    for batch, fold in zip(batches, folds, strict=True):
        for number, one in enumerate(without):
            rows = (fold == number) & (number != left_out)
            if not rows.any():
                continue
            t, e, is_open = scaled_errors(batch, one)
            on = (is_open[rows] > 0).ravel()
            horizon = e.shape[1]
            terms.append(t[rows].reshape(-1, t.shape[2])[on])
            errors.append(e[rows].ravel()[on])
            steps.append(np.tile(np.arange(1, horizon + 1), int(rows.sum()))[on])
            weight.append(np.full(int(on.sum()), (1.0 if batch.origin == 0 else 0.33) / horizon))
    all_terms, all_errors = np.concatenate(terms), np.concatenate(errors)
    all_weight = np.concatenate(weight)
    scale = np.round(fit_scale(all_terms, all_errors, all_weight), 4)
    ratios = all_errors / scales(all_terms[None], scale)[0]
    table = pooled_table(ratios, np.concatenate(steps), all_weight, complete.edges)
    return replace(complete, scale=scale, table=np.round(table, 4))


def _learn_counts(
    complete: Learnt, batches: Sequence[Batch], without: Sequence[Learnt], folds: Sequence[Ints], left_out: int
) -> Learnt:
    some: list[Batch] = []
    constants: list[Learnt] = []
    keep: list[Bools] = []
    for batch, fold in zip(batches, folds, strict=True):
        for number, one in enumerate(without):
            if number != left_out and batch.origin == 0:
                some.append(batch)
                constants.append(one)
                keep.append(fold == number)
    return replace(complete, dispersion=fit_dispersion(some, constants, keep))


def _forecast(batch: Batch, fold: Ints, tuned: Sequence[Learnt]) -> pd.DataFrame:
    levels = np.array(LEVELS)
    rows, horizon = batch.actual.shape
    mean, quantiles = np.zeros((rows, horizon)), np.zeros((rows, horizon, len(levels)))
    for number, one in enumerate(tuned):
        on = fold == number
        m, q = finish(batch.prepared, one, levels)
        mean[on], quantiles[on] = m[on], q[on]
    table = pd.DataFrame(
        {
            "model": "trace",
            "series_id": np.repeat(batch.ids, horizon),
            "step": np.tile(np.arange(1, horizon + 1), rows),
            "mean": mean.ravel(),
        }
    )
    for place, name in enumerate(quantile_columns(levels)):
        table[name] = quantiles[:, :, place].ravel()
    return table
