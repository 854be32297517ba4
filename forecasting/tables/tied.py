# SPDX-License-Identifier: Apache-2.0
"""Which of two events of one thing came first, where both state the same time.

The number of an entry says in which order events were recorded, and an import records in the order of its file;
what is known must not hang on that. So among events of one thing and time (1) the one that its source recorded
earlier comes first, (2) else the one whose step more often comes directly before the other's among events of this
history that share their time with no other event of their thing, (3) only where neither says anything, the one of
the lower number.
"""

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


def settle_ties(
    order: Indices, item: Indices, time: Indices, recorded: Indices, step: Indices, place: Indices
) -> Indices:
    """Order sightings of the same item and time.

    Args:
        order: rows by item, time and number, shape (n,).
        item, time, recorded, step, place: of each row, shape (n,); steps and places are codes.

    Returns:
        The rows in the order in which they are to be read.
    """
    same_item = item[order[1:]] == item[order[:-1]]
    same = same_item & (time[order[1:]] == time[order[:-1]])
    unlike = (place[order[1:]] != place[order[:-1]]) | (step[order[1:]] != step[order[:-1]])
    if not (same & unlike).any():
        return order
    tied = np.append(same, False) | np.append(False, same)
    single = same_item & ~tied[1:] & ~tied[:-1]
    wins = _Wins(step[order[:-1]][single], step[order[1:]][single])
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8))).reshape(-1, 2)
    order = order.copy()
    pairs = edges[:, 1] - edges[:, 0] == 1
    first, second = order[edges[pairs, 0]], order[edges[pairs, 0] + 1]
    swapped = (recorded[second] < recorded[first]) | (
        (recorded[second] == recorded[first]) & (wins.of(step[second], step[first]) > 0)
    )
    order[edges[pairs, 0][swapped]], order[edges[pairs, 0][swapped] + 1] = second[swapped], first[swapped]
    for low, high in edges[~pairs].tolist():
        rows = order[low : high + 1]
        steps = step[rows]
        beaten = np.sign(wins.of(steps[:, None], steps[None, :])).sum(axis=1)
        order[low : high + 1] = rows[np.lexsort((np.arange(len(rows)), -beaten, recorded[rows]))]
    return order


class _Wins:
    """How much more often one step comes directly before another than after it."""

    def __init__(self, before: Indices, after: Indices) -> None:
        self._width = int(max(before.max(initial=-1), after.max(initial=-1))) + 2
        # -1 stands for no step
        self._pairs, self._counts = np.unique((before + 1) * self._width + after + 1, return_counts=True)

    def of(self, one: Indices, other: Indices) -> Indices:
        """Give the difference for steps, in the shape of both together."""
        return self._count(one, other) - self._count(other, one)

    def _count(self, before: Indices, after: Indices) -> Indices:
        pair = (before + 1) * self._width + after + 1
        if not len(self._pairs):
            return np.zeros(pair.shape, dtype=np.int64)
        known = (before + 1 < self._width) & (after + 1 < self._width)
        at = np.minimum(np.searchsorted(self._pairs, pair), len(self._pairs) - 1)
        return np.where(known & (self._pairs[at] == pair), self._counts[at], 0)
