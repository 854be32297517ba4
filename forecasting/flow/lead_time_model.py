# SPDX-License-Identifier: Apache-2.0
"""Quantiles of the logarithm of a lead time: a median line, and trees around it.

The line carries what must be carried on beyond what was seen (lane, recent level, promise). The trees find what a
line cannot, and how wide the band is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.flow.boosted_quantiles import Growth, fit_boosted_quantiles
from forecasting.flow.leg_design import Design

Floats = npt.NDArray[np.float64]

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
"""Levels that are fitted; others are read between them."""

STAGES = (0, 30, 60, 120, 200)
"""Numbers of trees that are tried."""

STAGES_UNDER_CHANGE = (0, 15, 30, 60, 100)
"""The same where the legs have a calendar, so that conditions may have changed since they began."""

_LEAST_FOR_LINE, _LEAST_FOR_TREES = 40, 150
"""Rows below which the lane's own expectation takes the place of the line, and below which there are no trees."""

_FEW_ROWS = (3_000, 12_000)
"""Rows below each of which one more fit of the trees is averaged."""

_MOST_ROWS, _MOST_ROWS_OF_LINE = 40_000, 20_000
"""Latest rows that are fitted, for the sake of time."""

RIDGE = 3.0
"""Rows that the belief in the lane's own expectation weighs as much as."""

RIDGE_UNDER_CHANGE = 100.0
"""The same where the legs have a calendar: what a column told under other conditions is believed less."""

_COLUMNS_OF_TREE = 16
"""Columns that a tree sees where there are many."""

_FINAL_FITS = 3
"""Fits of the trees that are averaged at least for an answer without a calendar."""

_ROUNDS = 60
_SMOOTHING = 0.01
"""Share of the usual error below which errors weigh alike, so that no row weighs without bound."""

_LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Line:
    """A line over standardised columns: clipped to what was seen, what is missing at the median."""

    low: Floats
    high: Floats
    middle: Floats
    scale: Floats
    weights: Floats

    def predict(self, columns: Floats) -> Floats:
        """Give the median of each row, shape (rows,)."""
        return np.asarray(self._standard(columns) @ self.weights[1:] + self.weights[0])

    def _standard(self, columns: Floats) -> Floats:
        filled = np.where(np.isnan(columns), self.middle, columns)
        return np.asarray((np.clip(filled, self.low, self.high) - self.middle) / self.scale)


def predict_stages(design: Design, stages: tuple[int, ...], *, final: bool = False) -> Floats:
    """Fit, and give the quantiles of the logarithm after each number of trees.

    Args:
        design: matrices.
        stages: numbers of trees, ascending.
        final: whether this is the answer, which may cost more than a look at the past.

    Returns:
        Ascending along the last axis, shape (stages, queries, levels).
    """
    rows, outcome = design.rows[-_MOST_ROWS:], design.outcome[-_MOST_ROWS:]
    centre, asked_centre = rows[:, design.expected], design.asked[:, design.expected]
    if len(rows) >= _LEAST_FOR_LINE:
        worth = RIDGE_UNDER_CHANGE if design.ordered else RIDGE
        line = fit_line(rows, outcome, expected=design.expected, worth=worth)
        centre, asked_centre = line.predict(rows), line.predict(design.asked)
    excess = outcome - centre
    if len(rows) < _LEAST_FOR_TREES:
        stages = tuple(0 for _ in stages)
    more = np.column_stack((rows, centre))
    growth = _growth(len(rows), more.shape[1], max(stages), ordered=design.ordered)
    asked = np.column_stack((design.asked, asked_centre))
    # one fit to few rows depends on which of them each tree happened to see
    fewest = _FINAL_FITS if final and not design.ordered else 1
    seeds = range(max(fewest, 1 + sum(len(rows) < bound for bound in _FEW_ROWS)))
    fits = (fit_boosted_quantiles(more, excess, LEVELS, growth, seed=seed) for seed in seeds)
    staged = np.mean([trees.predict(asked, stages=stages) for trees in fits], axis=0)
    return np.asarray(staged + asked_centre[None, :, None])


def stages_of(ordered: bool) -> tuple[int, ...]:
    """Give the numbers of trees to try, few where the legs have a calendar."""
    return STAGES_UNDER_CHANGE if ordered else STAGES


def _growth(rows: int, columns: int, trees: int, *, ordered: bool) -> Growth:
    if ordered:
        # small leaves learn the width of the legs that were fitted, and later ones spread wider
        return Growth(trees=trees, depth=3, least=int(np.clip(rows // 40, 20, 400)))
    # conditions that do not change bear more leaves; and each tree sees about as many of the many columns
    share = min(Growth.covariates, _COLUMNS_OF_TREE / columns)
    return Growth(trees=trees, depth=9, least=int(np.clip(rows // 800, 15, 20)), covariates=share)


def fit_line(rows: Floats, outcome: Floats, *, expected: int | None = None, worth: float = RIDGE) -> Line:
    """Fit the median of the outcome by a line (Koenker and Bassett 1978), drawn to what the lane expects.

    Iteratively reweighted least squares (Schlossmacher 1973) with a ridge: columns that say the same leave a line
    undetermined, and few legs should move it little.

    Args:
        rows: columns, NaN where not known, shape (n, m).
        outcome: shape (n,).
        expected: column that is believed beforehand to be the outcome itself; None: no column is.
        worth: of that belief, in rows.

    Returns:
        The line.
    """
    rows, outcome = rows[-_MOST_ROWS_OF_LINE:], outcome[-_MOST_ROWS_OF_LINE:]
    known = np.isfinite(rows)
    some = known.any(axis=0)
    low, middle, high = (np.zeros(rows.shape[1]) for _ in range(3))
    low[some], middle[some], high[some] = np.nanquantile(rows[:, some], (0.005, 0.5, 0.995), axis=0)
    filled = np.clip(np.where(known, rows, middle), low, high)
    spread = filled.std(axis=0)
    scale = np.where(spread > _LEAST_SPREAD, spread, 1.0)
    matrix = np.column_stack((np.ones(len(rows)), (filled - middle) / scale))
    believed = np.zeros(matrix.shape[1])
    believed[0] = np.median(outcome)
    if expected is not None:
        believed[0] = middle[expected] + np.median(outcome - filled[:, expected])
        believed[1 + expected] = scale[expected]
    pull = np.full(matrix.shape[1], worth)
    pull[0] = 1e-6
    weights: Floats = believed.copy()
    for _ in range(_ROUNDS):
        error = np.abs(outcome - matrix @ weights)
        usual = max(float(np.median(error)), 1e-4)
        sway = 1 / np.maximum(error, usual * _SMOOTHING)
        heavy = matrix * sway[:, None]
        ridge = pull / usual
        target = heavy.T @ outcome + ridge * believed
        moved = np.asarray(np.linalg.solve(heavy.T @ matrix + np.diag(ridge), target), dtype=np.float64)
        done = float(np.abs(moved - weights).max()) < 1e-6
        weights = moved
        if done:
            break
    return Line(low, high, middle, scale, weights)
