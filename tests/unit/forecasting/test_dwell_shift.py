# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from forecasting.flow.dwell_shift import find_dwell_shift


def medians(*levels, seed=1, noise=0.1):
    rng = np.random.default_rng(seed)
    return np.concatenate([level * np.exp(rng.normal(0, noise, count)) for level, count in levels])


def test_a_change_is_found_where_it_is():
    values = medians((10.0, 12), (20.0, 8))
    values[3] = np.nan
    shift = find_dwell_shift(values)
    assert shift is not None
    assert shift.period == 12
    assert (shift.before, shift.after) == pytest.approx((10, 20), rel=0.1)


@pytest.mark.parametrize(
    "values", [medians((10.0, 20)), medians((20.0, 12), (10.0, 8)), np.full(20, np.nan), medians((10.0, 5))]
)
def test_no_rise_is_no_change(values):
    assert find_dwell_shift(values) is None


def test_false_alarms_are_few():
    found = [find_dwell_shift(medians((10.0, 30), seed=seed, noise=0.5)) for seed in range(200)]
    assert sum(shift is not None for shift in found) <= 4
