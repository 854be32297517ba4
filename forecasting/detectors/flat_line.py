# SPDX-License-Identifier: Apache-2.0
"""A sensor gives the very same value again and again: it is stuck, disconnected, or written by hand.

How often a reading repeats the one before it is counted over all other readings of the kind, so that a coarse
sensor, or a door that is mostly shut, has long runs without an alarm. The p-value is the chance of a run so long
in a series of that length.
"""

from collections import defaultdict

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings_about
from forecasting.detectors.history import Floats, History
from forecasting.detectors.sensor_series import NO_READINGS, Series, sensor_series

SHORTEST = 6  # readings
FEWEST = 12  # other pairs of readings, below which nothing is usual


def _find(history: History) -> Findings:
    if history.readings is None or history.readings.empty:
        return NO_READINGS
    runs: list[tuple[Series, int, int]] = []
    counts: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = defaultdict(
        lambda: np.zeros(4, dtype=np.int64)
    )
    for series in sensor_series(history):
        start, end = longest_run(series.value)
        runs.append((series, start, end))
        counts[series.type] += _repeats(series.value)
    judged = 0
    told: list[tuple[Series, int, int, float, float]] = []
    for series, start, end in runs:
        # Without the run itself, of whose repeats the first follows no repeat.
        own = np.array([end - start - 1, end - start - 1, max(0, end - start - 2), max(0, end - start - 2)])
        other = counts[series.type] - own
        if other[1] < FEWEST:
            continue
        judged += 1
        if end - start < SHORTEST:
            continue
        share = max(
            (1 + other[0]) / (2 + other[1]), (1 + other[2]) / (2 + other[3]) if other[3] >= FEWEST else 0.0
        )
        p = min(1.0, len(series.value) * share ** (end - start - 1))
        told.append((series, start, end, float(share), p))
    if not judged:
        few = "too few readings of a kind to tell what is usual"
        return Findings(blind=few, mend=NO_READINGS.mend, about="sensor")
    seqs = [tuple(sorted({int(seq) for seq in one.seq[start:end]})) for one, start, end, *_ in told]
    return findings_about(
        "sensor",
        [one.name for one, *_ in told],
        p_value=[p for *_, p in told],
        seqs=seqs,
        expected=[
            f"readings of {one.type or 'the sensor'} that vary: {share:.0%} repeat the one before"
            for one, _, _, share, _ in told
        ],
        seen=[
            f"{one.value[start]:g} {end - start} times in a row from "
            f"{np.datetime64(int(one.time[start]), 'us').astype('datetime64[m]')} UTC"
            for one, start, end, *_ in told
        ],
        judged=judged,
        named_by=[one[:SHORTEST] for one in seqs],
    )


def longest_run(value: Floats) -> tuple[int, int]:
    """Give the first longest run of equal values, from `start` to `end` - 1."""
    starts = np.flatnonzero(np.r_[True, value[1:] != value[:-1]])
    lengths = np.diff(np.r_[starts, len(value)])
    at = int(np.argmax(lengths))
    return int(starts[at]), int(starts[at] + lengths[at])


def _repeats(value: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Count repeats, pairs, repeats after a repeat, and pairs after a repeat."""
    same = value[1:] == value[:-1]
    after = same[:-1]
    return np.array([same.sum(), len(same), (same[1:] & after).sum(), after.sum()], dtype=np.int64)


DETECTOR = Detector("flat_line", _find)
