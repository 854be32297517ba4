# SPDX-License-Identifier: Apache-2.0
"""Stays and movements of goods counted by quantity: lots and classes, which can be at many places at once.

Quantities are conserved. What leaves a place closes its stays first in, first out, and splits the last one
touched; what arrives somewhere was first under way, else it is taken from where it was seen longest ago,
unless the event made it. An unknown quantity moves everything.

Two scans can tell of one movement (arriving, then receiving; shipping, then departing). So goods that a mere
sighting brought in are waiting to be received, and goods shipped are waiting to depart: the second event uses
that up before it counts as a movement of its own.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from forecasting.tables.journeys import NO_TIME, Journeys

_LEAST = 1e-9  # below this share of a unit a quantity is rounding, not goods


@dataclass
class _Portion:
    """Goods that came in together; quantity NaN where it is not known."""

    row: int
    quantity: float


@dataclass
class _Freight:
    """Goods that left together and have not been seen since."""

    row: int
    quantity: float


@dataclass
class LotHistory:
    """What one lot did.

    Attributes:
        stays: (first row, quantity, depart [us] or NO_TIME, depart seq or NO_TIME).
        moves: (start row, end row or -1, quantity).
    """

    stays: list[tuple[int, float, int, int]] = field(default_factory=list)
    moves: list[tuple[int, int, float]] = field(default_factory=list)


def follow_lots(journeys: Journeys) -> LotHistory:
    """Follow every lot through its sightings, one after the other.

    Sightings with a quantity of zero or less move nothing and are passed over.

    Args:
        journeys: sightings of goods counted by quantity, sorted.

    Returns:
        All stays and movements, as rows of `journeys`.
    """
    history = LotHistory()
    for start, stop in _item_ranges(journeys):
        _Lot(journeys, history).follow(start, stop)
    return history


def _item_ranges(journeys: Journeys) -> Iterator[tuple[int, int]]:
    changes = np.flatnonzero(np.diff(journeys.item)) + 1
    edges = [0, *changes.tolist(), len(journeys.item)]
    return ((start, stop) for start, stop in pairwise(edges) if stop > start)


class _Lot:
    """The state of one lot while its sightings are read in order."""

    def __init__(self, journeys: Journeys, history: LotHistory) -> None:
        self._journeys = journeys
        self._history = history
        self._here: defaultdict[int, list[_Portion]] = defaultdict(list)
        self._last_seen: dict[int, int] = {}
        self._freight: list[_Freight] = []
        self._to_receive: defaultdict[int, float] = defaultdict(float)
        self._to_depart: defaultdict[int, float] = defaultdict(float)

    def follow(self, start: int, stop: int) -> None:
        for row in range(start, stop):
            quantity = float(self._journeys.quantity[row])
            if quantity <= 0:
                continue
            if self._journeys.leaves[row] or self._journeys.consumes[row]:
                self._leave(row, quantity)
            else:
                self._see(row, quantity)
            self._last_seen[int(self._journeys.place[row])] = row
        for portions in self._here.values():
            for portion in portions:
                self._history.stays.append((portion.row, portion.quantity, NO_TIME, NO_TIME))
        for freight in self._freight:
            self._history.moves.append((freight.row, -1, freight.quantity))

    def _see(self, row: int, quantity: float) -> None:
        place = int(self._journeys.place[row])
        received = bool(self._journeys.brings[row])
        if self._here[place]:
            if not received or np.isnan(quantity):
                return
            if not self._journeys.creates[row]:
                known = min(quantity, self._to_receive[place])
                self._to_receive[place] -= known
                quantity -= known
            if quantity <= _LEAST:
                return
        elif not received and not np.isnan(quantity):
            self._to_receive[place] = quantity
        if not self._journeys.creates[row]:
            self._bring(row, quantity)
        self._here[place].append(_Portion(row, quantity))

    def _leave(self, row: int, quantity: float) -> None:
        place = int(self._journeys.place[row])
        leaves = bool(self._journeys.leaves[row])
        if not self._here[place]:
            if place in self._last_seen:
                return
            self._bring(row, quantity)
            self._close(_Portion(row, quantity), quantity, row)
        else:
            if self._journeys.departs[row] and not np.isnan(quantity):
                told = min(quantity, self._to_depart[place])
                self._to_depart[place] -= told
                quantity -= told
                if quantity <= _LEAST:
                    return
            quantity = self._take(place, quantity, row)
            self._to_receive[place] = min(self._to_receive[place], self._there(place))
        if leaves:
            if not self._journeys.departs[row] and not np.isnan(quantity):
                self._to_depart[place] += quantity
            self._freight.append(_Freight(row, quantity))

    def _there(self, place: int) -> float:
        return float(np.nansum([portion.quantity for portion in self._here[place]]))

    def _close(self, portion: _Portion, quantity: float, row: int) -> None:
        self._history.stays.append(
            (portion.row, quantity, int(self._journeys.time[row]), int(self._journeys.seq[row]))
        )

    def _take(self, place: int, quantity: float, row: int) -> float:
        """Close `quantity` of what is at the place, oldest first; return what was closed, NaN where unknown."""
        everything = np.isnan(quantity)
        left = quantity
        taken = 0.0
        portions = self._here[place]
        while portions and (everything or left > _LEAST):
            portion = portions[0]
            part = portion.quantity if everything or np.isnan(portion.quantity) else min(left, portion.quantity)
            self._close(portion, part, row)
            taken += part
            if np.isnan(part):
                left = 0.0
            else:
                left -= part
            if np.isnan(portion.quantity) or portion.quantity - part <= _LEAST:
                portions.pop(0)
            else:
                portion.quantity -= part
        return quantity if np.isnan(taken) else taken

    def _bring(self, row: int, quantity: float) -> None:
        """Account for goods that appear: first what is under way, then what stands elsewhere."""
        place = int(self._journeys.place[row])
        left = quantity
        for freight in sorted(self._freight, key=lambda one: (self._preference(one, place), one.row)):
            if left <= _LEAST:
                break
            left = self._unload(freight, left, row)
        if not (np.isnan(left) and self._freight_served(row)):
            self._collect(row, place, left)

    def _unload(self, freight: _Freight, wanted: float, row: int) -> float:
        part = (
            freight.quantity if np.isnan(wanted) or np.isnan(freight.quantity) else min(wanted, freight.quantity)
        )
        if self._journeys.place[freight.row] != self._journeys.place[row]:
            self._history.moves.append((freight.row, row, part))
        if np.isnan(freight.quantity) or freight.quantity - part <= _LEAST:
            self._freight.remove(freight)
        else:
            freight.quantity -= part
        if np.isnan(wanted):
            return wanted
        return 0.0 if np.isnan(part) else wanted - part

    def _freight_served(self, row: int) -> bool:
        return bool(self._history.moves) and self._history.moves[-1][1] == row

    def _preference(self, freight: _Freight, place: int) -> int:
        destination = self._journeys.destination[freight.row]
        if destination is None:
            return 1
        return 0 if destination == self._journeys.places[place] else 2

    def _collect(self, row: int, place: int, quantity: float) -> None:
        left = quantity
        elsewhere = [
            (portions[0].row, other) for other, portions in self._here.items() if other != place and portions
        ]
        for _, other in sorted(elsewhere):
            if left <= _LEAST:
                return
            taken = self._take(other, left, row)
            self._history.moves.append((self._last_seen[other], row, taken))
            if not np.isnan(left):
                left = 0.0 if np.isnan(taken) else left - taken
