# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.errors import BadArgument
from forecasting.frequency import read_frequency, read_period

ALIASES = [
    "h",
    "D",
    "W",
    "W-MON",
    "W-WED",
    "MS",
    "QS",
    "QS-FEB",
    "QS-DEC",
    "YS",
    "YS-APR",
    "ME",
    "QE",
    "QE-NOV",
    "YE",
]
MOMENTS = st.integers(-2_000_000_000, 4_000_000_000)


@pytest.mark.parametrize("alias", ALIASES)
def test_labels_continue_as_date_range_does(alias):
    frequency = read_frequency(alias)
    expected = pd.date_range("2019-11-30", periods=40, freq=alias)
    ordinals = frequency.ordinals(expected.to_numpy())
    assert (np.diff(ordinals) == 1).all()
    assert (pd.DatetimeIndex(frequency.labels(ordinals)) == expected).all()


@pytest.mark.parametrize("alias", ALIASES)
@given(second=MOMENTS)
def test_a_time_lies_in_its_period(alias, second):
    frequency = read_frequency(alias)
    time = np.array([second], dtype="datetime64[s]").astype("datetime64[us]")
    number = frequency.ordinals(time)
    assert frequency.starts(number)[0] <= time[0] < frequency.starts(number + 1)[0]


@pytest.mark.parametrize(
    ("alias", "period"), [("h", "h"), ("D", "D"), ("W", "W"), ("MS", "M"), ("QS", "Q"), ("YS", "Y")]
)
@given(second=MOMENTS)
def test_periods_are_those_of_pandas(alias, period, second):
    time = pd.Timestamp(second, unit="s")
    ours = read_frequency(alias)
    start = ours.starts(ours.ordinals(np.array([time.to_datetime64()])))[0]
    assert pd.Timestamp(start) == time.to_period(period).start_time


def test_season_lengths():
    seasons = {alias: read_frequency(alias).season_length for alias in ["h", "D", "W", "MS", "QS", "YS"]}
    assert seasons == {"h": 24, "D": 7, "W": 52, "MS": 12, "QS": 4, "YS": 1}


@pytest.mark.parametrize("alias", ["", "B", "2W", "W-XXX", "MS-JAN", "fortnight", None, 7])
def test_refuses_what_it_cannot_number(alias):
    with pytest.raises(BadArgument, match="freq"):
        read_frequency(alias)


def test_period_aliases_mean_the_same():
    assert read_period("M") == read_frequency("MS")
    assert read_period("W-SUN").ordinals(np.array(["2018-01-08"], "datetime64[us]")) == 1 + read_period(
        "W"
    ).ordinals(np.array(["2018-01-07T23:59:59"], "datetime64[us]"))
