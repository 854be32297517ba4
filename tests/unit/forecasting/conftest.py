# SPDX-License-Identifier: Apache-2.0
"""Small histories for the tests of the forecasting rooms."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecasting.tables import events_table

HOUR = 3_600_000_000
START = int(np.datetime64("2026-01-05T00:00", "us").astype(np.int64))  # a Monday


@pytest.fixture
def history() -> Callable[..., pd.DataFrame]:
    """Build an events table from short rows: (hour, item, step, place) and a dictionary of anything else."""

    def build(*rows: tuple) -> pd.DataFrame:
        full = []
        for seq, (hour, item, step, place, *rest) in enumerate(rows):
            extra = rest[0] if rest else {}
            full.append(
                {
                    "seq": seq,
                    "event_id": f"e{seq}",
                    "event_time": START + round(hour * HOUR),
                    "record_time": START + round(hour * HOUR),
                    "kind": "ObjectEvent",
                    "action": "OBSERVE",
                    "step": step,
                    "disposition": None,
                    "place": place,
                    "item": item,
                    "product": "tea",
                    "lot": None,
                    "quantity": None,
                    "unit": None,
                    "parent": None,
                    "source": None,
                    "destination": None,
                    "document": None,
                    "party": None,
                    "corrected": False,
                    "promised": None,
                    **extra,
                }
            )
        return events_table({name: [row[name] for row in full] for name in full[0]})

    return build


@pytest.fixture
def hours() -> Callable[[pd.Series], list]:
    """Turn timestamps into hours since the first Monday, None for NaT."""

    def convert(times: pd.Series) -> list:
        origin = pd.Timestamp(START, unit="us", tz="UTC")
        return [None if pd.isna(time) else (time - origin) / pd.Timedelta(hours=1) for time in times]

    return convert
