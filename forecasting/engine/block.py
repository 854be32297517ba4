# SPDX-License-Identifier: Apache-2.0
"""Many histories in one array, aligned at their ends.

row 0   . . . 3 1 4 1 5      a dot is padding: the first value of the row, never read as data
row 1   2 7 1 8 2 8 1 8      column T - 1 is the last period known of every row
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


SMALLEST = 1e-280
"""Mean demand [units/period] below which a history counts as nothing: beside it arithmetic would overflow."""


@dataclass(frozen=True)
class Block:
    """Histories divided by their own scale.

    Attributes:
        z: demand over `scale`, shape (S, T).
        start: column of the first value of each row, shape (S,).
        scale: mean absolute demand, 1 where that is 0 [units/period], shape (S,).
    """

    z: Floats
    start: Ints
    scale: Floats

    @property
    def lengths(self) -> Ints:
        """Periods of each row, shape (S,)."""
        return np.asarray(self.z.shape[1] - self.start)

    @property
    def known(self) -> Bools:
        """Where `z` holds data, shape (S, T)."""
        return np.arange(self.z.shape[1])[None, :] >= self.start[:, None]

    def take(self, rows: Ints) -> "Block":
        """Give some of the rows, without the columns that are padding in all of them."""
        first = int(self.start[rows].min())
        return Block(self.z[rows, first:], self.start[rows] - first, self.scale[rows])


def make_block(histories: Sequence[Floats], longest: int) -> Block:
    """Align histories at their ends.

    Args:
        histories: demand, finite, each of shape (n,) with n at least 1.
        longest: no more than so many last periods are kept.

    Returns:
        The block, one row per history.
    """
    kept = [history[-longest:] for history in histories]
    width = max(len(history) for history in kept)
    z = np.empty((len(kept), width))
    start = np.empty(len(kept), dtype=np.int64)
    for row, history in enumerate(kept):
        start[row] = width - len(history)
        z[row, start[row] :] = history
        z[row, : start[row]] = history[0]
    size = np.where(np.arange(width)[None, :] >= start[:, None], np.abs(z), 0.0).sum(axis=1) / (width - start)
    scale = np.where(size > SMALLEST, size, 1.0)
    return Block(z / scale[:, None], start, scale)
