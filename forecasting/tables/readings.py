# SPDX-License-Identifier: Apache-2.0
"""The readings table: a number that a sensor gave, one row each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.tables.events import utc_timestamps

_TIMES = ("time", "record_time")


def readings_table(columns: Mapping[str, Sequence[object] | npt.NDArray[Any]]) -> pd.DataFrame:
    """Build the readings table from plain columns.

    Args:
        columns: lists or arrays of one length: ``seq`` int; ``time`` and ``record_time`` microseconds since
            1970-01-01 UTC; ``value`` float; ``sensor``, ``item``, ``place`` and ``type`` text or None.
    """
    frame: dict[str, object] = {}
    for name, values in columns.items():
        if name in _TIMES:
            frame[name] = utc_timestamps(np.asarray(values, dtype=np.int64))
        elif name in ("seq", "value"):
            frame[name] = np.asarray(values, dtype=np.int64 if name == "seq" else np.float64)
        else:
            frame[name] = pd.Series(np.fromiter(values, dtype=object, count=len(values)), dtype=object)
    return pd.DataFrame(frame)
