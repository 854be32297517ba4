# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest

from forecasting.errors import BadArgument, BadTable, NotEnoughHistory
from forecasting.series import read_panel


def demand(y=(1.0, 2.0, 3.0), ds=None, name="a"):
    times = pd.date_range("2024-01-01", periods=len(y), freq="MS") if ds is None else pd.DatetimeIndex(ds)
    return pd.DataFrame({"unique_id": name, "ds": times, "y": y})


def test_series_keep_the_order_of_the_table_and_may_be_interleaved():
    table = pd.concat([demand(name="z"), demand((4.0, 5.0), name="b")]).sort_values("ds", kind="stable")
    panel = read_panel(table, freq="MS")
    assert [one.unique_id for one in panel.series] == ["z", "b"]
    assert panel.series[1].y.tolist() == [4.0, 5.0]
    assert panel.season_length == 12


def test_values_cannot_be_changed_afterwards():
    table = demand()
    series = read_panel(table, freq="MS").series[0]
    table.loc[0, "y"] = 99.0
    assert series.y[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        series.y[0] = 5.0


def test_zone_and_integers_are_understood():
    table = demand((1, 2, 3)).assign(ds=lambda t: t["ds"].dt.tz_localize("UTC"))
    assert read_panel(table, freq="MS").series[0].y.dtype == np.float64


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (demand((1.0, np.nan, 2.0)), "'a': expected a finite number"),
        (demand((1.0, np.inf, 2.0)), "finite"),
        (demand(("1", "2", "3")), "expected numbers"),
        (demand((1j, 2j)), "expected numbers"),
        (demand(ds=["2024-01-01", "2024-01-01", "2024-02-01"]), "comes twice"),
        (demand(ds=["2024-02-01", "2024-01-01", "2024-03-01"]), "sort by"),
        (demand(ds=["2024-01-01", "2024-02-01", "2024-05-01"]), "2 periods are missing"),
        (demand(ds=["2024-01-01", "2024-01-08", "2024-02-01"]), "no label of freq 'MS'"),
        (demand(ds=["2024-01-01", None, "2024-02-01"]), "NaT"),
        (demand().assign(ds="January"), "to_datetime"),
        (demand(name=None), "unique_id"),
        (demand().drop(columns="y"), r"missing \['y'\]"),
        (demand((1.0,), ds=np.array(["9999-12-01"], "datetime64[us]")), "9998"),
        ([1, 2, 3], "DataFrame"),
    ],
)
def test_refusals_name_what_is_wrong(table, message):
    with pytest.raises(BadTable, match=message):
        read_panel(table, freq="MS")


def test_a_forecast_beyond_the_calendar_is_refused():
    table = demand((1.0,), ds=np.array(["9998-01-01"], "datetime64[us]"))
    assert len(read_panel(table, freq="MS", horizon=11).series) == 1
    with pytest.raises(BadTable, match="horizon of 12"):
        read_panel(table, freq="MS", horizon=12)


def test_an_empty_table_has_no_history():
    with pytest.raises(NotEnoughHistory):
        read_panel(demand(()), freq="MS")


@pytest.mark.parametrize("horizon", [0, -1, 1.5, True, "8", 10**9])
def test_horizon(horizon):
    with pytest.raises(BadArgument, match="horizon"):
        read_panel(demand(), freq="MS", horizon=horizon)


@pytest.mark.parametrize("season", [0, -4, 2.0, True])
def test_season_length(season):
    with pytest.raises(BadArgument, match="season_length"):
        read_panel(demand(), freq="MS", season_length=season)
