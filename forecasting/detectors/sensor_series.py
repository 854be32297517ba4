# SPDX-License-Identifier: Apache-2.0
"""Readings of sensors as series: one for each sensor, what it goes with, and what it measures."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.detectors.base import Findings
from forecasting.detectors.history import Floats, History, Ints

NO_READINGS = Findings(
    blind="no event holds readings of sensors",
    mend="record EPCIS events with a sensorElementList",
    about="sensor",
)


@dataclass(frozen=True)
class Series:
    """Readings in order of time.

    Attributes:
        name: of the item that the sensor goes with, else of the sensor, else of the place.
        type: what is measured.
        time: microseconds since 1970-01-01 UTC, ascending, shape (n,).
        value: shape (n,).
        seq: of the entries, shape (n,).
    """

    name: str
    type: str
    time: Ints
    value: Floats
    seq: Ints


def sensor_series(history: History) -> Iterator[Series]:
    """Go through the series of a history."""
    table = history.readings
    if table is None or table.empty:
        return
    keys = ["sensor", "item", "place", "type"]
    keyed = table[keys].astype(object).where(table[keys].notna(), "").astype(str)
    # A sensor that goes with an item keeps its series wherever the item is.
    keyed.loc[keyed["item"] != "", "place"] = ""
    code, names = pd.factorize(pd.MultiIndex.from_frame(keyed), sort=True)
    time, seq = table["micros"].to_numpy(), table["seq"].to_numpy(dtype=np.int64)
    value = table["value"].to_numpy(dtype=np.float64)
    order = np.lexsort((seq, time, code))
    # Two readings of one moment are one.
    again = np.r_[False, (code[order][1:] == code[order][:-1]) & (time[order][1:] == time[order][:-1])]
    order = order[~again]
    for rows in np.split(order, np.flatnonzero(np.diff(code[order])) + 1):
        sensor, item, place, type_ = names[code[rows[0]]]
        yield Series(item or sensor or place, type_, time[rows], value[rows], seq[rows])
