# SPDX-License-Identifier: Apache-2.0
"""Quantiles of many groups at once."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def grouped_quantile(group: Indices, values: Floats, level: float, groups: int) -> Floats:
    """Give one quantile for each group, with linear interpolation (Hyndman and Fan 1996, type 7).

    Args:
        group: group of each value, 0 to groups - 1, shape (n,).
        values: finite, shape (n,).
        level: in [0, 1].
        groups: number of groups.

    Returns:
        Quantiles, NaN for groups without a value, shape (groups,).
    """
    counts = np.bincount(group, minlength=groups)
    if len(values) == 0:
        return np.full(groups, np.nan)
    ordered = values[np.lexsort((values, group))]
    first = np.concatenate(([0], np.cumsum(counts)))[:-1]
    position = level * np.maximum(counts - 1, 0)
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(counts - 1, 0))
    last = len(ordered) - 1
    low, high = ordered[np.minimum(first + below, last)], ordered[np.minimum(first + above, last)]
    return np.where(counts > 0, low + (position - below) * (high - low), np.nan)


def quantiles_of_groups(group: Indices, values: Floats, levels: Floats, groups: int) -> Floats:
    """Give quantiles of several columns, each at its own level, for few groups of many rows.

    The same numbers as `grouped_quantile` of each column gives; short runs sort several times faster than the
    whole.

    Args:
        group: group of each row, 0 to groups - 1, shape (n,).
        values: finite, shape (k, n).
        levels: of each column, in [0, 1], shape (k,).
        groups: number of groups.

    Returns:
        Quantiles, NaN for groups without a row, shape (k, groups).
    """
    counts = np.bincount(group, minlength=groups)
    ends = np.cumsum(counts)
    runs = values.take(np.argsort(group.astype(np.min_scalar_type(groups)), kind="stable"), axis=1)
    for at in np.flatnonzero(counts):
        runs[:, ends[at] - counts[at] : ends[at]].sort(axis=1)
    position = levels[:, None] * np.maximum(counts - 1, 0)
    below = np.floor(position).astype(np.int64)
    first, last = ends - counts, max(len(group) - 1, 0)
    columns = np.arange(len(levels))[:, None]
    if not len(group):
        return np.full((len(levels), groups), np.nan)
    low = runs[columns, np.minimum(first + below, last)]
    high = runs[columns, np.minimum(first + np.minimum(below + 1, np.maximum(counts - 1, 0)), last)]
    return np.where(counts > 0, low + (position - below) * (high - low), np.nan)
