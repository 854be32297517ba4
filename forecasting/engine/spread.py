# SPDX-License-Identifier: Apache-2.0
"""How wide a forecast is: a scale for each series and step, and quantiles of pooled errors over that scale.

log scale = c . (1, log noise, log disagreement, log step, log length, log mean, log change, log peak), fitted by
Laplace likelihood; the quantiles are those of errors of series that the weights were not learnt on, over their
scale (split-conformal prediction, Lei et al. 2018), by how far ahead they were made. Both are learnt offline and
kept in ``learnt.json``.
"""

from collections.abc import Sequence

import numpy as np

from forecasting.engine.block import Block, Floats, Ints

TABLE_LEVELS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.165, 0.25, 0.35, 0.5, 0.65, 0.75, 0.835, 0.9, 0.95, 0.975, 0.99, 0.995,
)  # fmt: skip
"""Levels at which the quantiles of the pooled errors are kept."""

WIDEST = 6.0
"""No scale exceeds this multiple of the mean demand of the history."""

RECENT = 8
"""Last periods, or a season of at most 12, whose level the highest demand of the history is held against."""

_FLOOR = 1e-3
_LEAST_LEVEL, _LEAST_PEAK = 0.05, 0.1


def movement(block: Block, season_length: int) -> Floats:
    """Give the logs of how much demand moves: mean absolute change, and highest demand over the recent level.

    Args:
        block: histories.
        season_length: periods in a season.

    Returns:
        Shape (S, 2).
    """
    z, known = block.z, block.known
    both = known[:, 1:] & known[:, :-1]
    change = np.where(both, np.abs(np.diff(z, axis=1)), 0.0).sum(axis=1) / np.maximum(block.lengths - 1, 1)
    window = max(4, season_length if season_length <= 12 else RECENT)
    last = known & (np.arange(z.shape[1]) >= z.shape[1] - window)
    recent = np.abs(np.where(last, z, 0.0).sum(axis=1)) / last.sum(axis=1)
    peak = np.abs(z.max(axis=1)) / np.maximum(recent, _LEAST_LEVEL)
    return np.stack((np.log(change + _FLOOR), np.log(peak + _LEAST_PEAK)), axis=1)


def scale_terms(lengths: Ints, sigma: Floats, mean: Floats, disagreement: Floats, moved: Floats) -> Floats:
    """Give what the log of the scale is linear in.

    Args:
        lengths: periods, shape (S,).
        sigma: one-step error over the mean demand, shape (S,).
        mean: the combined forecast over the mean demand, shape (S, H).
        disagreement: standard deviation over the members, over the mean demand, shape (S, H).
        moved: from `movement`, shape (S, 2).

    Returns:
        Shape (S, H, 8).
    """
    rows, horizon = mean.shape
    one = np.ones((rows, horizon))
    noise = np.log(sigma + _FLOOR)[:, None] * one
    return np.stack(
        (
            one,
            noise,
            np.log(disagreement + 0.1 * sigma[:, None] + _FLOOR),
            np.log(np.arange(1, horizon + 1))[None, :] * one,
            (np.log(lengths) - 4)[:, None] * one,
            np.log(np.abs(mean) + 0.1),
            moved[:, :1] * one,
            moved[:, 1:] * one,
        ),
        axis=2,
    )


def scales(terms: Floats, coefficients: Floats) -> Floats:
    """Give the scale of each series and step, over the mean demand, shape (S, H)."""
    return np.asarray(np.minimum(np.exp(np.einsum("shc,c->sh", terms, coefficients)), WIDEST))


def step_bucket(horizon: int, edges: Sequence[int]) -> Ints:
    """Give the row of the table of quantiles that each step reads, shape (H,)."""
    return np.searchsorted(np.asarray(edges), np.arange(1, horizon + 1), side="left").clip(max=len(edges) - 1)


def error_quantiles(table: Floats, levels: Floats) -> Floats:
    """Read quantiles of the scaled error at any levels.

    Between the levels of the table it is interpolated on the scale of normal quantiles, beyond them continued
    by the
    ratio of normal quantiles.

    Args:
        table: shape (buckets, levels of the table).
        levels: ascending, in (0, 1), shape (k,).

    Returns:
        Shape (buckets, k).
    """
    at, known = normal_quantile(levels), normal_quantile(np.array(TABLE_LEVELS))
    inside = np.stack([np.interp(at, known, row) for row in table])
    low, high = at < known[0], at > known[-1]
    inside[:, low] = table[:, :1] * (at[low] / known[0])
    inside[:, high] = table[:, -1:] * (at[high] / known[-1])
    return inside


def normal_quantile(levels: Floats) -> Floats:
    """Give quantiles of the standard normal, shape of the levels."""
    from statistics import NormalDist

    normal = NormalDist()
    return np.array([normal.inv_cdf(float(level)) for level in np.ravel(levels)]).reshape(np.shape(levels))
