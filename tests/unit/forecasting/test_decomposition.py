# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.seasonal import STL

from forecasting.decomposition import PART_COLUMNS, SHARE_COLUMNS, decompose, decompose_demand

RNG = np.random.default_rng(4)
BEGIN = RNG.bit_generator.state
TIME = np.arange(72)
WAVE = 10 * np.sin(2 * np.pi * TIME / 12)


@pytest.fixture(autouse=True)
def numbers():
    """Each test draws the same numbers, whatever ran before it."""
    RNG.bit_generator.state = BEGIN


def table(y, name="tea", freq="MS"):
    return pd.DataFrame({"unique_id": name, "ds": pd.date_range("2015-01-01", periods=len(y), freq=freq), "y": y})


def test_parts_are_those_of_stl_and_sum_to_demand():
    y = 100 + TIME + WAVE + RNG.normal(0, 1, 72)
    found = decompose(y, 12)
    peer = STL(y, period=12, seasonal=7, robust=True).fit()
    assert found.trend == pytest.approx(peer.trend, rel=1e-9)
    assert found.season == pytest.approx(peer.seasonal, abs=1e-9)
    assert found.trend + found.season + found.remainder == pytest.approx(y)


@pytest.mark.parametrize(
    ("y", "largest"),
    [(100 + 3.0 * TIME, 0), (400 - 3.0 * TIME, 0), (100 + WAVE, 1), (100 + RNG.normal(0, 5, 72), 2)],
)
def test_shares_say_what_moves_demand(y, largest):
    parts = decompose(y, 12)
    assert np.argmax(parts.shares) == largest
    assert sum(parts.shares) == pytest.approx(1)


def test_a_constant_has_a_level_and_nothing_else():
    parts = decompose(np.full(30, 7.0), 12)
    assert parts.shares == (0.0, 0.0, 0.0)


def test_one_odd_period_is_no_trend():
    y = np.full(40, 5.0) + RNG.normal(0, 0.1, 40)
    y[20] = 500.0
    assert decompose(y, 1).shares[2] > 0.95


def test_tables_keep_order_and_labels():
    demand = pd.concat((table(100 + WAVE, "b"), table([3.0, 4.0], "a")))
    found = decompose_demand(demand, freq="MS")
    assert tuple(found.parts.columns) == PART_COLUMNS
    assert tuple(found.shares.columns) == SHARE_COLUMNS
    assert found.shares["unique_id"].tolist() == ["b", "a"]
    assert found.parts["ds"].tolist() == demand["ds"].tolist()
    assert found.parts["y"].tolist() == demand["y"].tolist()
    assert found.shares["season_share"].tolist()[1] == 0


@settings(max_examples=30, deadline=None)
@given(y=st.lists(st.floats(0, 1e9), min_size=1, max_size=40), season=st.sampled_from([1, 2, 5, 12]))
def test_no_history_breaks_it(y, season):
    parts = decompose(np.array(y), season)
    total = parts.trend + parts.season + parts.remainder
    assert np.isfinite(total).all()
    assert total == pytest.approx(np.array(y), abs=1e-6 * max(y) + 1e-12)
    assert sum(parts.shares) == pytest.approx(1) or parts.shares == (0.0, 0.0, 0.0)
