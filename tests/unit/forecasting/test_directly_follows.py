# SPDX-License-Identifier: Apache-2.0
from statistics import fmean, median, pstdev

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import BadTable
from forecasting.flow.directly_follows import directly_follows


def make_events(seed, count=400):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "item": rng.choice(["a", "b", "c", None], count),
            "step": rng.choice(["x", "y", "z", None], count, p=[0.4, 0.3, 0.2, 0.1]),
            # few moments, so that many events share one and seq decides
            "event_time": pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(rng.integers(0, 90, count), unit="h"),
            "seq": rng.permutation(count),
        }
    )


def check(events):
    """Hold the table against a loop over the events of each item."""
    gaps = {}
    for _, rows in events.dropna().sort_values(["event_time", "seq"]).groupby("item"):
        steps, times = rows["step"].tolist(), rows["event_time"].tolist()
        for at in range(len(steps) - 1):
            hours = (times[at + 1] - times[at]) / pd.Timedelta(hours=1)
            gaps.setdefault((steps[at], steps[at + 1]), []).append(hours)
    table = directly_follows(events)
    assert {(row.before, row.after) for row in table.itertuples()} == set(gaps)
    for row in table.itertuples():
        own = gaps[row.before, row.after]
        assert row[3] == len(own)  # "count" is a method of tuples
        assert (row.low, row.high) == pytest.approx((min(own), max(own)), rel=1e-15)
        told = (row.mean, row.median, row.total, row.deviation)
        assert told == pytest.approx((fmean(own), median(own), sum(own), pstdev(own)), abs=1e-9)
    assert table["count"].is_monotonic_decreasing


@pytest.mark.parametrize("seed", range(4))
def test_as_a_loop_over_each_item_says(seed):
    check(make_events(seed))


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_times_of_every_resolution(unit):
    events = make_events(5)
    events["event_time"] += pd.to_timedelta(np.random.default_rng(5).integers(0, 3, len(events)), unit=unit)
    check(events)


def test_rows_that_come_in_order():
    events = make_events(6).sort_values(["item", "event_time", "seq"])
    check(events)
    same_time_falling_seq = events.sort_values(["item", "event_time", "seq"], ascending=[True, True, False])
    check(same_time_falling_seq)


def test_more_items_pairs_and_years_than_one_number_holds():
    rng = np.random.default_rng(7)
    count = 8_000
    apart = rng.integers(0, 250 * 365 * 86_400 * 10**6, count)
    check(
        pd.DataFrame(
            {
                "item": rng.choice([f"I{number}" for number in range(3_000)], count),
                "step": rng.choice([f"S{number}" for number in range(4_000)], count),
                "event_time": pd.Timestamp("1850-01-01") + pd.to_timedelta(apart, unit="us"),
                "seq": rng.permutation(count),
            }
        )
    )


def test_the_order_of_rows_changes_nothing():
    events = make_events(9)
    shuffled = events.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(directly_follows(shuffled), directly_follows(events), check_exact=True)


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_the_table_given_is_left_as_it_was(zone):
    events = make_events(8)
    events["event_time"] = events["event_time"].dt.tz_convert(zone)
    before = events.copy(deep=True)
    directly_follows(events)
    pd.testing.assert_frame_equal(events, before)


def test_nothing_follows_nothing():
    assert directly_follows(make_events(1).head(0)).empty
    assert directly_follows(make_events(1).drop_duplicates("item")).empty
    with pytest.raises(BadTable, match="missing"):
        directly_follows(make_events(1).drop(columns="seq"))
