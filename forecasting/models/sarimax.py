# SPDX-License-Identifier: Apache-2.0
"""The airline model by statsmodels: ARIMA(0,1,1)(0,1,1) of logs where demand allows (Box and Jenkins 1976)."""

from dataclasses import dataclass

import numpy as np
from statsmodels.tsa.statespace.sarimax import SARIMAX

from forecasting.models.base import FittedModel, Floats
from forecasting.models.statsmodels_fits import FARTHEST, fit_bounded

_LONGEST_SEASON = 12


@dataclass(frozen=True)
class Sarimax:
    """One difference, one moving average, and the same at the season where two seasons are there."""

    name: str = "sarimax"

    def fit(self, y: Floats, season_length: int) -> FittedModel:
        """Fit; see `forecasting.models.base.Model.fit`."""

        def run() -> tuple[Floats, Floats, Floats]:
            m = season_length  # state space grows with the season: longer ones take minutes
            seasonal = 1 < m <= _LONGEST_SEASON and len(y) >= 3 * m
            scale = float(np.abs(y).mean())
            model = SARIMAX(y / scale, order=(0, 1, 1), seasonal_order=(0, 1, 1, m) if seasonal else (0, 0, 0, 0))
            fitted = model.fit(disp=False, maxiter=30)
            ahead = fitted.get_forecast(FARTHEST)
            residuals = np.asarray(fitted.resid, dtype=np.float64) * scale
            residuals[: m if seasonal else 1] = np.nan
            path = np.asarray(ahead.predicted_mean, dtype=np.float64) * scale
            return path, np.asarray(ahead.se_mean, dtype=np.float64), residuals

        return fit_bounded(self.name, y, season_length, run, 8)
