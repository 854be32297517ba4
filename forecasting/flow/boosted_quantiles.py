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

MOST_BINS = 250
"""Most bins of one covariate; the last one is for values that are missing."""

_FEWEST_BINS, _ROWS_PER_BIN = 64, 40


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
        steps: of each leaf, shape (2**depth, number of levels).
    """

    covariate: list[Indices]
    bound: list[Indices]
    steps: Floats

    def leaves(self, bins: npt.NDArray[np.uint8]) -> Indices:
        """Give the leaf of each row of bins, shape (rows,)."""
        node = np.zeros(bins.shape[0], dtype=np.int64)
        rows = np.arange(bins.shape[0])
        for covariate, bound in zip(self.covariate, self.bound, strict=True):
            chosen = covariate[node]
            right = (chosen >= 0) & (bins[rows, np.maximum(chosen, 0)] > bound[node])
            node = 2 * node + right
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
        now = np.tile(self.start, (len(covariates), 1))
        answer = np.empty((len(stages), *now.shape))
        done = 0
        for at, stage in enumerate(stages):
            for tree in self.trees[done:stage]:
                # sorted after every tree, as when the trees were fitted
                now = np.sort(now + tree.steps[tree.leaves(bins)], axis=1)
            done = max(done, stage)
            answer[at] = now
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
    bins_of_each = int(np.clip(count // _ROWS_PER_BIN, _FEWEST_BINS, MOST_BINS))
    cuts = [_cut(covariates[:, at], bins_of_each) for at in range(width)]
    bins = _bin(covariates, cuts)
    start = np.quantile(values, levels)
    now = np.tile(start, (count, 1))
    trees: list[Tree] = []
    seen_rows = max(int(count * growth.rows), min(count, 2 * growth.least))
    seen_covariates = max(int(np.ceil(width * growth.covariates)), 1)
    for _ in range(growth.trees if width else 0):
        rows = np.sort(rng.permutation(count)[:seen_rows])
        chosen = np.sort(rng.permutation(width)[:seen_covariates])
        residual = values[rows, None] - now[rows]
        exceeded = (residual > 0).sum(axis=1)
        covariate, bound, node = _grow(bins[rows], chosen, exceeded, levels, growth)
        steps = quantiles_of_groups(node, residual, levels, 2 ** len(covariate))
        tree = Tree(covariate, bound, growth.rate * np.nan_to_num(steps))
        trees.append(tree)
        now = np.sort(now + tree.steps[tree.leaves(bins)], axis=1)
    return BoostedQuantiles(levels, cuts, start, trees)


def _grow(
    bins: npt.NDArray[np.uint8], chosen: Indices, exceeded: Indices, levels: Floats, growth: Growth
) -> tuple[list[Indices], list[Indices], Indices]:
    """Grow one tree; give the splits of each depth and the leaf of each row."""
    classes = len(levels) + 1
    # gradient of level k in a row that exceeds c levels: q_k where c > k, else q_k - 1
    gradient = levels[None, :] - (np.arange(classes)[:, None] <= np.arange(len(levels))[None, :])
    gradient = gradient / np.sqrt(levels * (1 - levels))
    node = np.zeros(len(bins), dtype=np.int64)
    columns = [bins[:, at].astype(np.int64) for at in chosen]
    width = int(bins.max()) + 1
    covariates, bounds = [], []
    for depth in range(growth.depth):
        nodes = 2**depth
        best = np.full(nodes, 1e-9)
        covariate, bound = np.full(nodes, -1, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
        for at, column in zip(chosen, columns, strict=True):
            cell = (node * width + column) * classes + exceeded
            table = np.bincount(cell, minlength=nodes * width * classes).reshape(nodes, width, classes)
            table = np.cumsum(table, axis=1)
            sums = table @ gradient
            counts = table.sum(axis=2)
            total, whole = sums[:, -1:, :], counts[:, -1:]
            rest = whole - counts
            gain = (sums**2).sum(axis=2) / np.maximum(counts, 1)
            gain += ((total - sums) ** 2).sum(axis=2) / np.maximum(rest, 1)
            gain -= (total**2).sum(axis=2) / np.maximum(whole, 1)
            gain = np.where((counts >= growth.least) & (rest >= growth.least), gain, -np.inf)
            place = gain.argmax(axis=1)
            top = gain[np.arange(nodes), place]
            better = top > best
            best = np.where(better, top, best)
            covariate = np.where(better, at, covariate)
            bound = np.where(better, place, bound)
        covariates.append(covariate)
        bounds.append(bound)
        rows = np.arange(len(bins))
        split = covariate[node]
        right = (split >= 0) & (bins[rows, np.maximum(split, 0)] > bound[node])
        node = 2 * node + right
        if (covariate < 0).all():
            break
    return covariates, bounds, node


def _cut(values: Floats, bins: int) -> Floats:
    known = values[np.isfinite(values)]
    if not len(known):
        return np.empty(0)
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, bins - 1)[1:-1]))
    return np.asarray(cuts[cuts < known.max()])


def _bin(covariates: Floats, cuts: list[Floats]) -> npt.NDArray[np.uint8]:
    bins = np.empty(covariates.shape, dtype=np.uint8)
    for at, cut in enumerate(cuts):
        column = np.searchsorted(cut, covariates[:, at], side="left")
        bins[:, at] = np.where(np.isnan(covariates[:, at]), len(cut) + 1, column)
    return bins
