# SPDX-License-Identifier: Apache-2.0
"""How rare a score is among scores that are nothing special: a p-value.

1. A conformal p-value (Vovk, Gammerman and Shafer 2005): its rank among the good ones, valid whatever the
   distribution is, and never below one in their number.
2. Beyond the 95th percentile the tail of the logarithm of a duration is taken to be exponential, which it is where
   durations have a power law, and lighter otherwise. With k exceedances that add up to S, a new one exceeds x with
   a probability of exactly (1 + x / S) ** -k, where the scale is estimated and not known.
"""

import numpy as np
import numpy.typing as npt

from forecasting.detectors.history import Floats

TAIL = 0.05
FEWEST = 20  # exceedances, below which nothing is said of the tail


def conformal(score: Floats, good: npt.NDArray[np.bool_]) -> Floats:
    """Give the p-value of each score, 1 where there is no score.

    Args:
        score: large is odd, NaN where there is none, shape (n,).
        good: the ones to compare with, shape (n,); a score is not compared with itself.
    """
    known = np.isfinite(score)
    score = np.where(known, score, -np.inf)
    member = good & known
    pool = np.sort(score[member])
    own = member.astype(np.int64)
    above = len(pool) - np.searchsorted(pool, score, side="left") - own
    p = (1 + above) / (1 + len(pool) - own)
    beyond = int(TAIL * len(pool))
    if beyond >= FEWEST:
        start = pool[-beyond - 1]
        total = float(np.sum(pool[-beyond:] - start))
        excess = np.maximum(score - start, 0)
        inside = own * (excess > 0)
        rest, count = np.maximum(total - inside * excess, 1e-12), beyond - inside
        tail = (1 + count) / (1 + len(pool) - own) * np.exp(-count * np.log1p(excess / rest))
        p = np.where(excess > 0, tail, p)
    return np.asarray(np.where(known, p, 1.0))
