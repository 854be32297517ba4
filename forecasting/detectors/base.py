# SPDX-License-Identifier: Apache-2.0
"""What a detector gives: findings, each of one item, with a p-value and the events that say so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import numpy as np

from forecasting.detectors.history import Floats, History, Ints

CONTRADICTION = 1e-9
"""The p-value of what a truthful history cannot hold at all, such as an item received before it was shipped."""

Said = TypeVar("Said")


@dataclass(frozen=True)
class Each(Generic[Said]):
    """Something said of each finding, made when it is asked for: most findings never become alarms."""

    say: Callable[[int], Said]
    which: Ints

    @classmethod
    def of(cls, said: Sequence[Said]) -> "Each[Said]":
        """Take what has been made already."""
        return cls(lambda k: said[k], np.arange(len(said)))

    def __getitem__(self, number: int) -> Said:
        """Give it of a finding."""
        return self.say(int(self.which[number]))

    def only(self, keep: Ints) -> "Each[Said]":
        """Keep it of some findings."""
        return Each(self.say, self.which[keep])


def _nothing() -> Each[str]:
    return Each.of([])


@dataclass(frozen=True)
class Findings:
    """Findings of one detector: arrays of shape (k,), of each item the clearest first.

    Attributes:
        item: code of the item; -1 where the subject is none.
        p_value: how often an item (or another subject) of an honest history looks at least so odd.
        seqs: the entries that say so.
        expected, seen: in words.
        blind: why this detector could see nothing, where that is so.
        mend: which data would let it see.
        about: what the subjects are: item, place, pair (of parties), sensor or operator.
        subject: their names; None: they are items.
        named_by: the entries by which a finding is named, where more may join it later; None: `seqs`.
        judged: how many subjects that are no items were looked at, these included.
    """

    item: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    p_value: Floats = field(default_factory=lambda: np.zeros(0))
    seqs: Each[tuple[int, ...]] = field(default_factory=lambda: Each.of([]))
    expected: Each[str] = field(default_factory=_nothing)
    seen: Each[str] = field(default_factory=_nothing)
    blind: str = ""
    mend: str = ""
    about: str = "item"
    subject: Each[str] | None = None
    named_by: Each[tuple[int, ...]] | None = None
    judged: int = 0

    def only(self, keep: Ints) -> "Findings":
        """Keep some of the findings, by their numbers."""
        return replace(
            self,
            item=self.item[keep],
            p_value=self.p_value[keep],
            seqs=self.seqs.only(keep),
            expected=self.expected.only(keep),
            seen=self.seen.only(keep),
            subject=None if self.subject is None else self.subject.only(keep),
            named_by=None if self.named_by is None else self.named_by.only(keep),
        )

    def name(self, history: History, number: int) -> str:
        """Name the subject of a finding."""
        return str(history.items[self.item[number]]) if self.subject is None else self.subject[number]

    def items(self) -> int:
        """Count the items (or other subjects) that something was found of."""
        return len(self.item) if self.subject is not None else len(np.unique(self.item))


@dataclass(frozen=True)
class Detector:
    """A detector: the kind of alarm that it raises, and how it looks at a history."""

    kind: str
    find: Callable[[History], Findings]


def findings(
    history: History,
    rows: Ints,
    *,
    expected: Callable[[int], str],
    seen: Callable[[int], str],
    others: Sequence[Ints] = (),
    p_value: Floats | float = CONTRADICTION,
) -> Findings:
    """Make findings of items out of rows.

    Args:
        history: The history.
        rows: the event of each finding, shape (m,); of several of an item the clearest first.
        expected: gives the words for the number of a finding in `rows`.
        seen: likewise.
        others: further events that say so, each of shape (m,), -1 for none.
        p_value: of each, shape (m,), or of all.
    """
    items = history.item[rows]
    which = np.argsort(items, kind="stable")
    seq = history.rows["seq"].to_numpy()

    def cited(k: int) -> tuple[int, ...]:
        return tuple(sorted({int(seq[rows[k]]), *(int(seq[other[k]]) for other in others if other[k] >= 0)}))

    return Findings(
        item=items[which],
        p_value=np.broadcast_to(np.asarray(p_value, dtype=np.float64), len(rows))[which],
        seqs=Each(cited, which),
        expected=Each(expected, which),
        seen=Each(seen, which),
    )


def findings_about(
    about: str,
    subject: Sequence[str],
    *,
    p_value: Sequence[float],
    seqs: Sequence[tuple[int, ...]],
    expected: Sequence[str],
    seen: Sequence[str],
    judged: int,
    named_by: Sequence[tuple[int, ...]] | None = None,
) -> Findings:
    """Make findings about subjects that are no items; all sequences are of one length.

    Args:
        about: as `Findings`.
        subject: their names.
        p_value, seqs, expected, seen, judged, named_by: as `Findings`.
    """
    return Findings(
        item=np.full(len(subject), -1, dtype=np.int64),
        p_value=np.asarray(p_value, dtype=np.float64),
        seqs=Each.of(seqs),
        expected=Each.of(expected),
        seen=Each.of(seen),
        about=about,
        subject=Each.of(subject),
        named_by=None if named_by is None else Each.of(named_by),
        judged=judged,
    )
