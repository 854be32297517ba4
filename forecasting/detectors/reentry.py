# SPDX-License-Identifier: Apache-2.0
"""An item that was sold, destroyed or delivered to its destination is shipped again from where it is not."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, History
from forecasting.detectors.runs import previous_marked


def _find(history: History) -> Findings:
    place, step = history.rows["place"].to_numpy(), history.rows["step"].to_numpy()
    gone = previous_marked(history, history.consumed)
    # To hold a thing and to release it says nothing of where it is.
    seen = history.rows["place"].notna().to_numpy() | history.left | history.received
    after = np.flatnonzero((gone >= 0) & ~history.consumed & seen)
    received = previous_marked(history, history.received)
    sent = np.flatnonzero(history.left & (received >= 0))
    sent = sent[place[sent] != place[received[sent]]]
    # A second truck of one shipment, or a scan at its departure, comes before the receipt; this comes after it.
    rows = np.concatenate([after, sent])
    before = np.concatenate([gone[after], received[sent]])
    hours = (history.time[rows] - history.time[before]) / HOUR
    return findings(
        history,
        rows,
        others=[before],
        expected=lambda k: f"nothing from elsewhere after {step[before[k]]} at {place[before[k]]}",
        seen=lambda k: f"{step[rows[k]]} at {place[rows[k]]} {hours[k]:.1f} h later",
    )


DETECTOR = Detector("reentry", _find)
