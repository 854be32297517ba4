# SPDX-License-Identifier: Apache-2.0
"""An item is received elsewhere than where it was sent."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import History
from forecasting.detectors.runs import previous_marked

HABIT = 0.10


def _find(history: History) -> Findings:
    place = history.rows["place"].to_numpy()
    destination = history.rows["destination"].to_numpy()
    stated = history.rows["destination"].notna().to_numpy()
    sent = previous_marked(history, history.left & stated)
    rows = np.flatnonzero(history.received & (stated | (sent >= 0)))
    if not len(rows):
        return Findings(blind="no event states a destination")
    told = np.where(stated[rows], rows, sent[rows])
    other = place[rows] != destination[told]
    if other.mean() > HABIT:
        return Findings(blind="destinations are named otherwise than places")
    at, said = rows[other], told[other]
    return findings(
        history,
        at,
        others=[said],
        expected=lambda k: f"received at {destination[said[k]]}",
        seen=lambda k: f"received at {place[at[k]]}",
    )


DETECTOR = Detector("diversion", _find)
