"""Which events on a thing must be read to follow it for some times, and no more.

A pallet that was used a thousand times must not cost a thousand reads. Rows carry the event time in whole seconds,
so a row within the same second as a border always belongs to what is read. What is chosen here is proven later;
what is passed over is passed over on the word of the index, like everything that it does not list.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter
from typing import Final

from ledger.custody.index import roles
from ledger.custody.index.read import LATEST, Packed, Row
from ledger.custody.provenance.spans import Span, seconds

# These link at any time, whatever the times for which a thing was reached; see `from_container` for what is tied.
TIMELESS: Final = roles.OUTPUT | roles.CREATED | roles.MEMBER | roles.LOT
_TAKEN_OUT: Final = roles.CHILD | roles.OUT


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
        rows: Its mentions within the times, and all that tell in which containers it was then.
        spans: The times for which it was reached.
        closed: By thing and entry, by when its container was emptied [s].
        withdrawn: Events that take it out of a container and do not count.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        spans: Iterable[Span],
        closed: Mapping[tuple[int, int], int],
        withdrawn: Collection[int],
    ) -> None:
        self._borders = [seconds(span) for span in spans]
        self._own = _Rows()
        self._packing: dict[tuple[int, int], _Packing] = {}
        for row in sorted(rows, key=_time):
            if not row.role & roles.CHILD:
                self._own.add(row)
                continue
            packing = self._packing.setdefault((row.container, row.role & roles.TIED), _Packing(closed))
            packing.rows.add(row)
            if not row.role & roles.OUT:
                packing.into.add(row)
            elif not row.role & (roles.AMOUNT | roles.DECLARED) and row.seq not in withdrawn:
                packing.out.append(row.time)

    def choose(self) -> list[Row]:
        """Choose what must be read."""
        chosen: dict[int, Row] = {}
        for start, end in self._borders:
            for row in self._own.between(start, end):
                chosen[row.seq] = row
            for packing in self._packing.values():
                for row in packing.during(start, end):
                    chosen[row.seq] = row
        return list(chosen.values())


class _Rows:
    """Rows in order of time, and their times [s] beside them."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.times: list[int] = []

    def add(self, row: Row) -> None:
        self.rows.append(row)
        self.times.append(row.time)

    def between(self, start: int, end: int) -> list[Row]:
        return self.rows[bisect_left(self.times, start) : bisect_right(self.times, end)]


class _Packing:
    """How a thing went into one container and came out, in order of time [s]; `out`: surely all of it."""

    def __init__(self, closed: Mapping[tuple[int, int], int]) -> None:
        self.rows = _Rows()
        self.into = _Rows()
        self.out: list[int] = []
        self._closed = closed

    def during(self, start: int, end: int) -> list[Row]:
        """Give the rows of the stays that reach into some time, from going in to coming out.

        What happens within one second may have happened in any order: such a stay counts as going on.
        """
        into, times = self.into.rows, self.into.times
        at = bisect_left(times, start)
        since, until = start, end
        while at and self._end(into[at - 1]) >= since:
            at -= 1
            since = times[at]
        if last := bisect_right(times, end):
            until = max(end, self._end(into[last - 1]))
        return self.rows.between(since, until)

    def _end(self, row: Row) -> int:
        """Say by when a stay has surely ended [s]."""
        at = bisect_right(self.out, row.time)
        out = self.out[at] if at < len(self.out) else LATEST
        return min(out, self._closed.get((row.thing, row.seq), LATEST))


_time = attrgetter("time")
