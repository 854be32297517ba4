# SPDX-License-Identifier: Apache-2.0
"""Boosted quantile trees against splits that are found one by one, and what must hold of every fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.flow.boosted_quantiles import Growth, fit_boosted_quantiles

LEVELS = np.array([0.1, 0.5, 0.9])
WHOLE = Growth(trees=1, depth=3, rate=1.0, least=10, rows=1.0, covariates=1.0)


def sample(count, seed, *, missing=True):
    """Make rows whose place hangs on one covariate and whose spread hangs on another; the third says nothing."""
    rng = np.random.default_rng(seed)
    covariates = rng.normal(size=(count, 3)).round(2)
    values = 2 * (covariates[:, 0] > 0.3) + np.exp(covariates[:, 1]) * rng.normal(size=count)
    if missing:
        covariates[rng.random(count) < 0.2, 0] = np.nan
    return covariates, values


def gain_of(residual, left):
    """Give what a split adds: sums of gradients of each level, squared, over the rows of each side."""
    gradient = (LEVELS - (residual <= 0)) / np.sqrt(LEVELS * (1 - LEVELS))

    def worth(rows):
        return (gradient[rows].sum(axis=0) ** 2).sum() / rows.sum()

    return worth(left) + worth(~left) - worth(np.ones(len(residual), dtype=bool))


def go_left(column, cut, bound):
    """Tell which rows lie left of a bound; what is missing lies right of all."""
    inside = column <= cut[bound] if bound < len(cut) else ~np.isnan(column)
    return inside & ~np.isnan(column)


@pytest.mark.parametrize("seed", range(4))
def test_every_split_is_the_best_of_all(seed):
    covariates, values = sample(400, seed)
    model = fit_boosted_quantiles(covariates, values, LEVELS, WHOLE)
    residual = values[:, None] - model.start
    node = np.zeros(len(values), dtype=int)
    (tree,) = model.trees
    assert len(tree.covariate) == WHOLE.depth
    for covariate, bound in zip(tree.covariate, tree.bound, strict=True):
        right = np.zeros(len(values), dtype=bool)
        for at in range(len(covariate)):
            rows = np.flatnonzero(node == at)
            gains = [
                gain_of(residual[rows], left)
                for column, cut in zip(covariates[rows].T, model.cuts, strict=True)
                for end in range(len(cut) + 1)
                for left in [go_left(column, cut, end)]
                if min(left.sum(), (~left).sum()) >= WHOLE.least
            ]
            if covariate[at] < 0:
                assert not gains or max(gains) <= 1e-6
                continue
            left = go_left(covariates[rows, covariate[at]], model.cuts[covariate[at]], bound[at])
            assert gain_of(residual[rows], left) == pytest.approx(max(gains))
            right[rows[~left]] = True
        node = 2 * node + right
    told = model.predict(covariates, stages=[0, 1])
    for leaf in np.unique(node):
        rows = node == leaf
        assert rows.sum() >= WHOLE.least
        # a whole step lands on the quantiles of the leaf
        np.testing.assert_allclose(
            told[1][rows], np.tile(np.quantile(values[rows], LEVELS, axis=0), (rows.sum(), 1))
        )
    np.testing.assert_array_equal(told[0], np.tile(model.start, (len(values), 1)))


def test_bins_of_deep_nodes_may_be_wide_but_leaves_are_not_small():
    covariates, values = sample(6_000, 5)
    growth = Growth(trees=1, depth=8, least=20, rows=1.0, covariates=1.0)
    (tree,) = fit_boosted_quantiles(covariates, values, LEVELS, growth).trees
    model = fit_boosted_quantiles(covariates, values, LEVELS, growth)
    assert len(tree.covariate) == 8
    told = model.predict(covariates, stages=[1])[0]
    _, counts = np.unique(told, axis=0, return_counts=True)
    assert len(counts) > 60
    assert counts.min() >= 20


def test_the_quantiles_that_made_the_values_are_found():
    covariates, values = sample(6_000, 1, missing=False)
    asked, _ = sample(2_000, 2, missing=False)
    told = fit_boosted_quantiles(covariates, values, LEVELS, seed=3).predict(asked, stages=[120])[0]
    truth = 2 * (asked[:, [0]] > 0.3) + np.exp(asked[:, [1]]) * np.array([-1.2816, 0.0, 1.2816])
    error = np.abs(told - truth) / np.exp(asked[:, [1]])
    assert error.mean() < 0.25


def test_one_table_and_seed_one_answer():
    covariates, values = sample(800, 1)
    first, again, other = (
        fit_boosted_quantiles(covariates, values, LEVELS, Growth(trees=5), seed=seed).predict(
            covariates, stages=[5]
        )
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 120), seed=st.integers(0, 99), digits=st.integers(0, 2), shift=st.floats(-5, 5))
def test_levels_never_cross(count, seed, digits, shift):
    covariates, values = sample(count, seed)
    values = values.round(digits)
    growth = Growth(trees=8, least=5, rate=0.5)
    model = fit_boosted_quantiles(covariates, values, LEVELS, growth)
    asked = np.vstack((covariates + shift, np.full((1, 3), np.nan)))
    told = model.predict(asked, stages=[0, 4, 8])
    assert told.shape == (3, count + 1, len(LEVELS))
    assert (np.diff(told, axis=2) >= 0).all()
    assert np.isfinite(told).all()
    assert (told[0] == model.start).all()


def test_without_covariates_the_quantiles_of_all():
    values = np.arange(50.0)
    told = fit_boosted_quantiles(np.empty((50, 0)), values, LEVELS).predict(np.empty((2, 0)), stages=[3])[0]
    np.testing.assert_allclose(told, np.tile(np.quantile(values, LEVELS), (2, 1)))
