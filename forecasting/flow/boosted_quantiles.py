# SPDX-License-Identifier: Apache-2.0
"""Quantiles of a number given covariates: gradient boosted trees for several levels at once.

Friedman (2001), "Greedy function approximation", section 4.4 (least absolute deviation, here any level): each tree
fits the signs of the residuals, each leaf moves every level by the quantile of its own residuals. One tree serves
all levels: as the levels of a row never cross, its signs are told by how many levels its value exceeds, so one
count of (node, bin, number exceeded) is the histogram of every level.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.flow.grouped import quantiles_of_groups

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Bins = npt.NDArray[np.uint8]

BINS = 64
"""Bins of one covariate at most; the last one is for values that are missing."""

_FINE_DEPTH = 3
"""Depth to which every bin is tried; one deeper every second one, then every fourth: there rows are fewer."""

_COARSEST = 2
_LEAST_GAIN = 1e-9


@dataclass(frozen=True)
class Growth:
    """How trees are grown.

    Attributes:
        trees: number of trees.
        depth: most splits between root and leaf.
        rate: share of each leaf's step that is taken.
        least: fewest rows in a leaf.
        rows: share of the rows that each tree sees.
        covariates: share of the covariates that each tree sees.
    """

    trees: int = 120
    depth: int = 5
    rate: float = 0.08
    least: int = 25
    rows: float = 0.6
    covariates: float = 0.7


@dataclass(frozen=True)
class Tree:
    """One tree by levels: for each depth the covariate and the last bin that goes left, and what leaves add.

    Attributes:
        covariate: per depth, of each node there, -1 where the node is not split.
        bound: per depth, of each node there.
        steps: of each leaf, shape (number of levels, 2**depth).
    """

    covariate: list[Indices]
    bound: list[Indices]
    steps: Floats

    def leaves(self, bins: Bins) -> Indices:
        """Give the leaf of each column of bins, shape (rows,)."""
        node = np.zeros(bins.shape[1], dtype=np.int64)
        for covariate, bound in zip(self.covariate, self.bound, strict=True):
            node = _go_down(bins, node, covariate, bound)
        return node


@dataclass(frozen=True)
class BoostedQuantiles:
    """Fitted trees.

    Attributes:
        levels: ascending, shape (k,).
        cuts: inner edges of the bins of each covariate.
        start: quantiles of all rows, shape (k,).
        trees: in order.
    """

    levels: Floats
    cuts: list[Floats]
    start: Floats
    trees: list[Tree]

    def predict(self, covariates: Floats, *, stages: Sequence[int]) -> Floats:
        """Give the quantiles of each row after so many trees, ascending, shape (stages, rows, k).

        Args:
            covariates: shape (rows, m).
            stages: numbers of trees, ascending.
        """
        bins = _bin(covariates, self.cuts)
        now = np.tile(self.start[:, None], (1, len(covariates)))
        answer = np.empty((len(stages), len(covariates), len(self.levels)))
        done = 0
        for at, stage in enumerate(stages):
            for tree in self.trees[done:stage]:
                _take_step(now, tree, bins)
            done = max(done, stage)
            answer[at] = now.T
        return answer


def fit_boosted_quantiles(
    covariates: Floats, values: Floats, levels: Floats, growth: Growth | None = None, *, seed: int = 0
) -> BoostedQuantiles:
    """Fit trees.

    Rows and covariates of each tree come from a generator with the seed given, so that one table has one answer.

    Args:
        covariates: NaN where not known, shape (n, m).
        values: finite, shape (n,).
        levels: ascending in (0, 1), shape (k,).
        growth: how.
        seed: of the generator.

    Returns:
        The fitted trees.
    """
    growth = growth or Growth()
    rng = np.random.default_rng(seed)
    count, width = covariates.shape
    cuts = [_cut(covariates[:, at], BINS) for at in range(width)]
    bins = _bin(covariates, cuts)
    start = np.quantile(values, levels)
    now = np.tile(start[:, None], (1, count))
    gradients = _gradients(levels)
    trees: list[Tree] = []
    share = max(growth.rows, 2 * growth.least / max(count, 1))
    seen_covariates = max(int(np.ceil(width * growth.covariates)), 1)
    for _ in range(growth.trees if width else 0):
        rows = np.flatnonzero(rng.random(count) < share)
        chosen = np.sort(rng.permutation(width)[:seen_covariates])
        residual = values[rows] - now.take(rows, axis=1)
        exceeded = (residual > 0).sum(axis=0)
        covariate, bound, node = _grow(bins.take(rows, axis=1), chosen, exceeded, gradients, growth)
        steps = quantiles_of_groups(node, residual, levels, 2 ** len(covariate))
        tree = Tree(covariate, bound, growth.rate * np.nan_to_num(steps))
        trees.append(tree)
        _take_step(now, tree, bins)
    return BoostedQuantiles(levels, cuts, start, trees)


def _gradients(levels: Floats) -> Floats:
    """Give what a row that exceeds so many levels adds to the sum of gradients of each, and to the count of rows.

    The gradient of level q in a row is q where it is exceeded, else q - 1; divided by its spread each level counts
    the same.

    Returns:
        Shape (k + 1, k + 1), the last column being ones.
    """
    exceeded = np.arange(len(levels) + 1)[:, None] > np.arange(len(levels))[None, :]
    gradients = (levels - ~exceeded) / np.sqrt(levels * (1 - levels))
    return np.column_stack((gradients, np.ones(len(gradients))))


def _take_step(now: Floats, tree: Tree, bins: Bins) -> None:
    """Move the quantiles of each row by a tree, in place, shape (k, rows)."""
    leaf = tree.leaves(bins)
    for level, steps in zip(now, tree.steps, strict=True):
        level += steps.take(leaf)
    crossed = np.flatnonzero((now[1:] < now[:-1]).any(axis=0))
    if len(crossed):
        now[:, crossed] = np.sort(now[:, crossed], axis=0)


def _go_down(bins: Bins, node: Indices, covariate: Indices, bound: Indices) -> Indices:
    rows = bins.shape[1]
    # an unsplit node sends all rows left
    limit = np.where(covariate >= 0, bound, BINS).astype(np.uint8)
    place = (np.maximum(covariate, 0) * rows).take(node)
    place += np.arange(rows)
    return np.asarray(2 * node + (bins.ravel().take(place) > limit.take(node)))


def _grow(
    bins: Bins, chosen: Indices, exceeded: Indices, gradients: Floats, growth: Growth
) -> tuple[list[Indices], list[Indices], Indices]:
    """Grow one tree; give the splits of each depth and the leaf of each row."""
    classes = len(gradients)
    node = np.zeros(bins.shape[1], dtype=np.int64)
    seen = bins[chosen]
    covariates, bounds = [], []
    for depth in range(growth.depth):
        nodes = 2**depth
        coarse = min(max(depth - _FINE_DEPTH, 0), _COARSEST)
        width = (BINS >> coarse) * classes
        # a node that may be split, in the order of nodes; rows of all others are left out
        held = np.bincount(node, minlength=nodes)
        open_nodes = np.flatnonzero(held >= 2 * growth.least)
        if not len(open_nodes):
            break
        slot = np.full(nodes, -1)
        slot[open_nodes] = np.arange(len(open_nodes))
        base = slot.take(node)
        rows = np.flatnonzero(base >= 0)
        first = base.take(rows) * width + exceeded.take(rows)
        cells = (seen.take(rows, axis=1) >> np.uint8(coarse)) * np.int64(classes)
        counts = np.array([np.bincount(first + cell, minlength=len(open_nodes) * width) for cell in cells])
        sums = gradients.T @ counts.reshape(-1, classes).T
        gain, place = _best_splits(sums.reshape(-1, len(chosen), len(open_nodes), BINS >> coarse), growth.least)
        better = gain > _LEAST_GAIN
        if not better.any():
            break
        covariate, bound = np.full(nodes, -1, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
        split = open_nodes[better]
        covariate[split] = chosen[place[better] // (BINS >> coarse)]
        bound[split] = (((place[better] % (BINS >> coarse)) + 1) << coarse) - 1
        covariates.append(covariate)
        bounds.append(bound)
        node = _go_down(bins, node, covariate, bound)
    return covariates, bounds, node


def _best_splits(sums: Floats, least: int) -> tuple[Floats, Indices]:
    """Find the split of most gain of each node: what it adds to the sum of squares over rows of both sides.

    Args:
        sums: sums of gradients and, last, counts of rows, shape (k + 1, covariates, nodes, bins).
        least: fewest rows on either side.

    Returns:
        The gain of each node's best split, and covariate x bins + bin of it, shape (nodes,).
    """
    _, covariates, nodes, bins = sums.shape
    sums = np.cumsum(sums, axis=3)
    left, whole = sums[-1], sums[:, :, :, -1:]
    right = whole[-1] - left
    lefts = sum(part * part for part in sums[:-1])
    rights = sum((total - part) ** 2 for total, part in zip(whole[:-1], sums[:-1], strict=True))
    gain = lefts / np.maximum(left, 1) + rights / np.maximum(right, 1)
    gain[(left < least) | (right < least)] = -np.inf
    gain = np.moveaxis(gain, 0, 1).reshape(nodes, covariates * bins)
    place = gain.argmax(axis=1)
    before = (whole[:-1, 0, :, 0] ** 2).sum(axis=0) / np.maximum(whole[-1, 0, :, 0], 1)
    return gain[np.arange(nodes), place] - before, place


def _cut(values: Floats, bins: int) -> Floats:
    known = values[np.isfinite(values)]
    if not len(known):
        return np.empty(0)
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, bins - 1)[1:-1]))
    return np.asarray(cuts[cuts < known.max()])


def _bin(covariates: Floats, cuts: list[Floats]) -> Bins:
    """Give the bin of each covariate in each row, the one after the last where it is missing, shape (m, rows)."""
    bins = np.empty(covariates.T.shape, dtype=np.uint8)
    for at, cut in enumerate(cuts):
        column = np.searchsorted(cut, covariates[:, at], side="left")
        bins[at] = np.where(np.isnan(covariates[:, at]), len(cut) + 1, column)
    return bins
