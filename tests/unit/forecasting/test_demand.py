# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest

from forecasting.errors import BadArgument, BadTable
from forecasting.series import read_panel
from forecasting.tables import choose_demand_steps, demand_table

WEEK = 168


def test_configured_steps_win(history):
    events = history((0, "i", "retail_selling", "A"))
    choice = choose_demand_steps(events, ["urn:epcglobal:cbv:bizstep:shipping"])
    assert (choice.steps, choice.rule) == (("shipping",), "configured")
    assert "shipping" in choice.explanation


def test_sales_before_shipments(history):
    events = history((0, "i", "shipping", "A", {"destination": "X"}), (1, "j", "dispensing", "B"))
    assert choose_demand_steps(events).steps == ("dispensing",)


def test_shipments_to_places_inside_are_no_demand(history):
    events = history(
        (0, "i", "shipping", "A", {"destination": "B"}),
        (1, "i", "receiving", "B"),
        (2, "i", "shipping", "B", {"destination": "customer"}),
        (WEEK, "k", "storing", "B"),
    )
    choice = choose_demand_steps(events)
    assert choice.rule == "shipped_outside"
    table = demand_table(events, freq="W", steps=choice, by=("place",))
    assert table[["unique_id", "y"]].to_numpy().tolist() == [["B", 1.0]]


def test_last_step_of_most_journeys(history):
    events = history(
        (0, "i", "storing", "A"),
        (1, "i", "installing", "A"),
        (2, "j", "installing", "A"),
        (3, "k", "storing", "A"),
    )
    choice = choose_demand_steps(events)
    assert (choice.steps, choice.rule) == (("installing",), "last_step")
    assert "67%" in choice.explanation


def test_no_steps_no_demand(history):
    events = history((0, "i", None, "A"))
    assert choose_demand_steps(events).rule == "none"
    assert len(demand_table(events, freq="W")) == 0


def test_gaps_are_zeros_and_all_series_end_together(history):
    events = history(
        (1, "i", "retail_selling", "A", {"quantity": 2.5}),
        (2, "j", "retail_selling", "A"),
        (2 * WEEK + 1, "k", "retail_selling", "A", {"product": "cup"}),
        (3 * WEEK + 1, "l", "retail_selling", "A"),
        (4 * WEEK + 30, "m", "retail_selling", "A"),
    )
    table = demand_table(events, freq="W")
    tea = table[table["unique_id"] == "tea"]
    assert tea["y"].tolist() == [3.5, 0.0, 0.0, 1.0]
    assert tea["ds"].tolist() == list(pd.date_range("2026-01-11", periods=4, freq="W"))
    assert table[table["unique_id"] == "cup"]["y"].tolist() == [1.0, 0.0]
    assert set(table.columns) == {"unique_id", "ds", "y", "product", "place"}
    assert len(read_panel(table, freq="W").series) == 2


def test_a_period_is_complete_at_its_very_end(history):
    events = history((1, "i", "retail_selling", "A"))
    just = pd.Timestamp("2026-01-12", tz="UTC")
    assert len(demand_table(events, freq="W", until=just)) == 1
    assert len(demand_table(events, freq="W", until=just - pd.Timedelta(microseconds=1))) == 0


def test_other_zones_count_in_utc(history):
    events = history((1, "i", "retail_selling", "A"))
    assert len(demand_table(events, freq="D", until=pd.Timestamp("2026-01-05 19:00", tz="America/New_York"))) == 1


def test_corrected_rows_are_no_demand(history):
    events = history((1, "i", "retail_selling", "A"), (2, "i", "retail_selling", "A", {"corrected": True}))
    assert demand_table(events, freq="D", until=pd.Timestamp("2026-01-07"))["y"].tolist() == [1.0, 0.0]


def test_series_by_product_and_place(history):
    events = history((1, "i", "retail_selling", "A"), (2, "j", "retail_selling", "B", {"product": None}))
    table = demand_table(events, freq="D", by=("product", "place"), until=pd.Timestamp("2026-01-06"))
    assert table["unique_id"].tolist() == ["tea|A", "unknown|B"]
    assert table["place"].tolist() == ["A", "B"]


def test_an_absurd_date_is_named_instead_of_filling_memory(history):
    ancient = int(np.datetime64("1100-01-01", "us").astype(np.int64))
    events = history(
        *[(1, f"i{n}", "retail_selling", f"P{n}", {"event_time": ancient}) for n in range(5)],
    )
    with pytest.raises(BadTable, match="wrong date"):
        demand_table(events, freq="h", by=("place",), until=pd.Timestamp("2026-01-01"))


@pytest.mark.parametrize(
    "arguments", [{"by": ("colour",)}, {"by": ()}, {"freq": "B"}, {"until": "whenever"}, {"steps": "shipping"}]
)
def test_refusals(history, arguments):
    with pytest.raises(BadArgument):
        demand_table(history((1, "i", "retail_selling", "A")), **({"freq": "D"} | arguments))
