# SPDX-License-Identifier: Apache-2.0
"""The names of findings, and what follows from what people decided about them."""

import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.detectors.alarms import WEIGHTS
from forecasting.detectors.finding import Judged, finding_id

sys.path.insert(0, str(Path(__file__).parent))
from journeys import make_journeys, renumber

HOUR = pd.Timedelta(hours=1)


def replayed(events, items):
    rows = events[events["item"].isin(items) & (events["step"] == "receiving")]
    shift = 9 * HOUR
    again = rows.assign(event_time=rows["event_time"] + shift, record_time=rows["record_time"] + shift)
    return renumber(pd.concat([events, again]))


def leaf(salt):
    return lambda seq: sha256(f"{salt}{seq}".encode()).digest()


@pytest.fixture(scope="module")
def fraud():
    return replayed(make_journeys(200), [f"BOX-{one:04}" for one in range(60, 64)])


def test_a_name_depends_on_rule_item_and_entries_alone():
    leaves = [b"a" * 32, b"b" * 32]
    name = finding_id("replay", "BOX-1", leaves)
    assert name == finding_id("replay", "BOX-1", [*reversed(leaves), leaves[0]])
    kind, _, digits = name.partition(":")
    assert (kind, len(digits), set(digits) <= set("0123456789abcdef")) == ("replay", 32, True)
    others = {
        finding_id("reentry", "BOX-1", leaves),
        finding_id("replay", "BOX-2", leaves),
        finding_id("replay", "BOX-1", leaves[:1]),
        finding_id("replay", "BOX-1", [b"a" * 32, b"c" * 32]),
        finding_id("replay", "BOX", [b"-1"]),
        name,
    }
    assert len(others) == 6


def test_names_stay_while_the_history_grows(fraud):
    half = fraud.iloc[: int(len(fraud) * 0.9)]
    then, now = (forecasting.anomalies(one, leaves=leaf("x")) for one in (half, fraud))
    assert len(then)
    assert set(then["finding"]) <= set(now["finding"])
    assert set(now["finding"]).isdisjoint(forecasting.anomalies(fraud, leaves=leaf("y"))["finding"])


def test_a_dismissed_finding_stays_dismissed(fraud):
    found = forecasting.anomalies(fraud, leaves=leaf("x"))
    assert sorted(found["item"]) == ["BOX-0060", "BOX-0061", "BOX-0062", "BOX-0063"]
    gone = found["finding"].iloc[0]
    left = forecasting.anomalies(fraud, leaves=leaf("x"), dismissed={gone})
    pd.testing.assert_frame_equal(
        left.drop(columns="p_value"),
        found[found["finding"] != gone].reset_index(drop=True).drop(columns="p_value"),
    )
    # Other entries, another finding: what is new is not dismissed with the old.
    assert len(forecasting.anomalies(fraud, leaves=leaf("y"), dismissed={gone})) == len(found)


def test_a_rule_that_was_dismissed_often_has_the_p_value_that_was_measured(fraud):
    found = forecasting.anomalies(fraud, leaves=leaf("x"))
    names = list(found["finding"])
    left = forecasting.anomalies(fraud, leaves=leaf("x"), dismissed=names[:3], alpha=1.0)
    mine = left[left["kind"] == "replay"]
    assert list(mine["finding"]) == names[3:]
    assert mine["p_value"].iloc[0] == pytest.approx(3 / 200)
    assert forecasting.anomalies(fraud, leaves=leaf("x"), dismissed=names[:3]).empty
    # One that was confirmed says that the rule is a contradiction after all.
    kept = forecasting.anomalies(fraud, leaves=leaf("x"), dismissed=names[:3], confirmed=names[3:])
    assert list(kept["finding"]) == names[3:]


def test_confirmed_items_do_not_teach_what_is_usual():
    events = make_journeys(400, seed=5)
    slow = {f"BOX-{one:04}" for one in range(10, 400, 13)}
    shipped = events[events["step"] == "shipping"].set_index("item")["event_time"]
    rows = events.index[events["item"].isin(slow) & (events["step"] == "receiving")]
    longer = (events.loc[rows, "event_time"] - events.loc[rows, "item"].map(shipped)) * 8
    events.loc[rows, "event_time"] += longer
    events.loc[rows, "record_time"] += longer
    events = renumber(events)
    first = forecasting.anomalies(events, alpha=1.0)
    mine = first[(first["kind"] == "slow_journey") & first["item"].isin(slow)]
    half = set(mine["finding"][::2])
    taught = forecasting.anomalies(events, alpha=1.0, confirmed=half)
    rest = mine[~mine["finding"].isin(half)].set_index("finding")["p_value"]
    after = taught.set_index("finding")["p_value"].reindex(rest.index)
    assert (after < rest).mean() > 0.9


def test_weights_keep_their_sum():
    judged = Judged.of({"fast_journey:1", "fast_journey:2"}, {"long_stay:1", "long_stay:2", "long_stay:3"})
    weights = judged.weights(WEIGHTS)
    assert sum(weights.values()) == pytest.approx(sum(WEIGHTS.values()))
    assert weights["long_stay"] / weights["short_stay"] == pytest.approx(4)
    assert weights["short_stay"] / weights["fast_journey"] == pytest.approx(3 * 0.01 / 0.04)
    assert Judged().weights(WEIGHTS) == WEIGHTS
    assert Judged.of({"a:1"}, {"a:1"}).dismissed == frozenset()
    p = np.array([1e-9, 0.5])
    assert Judged.of({"a:1", "a:2"}, ()).rule_p("a", p, 10) is p
