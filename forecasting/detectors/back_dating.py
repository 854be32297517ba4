# SPDX-License-Identifier: Apache-2.0
"""An event was recorded long after the time that it claims, by a history that records at once."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, History

LATE = 24.0  # [h]
HABIT = 0.10  # of the events of a step; where more are late, this history is written up later


def _find(history: History) -> Findings:
    lag = (history.recorded - history.time) / HOUR
    late = lag > LATE
    step = history.rows["step"].fillna("").to_numpy(dtype=object)
    names, code = np.unique(step.astype(str), return_inverse=True)
    share = np.bincount(code, weights=late, minlength=len(names)) / np.maximum(np.bincount(code), 1)
    usual = share[code] > HABIT
    rows = np.flatnonzero(late & ~usual)
    rows = rows[np.lexsort((-lag[rows], history.item[rows]))]
    blind = f"{names[share > HABIT].tolist()} are written up later as a rule" if (share > HABIT).any() else ""
    found = findings(
        history,
        rows,
        expected=lambda _: f"recorded within {LATE:.0f} h of the event",
        seen=lambda k: f"{step[rows[k]]} recorded {lag[rows[k]]:.1f} h after its time",
    )
    return found if len(found.item) or not blind else Findings(blind=blind)


DETECTOR = Detector("back_dating", _find)
