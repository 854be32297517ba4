# SPDX-License-Identifier: Apache-2.0
"""What a model promises.

A fitted model is another type than an unfitted one, so that forecasting before fitting cannot be written.
Both are frozen: fitting again gives a new fitted model and changes nothing.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class FittedModel(Protocol):
    """A model that has seen a history."""

    @property
    def name(self) -> str:
        """What was really fitted; another name than the model's where it had to fall back."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the forecast must know: fall-backs, bounds that took hold."""
        ...

    @property
    def residuals(self) -> Floats:
        """One-step errors y - forecast inside the history [units/period], shape (n,), NaN where there is none."""
        ...

    def forecast(self, horizon: int) -> Floats:
        """Give the expected demand of the next periods [units/period], finite, at least 0, shape (horizon,)."""
        ...

    def growth(self, horizon: int) -> Floats:
        """Give the standard deviation of the error at each step over that at step 1, shape (horizon,)."""
        ...


class Model(Protocol):
    """A model that has seen nothing yet."""

    @property
    def name(self) -> str:
        """The name in the registry."""
        ...

    def fit(self, y: Floats, season_length: int) -> FittedModel:
        """Fit to a history.

        Never fails on a finite history of at least one period: where the model cannot be fitted, a simpler one
        takes its place and `FittedModel.name` and `FittedModel.notes` say so.

        Args:
            y: demand [units/period], finite, shape (n,), n at least 1; it is not changed.
            season_length: periods in a season, at least 1.

        Returns:
            The fitted model.
        """
        ...
