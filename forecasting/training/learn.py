# SPDX-License-Identifier: Apache-2.0
"""Learning: weights of the members, scale of the error, quantiles of pooled errors, dispersion of counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from forecasting.engine.block import Bools, Floats
from forecasting.engine.combination import FEATURES, member_weights
from forecasting.engine.learnt import Learnt
from forecasting.engine.pipeline import choose_members, finish
from forecasting.engine.spread import TABLE_LEVELS, movement, scale_terms
from forecasting.training.samples import Batch

PLAIN = (
    "naive level holt damped theta drift ar_short ar_long mean_ar "
    "level_log holt_log damped_log theta_log drift_log"
).split()
SEASONAL = "snaive sar sar_log hw hw_log season_mean last_year".split()
WEEKDAYS = [f"{kind}{seasons}" for seasons in (4, 8, 13, 26, 52) for kind in ("mean", "median")]
COUNTS = (
    "mean rate0.02 rate0.05 rate0.1 rate0.2 rate0.35 tsb0.05 tsb0.15 fitted fitted_soft last6 line last_season "
    "theta damped level drift ar_short mean_ar"
).split()
MEMBERS = {
    "year": PLAIN,
    "quarter": PLAIN + SEASONAL,
    "month": PLAIN + SEASONAL,
    "week": PLAIN + SEASONAL,
    "short week": [*PLAIN, "last_year"],
    "day": [*PLAIN, *SEASONAL, *WEEKDAYS, "calendar", "calendar_full"],
    "hour": PLAIN + SEASONAL,
    "count": COUNTS,
    "day count": COUNTS,
}
"""Members that each class combines."""

RIDGE = {
    "year": (0.001, 0.001),
    "quarter": (0.001, 0.001),
    "month": (0.001, 0.001),
    "week": (0.003, 0.003),
    "short week": (0.0003, 0.0006),
    "day": (0.0003, 0.0006),
    "hour": (0.001, 0.001),
    "count": (0.0003, 0.0003),
    "day count": (0.001, 0.001),
}
"""Penalty on the coefficients of the constant and of the features, by class."""

EARLIER_WORTH = 0.5
"""Weight of a sample of an earlier origin over that of one that is scored."""

EDGES = {"year": (1, 2, 4, 6), "quarter": (1, 2, 4, 8), "month": (1, 3, 8, 24)}
_OTHER_EDGES = (2, 7, 56)

LARGE_ERROR = 5.0
"""Scaled errors beyond which the squared loss of the centre of counts grows as a straight line (Huber)."""

START = {"factor": 1.0, "prior": 1.5, "worth": 2.0, "empirical": 0.0, "steady": 1.0, "memory": 1.0}
"""What the search for the dispersion of counts starts from."""

SCORE_LEVELS = (0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995)
"""Levels of the scaled pinball loss of the M5 competition."""


@dataclass(frozen=True)
class Stacked:
    """All samples of a class in arrays padded to the longest horizon; `mask` is 1 / horizon where there is
    data."""

    forecasts: Floats
    features: Floats
    actual: Floats
    mask: Floats
    unit: Floats
    weight: Floats


def stack(batches: Sequence[Batch], names: Sequence[str], keep: Sequence[Bools]) -> Stacked:
    """Stack batches; `keep` holds a boolean array for each, of the samples to take."""
    longest = max(batch.actual.shape[1] for batch in batches)
    parts = []
    for batch, on in zip(batches, keep, strict=True):
        picked, features = choose_members(batch.prepared, names)
        rows, horizon = batch.actual.shape
        scale = batch.prepared.block.scale
        forecasts, actual, mask = (
            np.zeros((rows, len(names), longest)),
            np.zeros((rows, longest)),
            np.zeros((rows, longest)),
        )
        forecasts[:, :, :horizon] = picked * scale[:, None, None] * batch.prepared.open_steps[:, None, :]
        actual[:, :horizon] = batch.actual
        mask[:, :horizon] = 1 / horizon
        weight = np.full(rows, 1.0 if batch.origin == 0 else EARLIER_WORTH)
        parts.append([part[on] for part in (forecasts, features, actual, mask, batch.unit, weight)])
    return Stacked(*(np.concatenate(list(column)) for column in zip(*parts, strict=True)))


def fit_weights(samples: Stacked, kind: str, benchmark: tuple[float, float], *, squares: bool = False) -> Floats:
    """Fit the coefficients of the combination; the loss is OWA, of counts RMSSE, with a ridge towards equal
    weights."""
    members, horizon = samples.forecasts.shape[1:]
    columns = len(FEATURES) + 1
    first, other = RIDGE[kind]
    ridge = np.array([first] + [other] * (columns - 2) + [2 * other])
    inverse = np.where(np.isfinite(samples.unit), 1 / samples.unit, 0.0)
    share = samples.weight / samples.weight.sum()
    step = np.log(np.arange(1, horizon + 1)) / np.log(max(horizon, 2)) - 0.5

    def loss(flat: Floats) -> tuple[float, Floats]:
        theta = flat.reshape(members, columns)
        weights = member_weights(theta, samples.features, horizon, horizon)
        mean = (weights * samples.forecasts).sum(axis=1)
        error = mean - samples.actual
        if squares:
            scaled_error = error * inverse[:, None]
            size = np.abs(scaled_error)
            inside = size < LARGE_ERROR
            value = (samples.mask * np.where(inside, size**2, LARGE_ERROR * (2 * size - LARGE_ERROR))).sum(axis=1)
            slope = samples.mask * 2 * np.clip(scaled_error, -LARGE_ERROR, LARGE_ERROR) * inverse[:, None]
        elif kind.endswith("count"):
            size = np.sqrt((samples.mask * error**2).sum(axis=1) + 1e-12)
            value = size * inverse
            slope = samples.mask * error / size[:, None] * inverse[:, None]
        else:
            total = np.abs(mean) + np.abs(samples.actual)
            total = np.where(total == 0, 1.0, total)
            scaled = inverse[:, None] / benchmark[1]
            value = (samples.mask * np.abs(error) * (scaled + 200 / total / benchmark[0])).sum(axis=1) / 2
            slope = (
                samples.mask
                / 2
                * (
                    np.sign(error) * scaled
                    + 200 * (np.sign(error) * total - np.abs(error)) / total**2 / benchmark[0]
                )
            )
        pull = weights * (samples.forecasts - mean[:, None]) * (slope * share[:, None])[:, None]
        gradient = np.concatenate(
            (pull.sum(axis=2).T @ samples.features, (pull * step).sum(axis=(0, 2))[:, None]), axis=1
        )
        return float(share @ value + (ridge * theta**2).sum()), (gradient + 2 * ridge * theta).ravel()

    start = np.zeros(members * columns)
    result = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 250})
    return np.asarray(result.x.reshape(members, columns))


def benchmark_of(batches: Sequence[Batch], keep: Sequence[Bools]) -> tuple[float, float]:
    """Give the mean sMAPE and MASE of Naive2 over the samples that are scored."""
    smape = np.concatenate(
        [batch.naive_smape[on] for batch, on in zip(batches, keep, strict=True) if batch.origin == 0]
    )
    mase = np.concatenate(
        [batch.naive_mase[on] for batch, on in zip(batches, keep, strict=True) if batch.origin == 0]
    )
    return float(smape.mean()), float(np.nanmean(mase))


def learn_combination(kind: str, batches: Sequence[Batch], keep: Sequence[Bools]) -> Learnt:
    """Learn the weights of a class from the samples kept; spread is left to `learn_spread`."""
    names = MEMBERS[kind]
    samples = stack(batches, names, keep)
    coefficients = np.round(fit_weights(samples, kind, benchmark_of(batches, keep)), 4)
    empty = np.zeros(0)
    counted = kind.endswith("count")
    centre = np.round(fit_weights(samples, kind, (1.0, 1.0), squares=True), 4) if counted else empty
    edges, longest = EDGES.get(kind, _OTHER_EDGES), samples.actual.shape[1]
    dispersion = dict(START) if counted else {}
    return Learnt(tuple(names), coefficients, longest, empty, edges, empty, centre, dispersion)


def scaled_errors(batch: Batch, learnt: Learnt) -> tuple[Floats, Floats, Floats]:
    """Give terms of the scale (S, H, terms), errors over the mean demand (S, H), and where a shop is open (S,
    H)."""
    prepared = batch.prepared
    picked, features = choose_members(prepared, learnt.members)
    weights = member_weights(learnt.coefficients, features, picked.shape[2], learnt.longest)
    mean = (weights * picked).sum(axis=1) * prepared.open_steps
    moved = movement(prepared.block, prepared.season_length)
    terms = scale_terms(prepared.block.lengths, prepared.sigma, mean, picked.std(axis=1), moved)
    return terms, batch.actual / prepared.block.scale[:, None] - mean, prepared.open_steps


def fit_scale(terms: Floats, errors: Floats, weight: Floats) -> Floats:
    """Fit log scale by the likelihood of Laplace: the mean of log s + |e| / s, with a small ridge.

    Args:
        terms: shape (N, terms).
        errors: shape (N,).
        weight: shape (N,).
    """
    share = weight / weight.sum()
    size = np.abs(errors)

    def loss(c: Floats) -> tuple[float, Floats]:
        log_s = np.clip(terms @ c, -12, 6)
        ratio = size * np.exp(-log_s)
        return float(share @ (log_s + ratio) + 1e-3 * (c[1:] ** 2).sum()), terms.T @ (
            share * (1 - ratio)
        ) + 2e-3 * np.r_[0, c[1:]]

    return np.asarray(
        minimize(loss, np.r_[0.0, 0.5, 0.5, np.zeros(terms.shape[1] - 3)], jac=True, method="L-BFGS-B").x
    )


def pooled_table(ratios: Floats, steps: Floats, weight: Floats, edges: Sequence[int]) -> Floats:
    """Give weighted quantiles of the scaled errors by bucket of steps; small buckets lean on all."""
    rows = []
    low = 0
    for edge in edges:
        inside = (steps > low) & (steps <= edge)
        low = edge
        rows.append(
            _weighted_quantiles(ratios[inside], weight[inside])
            if inside.sum() >= 100
            else _weighted_quantiles(ratios, weight)
        )
    return np.array(rows)


def _weighted_quantiles(values: Floats, weight: Floats) -> Floats:
    order = np.argsort(values)
    reached = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    return np.interp(TABLE_LEVELS, reached, values[order])


def fit_dispersion(batches: Sequence[Batch], learnt: Sequence[Learnt], keep: Sequence[Bools]) -> dict[str, float]:
    """Choose factor, prior, worth and share of the empirical quantiles by the scaled pinball loss, one after
    another.

    Args:
        batches: of a class of counts, each with constants that were learnt without it.
        learnt: those constants.
        keep: samples to score, a boolean array each.
    """
    best = dict(START)
    grids = {
        "factor": (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4),
        "empirical": (0.0, 0.15, 0.3, 0.5),
        "worth": (0.0, 2.0, 5.0, 10.0, 20.0),
        "prior": (1.0, 1.5, 2.0, 3.0),
        "steady": (0.0, 0.25, 0.5, 0.75, 1.0),
        "memory": (1.0, 0.995, 0.99, 0.98, 0.96),
    }
    lowest = _count_loss(batches, learnt, keep, best)
    for name in ("steady", "factor", "memory", "empirical", "worth", "prior", "factor", "steady"):
        for value in grids[name]:
            tried = {**best, name: value}
            loss = _count_loss(batches, learnt, keep, tried)
            if loss < lowest - 1e-6:
                lowest, best = loss, tried
    return best


def _count_loss(
    batches: Sequence[Batch], learnt: Sequence[Learnt], keep: Sequence[Bools], dispersion: dict[str, float]
) -> float:
    levels = np.array(SCORE_LEVELS)
    losses = []
    for batch, one, on in zip(batches, learnt, keep, strict=True):
        constants = replace(one, dispersion=dispersion)
        _, quantiles = finish(batch.prepared, constants, levels)
        error = batch.actual[:, :, None] - quantiles
        loss = np.maximum(levels * error, (levels - 1) * error).mean(axis=(1, 2)) / batch.unit
        losses.append(loss[on])
    return float(np.nanmean(np.concatenate(losses)))
