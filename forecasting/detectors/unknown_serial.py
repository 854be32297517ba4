# SPDX-License-Identifier: Apache-2.0
"""An item turns up that nobody ever created, in a history in which items are created."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import History

SHARE = 0.5  # of the items; below that, creating is not part of this history


def _find(history: History) -> Findings:
    made = history.count(history.created) > 0
    if not history.size or made.mean() < SHARE:
        return Findings(blind="this history does not tell of the creation of items")
    rows = np.flatnonzero(history.first)[~made]
    step, place = history.rows["step"].to_numpy(), history.rows["place"].to_numpy()
    return findings(
        history,
        rows,
        expected=lambda _: "an event that creates it",
        seen=lambda k: f"first seen in {step[rows[k]]} at {place[rows[k]]}",
    )


DETECTOR = Detector("unknown_serial", _find)
