"""Which rows of the index must be read for the times that an answer needs, and no more.

A pallet that was used a thousand times must not cost a thousand reads. Rows carry the event time in whole seconds,
so a row within the same second as a border always belongs to what is read. What is chosen here is proven later;
what is passed over is passed over on the word of the index, like everything that it does not list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Final

from ledger.custody.index import roles
from ledger.custody.index.read import Row
from ledger.custody.provenance.source import Moment

Span = tuple[Moment, Moment]
_MICROS: Final = 1_000_000
# These link at any time, whatever the times for which a thing was reached.
_TIMELESS: Final = roles.OUTPUT | roles.CREATED | roles.MEMBER | roles.LOT


def of_child(rows: Sequence[Row], spans: Iterable[Span], emptied: Mapping[int, Sequence[Row]]) -> list[Row]:
    """Choose what must be read of a thing to follow it forward: what happens within the spans, and what it was put
    into before and not taken out of.

    Args:
        rows: All mentions of the thing.
        spans: The times for which it was reached.
        emptied: For each container, by its number, where events that stand empty it.
    """
    borders = [_seconds(span) for span in spans]
    if any(start == -inf and end == inf for start, end in borders):
        return list(rows)
    chosen: dict[int, Row] = {}
    for start, end in borders:
        for row in rows:
            within = start <= row.time <= end
            before = row.role & roles.CHILD and not row.role & roles.OUT and row.time < start
            if within or (before and not _is_closed(row, start, emptied.get(row.container, ()))):
                chosen[row.seq] = row
            elif row.role & roles.OUT and row.time < start:
                # What comes out by name may be some of it, or all; the event says which.
                chosen[row.seq] = row
    return list(chosen.values())


def of_container(rows: Sequence[Row], spans: Iterable[Span], emptied: Sequence[Row]) -> list[Row]:
    """Choose what must be read of a thing to follow it back: what made it, and what is packed in it in the spans,
    from the last time on that it was emptied.

    Args:
        rows: All mentions of the thing.
        spans: The times for which it was reached.
        emptied: Those of them that empty it and stand.
    """
    chosen: dict[int, Row] = {}
    for start, end in (_seconds(span) for span in spans):
        since = max((row.time for row in emptied if row.time < start and not row.role & roles.TIED), default=-inf)
        for row in rows:
            packing = row.role & (roles.PARENT | roles.EMPTIED)
            inside = row.time >= since or row.role & roles.TIED
            if (row.time <= end and (inside if packing else row.time >= start)) or row.role & _TIMELESS:
                chosen[row.seq] = row
    return list(chosen.values())


def closing(entered: Row, emptied: Sequence[Row]) -> list[Row]:
    """Choose which emptyings of a container can end a stay that begins with a row: up to the first for sure."""
    found: list[Row] = []
    for row in sorted(emptied, key=lambda row: (row.time, row.seq)):
        if row.time < entered.time or (row.role ^ entered.role) & roles.TIED:
            continue
        found.append(row)
        if row.time > entered.time:
            break
    return found


def _is_closed(entered: Row, start: float, emptied: Sequence[Row]) -> bool:
    """Tell whether a stay that begins with a row has ended for certain before a moment."""
    return any(entered.time < row.time < start and not (row.role ^ entered.role) & roles.TIED for row in emptied)


def _seconds(span: Span) -> tuple[float, float]:
    """Write a span in whole seconds, both included."""
    start, end = span[0][0], span[1][0]
    return (start if start == -inf else start // _MICROS), (end if end == inf else end // _MICROS)
