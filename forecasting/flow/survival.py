# SPDX-License-Identifier: Apache-2.0
"""How long stays last, learnt from those that ended and those that still last."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Survival:
    """The share of stays that last longer than an age, a step function.

    Attributes:
        knots: 0 and the ages at which stays ended, ascending [hours].
        share: share that lasts beyond each knot, up to the next, shape of `knots`.
        area: integral of the share from 0 to each knot [hours], shape of `knots`.
    """

    knots: Floats
    share: Floats
    area: Floats

    def beyond(self, age: Floats) -> Floats:
        """Give the share of stays that last longer than each age."""
        return self.share[np.maximum(np.searchsorted(self.knots, age, side="right") - 1, 0)]

    def area_to(self, age: Floats) -> Floats:
        """Integrate the share from 0 to each age, which is the mean time spent before it [hours]."""
        place = np.maximum(np.searchsorted(self.knots, age, side="right") - 1, 0)
        return np.asarray(self.area[place] + self.share[place] * (age - self.knots[place]))


def fit_survival(ended: Floats, lasting: Floats) -> Survival:
    """Estimate the survival of stays (Kaplan and Meier 1958).

    Args:
        ended: lengths of stays that ended [hours], shape (n,).
        lasting: ages of those that still last [hours], which may end at any later age, shape (k,).

    Returns:
        The estimate; everything lasts for ever where nothing has ended.
    """
    ages, deaths = np.unique(ended, return_counts=True)
    ended, lasting = np.sort(ended), np.sort(lasting)
    at_risk = (len(ended) - np.searchsorted(ended, ages)) + (len(lasting) - np.searchsorted(lasting, ages))
    share = np.concatenate(([1.0], np.cumprod(1 - deaths / at_risk)))
    knots = np.concatenate(([0.0], ages))
    area = np.concatenate(([0.0], np.cumsum(share[:-1] * np.diff(knots))))
    return Survival(knots, share, area)
