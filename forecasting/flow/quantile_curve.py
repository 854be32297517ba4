# SPDX-License-Identifier: Apache-2.0
"""A distribution told by a few quantiles: between them a straight line on the scale of normal deviates."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_FARTHEST = 3.0
_LEAST_STEP = 1e-6


@dataclass(frozen=True)
class QuantileCurve:
    """Quantiles of many distributions.

    Attributes:
        levels: ascending, shape (k,).
        values: ascending along each row, shape (n, k).
        taken: probability that lies below what is already known not to be, shape (n,).
    """

    levels: Floats
    values: Floats
    taken: Floats

    def at(self, levels: Floats) -> Floats:
        """Give quantiles, shape (n, number of levels)."""
        asked = np.tile(levels, (len(self.values), 1))
        asked = self.taken[:, None] + (1 - self.taken[:, None]) * asked
        deviates, knots = _deviates(np.clip(asked, 1e-9, 1 - 1e-9)), self._knots()
        return np.stack(
            [_interpolate(deviates[:, at], knots, self._strict()) for at in range(asked.shape[1])], axis=1
        )

    def below(self, value: Floats) -> Floats:
        """Give the probability of each distribution below a value, shape (n,)."""
        return self._given(self._probability(value))

    def given(self, beyond: Floats) -> "QuantileCurve":
        """Give the distributions of what is known to lie beyond a value.

        Args:
            beyond: of each distribution, shape (n,).

        Returns:
            The same distributions, cut.
        """
        return QuantileCurve(self.levels, self.values, self._probability(beyond))

    def _given(self, probability: Floats) -> Floats:
        left = np.maximum(1 - self.taken, 1e-9)
        return np.asarray(np.clip((probability - self.taken) / left, 0.0, 1.0))

    def _probability(self, value: Floats) -> Floats:
        knots, strict = self._knots(), self._strict()
        place = np.clip((strict < value[:, None]).sum(axis=1) - 1, 0, len(knots) - 2)
        rows = np.arange(len(value))
        low, high = strict[rows, place], strict[rows, place + 1]
        deviate = knots[place] + (value - low) / (high - low) * (knots[place + 1] - knots[place])
        return _probabilities(np.clip(deviate, -6.0, 6.0))

    def _knots(self) -> Floats:
        return _deviates(self.levels)

    def _strict(self) -> Floats:
        """Part quantiles that coincide, so that every step has a width."""
        return self.values + np.arange(self.values.shape[1]) * _LEAST_STEP


def _interpolate(wanted: Floats, knots: Floats, values: Floats) -> Floats:
    wanted = np.clip(wanted, knots[0] - _FARTHEST, knots[-1] + _FARTHEST)
    place = np.clip(np.searchsorted(knots, wanted) - 1, 0, len(knots) - 2)
    rows = np.arange(len(values))
    low, high = values[rows, place], values[rows, place + 1]
    return np.asarray(low + (wanted - knots[place]) / (knots[place + 1] - knots[place]) * (high - low))


def _deviates(levels: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(levels), dtype=np.float64)


def _probabilities(deviates: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(deviates), dtype=np.float64)
