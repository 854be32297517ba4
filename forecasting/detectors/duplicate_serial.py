# SPDX-License-Identifier: Apache-2.0
"""One serial number is seen at two places with no shipment from the first: one of them is a copy."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import History
from forecasting.detectors.runs import previous_marked

HABIT = 0.10  # of the moves; where more go without a shipment, goods are moved unscanned


def _find(history: History) -> Findings:
    place = history.rows["place"].to_numpy()
    before = previous_marked(history, history.received)
    step = history.rows["step"].to_numpy()
    left = previous_marked(history, history.left)
    named = history.rows["place"].notna().to_numpy()
    at = np.flatnonzero(named & ~history.left & (before >= 0))
    at = at[(place[at] != place[before[at]]) & (left[at] < before[at]) & named[before[at]]]
    moved = np.flatnonzero(named & ~history.first)
    moves = np.count_nonzero(place[moved] != place[moved - 1])
    if len(at) > max(HABIT * moves, 2):
        return Findings(blind="goods are moved from place to place without a shipment as a rule")
    return findings(
        history,
        at,
        others=[before[at]],
        expected=lambda k: f"a shipment from {place[before[at[k]]]} before it is seen elsewhere",
        seen=lambda k: f"received at {place[before[at[k]]]} and then {step[at[k]]} at {place[at[k]]}",
    )


DETECTOR = Detector("duplicate_serial", _find)
