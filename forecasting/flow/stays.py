# SPDX-License-Identifier: Apache-2.0
"""Stays as they were known at one moment, as arrays in hours relative to that moment.

Everything before the moment is negative. Hours relative to the moment keep microseconds exact in floats.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadArgument, BadTable
from forecasting.frequency import Frequency
from forecasting.tables.events import microseconds, require_columns
from forecasting.tables.journeys import NO_TIME

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

MICROSECONDS_IN_HOUR = 3_600_000_000

LONGEST_STAY = 1440.0
"""A stay counts for at most this long [hours]: 60 days; the rest is forgotten goods, not a queue."""


@dataclass(frozen=True)
class KnownStays:
    """Stays known at a moment; every array has shape (number of stays,).

    Attributes:
        places: names, ascending; `place` counts them.
        as_of: the moment [us since 1970-01-01 UTC].
        arrive: [hours], at most 0.
        depart: [hours], at most 0; NaN while the stay lasts.
        seq: event that opened the stay.
    """

    places: npt.NDArray[np.object_]
    as_of: int
    place: Indices
    arrive: Floats
    depart: Floats
    seq: Indices

    @property
    def finished(self) -> npt.NDArray[np.bool_]:
        """Mark the stays that had ended."""
        return np.isfinite(self.depart)

    @property
    def dwell(self) -> Floats:
        """Give the length of finished stays [hours], NaN while they last."""
        return self.depart - self.arrive

    @property
    def counted_end(self) -> Floats:
        """Give the end of what counts [hours]: departure or the moment, at most `LONGEST_STAY` after arrival."""
        end = np.where(self.finished, self.depart, 0.0)
        return np.minimum(end, self.arrive + LONGEST_STAY)


def read_moment(as_of: object) -> int:
    """Turn a time into microseconds since 1970-01-01 UTC; without a zone it is UTC.

    Raises:
        BadArgument: it is no time.
    """
    try:
        stamp = pd.Timestamp(as_of)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise BadArgument(f"as_of: expected a time, got {as_of!r}") from error
    if pd.isna(stamp):
        raise BadArgument(f"as_of: expected a time, got {as_of!r}")
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("UTC").tz_localize(None)
    return int(stamp.to_datetime64().astype("datetime64[us]").astype(np.int64))


def know_stays(visits: pd.DataFrame, as_of: int) -> KnownStays:
    """Reduce a visits table to what was known at a moment.

    Args:
        visits: columns ``place, arrive, depart, arrive_seq``; others are not read.
        as_of: [us since 1970-01-01 UTC].

    Returns:
        The stays that had begun; one that ended later still lasts.

    Raises:
        BadTable: a column is missing or of the wrong kind, a place or an arrival is missing, or a stay ends before
            it begins.
    """
    require_columns(visits, ("place", "arrive", "depart", "arrive_seq"), "visits")
    arrive = microseconds(visits["arrive"], "visits column arrive")
    depart = microseconds(visits["depart"], "visits column depart")
    if visits["place"].isna().any() or (arrive == NO_TIME).any():
        raise BadTable("visits: expected a place and an arrival in every row; drop the rows without")
    backwards = (depart != NO_TIME) & (depart < arrive)
    if backwards.any():
        row = int(np.flatnonzero(backwards)[0])
        place = visits["place"].iloc[row]
        raise BadTable(
            f"visits row {row}: the stay at {place!r} ends before it begins; check the clocks of its events"
        )
    known = arrive <= as_of
    code, places = pd.factorize(visits["place"][known], sort=True)
    gone = (depart[known] != NO_TIME) & (depart[known] <= as_of)
    return KnownStays(
        places=np.asarray(places, dtype=object),
        as_of=as_of,
        place=np.asarray(code, dtype=np.int64),
        arrive=(arrive[known] - as_of) / MICROSECONDS_IN_HOUR,
        depart=np.where(gone, (np.where(gone, depart[known], as_of) - as_of) / MICROSECONDS_IN_HOUR, np.nan),
        seq=visits["arrive_seq"][known].to_numpy(dtype=np.int64),
    )


def period_edges(frequency: Frequency, ordinals: Indices, as_of: int) -> Floats:
    """Give the starts of periods in hours from the moment, shape (n,)."""
    starts = frequency.starts(ordinals).astype("datetime64[us]").astype(np.int64)
    return np.asarray((starts - as_of) / MICROSECONDS_IN_HOUR)
