# SPDX-License-Identifier: Apache-2.0
"""Events of a step follow each other at exactly equal gaps: typed in, not happened."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import History

RUN = 5  # equal gaps
SECOND = 1_000_000
LONGEST = 3600  # [s]; work that begins every day at six, or every other hour, is a timetable


def _find(history: History) -> Findings:
    step = history.rows["step"].fillna("").to_numpy(dtype=object).astype(str)
    found: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    for name in np.unique(step):
        at = np.flatnonzero(step == name)
        at = at[np.argsort(history.time[at], kind="stable")]
        found.append(at[_equal_gaps(history.time[at])])
    rows = np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    return findings(
        history,
        rows,
        expected=lambda _: "gaps that vary, as work does",
        seen=lambda k: f"one of {RUN + 1} or more {step[rows[k]]} stamps at exactly equal gaps",
    )


def _equal_gaps(times: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Mark the members of runs of at least `RUN` equal gaps above zero."""
    marked = np.zeros(len(times), dtype=bool)
    gaps = np.diff(times) // SECOND
    if len(gaps) < RUN:
        return marked
    starts = np.flatnonzero(np.r_[True, gaps[1:] != gaps[:-1]])
    ends = np.r_[starts[1:], len(gaps)]
    for start, end in zip(starts, ends, strict=True):
        if end - start >= RUN and 0 < gaps[start] < LONGEST:
            marked |= _on_grid(times, int(times[start]), int(gaps[start]) * SECOND)
    return marked


def _on_grid(
    times: np.ndarray[tuple[int], np.dtype[np.int64]], start: int, gap: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Mark every stamp of the grid through `start`, as far as it has no hole; what falls between is left alone."""
    seen = set((times // SECOND).tolist())
    grid = {start // SECOND}
    for way in (gap // SECOND, -(gap // SECOND)):
        at = start // SECOND + way
        while at in seen:
            grid.add(at)
            at += way
    return np.isin(times // SECOND, np.fromiter(grid, dtype=np.int64))


DETECTOR = Detector("metronome", _find)
