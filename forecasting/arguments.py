# SPDX-License-Identifier: Apache-2.0
"""Arguments that several public functions share, checked once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from forecasting.errors import BadArgument


def read_levels(quantiles: Sequence[float]) -> npt.NDArray[np.float64]:
    """Check quantile levels.

    Returns:
        The levels as given, shape (k,); none is allowed.

    Raises:
        BadArgument: a level is no number strictly between 0 and 1, or comes twice, or they do not ascend.
    """
    try:
        levels = np.asarray(list(quantiles), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadArgument(f"quantiles: expected levels between 0 and 1, got {quantiles!r}") from error
    if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all() or not (np.diff(levels) > 0).all():
        raise BadArgument(f"quantiles: expected ascending levels strictly between 0 and 1, got {quantiles!r}")
    return levels


def quantile_columns(levels: npt.NDArray[np.float64]) -> list[str]:
    """Name the columns of quantiles: "q" and the level, so 0.1 is ``q0.1``."""
    return [f"q{float(level)!r}" for level in levels]


def read_seed(seed: int) -> int:
    """Check a seed.

    Raises:
        BadArgument: it is no whole number of at least 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise BadArgument(f"seed: expected a whole number of at least 0, got {seed!r}")
    return int(seed)
