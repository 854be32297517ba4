# SPDX-License-Identifier: Apache-2.0
"""The rows of the events table that say where an item was, as arrays sorted along each item's journey."""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.tables.events import EVENT_COLUMNS, microseconds, require_columns
from forecasting.tables.steps import (
    CONSUMING_KINDS,
    CONSUMING_STEPS,
    DEPARTING_STEPS,
    LEAVING_STEPS,
    RECEIVING_STEPS,
    bare_steps,
)
from forecasting.tables.tied import settle_ties

NO_TIME = np.iinfo(np.int64).min
"""What stands for NaT in arrays of microseconds, and for no sequence number in arrays of those."""

_LINKING_KINDS = frozenset(("AggregationEvent", "AssociationEvent", "TransactionEvent"))


@dataclass(frozen=True)
class Journeys:
    """Sightings of items at places, sorted by item, event time, and as `settle_ties` says; arrays have shape (n,).

    Attributes:
        items, places, products: the names that the codes count; products and destinations code -1 for none.
        item, place, product: codes into the names.
        time: event time [us since 1970-01-01 UTC].
        seq: ledger sequence number of the event.
        quantity: units of the product, NaN where not told.
        leaves: the event sends the item on to another place.
        departs: the event may be the second that tells of the same leaving.
        consumes: the event ends the item.
        brings: for goods counted by quantity, the event adds to what is there.
        creates: the event makes the goods, so they come from nowhere.
        promised: promised arrival [us], NO_TIME where none.
        destination: object array of place names or None.
    """

    items: npt.NDArray[np.object_]
    places: npt.NDArray[np.object_]
    products: npt.NDArray[np.object_]
    item: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    product: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    seq: npt.NDArray[np.int64]
    quantity: npt.NDArray[np.float64]
    leaves: npt.NDArray[np.bool_]
    departs: npt.NDArray[np.bool_]
    consumes: npt.NDArray[np.bool_]
    brings: npt.NDArray[np.bool_]
    creates: npt.NDArray[np.bool_]
    promised: npt.NDArray[np.int64]
    destination: npt.NDArray[np.object_]


def read_journeys(events: pd.DataFrame) -> Journeys:
    """Sort the usable rows of an events table along each item's journey.

    Rows that were corrected, and rows without an item or a place, say nothing about a stay and are left out.

    Args:
        events: an events table; ``promised`` may be missing.

    Returns:
        The sightings.

    Raises:
        BadTable: a column is missing or of the wrong kind.
    """
    require_columns(events, [name for name in EVENT_COLUMNS if name != "promised"], "events")
    usable = (
        ~events["corrected"].to_numpy(dtype=bool)
        & events["item"].notna().to_numpy()
        & events["place"].notna().to_numpy()
    )
    rows = events[usable]
    item, items = pd.factorize(rows["item"])
    time = microseconds(rows["event_time"], "events column event_time")
    seq = rows["seq"].to_numpy(dtype=np.int64)
    order = np.lexsort((seq, time, item))
    place, places = pd.factorize(rows["place"])
    product, products = pd.factorize(rows["product"])
    step = bare_steps(rows["step"])
    recorded = microseconds(rows["record_time"], "events column record_time")
    order = settle_ties(order, item, time, recorded, np.asarray(pd.factorize(step)[0]), place)
    leaves = step.isin(LEAVING_STEPS).to_numpy()
    deletes = (rows["action"] == "DELETE").to_numpy(dtype=bool) & rows["kind"].isin(CONSUMING_KINDS).to_numpy()
    consumes = (deletes | step.isin(CONSUMING_STEPS).to_numpy()) & ~leaves
    adds = (rows["action"] == "ADD").to_numpy(dtype=bool) & ~rows["kind"].isin(_LINKING_KINDS).to_numpy()
    brings = adds | step.isin(RECEIVING_STEPS).to_numpy()
    promised = (
        microseconds(rows["promised"], "events column promised")
        if "promised" in rows.columns
        else np.full(len(rows), NO_TIME, dtype=np.int64)
    )
    return Journeys(
        items=_names(items),
        places=_names(places),
        products=_names(products),
        item=np.asarray(item, dtype=np.int64)[order],
        place=np.asarray(place, dtype=np.int64)[order],
        product=np.asarray(product, dtype=np.int64)[order],
        time=time[order],
        seq=seq[order],
        quantity=rows["quantity"].to_numpy(dtype=np.float64)[order],
        leaves=leaves[order],
        departs=step.isin(DEPARTING_STEPS).to_numpy()[order],
        consumes=consumes[order],
        brings=brings[order],
        creates=(adds & ~leaves)[order],
        promised=promised[order],
        destination=_objects(rows["destination"])[order],
    )


def select(journeys: Journeys, rows: npt.NDArray[np.bool_]) -> Journeys:
    """Keep the sightings marked, in their order; the names stay as they are."""
    names = ("items", "places", "products")
    columns = {one.name: getattr(journeys, one.name)[rows] for one in fields(journeys) if one.name not in names}
    return replace(journeys, **columns)


def counted_by_quantity(journeys: Journeys) -> npt.NDArray[np.bool_]:
    """Mark the sightings of items that are classes or lots: any sighting gives a quantity other than 1."""
    plural = np.isfinite(journeys.quantity) & (journeys.quantity != 1)
    counted = np.zeros(len(journeys.items), dtype=bool)
    counted[journeys.item[plural]] = True
    return np.asarray(counted[journeys.item])


def item_products(journeys: Journeys) -> npt.NDArray[np.object_]:
    """Give each item the first product that its journey names, shape (number of items,); None for none."""
    found: npt.NDArray[np.object_] = np.full(len(journeys.items), None, dtype=object)
    told = np.flatnonzero(journeys.product >= 0)
    first_items, first = np.unique(journeys.item[told], return_index=True)
    found[first_items] = journeys.products[journeys.product[told[first]]]
    return found


def _names(values: object) -> npt.NDArray[np.object_]:
    return np.asarray(values, dtype=object)


def _objects(column: "pd.Series[str]") -> npt.NDArray[np.object_]:
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy()] = None
    return values
