"""How long goods are on the road, and how long they wait at the cross-dock."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sample_data.network import LANES
from sample_data.story import QUEUE_SINCE

QUEUE_GROWTH = 12.0
"""What each week of the queue adds to the wait at the cross-dock [hours]."""


@dataclass(frozen=True, slots=True)
class Trip:
    """One journey over a lane, UTC."""

    origin: str
    destination: str
    leave: datetime
    arrive: datetime
    promised: datetime
    document: str

    @property
    def route(self) -> dict[str, str]:
        """The cells that the rows of both ends share."""
        return {"from": self.origin, "to": self.destination, "document": self.document}


def later(moment: datetime, hours: float) -> datetime:
    """Return the moment some hours later, to the second."""
    return moment + timedelta(seconds=round(hours * 3600))


def drive(rng: random.Random, origin: str, destination: str, leave: datetime, document: str) -> Trip:
    """Return a trip that leaves at a moment; its promise is rounded to the quarter of an hour."""
    lane = LANES[origin, destination]
    hours = rng.triangular(lane.fastest, lane.slowest)
    if lane.late:
        hours += min(rng.gammavariate(2.5, lane.late / 2.5), 3 * lane.late)
    promised = later(leave, lane.promised)
    promised -= timedelta(minutes=promised.minute % 15, seconds=promised.second)
    return Trip(origin, destination, leave, later(leave, hours), promised, document)


def queue_hours(day: date) -> float:
    """Return what the queue at the cross-dock adds to the usual wait on a day [hours]."""
    return max(0.0, (day - QUEUE_SINCE).days / 7 * QUEUE_GROWTH)


def draw_wait(rng: random.Random, day: date) -> float:
    """Return how long a pallet waits at the cross-dock [hours]."""
    return rng.uniform(2.0, 4.0) + queue_hours(day) * rng.uniform(0.92, 1.08)
