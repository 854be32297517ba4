# SPDX-License-Identifier: Apache-2.0
"""An item is received at a place before it was shipped from another one.

Only an order that nature forbids counts. That two steps at one place are stamped in the wrong order is the habit
of many offices (in the real log that this was tuned on, eight in a thousand are handed over before approval).
"""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, History


def _find(history: History) -> Findings:
    place = history.rows["place"].to_numpy()
    shipped, received = history.earliest(history.left), history.earliest(history.received)
    odd = np.flatnonzero((shipped >= 0) & (received >= 0))
    odd = odd[history.time[received[odd]] < history.time[shipped[odd]]]
    rows, sent = received[odd], shipped[odd]
    apart = place[rows] != place[sent]
    created = history.earliest(history.created)[odd]
    # What came in at one place and goes out from another may have been carried between them unscanned; what was
    # made where it was shipped from cannot.
    apart &= (created < 0) | (place[created] == place[sent])
    rows, sent, created = rows[apart], sent[apart], created[apart]
    hours = (history.time[sent] - history.time[rows]) / HOUR
    return findings(
        history,
        rows,
        others=[sent, created],
        expected=lambda k: f"shipped from {place[sent[k]]} before it is received at {place[rows[k]]}",
        seen=lambda k: f"received {hours[k]:.1f} h before the shipment",
    )


DETECTOR = Detector("reversed_step", _find)
