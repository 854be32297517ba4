# SPDX-License-Identifier: Apache-2.0
"""What a detector gives: findings, each of one item, with a p-value and the events that say so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from forecasting.detectors.history import Floats, History, Ints

CONTRADICTION = 1e-9
"""The p-value of what a truthful history cannot hold at all, such as an item received before it was shipped."""


@dataclass(frozen=True)
class Findings:
    """Findings of one detector: arrays of shape (k,), at most one for an item.

    Attributes:
        item: code of the item.
        p_value: how often an item of an honest history looks at least so odd.
        seqs: the entries that say so.
        expected, seen: in words.
        blind: why this detector could see nothing, where that is so.
    """

    item: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    p_value: Floats = field(default_factory=lambda: np.zeros(0))
    seqs: Sequence[tuple[int, ...]] = ()
    expected: Sequence[str] = ()
    seen: Sequence[str] = ()
    blind: str = ""


@dataclass(frozen=True)
class Detector:
    """A detector: the kind of alarm that it raises, and how it looks at a history.

    `graded`: its p-values are measured on the history and so take part in the control of false discoveries; the
    others are contradictions.
    """

    kind: str
    find: Callable[[History], Findings]
    graded: bool = False


def findings(
    history: History,
    rows: Ints,
    *,
    expected: Callable[[int], str],
    seen: Callable[[int], str],
    others: Sequence[Ints] = (),
    p_value: Floats | float = CONTRADICTION,
) -> Findings:
    """Make findings out of rows, the first of each item.

    Args:
        history: The history.
        rows: the event of each finding, shape (m,); several of an item are one finding.
        expected: gives the words for the number of a finding in `rows`.
        seen: likewise.
        others: further events that say so, each of shape (m,), -1 for none.
        p_value: of each, shape (m,), or of all.
    """
    if not len(rows):
        return Findings()
    items = history.item[rows]
    _, which = np.unique(items, return_index=True)
    p_values = np.broadcast_to(np.asarray(p_value, dtype=np.float64), len(rows))
    seq = history.rows["seq"].to_numpy()
    seqs: list[tuple[int, ...]] = []
    for k in which:
        cited = {int(seq[rows[k]]), *(int(seq[other[k]]) for other in others if other[k] >= 0)}
        seqs.append(tuple(sorted(cited)))
    return Findings(
        item=items[which],
        p_value=p_values[which],
        seqs=seqs,
        expected=[expected(int(k)) for k in which],
        seen=[seen(int(k)) for k in which],
    )
