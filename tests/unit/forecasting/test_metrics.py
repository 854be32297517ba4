# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting import metrics
from forecasting.demand_class import classify_demand

HISTORY = np.array([0.0, 0.0, 2.0, 4.0, 3.0, 7.0])
CAME = np.array([5.0, 0.0])
SAID = np.array([3.0, 0.0])


def test_worked_by_hand():
    assert metrics.seasonal_scale(HISTORY, 2) == pytest.approx((2 + 4 + 1 + 3) / 4)
    assert metrics.mase(CAME, SAID, HISTORY, 2) == pytest.approx(1 / 2.5)
    # the history from its first demand changes by 2, -1, 4
    assert metrics.rmsse(CAME, SAID, HISTORY) == pytest.approx(np.sqrt(2) / np.sqrt(21 / 3))
    assert metrics.smape(CAME, SAID) == pytest.approx((200 * 2 / 8 + 0) / 2)
    assert metrics.pinball_loss(CAME, SAID, 0.9) == pytest.approx(0.9 * 2 / 2)
    assert metrics.pinball_loss(SAID, CAME, 0.9) == pytest.approx(0.1 * 2 / 2)
    assert metrics.coverage(CAME, np.array([5.0, 1.0]), np.array([6.0, 2.0])) == 0.5
    assert metrics.bias(CAME, SAID, HISTORY) == pytest.approx(-1 / 4)


def test_missed_intervals_cost_forty_times_what_they_miss():
    lower, upper = np.array([1.0, 2.0]), np.array([4.0, 3.0])
    # widths 3 and 1; 5 is missed by 1, 0 by 2; the changes over two periods are 2.5 in the mean
    assert metrics.scaled_interval_score(CAME, lower, upper, HISTORY, 2) == pytest.approx(
        (3 + 40 + 1 + 80) / 2 / 2.5
    )
    assert np.isnan(metrics.scaled_interval_score(CAME, lower, upper, np.full(5, 3.0), 1))


def test_scaled_pinball_is_the_mean_over_levels():
    quantiles = np.column_stack((SAID, SAID + 1))
    levels = np.array([0.1, 0.5])
    expected = np.mean([metrics.pinball_loss(CAME, quantiles[:, k], q) for k, q in enumerate(levels)]) / (7 / 3)
    assert metrics.scaled_pinball_loss(CAME, quantiles, levels, HISTORY) == pytest.approx(expected)


def test_no_scale_is_nan_and_no_warning():
    flat = np.full(5, 3.0)
    assert np.isnan(metrics.mase(CAME, SAID, flat, 1))
    assert np.isnan(metrics.mase(CAME, SAID, flat, 7))
    assert np.isnan(metrics.rmsse(CAME, SAID, flat))
    assert np.isnan(metrics.rmsse(CAME, SAID, np.array([1.0])))
    assert np.isnan(metrics.bias(CAME, SAID, np.zeros(4)))


@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=20), st.floats(0.01, 0.99))
def test_the_empirical_quantile_has_the_least_pinball_loss(values, level):
    y = np.array(values)
    best = np.quantile(y, level, method="inverted_cdf")
    for other in (best - 1, best + 1, y.mean()):
        least = metrics.pinball_loss(y, np.full(len(y), best), level)
        assert least <= metrics.pinball_loss(y, np.full(len(y), other), level) * (1 + 1e-9) + 1e-9


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([5, 6, 5, 4, 5], "smooth"),
        ([1, 30, 2, 1, 25], "erratic"),
        ([0, 5, 0, 0, 5, 0], "intermittent"),
        ([0, 1, 0, 0, 40, 0], "lumpy"),
        ([0, 0, 0], "intermittent"),
        ([7], "smooth"),
    ],
)
def test_classes_of_syntetos_and_boylan(y, expected):
    assert classify_demand(np.array(y, dtype=float)) == expected
