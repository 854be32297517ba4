# SPDX-License-Identifier: Apache-2.0
"""Legs and the questions about them, checked, as arrays in hours relative to one moment.

Everything before the moment is negative.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadTable
from forecasting.flow.stays import MICROSECONDS_IN_HOUR
from forecasting.tables.events import microseconds, require_columns
from forecasting.tables.journeys import NO_TIME

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LEG_KEYS = ("item", "origin", "destination", "start", "end", "promised", "start_seq", "end_seq")
"""Columns that say which leg it is and when; every other column of both tables is a covariate."""

SHORTEST = 1 / 3600
"""Least lead time that is reckoned with [hours]: one second, so that logarithms exist."""

FORGOTTEN = 3.0
"""An open leg that is older than so many times the longest finished one is forgotten, not under way."""


@dataclass(frozen=True)
class KnownLegs:
    """Finished and open legs at a moment, and the legs asked about; the arrays of one kind share a shape.

    Attributes:
        start: of every leg [hours], at most 0, shape (n,).
        lead: lead time of finished legs [hours], NaN for open ones, shape (n,).
        window: promise less start [hours], NaN without one, shape (n,).
        rows: place of every leg in the table given, shape (n,).
        asked_start: of every query [hours], shape (k,).
        asked_window: promise less start [hours], NaN without one, shape (k,).
    """

    start: Floats
    lead: Floats
    window: Floats
    rows: Indices
    asked_start: Floats
    asked_window: Floats

    @property
    def finished(self) -> npt.NDArray[np.bool_]:
        """Mark the legs that had ended."""
        return np.isfinite(self.lead)

    @property
    def farthest_asked(self) -> float:
        """Give how far ahead the queries start, but for the farthest twentieth [hours]; 0 without queries."""
        return float(np.quantile(self.asked_start, 0.95)) if len(self.asked_start) else 0.0


def know_legs(legs: pd.DataFrame, queries: pd.DataFrame, as_of: int) -> KnownLegs:
    """Reduce a legs table to what was known at a moment.

    Args:
        legs: columns ``origin, destination, start, end`` and, where there are promises, ``promised``.
        queries: columns ``origin, destination, start``, and ``promised``.
        as_of: [us since 1970-01-01 UTC].

    Returns:
        The legs that had begun, in the order of their start; one that ended later is still open, and open ones
        that are older than anything that ever arrived three times over are left out.

    Raises:
        BadTable: a column is missing or of the wrong kind, a start is missing, or a leg ends before it starts.
    """
    require_columns(legs, ("origin", "destination", "start", "end"), "legs")
    require_columns(queries, ("origin", "destination", "start"), "queries")
    start, end = microseconds(legs["start"], "legs column start"), microseconds(legs["end"], "legs column end")
    asked = microseconds(queries["start"], "queries column start")
    for times, what in ((start, "legs"), (asked, "queries")):
        if (times == NO_TIME).any():
            row = int(np.flatnonzero(times == NO_TIME)[0])
            raise BadTable(f"{what} row {row}: expected a start, got none; drop the rows without")
    backwards = (end != NO_TIME) & (end < start)
    if backwards.any():
        row = int(np.flatnonzero(backwards)[0])
        lane = f"{legs['origin'].iloc[row]!r} to {legs['destination'].iloc[row]!r}"
        raise BadTable(
            f"legs row {row}: the leg from {lane} ends before it starts; check the clocks of its events"
        )
    done = (end != NO_TIME) & (end <= as_of)
    lead = np.where(done, (np.where(done, end, start) - start) / MICROSECONDS_IN_HOUR, np.nan)
    lead = np.where(done, np.maximum(lead, SHORTEST), np.nan)
    age = (as_of - start) / MICROSECONDS_IN_HOUR
    longest = np.nanmax(lead) if done.any() else np.inf
    kept = np.flatnonzero((start <= as_of) & (done | (age <= FORGOTTEN * longest)))
    kept = kept[np.lexsort((*_names(legs.iloc[kept]), np.nan_to_num(lead[kept], nan=np.inf), start[kept]))]
    return KnownLegs(
        start=-age[kept],
        lead=lead[kept],
        window=_window(legs, start, "legs")[kept],
        rows=kept,
        asked_start=(asked - as_of) / MICROSECONDS_IN_HOUR,
        asked_window=_window(queries, asked, "queries"),
    )


def _names(legs: pd.DataFrame) -> list[Indices]:
    """Number the names of legs, the ones that tell most last: so that the order of rows given never matters."""
    names = [name for name in ("product", "item", "destination", "origin") if name in legs.columns]
    return [np.asarray(pd.factorize(legs[name].astype(str), sort=True)[0], dtype=np.int64) for name in names]


def _window(table: pd.DataFrame, start: Indices, what: str) -> Floats:
    """Give the hours from start to promise; a promise before the start is no promise."""
    if "promised" not in table.columns:
        return np.full(len(table), np.nan)
    promised = microseconds(table["promised"], f"{what} column promised")
    told = (promised != NO_TIME) & (promised >= start)
    return np.where(told, (np.where(told, promised, start) - start) / MICROSECONDS_IN_HOUR, np.nan)
