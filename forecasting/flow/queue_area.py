# SPDX-License-Identifier: Apache-2.0
"""Queue area: the hours inside a period that stays last beyond free flow.

It adds up over places and periods, and divided by the length of the period it is the mean number waiting::

    arrive      arrive + free flow              depart (or as-of, or 60 days)
      |--- free flow ---|########## waiting ##########|
                  |------------- period -------------|
                        |<------ queue hours ------->|
"""

import numpy as np
import numpy.typing as npt

from forecasting.flow.stays import KnownStays

Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-9  # hours; times come in microseconds, so less is the noise of floats


def waiting_hours(stays: KnownStays, free_flow: Floats, start: float, end: float) -> Floats:
    """Give the hours that each stay waits inside a period.

    Args:
        stays: what is known.
        free_flow: of each place [hours], shape (number of places,).
        start: of the period [hours from the moment].
        end: of the period [hours from the moment].

    Returns:
        [hours], at least 0, shape (number of stays,).
    """
    begins = np.maximum(stays.arrive + free_flow[stays.place], start)
    hours = np.minimum(stays.counted_end, end) - begins
    return np.where(hours > _ROUNDING, hours, 0.0)
