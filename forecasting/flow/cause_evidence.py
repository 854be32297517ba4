# SPDX-License-Identifier: Apache-2.0
"""The entries that show each cause of a bottleneck, and the things whose release would relieve it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.flow.bottlenecks import find_periods
from forecasting.flow.causes import LEAST_BATCH
from forecasting.flow.stays import read_moment
from forecasting.tables.events import microseconds
from forecasting.tables.journeys import NO_TIME

Indices = npt.NDArray[np.int64]

MOST_ENTRIES = 5
"""Entries that are named for a cause."""

MOST_PLACES = 100
"""Places, by rank, whose causes are shown."""


@dataclass(frozen=True)
class Shown:
    """What shows the causes at one place.

    Attributes:
        entries: of each cause, the seqs of the events that show it, the plainest first; none where it rests on
            whole periods alone.
        release: (item, seq of its arrival) of the oldest open visits, as many as `relief_units`.
    """

    entries: list[list[int]]
    release: list[tuple[str, int]]


def show_causes(
    visits: pd.DataFrame, table: pd.DataFrame, *, as_of: object, period: str = "W", most: int = MOST_PLACES
) -> dict[str, Shown]:
    """Find what shows the causes that `bottlenecks` named.

    ============================ ==============================================
    cause                        entries
    ============================ ==============================================
    building                     the last arrivals of the period
    clearing, near capacity      the last departures of the period
    slower, longer since         departures after the longest stays
    batching                     departures that share their time
    standing still, end of line  arrivals of the oldest visits that are open
    starved by, holding up       the oldest that are open where goods are held
    ============================ ==============================================

    Args:
        visits: the visits that were ranked.
        table: what `bottlenecks` gave for them.
        as_of, period: as there.
        most: places, by rank.

    Returns:
        By place, for the first `most` of the table.
    """
    moment, pair = read_moment(as_of), find_periods(as_of, period)
    known = visits[microseconds(visits["arrive"], "visits column arrive") <= moment]
    stays = _Stays(known, moment, pair.shown_start.value // 1000, pair.shown_end.value // 1000)
    names: Sequence[str] = table["place"].tolist()
    answer = {}
    rows = table.head(most)
    for place, causes, units in zip(rows["place"], rows["causes"], rows["relief_units"], strict=True):
        oldest = stays.oldest_open(place)
        entries = [stays.showing(place, cause, names) for cause in causes]
        released = [(str(stays.item[row]), int(stays.arrive_seq[row])) for row in oldest[: int(units)].tolist()]
        answer[str(place)] = Shown(entries, released)
    return answer


class _Stays:
    """Visits by place, as arrays."""

    def __init__(self, visits: pd.DataFrame, moment: int, start: int, end: int) -> None:
        self.item = visits["item"].to_numpy(dtype=object)
        self.arrive = microseconds(visits["arrive"], "visits column arrive")
        depart = microseconds(visits["depart"], "visits column depart")
        self.depart = np.where(depart <= moment, depart, NO_TIME)
        self.arrive_seq = visits["arrive_seq"].to_numpy(dtype=np.int64)
        self.depart_seq = visits["depart_seq"].fillna(-1).to_numpy(dtype=np.int64)
        self._start, self._end = start, end
        self._rows = visits.reset_index(drop=True).groupby("place", sort=False).indices

    def _of(self, place: str) -> Indices:
        return np.asarray(self._rows.get(place, ()), dtype=np.int64)

    def oldest_open(self, place: str) -> Indices:
        """Give the rows of the visits that last, the oldest first."""
        rows = self._of(place)
        rows = rows[self.depart[rows] == NO_TIME]
        return np.asarray(rows[np.lexsort((self.arrive_seq[rows], self.arrive[rows]))])

    def showing(self, place: str, cause: str, names: Sequence[str]) -> list[int]:
        """Give the entries that show a cause."""
        word = cause.partition(":")[0]
        rows = self._of(place)
        left = rows[(self.depart[rows] >= self._start) & (self.depart[rows] < self._end)]
        if word == "building":
            came = rows[(self.arrive[rows] >= self._start) & (self.arrive[rows] < self._end)]
            return _first(self.arrive_seq[came[np.lexsort((-self.arrive_seq[came], -self.arrive[came]))]])
        if word in ("clearing", "near capacity"):
            return _first(self.depart_seq[left[np.lexsort((-self.depart_seq[left], -self.depart[left]))]])
        if word == "slower" or word.startswith("longer since"):
            stayed = self.depart[left] - self.arrive[left]
            return _first(self.depart_seq[left[np.lexsort((self.depart_seq[left], -stayed))]])
        if word == "batching":
            _, which, sizes = np.unique(self.depart[left], return_inverse=True, return_counts=True)
            together = left[sizes[which] >= LEAST_BATCH]
            return _first(self.depart_seq[together[np.argsort(-self.depart[together], kind="stable")]])
        if cause.startswith(("standing still", "end of the line", "holding up ")):
            return _first(self.arrive_seq[self.oldest_open(place)])
        # a place may be a URI, which holds a colon itself
        upstream = next((name for name in names if cause.startswith(f"starved by {name}: ")), None)
        return [] if upstream is None else _first(self.arrive_seq[self.oldest_open(upstream)])


def _first(seqs: Indices) -> list[int]:
    """Take the first few, each once."""
    return [seq for seq in dict.fromkeys(seqs.tolist()) if seq >= 0][:MOST_ENTRIES]
