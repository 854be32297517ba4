# SPDX-License-Identifier: Apache-2.0
"""Classes of demand by how often and how evenly it comes."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LONGEST_MEAN_INTERVAL = 1.32
"""Mean interval between demands [periods] from which demand is intermittent."""

LARGEST_VARIATION = 0.49
"""Squared coefficient of variation of the demands that are not zero from which they are erratic."""


def mean_interval(y: Floats) -> float:
    """Give the mean interval between periods with demand [periods]; infinite where there is none."""
    demands = int(np.count_nonzero(y))
    return len(y) / demands if demands else float("inf")


def classify_demand(y: Floats) -> str:
    """Class a history as Syntetos and Boylan do (2005, IJF 21, pp. 303-314).

    Args:
        y: demand [units/period], shape (n,).

    Returns:
        ``smooth``, ``erratic`` (uneven sizes), ``intermittent`` (rare) or ``lumpy`` (rare and uneven). A history
        without any demand is intermittent.
    """
    sizes = y[y != 0]
    rare = mean_interval(y) >= LONGEST_MEAN_INTERVAL
    mean = float(sizes.mean()) if len(sizes) else 0.0
    # Divided before they are squared, so that the smallest and the largest numbers have a variation too.
    with np.errstate(over="ignore"):
        uneven = mean != 0 and float(np.var(sizes / mean)) >= LARGEST_VARIATION
    if rare:
        return "lumpy" if uneven else "intermittent"
    return "erratic" if uneven else "smooth"
