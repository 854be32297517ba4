# SPDX-License-Identifier: Apache-2.0
"""What a fit of lead times is shown, and that what looking back taught reaches the answer."""

import numpy as np
import pandas as pd
import pytest

from forecasting import lead_times
from forecasting.flow.covariates import read_covariates
from forecasting.flow.known_legs import know_legs
from forecasting.flow.lead_time_model import predict_stages
from forecasting.flow.leg_calibration import censoring_weights
from forecasting.flow.leg_design import Design, build_design
from forecasting.flow.recent_level import read_level

NOW = pd.Timestamp("2026-06-01")
DAY = pd.Timedelta(days=1)


def make_legs(days, hours, **more):
    """Legs of one lane that began so many days ago."""
    start = NOW - pd.to_timedelta(days, unit="D")
    end = start + pd.to_timedelta(hours, unit="h")
    names = {"item": [f"I{number}" for number in range(len(days))], "origin": "A", "destination": "B"}
    return pd.DataFrame({**names, "start": start, "end": end, **more})


def design_of(legs, queries):
    known = know_legs(legs, queries, NOW.value // 1000)
    kept = legs.iloc[known.rows]
    return build_design(known, read_covariates(kept, queries), np.arange(len(kept)))


def asked(*ahead, **more):
    starts = [NOW + days * DAY for days in ahead]
    return pd.DataFrame({"origin": "A", "destination": "B", "start": starts, **more})


def doubled_lately(since=10):
    """A year of legs of a day, twelve a day; those that began in the last days take two."""
    days = np.arange(365, 3, -1 / 12)
    return make_legs(days, np.where(days <= since, 48.0, 24.0))


def test_the_level_is_as_stale_for_the_legs_that_are_fitted_as_for_those_asked_about():
    legs = doubled_lately()
    near, far = design_of(legs, asked(0.0)), design_of(legs, asked(*[28.0] * 7))
    column = near.names.index("level of ended")
    assert near.rows[:, column].max() > 0.1
    assert far.asked[0, column] > 0.05
    # legs that began within the last ten days are shown what was known days to weeks before they did
    assert np.abs(far.rows[:, column]).max() < 0.005


def test_the_level_looks_back_as_far_as_the_questions_look_ahead():
    start = -24.0 * np.arange(365, 3, -1 / 12)
    lead = np.where(start >= -24.0 * 14, 48.0, 24.0)
    expected = np.full(len(start), np.log(24.0))
    soon, later = (read_level(start, lead, expected, ahead=24.0 * days) for days in (0, 28))
    now = np.zeros(1)
    # of the last two weeks eleven days are told, and of the last eight weeks as many
    assert soon.at(now)[0][0] > 0.7 * np.log(2)
    assert 0.1 * np.log(2) < later.at(now)[0][0] < 0.3 * np.log(2)
    longest = read_level(start, lead, expected, ahead=24.0 * 300)
    np.testing.assert_array_equal(longest.ended, later.ended)


def test_pairs_and_promises_by_group_are_shown_where_there_is_no_calendar():
    rng = np.random.default_rng(1)
    size = 200
    mode, stage = rng.choice(["sea", "air"], size), rng.integers(0, 2, size)
    hours, promised = (
        rng.uniform(20, 60, size),
        NOW - 200 * DAY + pd.to_timedelta(rng.uniform(30, 90, size), unit="h"),
    )
    more = {"mode": mode, "stage": stage, "promised": promised}
    queries = asked(0.0, mode=["sea"], stage=[1], promised=[NOW + 2 * DAY])
    timeless = design_of(make_legs(np.full(size, 200.0), hours, **more), queries)
    assert not timeless.ordered
    assert {"mean of mode and stage", "over window of mode", "over window, mean of mode and stage"} <= set(
        timeless.names
    )
    dated = design_of(make_legs(np.linspace(300, 4, size), hours, **more), queries)
    assert dated.ordered
    assert not any("over window" in name or " and " in name for name in dated.names)


def test_a_leg_that_ended_counts_for_those_that_had_no_time_to():
    rng = np.random.default_rng(4)
    lead, waited = rng.exponential(100, 20_000), rng.uniform(50, 500, 20_000)
    ended = lead <= waited
    weights = censoring_weights(lead[ended], waited)
    assert weights.min() == pytest.approx(1)
    assert weights.max() <= 8
    # without weights the slow ones are missing
    assert lead[ended].mean() < 85
    assert np.average(lead[ended], weights=weights) == pytest.approx(lead[lead < 440].mean(), rel=0.03)


def test_bands_of_later_legs_are_not_thinned_by_trees_where_there_is_a_calendar():
    """Where nothing can be known, what trees find in the legs that were fitted holds for no other."""
    rng = np.random.default_rng(6)
    rows, asked_rows = rng.normal(size=(2, 2_000, 4))
    outcome, came = rng.normal(size=(2, 2_000))
    held = []
    for ordered in (True, False):
        noise = Design(list("abcd"), rows, outcome, asked=asked_rows, expected=0, ordered=ordered)
        told = predict_stages(noise, (100,))[0]
        held.append(np.mean((came >= told[:, 1]) & (came <= told[:, -2])))
    assert held[0] > 0.76
    assert held[1] < held[0] - 0.03


def band(answer):
    return np.log(answer["q0.9"] / answer["q0.1"]).to_numpy()


def test_the_band_widens_with_every_doubling_of_the_time_ahead():
    rng = np.random.default_rng(2)
    legs = make_legs(np.linspace(400, 4, 1_600), 24 * np.exp(rng.normal(0, 0.2, 1_600)))
    # two weeks are judged at least; whole weeks, so that the hour of the week is the same
    told = band(lead_times(legs, asked(*[14.0] * 40, 28.0, 56.0), as_of=NOW))
    assert told[-2:] / told[0] == pytest.approx([1.05, 1.1], rel=1e-6)


def test_a_level_that_moves_from_month_to_month_widens_the_band():
    rng = np.random.default_rng(3)
    days = np.linspace(400, 4, 1_200)
    noise = 0.1 * rng.normal(size=1_200)
    moved = rng.normal(0, 0.4, 30)[(days // 14).astype(int)]
    steady, moving = (
        band(lead_times(make_legs(days, 24 * np.exp(level + noise)), asked(*[10.0] * 9), as_of=NOW))[0]
        for level in (0.0 * moved, moved)
    )
    # two levels .8 apart: the band must hold both, whatever the noise within
    assert steady < 0.35
    assert moving > 0.8
