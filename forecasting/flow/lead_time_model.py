# SPDX-License-Identifier: Apache-2.0
"""Quantiles of the logarithm of a lead time: a median line, and trees around it.

The line carries what must be carried on beyond what was seen (lane, recent level, promise); it is the median
regression of statsmodels (Koenker and Bassett 1978). The trees find what a line cannot, and how wide the band is.
"""

import warnings
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

_LEAST_FOR_LINE, _LEAST_FOR_TREES = 40, 150
_MOST_ROWS = 40_000
_MOST_ROWS_OF_LINE = 6_000


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


def predict_stages(design: Design, stages: tuple[int, ...] = STAGES) -> Floats:
    """Fit, and give the quantiles of the logarithm after each number of trees.

    Returns:
        Ascending along the last axis, shape (stages, queries, levels).
    """
    rows, outcome = design.rows[-_MOST_ROWS:], design.outcome[-_MOST_ROWS:]
    centre, asked_centre = rows[:, design.expected], design.asked[:, design.expected]
    if len(rows) >= _LEAST_FOR_LINE:
        line = fit_line(rows, outcome)
        centre, asked_centre = line.predict(rows), line.predict(design.asked)
    excess = outcome - centre
    if len(rows) < _LEAST_FOR_TREES:
        stages = tuple(0 for _ in stages)
    growth = Growth(trees=max(stages), least=int(np.clip(len(rows) // 300, 15, 40)))
    more = np.column_stack((rows, centre))
    trees = fit_boosted_quantiles(more, excess, LEVELS, growth)
    staged = trees.predict(np.column_stack((design.asked, asked_centre)), stages=stages)
    return np.asarray(staged + asked_centre[None, :, None])


def fit_line(rows: Floats, outcome: Floats) -> Line:
    """Fit the median of the outcome by a line."""
    from statsmodels.regression.quantile_regression import QuantReg
    from statsmodels.tools.sm_exceptions import IterationLimitWarning

    rows, outcome = rows[-_MOST_ROWS_OF_LINE:], outcome[-_MOST_ROWS_OF_LINE:]
    known = np.isfinite(rows)
    told = np.where(known, rows, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column of which nothing is known
        low, middle, high = np.nan_to_num(np.nanquantile(told, (0.005, 0.5, 0.995), axis=0))
    filled = np.clip(np.where(known, rows, middle), low, high)
    spread = filled.std(axis=0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    standard = (filled - middle) / scale
    width = standard.shape[1]
    usable = np.flatnonzero(spread > 1e-9)
    weights = np.zeros(width + 1)
    weights[0] = np.median(outcome)
    if len(usable):
        matrix = np.column_stack((np.ones(len(standard)), standard[:, usable]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IterationLimitWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            fitted = QuantReg(outcome, matrix).fit(q=0.5, max_iter=200, p_tol=1e-4)
        answer = np.asarray(fitted.params, dtype=np.float64)
        if np.isfinite(answer).all():
            weights[0], weights[usable + 1] = answer[0], answer[1:]
    return Line(low, high, middle, scale, weights)
