# SPDX-License-Identifier: Apache-2.0
"""The recent level of queue hours at each place: what came over what had been expected of it."""

import numpy as np
import numpy.typing as npt

from forecasting.flow.signals import Signals

Floats = npt.NDArray[np.float64]

SMOOTHING = 0.3
"""Weight of the last error among all, when they are smoothed exponentially."""

TRUST = 0.25
"""Share of the smoothed error that is expected to last."""

PRIOR_WORTH = 1.0
"""Periods without error that each place is taken to have had before."""

_LARGEST_ERROR = 2.0
"""Error that counts at most either way, in logarithms: one period alone says no more."""

_SMALL, _LARGEST = 0.02, 5
"""Share of the mean of so many largest expectations that counts as next to nothing."""


def small_hours(expected: Floats) -> float:
    """Give the queue hours that count as next to nothing: 2 % of the mean of the five largest expectations."""
    return _SMALL * float(np.sort(expected)[-_LARGEST:].mean()) if len(expected) else 0.0


def apply_recent_level(signals: Signals, expected: Floats) -> Floats:
    """Correct what is expected of a period by how wrong it was at the same place of late.

    With Q(t) the queue hours of a past period, F(t) what had been expected of it when it began (`Signals.ahead`)
    and c = `small_hours`, the error is e(t) = log((Q(t) + c) / (F(t) + c)), at most 2 either way. The level of a
    place is the mean of its errors, smoothed exponentially (.3), shrunk as by one more period without error. What
    is expected is multiplied by the exponential of a quarter of it: most of an error is chance, and ended with
    its period.

    Args:
        signals: of every complete period.
        expected: queue hours of the period ahead by open work and arrivals [hours], shape (places,).

    Returns:
        Queue hours to expect [hours], shape (places,).
    """
    small, periods = small_hours(expected), signals.queue.shape[1]
    if small <= 0 or periods < 2:
        return expected
    error = np.log((signals.queue[:, 1:] + small) / (signals.ahead[:, :-1] + small))
    weight = (1 - SMOOTHING) ** np.arange(periods - 1)[::-1]
    level = np.clip(error, -_LARGEST_ERROR, _LARGEST_ERROR) @ weight / (weight.sum() + PRIOR_WORTH)
    return np.asarray(expected * np.exp(TRUST * level))
