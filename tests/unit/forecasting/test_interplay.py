# SPDX-License-Identifier: Apache-2.0
"""What covariates say together, against sums that are taken one by one."""

import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.flow.covariates import Covariates
from forecasting.flow.encodings import PARTS, Clock
from forecasting.flow.interplay import MOST_PAIRS, WORTH, code_groups, pair_means, sums_and_differences

NOW = pd.Timestamp("2026-06-01")


def test_numbers_of_few_values_are_codes():
    rows = np.array([3.0, 1.0, np.nan, 3.0] * 10)
    asked = np.array([1.0, 2.0, 3.0, np.nan, 9.0])
    many = np.arange(40.0), np.arange(5.0)
    codes = code_groups(Covariates({}, {"stage": (rows, asked), "weight": many, "one": (np.ones(40), np.ones(5))}))
    assert list(codes) == ["stage"]
    assert codes["stage"][0][:4].tolist() == [1, 0, 2, 1]
    assert codes["stage"][1].tolist() == [0, -1, 1, -1, -1]


def test_a_pair_is_the_shrunk_mean_of_the_other_parts():
    rng = np.random.default_rng(1)
    count, asked = 300, 40
    place, stage = rng.integers(0, 4, count), rng.integers(0, 3, count)
    asked_place, asked_stage = rng.integers(-1, 4, asked), rng.integers(0, 3, asked)
    outcome = rng.normal(size=count) + (place == stage)
    outcome[:20] = np.nan
    part = rng.integers(0, PARTS, count)
    clock = Clock(np.zeros(count), np.zeros(count), np.zeros(asked), part)
    base = np.full(count, 0.5), np.full(asked, 0.5)
    told = pair_means({"place": (place, asked_place), "stage": (stage, asked_stage)}, outcome, clock, base)
    rows, of_asked = told["mean of place and stage"]

    def shrunk(taken, parent):
        return (outcome[taken].sum() + WORTH * parent) / (taken.sum() + WORTH)

    for at in range(count):
        seen = (part != part[at]) & np.isfinite(outcome)
        parent = sum(shrunk(seen & (side == side[at]), 0.5) for side in (place, stage)) - 0.5
        assert rows[at] == pytest.approx(shrunk(seen & (place == place[at]) & (stage == stage[at]), parent))
    seen = np.isfinite(outcome)
    for at in range(asked):
        here, then = place == asked_place[at], stage == asked_stage[at]
        parent = shrunk(seen & here, 0.5) + shrunk(seen & then, 0.5) - 0.5
        assert of_asked[at] == pytest.approx(shrunk(seen & here & then, parent))


def test_the_pairs_that_tell_most_are_kept_and_none_that_says_no_more_than_its_parts():
    rng = np.random.default_rng(3)
    count = 400
    groups = {name: rng.integers(0, 2, count) for name in "abcdef"}
    groups["hub"] = 2 * groups["a"] + rng.integers(0, 2, count)
    outcome = 0.1 * rng.normal(size=count) + (groups["e"] == groups["f"])
    clock = Clock(np.zeros(count), np.zeros(count), np.zeros(1), rng.integers(0, PARTS, count))
    both = {name: (group, group[:1]) for name, group in groups.items()}
    told = pair_means(both, outcome, clock, (np.full(count, 0.5), np.full(1, 0.5)))
    # of 21 pairs; the hub says which a already
    assert len(told) == MOST_PAIRS
    assert next(iter(told)) == "mean of e and f"
    few = pair_means({name: both[name] for name in ("a", "hub", "e")}, outcome, clock, (outcome, outcome[:1]))
    assert set(few) == {"mean of a and e", "mean of hub and e"}


def test_only_numbers_of_like_size_are_added_and_each_once():
    rng = np.random.default_rng(1)
    plan, came = rng.uniform(10, 50, 100), rng.uniform(10, 50, 100)
    made = sums_and_differences(
        {
            "plan": (plan, plan[:3]),
            "came": (came, came[:3]),
            "again": (plan.copy(), plan[:3]),
            "grams": (1e6 * came, 1e6 * came[:3]),
            "stage": (np.arange(100.0) % 4, np.arange(3.0)),
        }
    )
    assert set(made) == {"plan less came", "plan and came"}
    np.testing.assert_array_equal(made["plan less came"][0], plan - came)
    np.testing.assert_array_equal(made["plan and came"][1], (plan + came)[:3])


def test_what_two_covariates_say_only_together_is_told():
    rng = np.random.default_rng(2)
    count = 500
    stage, mode = rng.integers(0, 2, count), rng.integers(0, 2, count)
    hours = np.exp(3 + 1.5 * (stage == mode) + 0.1 * rng.normal(size=count))
    legs = pd.DataFrame(
        {
            "item": [f"I{number}" for number in range(count)],
            "origin": "A",
            "destination": "B",
            "mode": np.array(["sea", "air"])[mode],
            "stage": stage,
            "start": NOW - pd.Timedelta(days=200),
        }
    )
    legs["end"] = legs.start + pd.to_timedelta(hours, unit="h")
    asked = legs.iloc[300:].assign(start=NOW).drop(columns="end")
    told = forecasting.lead_times(legs.iloc[:300], asked, as_of=NOW)["q0.5"].to_numpy()
    assert np.abs(np.log(told / hours[300:])).mean() < 0.2
