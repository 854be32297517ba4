# SPDX-License-Identifier: Apache-2.0
"""What a group showed so far, shrunk to what its parent showed: numbers in place of names.

A row must not see its own outcome, nor any that came after it began, or a model fitted to it trusts the number far
too much. Where rows begin at different times each sees what had ended when it began; where they all begin at one
time, each sees the other parts of ten, all legs of one item being in one part.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

PARTS = 10


@dataclass(frozen=True)
class Clock:
    """When things were known.

    Attributes:
        ended: when each outcome became known [hours], infinite where none did, shape (n,).
        seen: when each row looks back [hours], shape (n,).
        asked: when each query looks back [hours], shape (k,).
        part: of each row, where outcomes are told apart by parts of ten instead of time; else None, shape (n,).
    """

    ended: Floats
    seen: Floats
    asked: Floats
    part: Indices | None


def group_means(
    group: Indices,
    asked_group: Indices,
    values: Floats,
    clock: Clock,
    *,
    worth: float,
    parent: tuple[Floats, Floats] | float,
) -> tuple[Floats, Floats, Floats]:
    """Give the mean of each row's group as it was known, (sum + worth x parent) / (count + worth).

    Args:
        group: of each row, 0 to groups - 1, shape (n,).
        asked_group: of each query; -1 is a group never seen, shape (k,).
        values: outcome of each row, NaN where there is none, shape (n,).
        clock: when they were known.
        worth: of the parent, in outcomes.
        parent: what is believed without any outcome, of rows and of queries.

    Returns:
        Means of the rows, means of the queries, and the counts behind the means of both, one after another.
    """
    of_rows, of_asked = parent if isinstance(parent, tuple) else (np.float64(parent), np.float64(parent))
    told = np.isfinite(values)
    if clock.part is None:
        sums, counts = _before(group[told], values[told], clock.ended[told], group, clock.seen)
        asked_sums, asked_counts = _before(group[told], values[told], clock.ended[told], asked_group, clock.asked)
    else:
        sums, counts, asked_sums, asked_counts = _folded(group, values, told, asked_group, clock.part)
    return (
        np.asarray((sums + worth * of_rows) / (counts + worth)),
        np.asarray((asked_sums + worth * of_asked) / (asked_counts + worth)),
        np.concatenate((counts, asked_counts)),
    )


def _before(group: Indices, values: Floats, ended: Floats, wanted: Indices, when: Floats) -> tuple[Floats, Floats]:
    """Sum and count the outcomes of the wanted group that ended before the time wanted."""
    if not len(values):
        return np.zeros(len(wanted)), np.zeros(len(wanted))
    order = np.lexsort((ended, group))
    group, values, ended = group[order], values[order], ended[order]
    first = float(ended.min())
    span = max(float(ended.max()), float(when.max(initial=first))) - first + 1.0
    key = group * (2 * span) + (ended - first)
    look = wanted * (2 * span) + np.clip(when - first, -0.5, 1.5 * span)
    begin = np.searchsorted(group, wanted, side="left")
    stop = np.maximum(np.searchsorted(key, look, side="left"), begin)
    total = np.concatenate(([0.0], np.cumsum(values)))
    seen = (wanted >= 0) & (stop > begin)
    return np.where(seen, total[stop] - total[begin], 0.0), np.where(seen, stop - begin, 0.0)


def _folded(
    group: Indices, values: Floats, told: npt.NDArray[np.bool_], asked_group: Indices, part: Indices
) -> tuple[Floats, Floats, Floats, Floats]:
    groups = int(max(group.max(initial=-1), asked_group.max(initial=-1))) + 1
    cell = (group * PARTS + part)[told]
    sums = np.bincount(cell, weights=values[told], minlength=groups * PARTS).reshape(groups, PARTS)
    counts = np.bincount(cell, minlength=groups * PARTS).reshape(groups, PARTS).astype(np.float64)
    known = asked_group >= 0
    asked = np.maximum(asked_group, 0)
    return (
        sums.sum(axis=1)[group] - sums[group, part],
        counts.sum(axis=1)[group] - counts[group, part],
        np.where(known, sums.sum(axis=1)[asked], 0.0),
        np.where(known, counts.sum(axis=1)[asked], 0.0),
    )
