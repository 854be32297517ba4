"""Intervals between moments, ends included, and what overlaps with them, without looking at all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import attrgetter
from typing import Final, Generic, Protocol, TypeVar

from ledger.custody.index.read import EARLIEST, LATEST

# A moment of a history: its time, and among equal times the number of the entry.
Moment = tuple[float, float]
Span = tuple[Moment, Moment]
BEGIN: Final[Moment] = (float("-inf"), 0.0)
END: Final[Moment] = (float("inf"), 0.0)
ALWAYS: Final[Span] = (BEGIN, END)
_MICROS: Final = 1_000_000


def seconds(span: Span) -> tuple[int, int]:
    """Write an interval in whole seconds, both included, as the index has times."""
    (start, _), (end, _) = span
    first = EARLIEST if start == BEGIN[0] else int(start // _MICROS)
    return first, LATEST if end == END[0] else int(end // _MICROS)


class Spans:
    """The times for which a thing belongs to an answer: intervals that do not touch, in order."""

    def __init__(self) -> None:
        self._starts: list[Moment] = []
        self._ends: list[Moment] = []

    def add(self, span: Span) -> bool:
        """Add an interval, as one with those that it touches; False: it was covered already."""
        if not self._starts:
            self._starts, self._ends = [span[0]], [span[1]]
            return True
        first, stop = bisect_left(self._ends, span[0]), bisect_right(self._starts, span[1])
        if first < stop:
            start, end = min(span[0], self._starts[first]), max(span[1], self._ends[stop - 1])
            if first == stop - 1 and start == self._starts[first] and end == self._ends[first]:
                return False
            span = start, end
        self._starts[first:stop], self._ends[first:stop] = [span[0]], [span[1]]
        return True

    @property
    def always(self) -> bool:
        """Tell whether all times are covered."""
        return self._starts == [BEGIN] and self._ends == [END]

    def __iter__(self) -> Iterator[Span]:
        return zip(self._starts, self._ends, strict=True)

    def hold(self, moment: Moment) -> bool:
        """Tell whether a moment is covered."""
        at = bisect_right(self._starts, moment) - 1
        return at >= 0 and moment <= self._ends[at]

    def within(self, start: Moment, end: Moment) -> Iterator[Span]:
        """Give what the intervals have in common with another one."""
        for at in range(bisect_left(self._ends, start), bisect_right(self._starts, end)):
            yield max(start, self._starts[at]), min(end, self._ends[at])


class Stayed(Protocol):
    """What begins and ends."""

    @property
    def entered(self) -> Moment:
        """Say when it begins."""
        ...

    @property
    def left(self) -> Moment:
        """Say when it ends."""
        ...


_S = TypeVar("_S", bound=Stayed)
_entered = attrgetter("entered")


class Timetable(Generic[_S]):
    """What begins and ends, to be asked what falls into an interval.

    Args:
        stays: They may overlap with each other.
    """

    def __init__(self, stays: Iterable[_S]) -> None:
        self._stays = sorted(stays, key=_entered)
        self._latest = list(accumulate((stay.left for stay in self._stays), max))

    def __iter__(self) -> Iterator[_S]:
        return iter(self._stays)

    def during(self, start: Moment, end: Moment) -> Iterator[_S]:
        """Give what overlaps with an interval, the last begun first."""
        for at in range(bisect_right(self._stays, end, key=_entered) - 1, -1, -1):
            if self._latest[at] < start:
                return  # nothing that began so early lasts until then
            if self._stays[at].left >= start:
                yield self._stays[at]
