"""Which events on a thing must be read to follow it for some times, and no more.

A pallet that was used a thousand times must not cost a thousand reads. Rows carry the event time in whole seconds,
so a row within the same second as a border always belongs to what is read. What is chosen here is proven later;
what is passed over is passed over on the word of the index, like everything that it does not list.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import Final

from ledger.custody.index import roles
from ledger.custody.index.read import LATEST, Packed, Row
from ledger.custody.provenance.spans import Span, seconds

# These link at any time, whatever the times for which a thing was reached; see `from_container` for what is tied.
TIMELESS: Final = roles.OUTPUT | roles.CREATED | roles.MEMBER | roles.LOT
_TAKEN_OUT: Final = roles.CHILD | roles.OUT


Ends = Callable[[Packed], Sequence[Row]]


def packed_by(row: Row) -> Packed:
    """Name the container that a row puts a thing into, with the second and whether it was tied."""
    return row.container, row.time, row.role & roles.TIED


def entering(rows: Iterable[Row]) -> list[Row]:
    """List the rows that put a thing into a container."""
    return [row for row in rows if row.role & _TAKEN_OUT == roles.CHILD]


class ChildRows:
    """The rows of one thing, to choose from what must be read of it to follow it forward for some times: what
    happens then, and what tells in which containers it was.

    Args:
        rows: Its mentions: those within the times, and those as a child at any time.
        spans: The times for which it was reached.
        withdrawn: Events that take it out of a container and do not count.
    """

    def __init__(self, rows: Iterable[Row], spans: Iterable[Span], withdrawn: Collection[int]) -> None:
        self._borders = [seconds(span) for span in spans]
        self._own: list[Row] = []
        self._packing: dict[tuple[int, int], _Packing] = {}
        for row in sorted(rows, key=_time):
            if not row.role & roles.CHILD:
                self._own.append(row)
                continue
            packing = self._packing.setdefault((row.container, row.role & roles.TIED), _Packing())
            packing.rows.append(row)
            if not row.role & roles.OUT:
                packing.into.append(row)
            elif not row.role & (roles.AMOUNT | roles.DECLARED) and row.seq not in withdrawn:
                packing.out.append(row.time)

    def entering(self) -> list[Row]:
        """List the rows whose stays may reach into the times: in them, and the last before of each container."""
        found = {}
        for packing in self._packing.values():
            for start, end in self._borders:
                first = max(0, bisect_left(packing.into, start, key=_time) - 1)
                for row in packing.into[first : bisect_right(packing.into, end, key=_time)]:
                    found[row.seq] = row
        return list(found.values())

    def choose(self, ends: Ends) -> list[Row]:
        """Choose what must be read.

        Args:
            ends: Gives which emptyings of a container can end a stay.
        """
        chosen: dict[int, Row] = {}
        for start, end in self._borders:
            for row in _between(self._own, start, end):
                chosen[row.seq] = row
            for packing in self._packing.values():
                for row in packing.during(start, end, ends):
                    chosen[row.seq] = row
        return list(chosen.values())


class _Packing:
    """How a thing went into one container and came out, in order of time [s]; `out`: surely all of it."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.into: list[Row] = []
        self.out: list[int] = []

    def during(self, start: int, end: int, ends: Ends) -> list[Row]:
        """Give the rows of the stays that reach into some time, from going in to coming out.

        What happens within one second may have happened in any order: such a stay counts as going on.
        """
        at = bisect_left(self.into, start, key=_time)
        since, until = start, end
        while at and self._end(self.into[at - 1], ends) >= since:
            at -= 1
            since = self.into[at].time
        if last := bisect_right(self.into, end, key=_time):
            until = max(end, self._end(self.into[last - 1], ends))
        return _between(self.rows, since, until)

    def _end(self, row: Row, ends: Ends) -> int:
        """Say by when a stay has surely ended [s]."""
        at = bisect_right(self.out, row.time)
        out = self.out[at] if at < len(self.out) else LATEST
        emptied = ends(packed_by(row))
        return min(out, emptied[-1].time) if emptied and emptied[-1].time > row.time else out


def _between(rows: list[Row], start: int, end: int) -> list[Row]:
    return rows[bisect_left(rows, start, key=_time) : bisect_right(rows, end, key=_time)]


_time = attrgetter("time")
