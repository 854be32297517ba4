# SPDX-License-Identifier: Apache-2.0
"""Seasonal naive: the last season again."""

from dataclasses import dataclass

import numpy as np

from forecasting.models.base import Floats


@dataclass(frozen=True)
class FittedSeasonalNaive:
    """The last season of a history, and the one-step errors of repeating it.

    Attributes:
        season: last values, shape (season length used,).
        residuals: y[t] - y[t - m], shape (n,).
    """

    season: Floats
    residuals: Floats
    notes: tuple[str, ...] = ()
    name: str = "seasonal_naive"

    def forecast(self, horizon: int) -> Floats:
        """Repeat the season, each value at least 0, shape (horizon,)."""
        return np.maximum(np.resize(self.season, horizon), 0.0)

    def growth(self, horizon: int) -> Floats:
        """Grow with the square root of the number of seasons ahead, shape (horizon,)."""
        return np.sqrt(np.arange(horizon, dtype=np.float64) // len(self.season) + 1)


@dataclass(frozen=True)
class SeasonalNaive:
    """Forecast the last season again (Hyndman and Athanasopoulos, FPP3, sections 5.2 and 5.5).

    A history that is not longer than one season is repeated with a season of one period, and a note says so.
    """

    name: str = "seasonal_naive"

    def fit(self, y: Floats, season_length: int) -> FittedSeasonalNaive:
        """Keep the last season."""
        m = season_length
        notes: tuple[str, ...] = ()
        if len(y) <= m and m > 1:
            m, notes = (
                1,
                (f"{len(y)} periods are no longer than a season of {season_length}: the last period is repeated",),
            )
        residuals = np.full(len(y), np.nan)
        residuals[m:] = y[m:] - y[:-m]
        return FittedSeasonalNaive(y[-m:].copy(), residuals, notes)
