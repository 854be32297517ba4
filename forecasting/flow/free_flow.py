# SPDX-License-Identifier: Apache-2.0
"""Free flow: how long a stay takes where nothing waits."""

import numpy as np
import numpy.typing as npt

from forecasting.flow.grouped import grouped_quantile
from forecasting.flow.stays import KnownStays

Floats = npt.NDArray[np.float64]

FREE_FLOW_LEVEL = 0.2
LEAST_FINISHED = 20
"""Finished stays below which a place borrows what all places show together."""


def free_flow_hours(stays: KnownStays) -> Floats:
    """Give the free flow of each place: the 20th percentile of its finished stays.

    Places with fewer than `LEAST_FINISHED` of them take the 20th percentile of the finished stays of all places;
    it is 0 where nothing has finished.

    Returns:
        [hours], shape (number of places,).
    """
    finished = stays.finished
    dwell, place = stays.dwell[finished], stays.place[finished]
    pooled = float(np.quantile(dwell, FREE_FLOW_LEVEL)) if len(dwell) else 0.0
    own = grouped_quantile(place, dwell, FREE_FLOW_LEVEL, len(stays.places))
    enough = np.bincount(place, minlength=len(stays.places)) >= LEAST_FINISHED
    return np.where(enough, own, pooled)
