# SPDX-License-Identifier: Apache-2.0
"""By what to rank the places of the period ahead, so that the bottlenecks that are new are named too."""

import numpy as np
import numpy.typing as npt

from forecasting.flow.queue_level import small_hours

Floats = npt.NDArray[np.float64]

NAMED = 5
"""How many places are named as the bottlenecks of a period."""

BONUS = 0.125
"""By what share a place that was not named in the last period counts more."""

CHANGE = 0.1
"""By how much the forecast changes farther from the last period than what is expected, in logarithms."""

_MOST_CHANGE = 8.0
"""Factor beyond which a change is mostly one of places where next to nothing waited."""


def lean_to_new(expected: Floats, last: Floats) -> Floats:
    """Lean what is expected towards new bottlenecks, so that places that are about to choke are named.

    Expectations are means, and means change too little: of two places that come near the fifth rank the one that
    was there before is named, and copying the last period names no new bottleneck at all. So

    - the logarithm of (hours + c), c = `small_hours`, goes a tenth (`CHANGE`) farther from the last period than
      what is expected, of changes up to eightfold, as a factor on what is expected;
    - a place that was not among the `NAMED` with the most queue hours of the last period (ties by place; one
      without any was not) counts an eighth (`BONUS`) more: it is named before one of those where it comes within
      an eighth of it.

    That names more of the new bottlenecks for little precision. As an estimate of hours it errs more, so what is
    expected stands beside it.

    Args:
        expected: of the period ahead [hours], shape (places,).
        last: of the last complete period [hours], shape (places,).

    Returns:
        [hours], shape (places,).
    """
    small = small_hours(expected)
    if small <= 0:
        return expected
    largest = np.argsort(-np.round(last, 6), kind="stable")[:NAMED]
    share = np.full(len(expected), 1 + BONUS)
    share[largest[last[largest] > 0]] = 1.0
    change = np.clip((expected + small) / (last + small), 1 / _MOST_CHANGE, _MOST_CHANGE)
    return np.asarray(expected * change**CHANGE * share)
