# SPDX-License-Identifier: Apache-2.0
"""Stays and movements of things that are in one place at a time, for all of them at once.

A stay is a run of sightings at one place. It begins at the first sighting, at a change of place, and after a
sighting that ended the stay before::

    sightings   A  A  A*  A   B  B     * = leaving or consuming
    stays       |-----|   |   |----    the second stay at A is one of its own
                      closed  closed by being seen at B
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.tables.journeys import NO_TIME, Journeys

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stays:
    """Stays as rows of a `Journeys`; every array has shape (number of stays,).

    Attributes:
        first, last: row of the first and of the last sighting.
        depart: when it ended [us], NO_TIME while it lasts.
        depart_seq: the event that ended it, NO_TIME while it lasts.
    """

    first: Indices
    last: Indices
    depart: Indices
    depart_seq: Indices


@dataclass(frozen=True)
class Moves:
    """Movements as rows of a `Journeys`: the sighting that starts and the one that ends it, -1 while under way."""

    start: Indices
    end: Indices


def find_stays(journeys: Journeys) -> Stays:
    """Find every stay of every item.

    A leaving or consuming event where no stay is open makes a stay of length zero if the item was never seen
    there before, and none otherwise (the second of two shipping scans).

    Args:
        journeys: sightings of things that are in one place at a time.

    Returns:
        The stays, sorted by item, then time.
    """
    if len(journeys.seq) == 0:
        empty = np.empty(0, dtype=np.int64)
        return Stays(empty, empty, empty, empty)
    ends = journeys.leaves | journeys.consumes
    same_item = journeys.item[1:] == journeys.item[:-1]
    begins = np.ones(len(ends), dtype=bool)
    begins[1:] = ~same_item | (journeys.place[1:] != journeys.place[:-1]) | ends[:-1]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(ends)) - 1
    closer = np.where(ends[last], last, -1)
    seen_later = ~ends[last] & np.append(journeys.item[first[1:]] == journeys.item[first[:-1]], False)
    closer[seen_later] = last[seen_later] + 1
    depart = np.where(closer >= 0, journeys.time[closer], NO_TIME)
    depart_seq = np.where(closer >= 0, journeys.seq[closer], NO_TIME)
    kept = ~(ends[first] & _seen_before(journeys, first))
    return Stays(first[kept], last[kept], depart[kept], depart_seq[kept])


def find_moves(journeys: Journeys, stays: Stays) -> Moves:
    """Find the movement between each stay and the next of the same item at another place.

    A movement starts with the last sighting of the stay (the leaving event, where there is one). After a leaving
    event that nothing follows the item is under way. What was consumed does not move.
    """
    if len(stays.first) == 0:
        empty = np.empty(0, dtype=np.int64)
        return Moves(empty, empty)
    item, place = journeys.item[stays.first], journeys.place[stays.first]
    followed = np.append(item[1:] == item[:-1], False)
    elsewhere = followed & np.append(place[1:] != place[:-1], False)
    moves = np.where(followed, elsewhere, journeys.leaves[stays.last]) & ~journeys.consumes[stays.last]
    rows = np.flatnonzero(moves)
    end = np.full(len(rows), -1, dtype=np.int64)
    arrived = followed[rows]
    end[arrived] = stays.first[rows[arrived] + 1]
    return Moves(stays.last[rows], end)


def _seen_before(journeys: Journeys, rows: Indices) -> npt.NDArray[np.bool_]:
    pair = journeys.item * max(len(journeys.places), 1) + journeys.place
    _, first, inverse = np.unique(pair, return_index=True, return_inverse=True)
    return np.asarray(first[inverse[rows]] < rows)
