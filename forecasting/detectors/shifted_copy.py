# SPDX-License-Identifier: Apache-2.0
"""Two items of a lot have the same journey, to the second, at another time: one is written off from the other."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, History, Ints

SECOND = 1_000_000  # [us]
DISTINCT = 3  # events at least, so that two durations at least agree


def copies_of(history: History) -> Ints:
    """Give for each item an earlier one whose journey it repeats at another time, -1 for none, shape (items,)."""
    first = np.flatnonzero(history.first)
    found = np.full(history.size, -1, dtype=np.int64)
    lengths = np.diff(np.r_[first, len(history.item)])
    lot = history.rows["lot"].fillna("").to_numpy(dtype=object)
    place, step = history.rows["place"].to_numpy(dtype=object), history.rows["step"].to_numpy(dtype=object)
    seen: dict[tuple[object, ...], int] = {}
    order = np.argsort(history.recorded[first], kind="stable")
    for item in order:
        start, count = first[item], lengths[item]
        if count < DISTINCT or not lot[start]:
            continue
        rows = slice(start, start + count)
        gaps = np.diff(history.time[rows]) // SECOND
        if np.count_nonzero(gaps) < DISTINCT - 1:
            continue
        key = (lot[start], tuple(gaps.tolist()), tuple(place[rows]), tuple(step[rows]))
        other = seen.setdefault(key, int(item))
        # Items that travel together share every moment; a copy has none of them.
        if other != item and abs(history.time[start] - history.time[first[other]]) > 60 * SECOND:
            found[item] = other
    return found


def _find(history: History) -> Findings:
    copied = copies_of(history)
    first = np.flatnonzero(history.first)
    odd = np.flatnonzero(copied >= 0)
    rows, others = first[odd], first[copied[odd]]
    hours = (history.time[rows] - history.time[others]) / HOUR
    return findings(
        history,
        rows,
        others=[others],
        expected=lambda _: "a journey of its own",
        seen=lambda k: f"every step of {history.items[history.item[others[k]]]} again, {hours[k]:.1f} h later",
    )


DETECTOR = Detector("shifted_copy", _find)
