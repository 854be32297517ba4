# SPDX-License-Identifier: Apache-2.0
"""Arrivals a day at a dock, against sums counted by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.errors import BadArgument
from forecasting.flow.arrivals import arrivals_by_day, count_quantiles
from forecasting.flow.under_way import shipments_under_way
from forecasting.tables import events_table

LEVELS = np.array([0.05, 0.1, 0.5, 0.9, 0.99])
NONE = np.empty(0, dtype=np.int64)


def slow_law(share, size, new, sizes, times, most=400):
    """The probabilities of 0, 1, 2... things, load after load."""
    law = np.zeros(most)
    law[0] = 1.0
    for p, n in zip(share, size, strict=True):
        moved = np.concatenate((np.zeros(n), law[: most - n]))
        law = (1 - p) * law + p * moved
    weight = np.array(times) / sum(times)
    loads = new / float(weight @ np.array(sizes))
    one = np.zeros(most)
    for n, share_of_size in zip(sizes, weight, strict=True):
        one[n] += share_of_size
    poisson, power, told = np.zeros(most), np.zeros(most), 0
    power[0] = 1.0
    while told < 60:
        poisson += math.exp(-loads) * loads**told / math.factorial(told) * power
        power, told = np.convolve(power, one)[:most], told + 1
    return np.convolve(law, poisson)[:most]


@settings(max_examples=25, deadline=None)
@given(
    loads=st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(1, 9)), max_size=6),
    new=st.floats(0.0, 8.0),
    sizes=st.dictionaries(st.integers(1, 12), st.integers(1, 5), min_size=1, max_size=4),
)
def test_quantiles_are_those_of_the_sum(loads, new, sizes):
    share = [p for p, _ in loads]
    size = [n for _, n in loads]
    told = count_quantiles(
        LEVELS,
        np.array(share, dtype=float),
        np.array(size, dtype=np.int64),
        new,
        np.array(list(sizes)),
        np.array(list(sizes.values())),
    )
    below = np.cumsum(slow_law(share, size, new, list(sizes), list(sizes.values())))
    for level, count in zip(LEVELS, told.tolist(), strict=True):
        assert count == int(count) >= 0
        assert below[int(count)] >= level - 1e-6
        assert count == 0 or below[int(count) - 1] < level + 1e-6


def test_many_things_follow_the_normal_law():
    (middle,) = count_quantiles(np.array([0.5]), np.empty(0), NONE, 90_000.0, NONE, NONE)
    assert abs(middle - 90_000) <= 1
    low, high = count_quantiles(np.array([0.1, 0.9]), np.empty(0), NONE, 90_000.0, NONE, NONE)
    assert high - low == pytest.approx(2 * 1.2816 * 300, abs=2)


def micros(time):
    return None if time is None else time.value // 1000


def table(rows):
    size = len(rows)
    empty = [None] * size
    return events_table(
        {
            **dict.fromkeys(("disposition", "lot", "unit", "parent", "document", "party", "quantity"), empty),
            "seq": list(range(size)),
            "event_id": [f"e{number}" for number in range(size)],
            "event_time": [micros(row[0]) for row in rows],
            "record_time": [micros(row[0]) for row in rows],
            "kind": ["object"] * size,
            "action": ["OBSERVE"] * size,
            "step": [row[1] for row in rows],
            "item": [row[2] for row in rows],
            "product": empty,
            "place": [row[3] for row in rows],
            "source": empty,
            "destination": [row[4] for row in rows],
            "promised": [micros(row[5]) for row in rows],
            "corrected": [False] * size,
        }
    )


NOW = pd.Timestamp("2026-03-10T12:00Z")


@pytest.fixture(scope="module")
def events():
    """Two months of pallets that take six hours to SHOP; one left an hour ago, one was lost at the start."""
    rows = [(pd.Timestamp("2026-01-01T00:00Z"), "shipping", "LOST", "DOCK", "SHOP", None)]
    for day in range(1, 60):
        start = pd.Timestamp("2026-01-02T08:00Z") + pd.Timedelta(days=day)
        for one in range(3):
            name = f"P{day}-{one}"
            rows.append((start, "shipping", name, "DOCK", "SHOP", None))
            rows.append((start + pd.Timedelta(hours=6), "receiving", name, "SHOP", None, None))
    for one in range(3):
        rows.append((NOW - pd.Timedelta(hours=1), "shipping", f"NEW-{one}", "DOCK", "SHOP", NOW))
    return table(rows)


def test_what_is_missing_is_not_expected(events):
    told = shipments_under_way(events, as_of=NOW).set_index("item")
    lost, new = told.loc["LOST"], told.loc["NEW-0"]
    assert lost["missing"]
    assert pd.isna(lost["expected_late_hours"])
    assert not new["missing"]
    # promised for now, expected five hours later
    assert new["expected_late_hours"] == pytest.approx(5, abs=0.5)
    assert lost["eta0.5"] == NOW
    days = arrivals_by_day(events, as_of=NOW, places=["SHOP"], days=2, levels=(0.1, 0.9))["SHOP"]
    assert days["under_way"].iloc[0] == pytest.approx(3, abs=0.2)
    assert days["under_way"].sum() <= 3 + 1e-9


def test_what_leaves_together_arrives_together(events):
    days = arrivals_by_day(events, as_of=NOW, places=["SHOP"], days=3, levels=(0.1, 0.5, 0.9))["SHOP"]
    tomorrow = days.iloc[1]
    assert tomorrow["loads"] == pytest.approx(tomorrow["mean"] / 3, rel=0.1)
    counts = tomorrow[["q0.1", "q0.5", "q0.9"]]
    assert all(count % 3 == 0 for count in counts)


def test_several_places_are_told_as_each_alone(events):
    asked = {"as_of": NOW, "days": 2, "levels": (0.5,)}
    both = arrivals_by_day(events, places=["SHOP", "DOCK"], **asked)
    for place in ("SHOP", "DOCK"):
        alone = arrivals_by_day(events, places=[place], **asked)[place]
        pd.testing.assert_frame_equal(both[place], alone)


def test_loads_not_yet_under_way_spread_the_normal_law():
    """The variance of a compound Poisson number is that of its loads, not of its things."""
    asked, sizes, times = np.array([0.1, 0.9]), np.array([5, 20]), np.array([3, 1])
    low, high = count_quantiles(asked, np.empty(0), NONE, 90_000.0, sizes, times)
    drawn = np.random.default_rng(1).poisson(90_000 / 8.75, 4_000)
    things = [np.random.default_rng(at).choice([5, 5, 5, 20], loads).sum() for at, loads in enumerate(drawn)]
    assert high - low == pytest.approx(np.subtract(*np.quantile(things, [0.9, 0.1])), rel=0.05)


def test_things_that_left_nowhere_and_things_that_have_not_left_come_at_their_rates():
    rows = []
    for hour in range(60 * 24):
        time = NOW - pd.Timedelta(hours=hour)
        # one an hour appears at SPOT, one every two hours leaves for SPOT and takes fifty hours
        rows.append((time, "observing", f"W{hour}", "SPOT", None, None))
        if hour % 2:
            rows.append((time, "shipping", f"S{hour}", "DOCK", "SPOT", None))
            if hour > 50:
                rows.append((time + pd.Timedelta(hours=50), "receiving", f"S{hour}", "SPOT", None, None))
    told = arrivals_by_day(table(rows), as_of=NOW, places=["SPOT"], days=5, levels=(0.5,))["SPOT"]
    new = (told["mean"] - told["under_way"]).tolist()
    # of today twelve hours are left; what has not left comes from the third day on
    assert new == pytest.approx([12, 24, 24, 36, 36], rel=0.05)
    assert told["under_way"].sum() == pytest.approx(25, abs=1)


def test_days_are_those_of_the_zone(events):
    asked = {"as_of": NOW, "places": ["SHOP"], "levels": (0.5,), "days": 3}
    # midnight in Auckland lies an hour before, so what comes in five hours comes today there as well
    there = arrivals_by_day(events, timezone="Pacific/Auckland", **asked)["SHOP"]
    assert [f"{day:%Y-%m-%d}" for day in there["ds"]] == ["2026-03-11", "2026-03-12", "2026-03-13"]
    # the day on which clocks are set forward has 23 hours, and fewer new arrivals for it
    spring = arrivals_by_day(
        events, as_of="2026-03-07T12:00Z", places=["SHOP"], levels=(0.5,), days=3, timezone="America/Chicago"
    )["SHOP"]
    new = spring["mean"] - spring["under_way"]
    assert new.iloc[1] / new.iloc[2] == pytest.approx(23 / 24, rel=1e-6)
    with pytest.raises(BadArgument, match="IANA"):
        arrivals_by_day(events, timezone="Mars/Olympus", **asked)
