# SPDX-License-Identifier: Apache-2.0
"""An event claims a time after it was recorded: somebody writes the future, or a clock jumped for once.

Where the clock of a whole site is off, the site is told (`site_clock`) and its items are not.
"""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, History
from forecasting.detectors.site_clock import find_site_clocks

TOLERANCE = 0.1  # [h]; what clocks may differ by


def _find(history: History) -> Findings:
    ahead = (history.time - history.recorded) / HOUR
    rows = np.flatnonzero((ahead > TOLERANCE) & ~find_site_clocks(history)[1])
    rows = rows[np.lexsort((-ahead[rows], history.item[rows]))]
    place = history.rows["place"].to_numpy()
    return findings(
        history,
        rows,
        expected=lambda _: "an event before its record",
        seen=lambda k: f"the clock of {place[rows[k]]} is {ahead[rows[k]]:.1f} h ahead of the record",
    )


DETECTOR = Detector("clock_drift", _find)
