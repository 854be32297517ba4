# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest

from forecasting.errors import BadTable
from forecasting.tables.events import EVENT_COLUMNS, events_table, microseconds


def columns(**changes):
    row = dict.fromkeys(EVENT_COLUMNS)
    row |= {
        "seq": 4,
        "event_time": 1_500_000_000_123_456,
        "record_time": 1_500_000_000_000_000,
        "corrected": False,
    }
    return {name: [value] for name, value in (row | changes).items()}


def test_times_keep_their_microseconds():
    table = events_table(columns())
    assert list(table.columns) == list(EVENT_COLUMNS)
    assert table["event_time"][0] == pd.Timestamp("2017-07-14 02:40:00.123456", tz="UTC")
    assert microseconds(table["event_time"], "t")[0] == 1_500_000_000_123_456
    assert pd.isna(table["promised"][0])


def test_missing_text_stays_none_and_quantity_becomes_nan():
    table = events_table(columns(place=None, quantity=None))
    assert table["place"][0] is None
    assert np.isnan(table["quantity"][0])


def test_text_keeps_its_type_beside_missing_text():
    both = {name: values * 2 for name, values in columns().items()} | {"place": ["A", None]}
    assert events_table(both)["place"].tolist() == ["A", None]


def test_empty_history_has_all_columns():
    table = events_table({name: [] for name in EVENT_COLUMNS})
    assert len(table) == 0
    assert str(table["event_time"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"event_time": "yesterday"}, "event_time"),
        ({"event_time": None}, "event_time"),
        ({"event_time": 10**18}, "check the unit"),
        ({"quantity": "much"}, "quantity"),
        ({"seq": 2**70}, "seq"),
        ({"colour": "red"}, "unknown"),
    ],
)
def test_refusals_name_the_column(change, message):
    with pytest.raises(BadTable, match=message):
        events_table(columns(**change))


def test_refuses_missing_and_uneven_columns():
    given = columns()
    del given["place"]
    with pytest.raises(BadTable, match=r"missing \['place'\]"):
        events_table(given)
    with pytest.raises(BadTable, match="expected 1 values"):
        events_table(columns() | {"item": ["a", "b"]})
