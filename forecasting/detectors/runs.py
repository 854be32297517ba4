# SPDX-License-Identifier: Apache-2.0
"""Along the events of each item: what came before."""

import numpy as np

from forecasting.detectors.history import Bools, History, Ints


def previous_marked(history: History, marked: Bools) -> Ints:
    """Give, for each row, the last marked row before it of the same item, -1 for none, shape (n,)."""
    size = len(history.item)
    at = np.where(marked, np.arange(size), -1)
    last = np.maximum.accumulate(at) if size else at
    before = np.r_[-1, last[:-1]] if size else last
    start = np.maximum.accumulate(np.where(history.first, np.arange(size), 0)) if size else before
    return np.where(before >= start, before, -1)
