# SPDX-License-Identifier: Apache-2.0
"""The local level with a season by statsmodels' UnobservedComponents (Harvey 1989)."""

from dataclasses import dataclass

import numpy as np
from statsmodels.tsa.statespace.structural import UnobservedComponents

from forecasting.models.base import FittedModel, Floats
from forecasting.models.statsmodels_fits import FARTHEST, fit_bounded

_LONGEST_SEASON = 12


@dataclass(frozen=True)
class Components:
    """Level and season that wander: a decomposition that can be read."""

    name: str = "unobserved_components"

    def fit(self, y: Floats, season_length: int) -> FittedModel:
        """Fit; see `forecasting.models.base.Model.fit`."""

        def run() -> tuple[Floats, Floats, Floats]:
            m = season_length  # state space grows with the season: longer ones take minutes
            season = m if 1 < m <= _LONGEST_SEASON and len(y) >= 3 * m else None
            scale = float(np.abs(y).mean())
            model = UnobservedComponents(y / scale, level="llevel", seasonal=season)
            fitted = model.fit(disp=False, maxiter=30)
            ahead = fitted.get_forecast(FARTHEST)
            residuals = np.asarray(fitted.resid, dtype=np.float64) * scale
            residuals[: m if season else 1] = np.nan
            path = np.asarray(ahead.predicted_mean, dtype=np.float64) * scale
            return path, np.asarray(ahead.se_mean, dtype=np.float64), residuals

        return fit_bounded(self.name, y, season_length, run, 8)
