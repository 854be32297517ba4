# SPDX-License-Identifier: Apache-2.0
"""An item is received at another place than it was, and nobody shipped it."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import History

SHARE = 0.5


def _find(history: History) -> Findings:
    place = history.rows["place"].to_numpy()
    shipped = history.count(history.left) > 0
    arrived = history.count(history.received) > 0
    if not arrived.any() or shipped[arrived].mean() < SHARE:
        return Findings(blind="this history does not tell of shipments")
    first_row = np.flatnonzero(history.first)
    received = history.earliest(history.received)
    odd = np.flatnonzero(arrived & ~shipped)
    odd = odd[place[first_row[odd]] != place[received[odd]]]
    rows, start = received[odd], first_row[odd]
    return findings(
        history,
        rows,
        others=[start],
        expected=lambda k: f"a shipment from {place[start[k]]}",
        seen=lambda k: f"received at {place[rows[k]]} without one",
    )


DETECTOR = Detector("missing_step", _find)
