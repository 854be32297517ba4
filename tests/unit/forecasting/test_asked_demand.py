# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from forecasting.asked_demand import ask_demand, last_periods
from forecasting.flow.through import visits_passing_through
from forecasting.tables import events_table
from forecasting.tables.events import EVENT_COLUMNS

END = datetime(2026, 2, 2, tzinfo=UTC)


def make_events(*rows: dict[str, object]) -> pd.DataFrame:
    columns: dict[str, list[object]] = {name: [] for name in EVENT_COLUMNS}
    for seq, row in enumerate(rows):
        moment = int(pd.Timestamp(str(row["time"]), tz="UTC").value // 1000)
        usual = {"seq": seq, "event_time": moment, "record_time": moment, "corrected": False, "item": f"i{seq}"}
        for name in EVENT_COLUMNS:
            columns[name].append((usual | row).get(name))
    return events_table(columns)


def sale(
    day: int, product: str | None, place: str, quantity: float, unit: str | None = "KGM"
) -> dict[str, object]:
    named = {"product": product, "place": place, "quantity": quantity, "unit": unit}
    return {"time": f"2026-01-{day:02d}", "step": "retail_selling", **named}


SALES = make_events(
    sale(5, "tea", "a", 5), sale(6, "coffee", "a", 20), sale(7, "tea", "b", 5), sale(13, "milk", "b", 10, "LTR"),
    sale(14, None, "b", 1, None), sale(20, "tea", "a", 0.5, "LBR"),
)  # fmt: skip


def ask(events=SALES, **options):
    return ask_demand(events, **{"freq": "W", "until": END, **options})


def test_the_largest_come_first_and_ties_by_name():
    asked = ask()
    assert [one.unique_id for one in asked.series] == ["coffee", "tea", "milk", "unknown"]
    assert [one.total for one in asked.series] == [20, 10.5, 10, 1]
    assert list(asked.table["unique_id"].unique()) == [one.unique_id for one in asked.series]
    tied = ask(make_events(sale(5, "b", "x", 1), sale(5, "a", "x", 1), sale(5, "c", "x", 1)), top=2)
    assert [one.unique_id for one in tied.series] == ["a", "b"]
    assert tied.found == 3


def test_top_leaves_the_series_themselves_alone():
    every, some = ask(), ask(top=2)
    wanted = every.table[every.table["unique_id"].isin(["coffee", "tea"])]
    pd.testing.assert_frame_equal(some.table, wanted)
    assert (every.found, some.found) == (4, 4)


def test_units_are_gathered():
    units = {one.unique_id: one.units for one in ask().series}
    assert units == {"coffee": ("KGM",), "tea": ("KGM", "LBR"), "milk": ("LTR",), "unknown": (None,)}


def test_products_and_places_limit_the_series():
    assert {one.unique_id: one.total for one in ask(products=["tea"], places=["a"]).series} == {"tea": 5.5}
    both = ask(by=("product", "place"), places=["b"])
    assert [(one.product, one.place, one.total) for one in both.series] == [
        ("milk", "b", 10),
        ("tea", "b", 5),
        ("unknown", "b", 1),
    ]


def test_what_counts_as_demand_does_not_depend_on_the_question():
    events = make_events(
        sale(5, "tea", "shop", 3),
        {"time": "2026-01-06", "step": "shipping", "product": "coffee", "place": "dock", "destination": "away"},
    )
    asked = ask(events, products=["coffee"])
    assert asked.choice.rule == "sold"
    assert (asked.series, asked.recorded) == ((), False)


def test_places_left_out_still_lie_inside():
    def ship(day: int, place: str, destination: str) -> dict[str, object]:
        moved = {"step": "shipping", "place": place, "destination": destination}
        return {"time": f"2026-01-{day:02d}", "product": "tea", "quantity": 1.0, **moved}

    events = make_events(ship(5, "dock", "store"), ship(6, "store", "customer"), ship(7, "dock", "customer"))
    asked = ask(events, places=["dock"])
    assert asked.choice.rule == "shipped_outside"
    assert [one.total for one in asked.series] == [1]


def test_demand_in_a_period_that_is_not_complete():
    asked = ask(make_events(sale(5, "tea", "a", 1)), until=datetime(2026, 1, 6, tzinfo=UTC))
    assert (asked.series, asked.found, asked.recorded) == ((), 0, True)
    assert asked.table.empty


def test_last_periods():
    table = ask().table
    found = last_periods(table, "tea", 2)
    assert [value for _, value in found] == [0.5, 0.0]
    assert [label.date().isoformat() for label, _ in found] == ["2026-01-25", "2026-02-01"]
    assert last_periods(table, "nothing", 2) == []


@pytest.mark.parametrize(
    ("as_of", "places"),
    [("2026-01-07", ["dock"]), ("2026-01-05", []), ("2026-02-01", ["dock", "shop"])],
)
def test_places_that_nothing_had_left_are_left_out(as_of, places):
    departs = ["2026-01-06", None, "2026-01-20", None]
    visits = pd.DataFrame(
        {
            "place": ["dock", "dock", "shop", "end"],
            "depart": pd.to_datetime(pd.Series(departs), utc=True),
            "other": np.arange(4),
        }
    )
    found = visits_passing_through(visits, as_of=as_of)
    assert list(found["place"].unique()) == places
    assert list(found.columns) == list(visits.columns)
