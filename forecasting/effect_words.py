# SPDX-License-Identifier: Apache-2.0
"""Effects of known regressors in words that a planner can check."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LEAST_TOLD = 0.02
"""Effects on log demand below which nothing is said."""


def effect_words(
    names: Sequence[str], effects: npt.NDArray[np.float64], logged: npt.NDArray[np.bool_]
) -> tuple[str, ...]:
    """Say what each regressor does to demand.

    Args:
        names: of the regressors.
        effects: coefficients of the log of demand, shape (k,).
        logged: which regressors entered in logs, so that their coefficient is an elasticity, shape (k,).

    Example:
        >>> effect_words(["price", "promo"], np.array([-2.0, 0.4]), np.array([True, False]))
        ('price: 1 % more changes demand by -2.0 %', 'promo: each unit changes demand by +49 %')
    """
    words = []
    for name, effect, in_logs in zip(names, effects.tolist(), logged.tolist(), strict=True):
        if abs(effect) < LEAST_TOLD:
            continue
        if in_logs:
            words.append(f"{name}: 1 % more changes demand by {100 * (1.01**effect - 1):+.1f} %")
        else:
            words.append(f"{name}: each unit changes demand by {100 * np.expm1(min(effect, 5.0)):+.0f} %")
    return tuple(words)
