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


@pytest.mark.parametrize("seed", range(4))
def test_as_a_loop_over_each_item_says(seed):
    events = make_events(seed)
    gaps = {}
    for _, rows in events.dropna().sort_values(["event_time", "seq"]).groupby("item"):
        steps, times = rows["step"].tolist(), rows["event_time"].tolist()
        for at in range(len(steps) - 1):
            hours = (times[at + 1] - times[at]).total_seconds() / 3600
            gaps.setdefault((steps[at], steps[at + 1]), []).append(hours)
    table = directly_follows(events)
    assert {(row.before, row.after) for row in table.itertuples()} == set(gaps)
    for row in table.itertuples():
        own = gaps[row.before, row.after]
        assert row[3] == len(own)  # "count" is a method of tuples
        assert (row.low, row.high) == (min(own), max(own))
        told = (row.mean, row.median, row.total, row.deviation)
        assert told == pytest.approx((fmean(own), median(own), sum(own), pstdev(own)))
    assert table["count"].is_monotonic_decreasing


def test_the_order_of_rows_changes_nothing():
    events = make_events(9)
    pd.testing.assert_frame_equal(
        directly_follows(events.sample(frac=1, random_state=1)), directly_follows(events)
    )


def test_nothing_follows_nothing():
    assert directly_follows(make_events(1).head(0)).empty
    assert directly_follows(make_events(1).drop_duplicates("item")).empty
    with pytest.raises(BadTable, match="missing"):
        directly_follows(make_events(1).drop(columns="seq"))
