# SPDX-License-Identifier: Apache-2.0
"""A bounded share of false alarms: Benjamini and Hochberg (1995) over everything that was judged."""

from collections.abc import Iterable

import numpy as np

from forecasting.detectors.base import Findings
from forecasting.detectors.history import Floats


def largest_rejected(p: Floats, alpha: float) -> float:
    """Give the largest p-value that is rejected, so that at most a share alpha is expected to be false; or 0."""
    if not len(p):
        return 0.0
    ordered = np.sort(p)
    below = np.flatnonzero(ordered <= alpha * np.arange(1, len(p) + 1) / len(p))
    return float(ordered[below[-1]]) if len(below) else 0.0


def p_values(found: Iterable[Findings], items: int) -> Floats:
    """Give one p-value for each item, its smallest, and one for each other subject that was judged."""
    p_item = np.ones(items)
    others = []
    for one in found:
        if one.subject is None:
            np.minimum.at(p_item, one.item, one.p_value)
        else:
            others += [one.p_value, np.ones(max(0, one.judged - len(one.p_value)))]
    return np.concatenate([p_item, *others])
