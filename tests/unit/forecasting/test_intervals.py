# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.intervals import forecast_quantiles, residual_quantiles, spread_correction

LEVELS = np.array([0.05, 0.1, 0.5, 0.9, 0.95])


def test_many_residuals_give_their_own_quantiles():
    residuals = np.random.default_rng(3).exponential(2.0, 20_000)
    found = residual_quantiles(residuals, LEVELS, typical=1.0)
    assert found == pytest.approx(-2 * np.log(1 - LEVELS), rel=0.05, abs=0.02)


def test_without_residuals_the_spread_is_assumed_from_the_level():
    found = residual_quantiles(np.array([np.nan]), LEVELS, typical=10.0)
    assert found[2] == pytest.approx(0)
    assert found[4] == pytest.approx(1.6449 * 5, rel=1e-3)


def test_nothing_asked_for_has_no_spread():
    assert (residual_quantiles(np.array([np.nan]), LEVELS, typical=0.0) == 0).all()


@given(
    mean=arrays(float, 4, elements=st.floats(0, 1e6)),
    residuals=arrays(float, 9, elements=st.floats(-1e6, 1e6)),
    correction=st.floats(0.7, 2),
)
def test_quantiles_ascend_and_never_fall_below_zero(mean, residuals, correction):
    errors = residual_quantiles(residuals, LEVELS, typical=1.0)
    band = forecast_quantiles(mean, np.sqrt(np.arange(1.0, 5.0)), errors, correction)
    assert (np.diff(band, axis=1) >= 0).all()
    assert (band >= 0).all()


def test_bands_widen_with_growth():
    band = forecast_quantiles(np.full(2, 100.0), np.array([1.0, 3.0]), np.array([-2.0, 2.0]))
    assert band.tolist() == [[98.0, 102.0], [94.0, 106.0]]


def test_correction_believes_many_errors_more_than_few():
    assert spread_correction(np.empty(0)) == 1.0
    assert spread_correction(np.array([np.nan])) == 1.0
    few, many = spread_correction(np.full(3, 1.6)), spread_correction(np.full(300, 1.6))
    assert 1 < few < many < 1.6
    assert spread_correction(np.full(300, 50.0)) == 2.5
    assert spread_correction(np.zeros(300)) == 0.9
