# SPDX-License-Identifier: Apache-2.0
"""The Theta method by statsmodels (Assimakopoulos and Nikolopoulos 2000)."""

from dataclasses import dataclass

import numpy as np
from statsmodels.tsa.forecasting.theta import ThetaModel

from forecasting.models.base import FittedModel, Floats
from forecasting.models.seasonal_profile import has_season
from forecasting.models.statsmodels_fits import FARTHEST, fit_bounded


@dataclass(frozen=True)
class Theta:
    """Exponential smoothing with half the slope of the line, season taken out where it shows."""

    name: str = "theta"

    def fit(self, y: Floats, season_length: int) -> FittedModel:
        """Fit; see `forecasting.models.base.Model.fit`."""

        def run() -> tuple[Floats, Floats, Floats]:
            seasonal = has_season(y, season_length) and bool((y > 0).all())
            period = season_length if seasonal else 1
            model = ThetaModel(
                y, period=period, deseasonalize=seasonal, method="multiplicative" if seasonal else "auto"
            )
            fitted = model.fit()
            path = np.asarray(fitted.forecast(FARTHEST), dtype=np.float64)
            alpha = float(np.asarray(fitted.params)[1])
            # Levels of the smoothing and half a line: errors of one step inside the history.
            level, residuals = y[0], np.full(len(y), np.nan)
            slope = float(np.polyfit(np.arange(len(y)), y, 1)[0])
            lag = season_length if seasonal else 1
            reference = np.concatenate((np.full(lag, np.nan), y[:-lag]))
            for t in range(1, len(y)):
                residuals[t] = y[t] - level - slope / 2
                level += alpha * (y[t] - level)
            if seasonal:
                residuals = np.where(np.isnan(reference), residuals, (y - reference) / np.sqrt(2))
            growth = np.sqrt(1 + np.arange(FARTHEST) * alpha**2)
            return path, growth, residuals

        return fit_bounded(
            self.name, y, season_length, run, max(6, 2 * season_length + 1 if season_length <= 24 else 6)
        )
