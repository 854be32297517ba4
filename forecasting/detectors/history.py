# SPDX-License-Identifier: Apache-2.0
"""The history that detectors look at: the events of each item in order, with coordinates where they are known."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.detectors.lot_sizes import LotSizes, created_whole, read_lot_sizes
from forecasting.errors import BadTable
from forecasting.tables.events import microseconds, require_columns
from forecasting.tables.steps import CONSUMING_STEPS, CREATING_STEPS, LEAVING_STEPS, RECEIVING_STEPS, bare_steps

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NEEDED = ("seq", "event_time", "record_time", "step", "place", "item")
OPTIONAL = (
    "kind",
    "action",
    "product",
    "lot",
    "quantity",
    "destination",
    "party",
    "source",
    "document",
    "disposition",
    "unit",
)
READING_COLUMNS = ("seq", "time", "record_time", "sensor", "item", "place", "type", "value")
HOUR = 3_600_000_000  # [us]
# Their action ADD packs, attaches or orders what is there already.
LINKING_KINDS = frozenset(("AggregationEvent", "AssociationEvent", "TransactionEvent"))
_LATITUDE = ("latitude", "lat")
_LONGITUDE = ("longitude", "lng", "lon", "long")
EARTH = 6371.0  # [km]


@dataclass(frozen=True)
class History:
    """Events sorted by item, then event time, then the order in which they were recorded; arrays of shape (n,).

    Attributes:
        rows: the events, reindexed 0 to n - 1; ``step`` is a bare word.
        item: code of the item of each event, ascending; ``items`` has the names.
        time, recorded: microseconds since 1970-01-01 UTC.
        latitude, longitude: of the place, NaN where unknown [degrees].
        lot_sizes: how many items lots were declared to have.
        operators: who scanned or typed each event, None where that is not known; None: nothing is known.
        readings: of sensors, with the time of each in ``micros``; None: there are none.
    """

    rows: pd.DataFrame
    items: npt.NDArray[np.object_]
    item: Ints
    time: Ints
    recorded: Ints
    latitude: Floats
    longitude: Floats
    lot_sizes: LotSizes
    operators: npt.NDArray[np.object_] | None = None
    readings: pd.DataFrame | None = None

    @property
    def size(self) -> int:
        """Count the items."""
        return len(self.items)

    @cached_property
    def first(self) -> Bools:
        """Mark the first event of each item."""
        return np.r_[True, self.item[1:] != self.item[:-1]] if len(self.item) else np.zeros(0, dtype=bool)

    @cached_property
    def created(self) -> Bools:
        """Mark events that create the item."""
        steps = self.rows["step"].isin(CREATING_STEPS).to_numpy()
        links = self.rows["kind"].isin(LINKING_KINDS).to_numpy()
        return steps | ((self.rows["action"] == "ADD").to_numpy() & ~links)

    @cached_property
    def left(self) -> Bools:
        """Mark events that send the item on."""
        return self.rows["step"].isin(LEAVING_STEPS).to_numpy()

    @cached_property
    def received(self) -> Bools:
        """Mark events that take the item in."""
        return self.rows["step"].isin(RECEIVING_STEPS).to_numpy()

    @cached_property
    def consumed(self) -> Bools:
        """Mark events after which the item is gone for good."""
        return self.rows["step"].isin(CONSUMING_STEPS).to_numpy()

    def count(self, marked: Bools) -> Ints:
        """Count marked events of each item, shape (items,)."""
        return np.bincount(self.item[marked], minlength=self.size)

    def earliest(self, marked: Bools) -> Ints:
        """Give the row of the first marked event of each item, -1 where there is none, shape (items,)."""
        found = np.full(self.size, -1, dtype=np.int64)
        at = np.flatnonzero(marked)[::-1]
        found[self.item[at]] = at
        return found

    def kilometres(self, one: Ints, other: Ints) -> Floats:
        """Measure the great circle between the places of two rows [km], NaN where a place is not known."""
        return great_circle(self.latitude[one], self.longitude[one], self.latitude[other], self.longitude[other])

    @property
    def has_places(self) -> bool:
        """Tell whether any place has coordinates."""
        return bool(np.isfinite(self.latitude).any())


def great_circle(latitude1: Floats, longitude1: Floats, latitude2: Floats, longitude2: Floats) -> Floats:
    """Measure great circles by the haversine formula [km]."""
    one, two = np.radians(latitude1), np.radians(latitude2)
    half = np.sin((two - one) / 2) ** 2
    half = half + np.cos(one) * np.cos(two) * np.sin(np.radians(longitude2 - longitude1) / 2) ** 2
    return np.asarray(2 * EARTH * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def read_history(
    events: pd.DataFrame,
    *,
    as_of: object = None,
    places: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None,
    entries: pd.DataFrame | None = None,
    readings: pd.DataFrame | None = None,
) -> History:
    """Read the tables.

    Args:
        events: the events table; `NEEDED` columns must be there, `OPTIONAL` ones may be.
        as_of: use only what was recorded by then; None: everything.
        places: place, latitude (lat) and longitude (lng, lon) [degrees].
        products: lot, product, or both, and the declared number of items (lot_size, size, quantity).
        entries: seq and operator.
        readings: seq, time, record_time, sensor, item, place, type and value.

    Raises:
        BadTable: a column is missing or of another kind.
    """
    require_columns(events, NEEDED, "events")
    rows = events.copy(deep=False)
    for name in OPTIONAL:
        if name not in rows:
            rows[name] = np.nan if name == "quantity" else None
    counted = _counted(rows)
    keep = rows["item"].notna().to_numpy() & rows["event_time"].notna().to_numpy()
    if "corrected" in rows:
        keep &= ~rows["corrected"].fillna(False).to_numpy(dtype=bool)
    recorded = microseconds(rows["record_time"], "events: record_time")
    time = microseconds(rows["event_time"], "events: event_time")
    recorded = np.where(rows["record_time"].isna().to_numpy(), time, recorded)
    moment = None if as_of is None else _instant(as_of)
    if moment is not None:
        keep &= recorded <= moment
    whole = rows[keep & counted]
    keep &= ~counted
    # By name, so that neither the order of the rows nor what was recorded later changes anything.
    codes, names = pd.factorize(rows["item"].map(str, na_action="ignore"), sort=True)
    order = np.lexsort((rows["seq"].to_numpy(), time, codes))
    order = order[keep[order]]
    codes, back = np.unique(codes[order], return_inverse=True)
    rows = rows.iloc[order].reset_index(drop=True)
    rows["step"] = bare_steps(rows["step"])
    latitude, longitude = _coordinates(rows["place"], places)
    return History(
        rows=rows,
        items=np.asarray(names, dtype=object)[codes],
        item=back.astype(np.int64),
        time=time[order],
        recorded=recorded[order],
        latitude=latitude,
        longitude=longitude,
        lot_sizes=read_lot_sizes(products, created_whole(whole)),
        operators=_operators(rows["seq"], entries),
        readings=_readings(readings, moment),
    )


def _counted(rows: pd.DataFrame) -> Bools:
    """Mark goods that are counted, not told apart: a class or a lot may be in many places, and sold many times."""
    item = rows["item"]
    counted = (item == rows["product"]) | (item == rows["lot"])
    text = item.astype(str)
    classes = text.str.contains(r"/(?:class|lot)/|/01/\d+(?:/10/[^/]+)?$|:idpat:|:class:", regex=True)
    return np.asarray((counted | classes).to_numpy(dtype=bool))


def _instant(as_of: object) -> int:
    stamp = pd.Timestamp(as_of)  # type: ignore[arg-type]
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return stamp.value // 1000  # [ns] whatever the unit of the timestamp is


def _coordinates(place: "pd.Series[str]", places: pd.DataFrame | None) -> tuple[Floats, Floats]:
    if places is None:
        nothing = np.full(len(place), np.nan)
        return nothing, nothing
    require_columns(places, ("place",), "places")
    known = places.drop_duplicates("place").set_index("place")
    return (
        _column(known, _LATITUDE, place, "latitude", 90.0),
        _column(known, _LONGITUDE, place, "longitude", 180.0),
    )


def _column(
    known: pd.DataFrame, names: tuple[str, ...], place: "pd.Series[str]", what: str, limit: float
) -> Floats:
    name = next((name for name in names if name in known), None)
    if name is None:
        raise BadTable(f"places: expected a column {what} (or {', '.join(names[1:])}), got {list(known.columns)}")
    values = pd.to_numeric(known[name], errors="coerce")
    values = values.where(values.abs() <= limit)
    return np.asarray(place.map(values).to_numpy(dtype=np.float64))


def _operators(seq: "pd.Series[int]", entries: pd.DataFrame | None) -> npt.NDArray[np.object_] | None:
    if entries is None:
        return None
    require_columns(entries, ("seq", "operator"), "entries")
    by_seq = entries.drop_duplicates("seq").set_index("seq")["operator"]
    return np.asarray(seq.map(by_seq).to_numpy(dtype=object), dtype=object)


def _readings(readings: pd.DataFrame | None, moment: int | None) -> pd.DataFrame | None:
    if readings is None:
        return None
    require_columns(readings, READING_COLUMNS, "readings")
    known = pd.to_numeric(readings["value"], errors="coerce").notna() & readings["time"].notna()
    if moment is not None:
        known &= microseconds(readings["record_time"], "readings: record_time") <= moment
    kept = readings[known]
    value = pd.to_numeric(kept["value"]).astype(float)
    return kept.assign(value=value, micros=microseconds(kept["time"], "readings: time")).reset_index(drop=True)
