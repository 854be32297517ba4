# SPDX-License-Identifier: Apache-2.0
"""One serial number is received at two places with no shipment from the first: one of them is a copy."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import History
from forecasting.detectors.runs import previous_marked


def _find(history: History) -> Findings:
    place = history.rows["place"].to_numpy()
    before = previous_marked(history, history.received)
    left = previous_marked(history, history.left)
    at = np.flatnonzero(history.received & (before >= 0))
    at = at[(place[at] != place[before[at]]) & (left[at] < before[at])]
    return findings(
        history,
        at,
        others=[before[at]],
        expected=lambda k: f"a shipment from {place[before[at[k]]]} before it is received elsewhere",
        seen=lambda k: f"received at {place[before[at[k]]]} and then at {place[at[k]]}",
    )


DETECTOR = Detector("duplicate_serial", _find)
