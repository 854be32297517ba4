# SPDX-License-Identifier: Apache-2.0
"""The tables of stays and of movements, built from the events table."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.tables.events import microseconds, utc_timestamps
from forecasting.tables.journeys import (
    NO_TIME,
    Journeys,
    counted_by_quantity,
    item_products,
    read_journeys,
    select,
)
from forecasting.tables.lots import follow_lots
from forecasting.tables.serial import find_moves, find_stays

VISIT_COLUMNS = ("item", "product", "place", "arrive", "depart", "quantity", "arrive_seq", "depart_seq")
LEG_COLUMNS = (
    "item",
    "product",
    "origin",
    "destination",
    "mode",
    "start",
    "end",
    "promised",
    "quantity",
    "start_seq",
    "end_seq",
)

Indices = npt.NDArray[np.int64]


def visits_table(events: pd.DataFrame) -> pd.DataFrame:
    """Build the visits table: one row per stay of an item at a place.

    A visit opens when an item is first observed at a place. It closes with a leaving step (`LEAVING_STEPS`), when
    the item is observed elsewhere, or when it is consumed: a consuming step (`CONSUMING_STEPS`), or the action
    DELETE of an object event or of a transformation's inputs; unpacking (DELETE of an aggregation) closes nothing.
    Events are read in the order of event time, then seq; corrected rows are ignored. Items of which some row gives
    a quantity other than 1 are lots: less than the whole closes first in, first out, and splits the visit.

    Args:
        events: an events table.

    Returns:
        Columns `VISIT_COLUMNS`, sorted by arrive, arrive_seq and item: UTC timestamps, ``depart`` NaT while it
        lasts, ``quantity`` in the product's unit (NaN where not told), ``depart_seq`` nullable.

    Raises:
        BadTable: a column is missing or of the wrong kind.
    """
    journeys = read_journeys(events)
    lots = counted_by_quantity(journeys)
    serial = select(journeys, ~lots)
    stays = find_stays(serial)
    goods = select(journeys, lots)
    stays_of_lots = follow_lots(goods).stays
    lot_first = np.array([stay[0] for stay in stays_of_lots], dtype=np.int64)
    pieces = [
        _visit_rows(serial, stays.first, serial.quantity[stays.first], stays.depart, stays.depart_seq),
        _visit_rows(
            goods,
            lot_first,
            np.array([stay[1] for stay in stays_of_lots], dtype=np.float64),
            np.array([stay[2] for stay in stays_of_lots], dtype=np.int64),
            np.array([stay[3] for stay in stays_of_lots], dtype=np.int64),
        ),
    ]
    return _joined(pieces, ["arrive", "arrive_seq", "item", "depart"])


def legs_table(events: pd.DataFrame) -> pd.DataFrame:
    """Build the legs table: one row per movement of an item between two places.

    A leg starts with the leaving event, or, where none was recorded, when the item was last seen at the origin;
    it ends with the first observation at another place. ``end`` is NaT while the item is under way; the
    destination is then the one that the leaving event names, if it names one. ``promised`` is the promise on the
    leaving event, else the one on the observation that ends the leg. ``mode`` is empty here: events carry none.

    Args:
        events: an events table.

    Returns:
        Columns `LEG_COLUMNS`, sorted by start, start_seq and item; ``end_seq`` nullable.

    Raises:
        BadTable: a column is missing or of the wrong kind.
    """
    journeys = read_journeys(events)
    lots = counted_by_quantity(journeys)
    serial = select(journeys, ~lots)
    moves = find_moves(serial, find_stays(serial))
    goods = select(journeys, lots)
    moves_of_lots = follow_lots(goods).moves
    pieces = [
        _leg_rows(serial, moves.start, moves.end, serial.quantity[moves.start]),
        _leg_rows(
            goods,
            np.array([move[0] for move in moves_of_lots], dtype=np.int64),
            np.array([move[1] for move in moves_of_lots], dtype=np.int64),
            np.array([move[2] for move in moves_of_lots], dtype=np.float64),
        ),
    ]
    return _joined(pieces, ["start", "start_seq", "item", "end"])


def _visit_rows(
    journeys: Journeys,
    first: Indices,
    quantity: npt.NDArray[np.float64],
    depart: Indices,
    depart_seq: Indices,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item": _text(journeys.items[journeys.item[first]]),
            "product": _text(item_products(journeys)[journeys.item[first]]),
            "place": _text(journeys.places[journeys.place[first]]),
            "arrive": utc_timestamps(journeys.time[first]),
            "depart": utc_timestamps(depart),
            "quantity": quantity,
            "arrive_seq": journeys.seq[first],
            "depart_seq": _nullable(depart_seq),
        },
        columns=list(VISIT_COLUMNS),
    )


def _leg_rows(journeys: Journeys, start: Indices, end: Indices, quantity: npt.NDArray[np.float64]) -> pd.DataFrame:
    arrived = end >= 0
    if len(start):
        destination = np.where(arrived, journeys.places[journeys.place[end]], journeys.destination[start])
        end_time = np.where(arrived, journeys.time[end], NO_TIME)
        end_seq = np.where(arrived, journeys.seq[end], NO_TIME)
        promise_at_end = np.where(arrived, journeys.promised[end], NO_TIME)
        promised = np.where(journeys.promised[start] != NO_TIME, journeys.promised[start], promise_at_end)
    else:
        destination = np.empty(0, dtype=object)
        end_time = end_seq = promised = np.empty(0, dtype=np.int64)
    return pd.DataFrame(
        {
            "item": _text(journeys.items[journeys.item[start]]),
            "product": _text(item_products(journeys)[journeys.item[start]]),
            "origin": _text(journeys.places[journeys.place[start]]),
            "destination": _text(destination),
            "mode": _text(np.full(len(start), None, dtype=object)),
            "start": utc_timestamps(journeys.time[start]),
            "end": utc_timestamps(end_time),
            "promised": utc_timestamps(promised),
            "quantity": quantity,
            "start_seq": journeys.seq[start],
            "end_seq": _nullable(end_seq),
        },
        columns=list(LEG_COLUMNS),
    )


def _joined(pieces: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    filled = [piece for piece in pieces if len(piece)] or pieces[:1]
    table = pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0]
    # The first two keys are a time and a number and nearly always decide; sorting by words costs much more.
    first, second = microseconds(table[keys[0]], keys[0]), table[keys[1]].to_numpy(dtype=np.int64)
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    same = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    if len(tied):
        order[tied] = table.iloc[order[tied]].sort_values(keys, kind="stable").index.to_numpy()
    return table.iloc[order].reset_index(drop=True)


def _text(values: npt.NDArray[np.object_]) -> "pd.Series[str]":
    return pd.Series(values, dtype=object)


def _nullable(numbers: Indices) -> "pd.Series[int]":
    missing = numbers == NO_TIME
    return pd.Series(pd.arrays.IntegerArray(np.where(missing, 0, numbers), missing))
