# SPDX-License-Identifier: Apache-2.0
"""How long a stay or a journey usually takes, by boosted trees: what effects of groups cannot say.

Trees see coordinates, distance, date, hour and how long the item was under way before, all as numbers, and so find
what holds for a region in a month; group effects know single places. The two are averaged.
"""

import numpy as np
import numpy.typing as npt

from forecasting.detectors.history import HOUR, Floats, History, Ints
from forecasting.flow.boosted_quantiles import Growth, fit_boosted_quantiles

FEWEST_BOOSTED = 400  # durations to learn from, below which there are no trees
MOST_LEARNT = 20_000
LEVELS = np.array([0.1, 0.5, 0.8, 0.9, 0.97])
MIDDLE, UPPER = 1, 3  # what is late is measured against how late things become
LEAST_SPREAD = 0.05  # of logarithms
SPREAD_POWER = 0.7  # how much of the spread is believed, chosen on the first half of the log of docs/anomalies.md
GROWTH = Growth()
DAY = 24 * HOUR


def covariates_of(history: History, earlier: Ints, later: Ints) -> Floats:
    """Describe durations by numbers, NaN where not known, shape (m, 9)."""
    start = history.time[earlier]
    began = history.time[np.flatnonzero(history.first)[history.item[earlier]]]
    return np.column_stack(
        [
            np.log1p((start - began) / HOUR),
            history.kilometres(earlier, later),
            history.latitude[earlier],
            history.longitude[earlier],
            history.latitude[later],
            history.longitude[later],
            start / DAY,
            (start // DAY + 4) % 7,
            start // HOUR % 24,
        ]
    )


def blend(
    covariates: Floats, y: Floats, fit: npt.NDArray[np.bool_], guess: Floats, spread: Floats
) -> tuple[Floats, Floats]:
    """Average a guess with that of trees, and its spread with theirs.

    Args:
        covariates: from `covariates_of`.
        y: logarithms of durations, shape (m,).
        fit: what to learn from.
        guess, spread: of group effects, shape (m,).

    Returns:
        Guess and spread of every row.
    """
    learnt = np.flatnonzero(fit)
    learnt = learnt[:: -(-len(learnt) // MOST_LEARNT)]
    model = fit_boosted_quantiles(covariates[learnt], y[learnt], LEVELS, GROWTH)
    quantiles = model.predict(covariates, stages=[GROWTH.trees])[0]
    wide = np.maximum(quantiles[:, UPPER] - quantiles[:, MIDDLE], LEAST_SPREAD)
    return (guess + quantiles[:, MIDDLE]) / 2, np.sqrt(wide * spread) ** SPREAD_POWER
