# SPDX-License-Identifier: Apache-2.0
"""Which class a series belongs to: nothing but its frequency, its length and its demand decide."""

import numpy as np

from forecasting.demand_class import LONGEST_MEAN_INTERVAL, mean_interval
from forecasting.engine.block import Floats

LONG_WEEKS = 78
"""Weeks from which a weekly series is long: a year and a half, so that a year ago can be seen."""

SMALL_COUNTS = 10.0
"""Mean demand below which months of whole numbers are counts, however evenly they come."""

LONGEST = {"h": 1008, "D": 800, "W": 520, "M": 480, "Q": 240, "Y": 120}
"""Last periods that are read, by base frequency: older ones say nothing more and cost time."""


def series_class(y: Floats, base: str) -> str:
    """Name the class whose learnt constants a series uses.

    Args:
        y: demand from the first that is not zero on, shape (n,).
        base: base frequency, one of ``h D W M Q Y``.

    Returns:
        ``year``, ``quarter``, ``month``, ``week``, ``short week``, ``day``, ``hour`` for steady demand,
        ``count`` and
        ``day count`` for demand that stops and starts.
    """
    whole = bool((y == np.round(y)).all())
    rare = mean_interval(y) >= LONGEST_MEAN_INTERVAL
    few = whole and base in "MQY" and float(y.mean()) < SMALL_COUNTS
    if y.min() >= 0 and (rare or few):
        return "day count" if base in "Dh" else "count"
    if base == "W":
        return "week" if len(y) >= LONG_WEEKS else "short week"
    return {"h": "hour", "D": "day", "M": "month", "Q": "quarter", "Y": "year"}[base]
