# SPDX-License-Identifier: Apache-2.0
"""Naive: the last period again."""

from dataclasses import dataclass

import numpy as np

from forecasting.models.base import Floats


@dataclass(frozen=True)
class FittedNaive:
    """The last value of a history, and its one-step errors."""

    last: float
    residuals: Floats
    name: str = "naive"
    notes: tuple[str, ...] = ()

    def forecast(self, horizon: int) -> Floats:
        """Repeat the last value, at least 0, shape (horizon,)."""
        return np.full(horizon, max(self.last, 0.0))

    def growth(self, horizon: int) -> Floats:
        """Grow with the square root of the step, as a random walk does, shape (horizon,)."""
        return np.sqrt(np.arange(1, horizon + 1, dtype=np.float64))


@dataclass(frozen=True)
class Naive:
    """Forecast the last period again (Hyndman and Athanasopoulos, FPP3, section 5.2)."""

    name: str = "naive"

    def fit(self, y: Floats, season_length: int) -> FittedNaive:  # noqa: ARG002 - asked for by the protocol
        """Keep the last value."""
        return FittedNaive(float(y[-1]), np.concatenate(([np.nan], np.diff(y))))
