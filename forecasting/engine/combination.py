# SPDX-License-Identifier: Apache-2.0
"""The combination: weights of the members that depend on how a history looks and on how far ahead is asked.

The weight of member k at step h is softmax over k of::

    a[k] . features + b[k] (log h / log H - 1/2)

with coefficients learnt offline for each class of series (`forecasting.training`) and kept in ``learnt.json``.
"""

import numpy as np

from forecasting.engine.block import Floats, Ints

FEATURES = ("constant", "length", "season", "noise", "disagreement")
"""What a history is described by: 1, its log length, the strength of its season (of counts the share of periods
without demand), the log of its one-step error and of the members' disagreement over its mean."""


def describe(lengths: Ints, strength: Floats, sigma: Floats, forecasts: Floats) -> Floats:
    """Describe histories by `FEATURES`.

    Args:
        lengths: periods, shape (S,).
        strength: 0 to 1, shape (S,).
        sigma: one-step error over the mean demand, shape (S,).
        forecasts: of the members over the mean demand, shape (S, K, H).

    Returns:
        Shape (S, number of features).
    """
    spread = forecasts.std(axis=1).mean(axis=1)
    return np.stack(
        (
            np.ones(len(lengths)),
            np.log(lengths) - 4,
            strength - 0.5,
            np.log(sigma + 1e-3) + 2.5,
            np.log(spread + 1e-3) + 2.5,
        ),
        axis=1,
    )


def member_weights(coefficients: Floats, features: Floats, horizon: int, longest: int) -> Floats:
    """Give the weights of the members.

    Args:
        coefficients: one row a member: those of the features, then that of the step; shape (K, F + 1).
        features: shape (S, F).
        horizon: H, periods ahead.
        longest: the horizon that the coefficients were learnt for; farther steps weigh as that one.

    Returns:
        Weights that sum to 1 over the members, shape (S, K, H).
    """
    steps = np.minimum(np.arange(1, horizon + 1), longest)
    place = np.log(steps) / np.log(max(longest, 2)) - 0.5
    logits = (
        np.einsum("sf,kf->sk", features, coefficients[:, :-1])[:, :, None]
        + coefficients[:, -1][None, :, None] * place
    )
    logits = logits - logits.max(axis=1, keepdims=True)
    weights = np.exp(logits)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
