# SPDX-License-Identifier: Apache-2.0
"""An item is seen at two places, sooner than anything could have carried it from one to the other."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, History

FLIGHT = 900.0  # [km/h], an airliner
ROAD = 130.0  # [km/h], door to door, with hand-over at both ends
NEAR = 50.0  # [km]; below that, coordinates of places are too coarse to say anything
FAR = 80.0  # [km]
CLOCKS = 0.02  # [h]; two clocks may differ by a minute


def _find(history: History) -> Findings:
    if not history.has_places:
        mend = "trace place import FILE with latitude and longitude, or --places FILE"
        return Findings(blind="no place has coordinates", mend=mend)
    later = np.flatnonzero(~history.first)
    earlier = later - 1
    distance = history.kilometres(earlier, later)
    hours = (history.time[later] - history.time[earlier]) / HOUR
    speed = distance / np.maximum(hours, CLOCKS)
    with np.errstate(invalid="ignore"):
        odd = ((distance > NEAR) & (speed > FLIGHT)) | ((distance > FAR) & (speed > ROAD))
    rows, before = later[odd], earlier[odd]
    place = history.rows["place"].to_numpy()
    km, took = distance[odd], hours[odd]
    return findings(
        history,
        rows,
        others=[before],
        expected=lambda k: f"at least {km[k] / ROAD:.1f} h from {place[before[k]]} to {place[rows[k]]}",
        seen=lambda k: f"{km[k]:,.0f} km in {took[k]:.1f} h",
    )


DETECTOR = Detector("impossible_travel", _find)
