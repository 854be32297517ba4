# SPDX-License-Identifier: Apache-2.0
"""Scores of what was forecast, once it has happened."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


def area_under_curve(happened: npt.NDArray[np.bool_], told: Floats) -> float:
    """Give the area under the receiver operating characteristic, by ranks (Mann and Whitney 1947).

    Returns:
        The probability that what happened was told more likely than what did not; NaN where all or none happened.
    """
    ranks = pd.Series(told).rank().to_numpy()
    hits, misses = int(happened.sum()), int((~happened).sum())
    if not hits or not misses:
        return float("nan")
    return float((ranks[happened].sum() - hits * (hits + 1) / 2) / (hits * misses))


def brier_score(happened: npt.NDArray[np.bool_], told: Floats) -> float:
    """Give the mean squared difference between probability and outcome (Brier 1950)."""
    return float(np.mean((happened - told) ** 2)) if len(told) else float("nan")


def pinball_loss(truth: Floats, told: Floats, levels: Floats) -> float:
    """Give the pinball loss, averaged over rows and levels; `told` has shape (rows, levels)."""
    error = truth[:, None] - told
    return float(np.maximum(levels * error, (levels - 1) * error).mean()) if len(truth) else float("nan")


def largest(values: Floats, count: int) -> set[int]:
    """Give the places of the largest values, ties to the earlier; NaN is never among them."""
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    return {int(place) for place in order[:count] if np.isfinite(values[place])}
