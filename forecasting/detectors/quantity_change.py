# SPDX-License-Identifier: Apache-2.0
"""More or less of an item is received than was shipped."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import History
from forecasting.detectors.runs import previous_marked

TOLERANCE = 0.005  # of what was shipped; scales differ


def _find(history: History) -> Findings:
    quantity = history.rows["quantity"].to_numpy(dtype=np.float64)
    sent = previous_marked(history, history.left & np.isfinite(quantity))
    rows = np.flatnonzero(history.received & np.isfinite(quantity) & (sent >= 0))
    if not len(rows):
        return Findings(blind="no shipment and its receipt both state a quantity")
    before = sent[rows]
    odd = np.abs(quantity[rows] - quantity[before]) > TOLERANCE * np.abs(quantity[before]) + 1e-9
    # What comes in several parts is judged by their sum.
    last = previous_marked(history, history.received)
    parts = np.flatnonzero(history.received & (last >= 0) & (last > sent))
    odd &= ~np.isin(history.item[rows], history.item[parts])
    at, out = rows[odd], before[odd]
    return findings(
        history,
        at,
        others=[out],
        expected=lambda k: f"{quantity[out[k]]:g} as shipped",
        seen=lambda k: f"{quantity[at[k]]:g} received",
    )


DETECTOR = Detector("quantity_change", _find)
