# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from forecasting.flow.grouped import grouped_quantile, quantiles_of_groups

LEVELS = np.array([0.0, 0.1, 0.5, 0.77, 1.0])


@pytest.mark.parametrize("seed", range(3))
def test_as_numpy_says_of_each_group(seed):
    rng = np.random.default_rng(seed)
    group = rng.choice([0, 1, 2, 4, 6], 200, p=[0.5, 0.3, 0.18, 0.01, 0.01])
    values = rng.normal(size=(200, len(LEVELS))).round(1)
    before = values.copy()
    told = quantiles_of_groups(group, values.T, LEVELS, 8).T
    assert np.array_equal(values, before)
    for at, level in enumerate(LEVELS):
        for number in range(8):
            own = values[group == number, at]
            expected = np.quantile(own, level) if len(own) else np.nan
            assert told[number, at] == pytest.approx(expected, nan_ok=True)
        one_by_one = grouped_quantile(group, values[:, at], float(level), 8)
        np.testing.assert_array_equal(told[:, at], one_by_one)


def test_no_rows_no_quantile():
    assert np.isnan(quantiles_of_groups(np.zeros(0, dtype=np.int64), np.zeros((2, 0)), LEVELS[:2], 3)).all()
