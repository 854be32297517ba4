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


def fit_survival(
    ended: Floats, lasting: Floats, *, ended_weight: Floats | None = None, lasting_weight: Floats | None = None
) -> Survival:
    """Estimate the survival of stays (Kaplan and Meier 1958).

    Args:
        ended: lengths of stays that ended [hours], shape (n,).
        lasting: ages of those that still last [hours], which may end at any later age, shape (k,).
        ended_weight: what each that ended counts, positive, shape (n,); None: one.
        lasting_weight: what each that lasts counts, positive, shape (k,); None: one.

    Returns:
        The estimate; everything lasts for ever where nothing has ended.
    """
    ended_weight = np.ones(len(ended)) if ended_weight is None else ended_weight
    lasting_weight = np.ones(len(lasting)) if lasting_weight is None else lasting_weight
    ages, place = np.unique(ended, return_inverse=True)
    deaths = np.bincount(place, weights=ended_weight, minlength=len(ages))
    at_risk = np.cumsum(deaths[::-1])[::-1] + _from_age_on(lasting, lasting_weight, ages)
    share = np.concatenate(([1.0], np.cumprod(1 - deaths / at_risk)))
    knots = np.concatenate(([0.0], ages))
    area = np.concatenate(([0.0], np.cumsum(share[:-1] * np.diff(knots))))
    return Survival(knots, share, area)


def _from_age_on(lasting: Floats, weight: Floats, ages: Floats) -> Floats:
    """Sum the weights of those that lasted to each age at least."""
    order = np.argsort(lasting, kind="stable")
    from_here = np.concatenate((np.cumsum(weight[order][::-1])[::-1], [0.0]))
    return np.asarray(from_here[np.searchsorted(lasting[order], ages, side="left")])
