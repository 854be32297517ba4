"""Which events on a thing must be read to follow it for some times, and no more.

A pallet that was used a thousand times must not cost a thousand reads. Rows carry the event time in whole seconds,
so a row within the same second as a border always belongs to what is read. What is chosen here is proven later;
what is passed over is passed over on the word of the index, like everything that it does not list.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from ledger.custody.index import roles
from ledger.custody.index.read import LATEST, Packed, Row
from ledger.custody.provenance.spans import ALWAYS, Span, seconds

# These link at any time, whatever the times for which a thing was reached; see `from_container` for what is tied.
TIMELESS: Final = roles.OUTPUT | roles.CREATED | roles.MEMBER | roles.LOT
_TAKEN_OUT: Final = roles.CHILD | roles.OUT


def entering(rows: Iterable[Row]) -> Iterator[tuple[Row, Packed]]:
    """Give the rows that put a thing into a container: with that, the second, and whether it was tied."""
    for row in rows:
        if row.role & _TAKEN_OUT == roles.CHILD:
            yield row, (row.container, row.time, row.role & roles.TIED)


def of_child(
    rows: Collection[Row],
    spans: Iterable[Span],
    emptied: Mapping[Packed, Sequence[Row]],
    withdrawn: Collection[int] = (),
) -> list[Row]:
    """Choose what must be read of a thing to follow it forward: what happens within the spans, and what tells in
    which containers it was then.

    Args:
        rows: Its mentions: those within the spans, and those as a child at any time.
        spans: The times for which it was reached.
        emptied: For each of `entering`, which emptyings can end that stay.
        withdrawn: Events that take it out of a container and do not count.
    """
    if ALWAYS in (wanted := list(spans)):
        return list(rows)
    borders = [seconds(span) for span in wanted]
    packing: dict[tuple[int, int], list[Row]] = {}
    chosen: dict[int, Row] = {}
    for row in rows:
        if row.role & roles.CHILD:
            packing.setdefault((row.container, row.role & roles.TIED), []).append(row)
    own = sorted((row for row in rows if not row.role & roles.CHILD), key=_time)
    for start, end in borders:
        for row in own[bisect_left(own, start, key=_time) : bisect_right(own, end, key=_time)]:
            chosen[row.seq] = row
    for stay in packing.values():
        stay.sort(key=_time)
        ends = sorted({*_ends(stay, emptied, withdrawn)})
        for start, end in borders:
            for row in _of_stays(stay, ends, start, end):
                chosen[row.seq] = row
    return list(chosen.values())


def _time(row: Row) -> int:
    return row.time


def _ends(
    stay: Iterable[Row], emptied: Mapping[Packed, Sequence[Row]], withdrawn: Collection[int]
) -> Iterator[int]:
    """Give the seconds at which a thing leaves one container for sure: that is emptied, or gives out all of it."""
    for row in stay:
        if row.role & roles.OUT:
            if not row.role & (roles.AMOUNT | roles.DECLARED) and row.seq not in withdrawn:
                yield row.time
            continue
        found = emptied.get((row.container, row.time, row.role & roles.TIED))
        if found and found[-1].time > row.time:
            yield found[-1].time


def _of_stays(rows: Sequence[Row], ends: Sequence[int], start: int, end: int) -> Sequence[Row]:
    """Choose the rows of one container from the last sure end before the times to the first after them."""
    before, after = bisect_left(ends, start), bisect_right(ends, end)
    first = _after(rows, ends[:before])
    stop = bisect_right(rows, end, key=_time)
    if first == stop:
        return ()
    inside = [row.time for row in rows[first:stop] if not row.role & roles.OUT]
    if inside and not any(inside[-1] < at for at in ends[before:after]):
        until = ends[after] if after < len(ends) else LATEST
        stop = bisect_right(rows, until, key=_time)
    return rows[first:stop]


def _after(rows: Sequence[Row], ends: Sequence[int]) -> int:
    """Say which row is the first after the last sure end.

    Within one second nobody knows what came first. What goes in within the second of an end counts as after it; if
    something comes out then, too, all is read from the end before, or it would seem never to have gone in.
    """
    for since in reversed(ends):
        first, stop = bisect_left(rows, since, key=_time), bisect_right(rows, since, key=_time)
        same = rows[first:stop]
        if all(row.role & roles.OUT for row in same):
            return stop
        if not any(row.role & roles.OUT for row in same):
            return first
    return 0
