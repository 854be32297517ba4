# SPDX-License-Identifier: Apache-2.0
"""The same step of an item is told again at the same place, though it cannot happen twice."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, History
from forecasting.detectors.runs import previous_marked


def _find(history: History) -> Findings:
    place = history.rows["place"].to_numpy()
    step = history.rows["step"].to_numpy()
    rows, before = [], []
    for marked, undone in ((history.received, history.left), (history.created, np.zeros(len(step), dtype=bool))):
        last, left = previous_marked(history, marked), previous_marked(history, undone)
        at = np.flatnonzero(marked & (last >= 0) & (left < last))
        at = at[place[at] == place[last[at]]]
        rows.append(at)
        before.append(last[at])
    at, first = np.concatenate(rows), np.concatenate(before)
    hours = (history.time[at] - history.time[first]) / HOUR
    return findings(
        history,
        at,
        others=[first],
        expected=lambda k: f"{step[at[k]]} once",
        seen=lambda k: f"{step[at[k]]} again at {place[at[k]]} after {hours[k]:.1f} h",
    )


DETECTOR = Detector("replay", _find)
