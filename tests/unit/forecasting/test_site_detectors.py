# SPDX-License-Identifier: Apache-2.0
"""Detectors whose alarms are about sites, operators, pairs of parties and sensors, not about single items."""

import sys
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.detectors.collusion import binomial_tail, hypergeometric_tail
from forecasting.detectors.flat_line import longest_run
from forecasting.detectors.level_shift import find_rise
from forecasting.detectors.sensor_gap import gap_p_value
from forecasting.errors import BadTable

sys.path.insert(0, str(Path(__file__).parent))
from journeys import make_journeys, make_places, renumber

HOUR = pd.Timedelta(hours=1)


def told(found, kind):
    return found[found["kind"] == kind]


def detector(found, kind):
    return next(one for one in found.attrs["detectors"] if one["kind"] == kind)


def follow(events, rows, times):
    """Retime events; what was recorded follows."""
    events = events.copy()
    lag = events.loc[rows, "record_time"] - events.loc[rows, "event_time"]
    events.loc[rows, "event_time"] = times
    events.loc[rows, "record_time"] = times + lag
    return events


# Sites


@pytest.fixture(scope="module")
def slowed():
    """Everything that MAKER-2 makes in one month waits three times as long there."""
    events = make_journeys(900, seed=4)
    made = events[events["step"] == "commissioning"].set_index("item")["event_time"]
    begin = events["event_time"].min()
    items = made[(made > begin + 30 * 24 * HOUR) & (made < begin + 60 * 24 * HOUR)].index
    rows = events.index[
        (events["step"] == "shipping") & events["item"].isin(items) & (events["place"] == "MAKER-2")
    ]
    wait = events.loc[rows, "event_time"] - events.loc[rows, "item"].map(made)
    shift = pd.Series((wait * 3).to_numpy(), index=events.loc[rows, "item"])
    events = follow(events, rows, events.loc[rows, "event_time"] + 3 * wait)
    later = events.index[(events["step"] == "receiving") & events["item"].isin(shift.index)]
    return renumber(follow(events, later, events.loc[later, "event_time"] + events.loc[later, "item"].map(shift)))


def test_a_slow_site_is_told_with_its_date_and_not_blamed_on_items(slowed):
    found = forecasting.anomalies(slowed)
    assert list(found["kind"]) == ["site_slowdown"]
    alarm = found.iloc[0]
    assert (alarm["item"], alarm["about"]) == ("MAKER-2", "place")
    cited = slowed.set_index("seq").loc[list(alarm["seqs"])]
    assert set(cited["place"]) == {"MAKER-2"}
    assert len(cited) > 25
    assert "from 2026-02-" in alarm["seen"]
    ratio = float(alarm["seen"].split(", ")[1].split()[0])
    assert 2.5 < ratio < 5.5


def test_a_site_that_was_dismissed_is_quiet_and_its_items_too(slowed):
    name = forecasting.anomalies(slowed)["finding"].iloc[0]
    assert forecasting.anomalies(slowed, dismissed={name}).empty


def test_few_durations_are_said_to_be_too_few():
    found = forecasting.anomalies(make_journeys(40))
    assert "no place has 24 durations" in detector(found, "site_slowdown")["cannot_see"]
    assert detector(found, "site_slowdown")["mend"]


def test_a_rise_is_found_where_it_is():
    values = np.random.default_rng(0).normal(size=200)
    values[60:110] += 2.0
    run = find_rise(values)
    assert abs(run.start - 60) <= 5
    assert abs(run.end - 110) <= 5
    assert run.rise == pytest.approx(2.0, abs=0.5)
    assert run.p_value < 1e-6
    assert find_rise(-values).p_value > 0.01
    assert find_rise(values[:20]) is None


@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_p_values_of_rises_are_honest(alike):
    rng = np.random.default_rng(7)
    runs, level, low = 600, 0.05, 0
    for _ in range(runs):
        noise = rng.normal(size=150)
        values = np.empty(150)
        values[0] = noise[0]
        for k in range(1, 150):
            values[k] = alike * values[k - 1] + np.sqrt(1 - alike**2) * noise[k]
        low += find_rise(values).p_value <= level
    assert low / runs <= level + 2 * np.sqrt(level * (1 - level) / runs)


@pytest.mark.parametrize("hours", [-3.0, 5.0])
def test_a_clock_that_is_off_is_told_of_the_site(hours):
    events = make_journeys(900, seed=6)
    begin = events["event_time"].min()
    rows = events.index[
        (events["place"] == "SHOP-4")
        & events["event_time"].between(begin + 20 * 24 * HOUR, begin + 60 * 24 * HOUR)
    ]
    events.loc[rows, "record_time"] += hours * HOUR
    found = forecasting.anomalies(renumber(events))
    assert list(found["kind"]) == ["site_clock"]
    assert found["item"].iloc[0] == "SHOP-4"
    way = "ahead" if hours < 0 else "behind"
    assert f"{abs(hours):.1f} h {way}" in found["seen"].iloc[0]


def test_records_that_copy_their_events_show_no_clock():
    events = make_journeys(200)
    found = forecasting.anomalies(renumber(events.assign(record_time=events["event_time"])))
    assert "very time" in detector(found, "site_clock")["cannot_see"]
    assert "recordTime" in detector(found, "site_clock")["mend"]


# Operators


def operators(events, shared=0):
    """One operator a place; the first `shared` items are received under the name of MAKER-0."""
    who = "user-" + events["place"]
    mine = events["item"].isin([f"BOX-{one:04}" for one in range(shared)]) & (events["step"] == "receiving")
    return pd.DataFrame({"seq": events["seq"], "operator": who.where(~mine, "user-MAKER-0")})


def test_a_login_at_two_places_at_once_is_told():
    events = make_journeys(300)
    places = make_places()
    clean = forecasting.anomalies(events, places=places, entries=operators(events))
    assert clean.empty
    assert detector(clean, "shared_login")["cannot_see"] == ""
    found = forecasting.anomalies(events, places=places, entries=operators(events, 60))
    assert list(found["kind"]) == ["shared_login"]
    assert (found["item"].iloc[0], found["about"].iloc[0]) == ("user-MAKER-0", "operator")
    table = operators(events, 60).set_index("seq")["operator"]
    assert set(table[list(found["seqs"].iloc[0])]) == {"user-MAKER-0"}


def test_what_a_login_cannot_show_is_said():
    events = make_journeys(100)
    assert "was scanned or typed" in detector(forecasting.anomalies(events), "shared_login")["cannot_see"]
    blind = forecasting.anomalies(events, entries=operators(events, 30))
    assert "coordinates" in detector(blind, "shared_login")["cannot_see"]
    assert "trace place import" in detector(blind, "shared_login")["mend"]
    with pytest.raises(BadTable, match="operator"):
        forecasting.anomalies(events, entries=pd.DataFrame({"seq": [1]}))


# Pairs of parties


def lossy(events, odd):
    rows = events.index[events["item"].isin(odd) & (events["step"] == "receiving")]
    events = events.copy()
    events.loc[rows, "quantity"] = 0.0
    return renumber(events)


def between(events, maker, shop):
    shipped = events[(events["step"] == "shipping") & (events["party"] == maker)]["item"]
    received = events[(events["step"] == "receiving") & (events["party"] == shop)]["item"]
    return sorted(set(shipped) & set(received))


def test_losses_between_two_parties_are_told_of_the_pair():
    events = make_journeys(900, seed=8)
    found = forecasting.anomalies(lossy(events, between(events, "MAKER-1", "SHOP-3")[:8]))
    assert set(told(found, "collusion")["item"]) == {"MAKER-1 + SHOP-3"}
    assert set(found["kind"]) == {"collusion", "quantity_change"}
    alarm = told(found, "collusion").iloc[0]
    assert alarm["about"] == "pair"
    assert set(alarm["seqs"]) >= set(told(found, "quantity_change")["seqs"].iloc[0])


def test_one_party_that_loses_from_everybody_is_no_pair():
    events = make_journeys(900, seed=8)
    odd = [item for maker in range(6) for item in between(events, f"MAKER-{maker}", "SHOP-3")[:4]]
    found = forecasting.anomalies(lossy(events, odd))
    assert len(told(found, "quantity_change")) == len(odd)
    assert told(found, "collusion").empty


def test_goods_that_go_to_and_fro_are_told_of_the_pair():
    events = make_journeys(900, seed=8)
    items = between(events, "MAKER-1", "SHOP-3")[:6]
    last = events[events["item"].isin(items) & (events["step"] == "receiving")]
    back = []
    for hours, step, place, to in ((9, "shipping", "SHOP-3", "MAKER-1"), (40, "receiving", "MAKER-1", None)):
        times = last["event_time"] + hours * HOUR
        back.append(
            last.assign(
                event_time=times,
                record_time=times + HOUR / 60,
                step=step,
                place=place,
                party=place,
                destination=to,
            )
        )
    found = forecasting.anomalies(renumber(pd.concat([events, *back])))
    assert set(told(found, "collusion")["item"]) == {"MAKER-1 + SHOP-3"}
    assert "went back" in told(found, "collusion")["seen"].iloc[0]


def test_tails_agree_with_counting():
    for hits, drawn, marked, whole in ((2, 5, 4, 12), (0, 3, 3, 9), (3, 3, 3, 3), (4, 6, 5, 8)):
        exact = sum(
            comb(marked, k) * comb(whole - marked, drawn - k) for k in range(hits, min(drawn, marked) + 1)
        ) / comb(whole, drawn)
        assert hypergeometric_tail(hits, drawn, marked, whole) == pytest.approx(exact)
    exact = sum(comb(9, k) * 0.2**k * 0.8 ** (9 - k) for k in range(3, 10))
    assert binomial_tail(3, 9, 0.2) == pytest.approx(exact)
    assert binomial_tail(0, 9, 0.2) == 1.0


# Swapped labels


def swapped(events, one, other):
    events = events.copy()
    rows = [events.index[(events["item"] == item) & (events["step"] == "receiving")] for item in (one, other)]
    events.loc[rows[0], "item"], events.loc[rows[1], "item"] = other, one
    return renumber(events)


def test_two_items_that_go_on_as_each_other_are_told_together():
    events = make_journeys(300)
    shops = events[events["step"] == "receiving"].set_index("item")["place"]
    one, other = "BOX-0100", "BOX-0102"
    assert shops[one] != shops[other]
    found = forecasting.anomalies(swapped(events, one, other))
    mine = told(found, "swapped_labels").set_index("item")
    assert set(mine.index) == {one, other}
    assert other in mine["expected"][one]
    assert mine["seqs"][one] == mine["seqs"][other]
    # A single stray is a diversion, and nobody's label.
    stray = events.copy()
    row = stray.index[(stray["item"] == one) & (stray["step"] == "receiving")]
    stray.loc[row, "place"] = shops[other]
    assert set(forecasting.anomalies(stray)["kind"]) == {"diversion"}


# Sensors


def readings(series=6, count=80, *, seed=0, digits=1, every=0.25):
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(series):
        times = pd.Timestamp("2026-01-10T00:00Z") + pd.to_timedelta(
            np.cumsum(rng.normal(every, every / 20, count)), unit="h"
        )
        parts.append(
            pd.DataFrame(
                {
                    "seq": 1000 * number + np.arange(count),
                    "time": times,
                    "record_time": times,
                    "sensor": f"LOGGER-{number}",
                    "item": f"BOX-{number:04}" if number % 2 else None,
                    "place": "MAKER-0",
                    "type": "Temperature",
                    "value": np.round(4 + rng.normal(0, 0.4, count), digits),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def look(table):
    return forecasting.anomalies(make_journeys(60), readings=table)


def test_a_silent_sensor_is_told():
    table = readings()
    assert look(table).empty
    silent = table.drop(table.index[(table["seq"] > 1030) & (table["seq"] < 1050)])
    found = look(silent)
    assert list(found["kind"]) == ["sensor_gap"]
    assert (found["item"].iloc[0], found["about"].iloc[0]) == ("BOX-0001", "sensor")
    assert found["seqs"].iloc[0] == (1030, 1050)
    assert "none for 4.9" in found["seen"].iloc[0]


def test_a_stuck_sensor_is_told():
    table = readings()
    table.loc[table["seq"].between(2020, 2044), "value"] = 4.2
    found = look(table)
    assert list(found["kind"]) == ["flat_line"]
    assert found["item"].iloc[0] == "LOGGER-2"
    assert set(found["seqs"].iloc[0]) >= set(range(2020, 2045))
    assert "4.2 2" in found["seen"].iloc[0]


def test_a_coarse_sensor_is_not_stuck():
    assert look(readings(digits=0)).empty
    shut = readings(digits=0).assign(value=1.0)
    shut.loc[shut.index[::40], "value"] = 0.0
    assert look(shut).empty


def test_what_people_read_now_and_then_has_no_gaps():
    rng = np.random.default_rng(3)
    low, runs = 0, 400
    for _ in range(runs):
        low += gap_p_value(rng.exponential(size=40)) <= 0.05
    assert low / runs <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


def test_readings_that_were_not_known_yet_are_not_used():
    table = readings()
    table.loc[table["seq"].between(2020, 2044), "value"] = 4.2
    early = table["record_time"].min() + pd.Timedelta(minutes=20)
    found = forecasting.anomalies(make_journeys(60), readings=table, as_of=early)
    assert found.empty
    assert "too few readings" in detector(found, "flat_line")["cannot_see"]
    assert detector(forecasting.anomalies(make_journeys(60)), "sensor_gap")["mend"]


def test_runs_are_found():
    assert longest_run(np.array([1.0, 2, 2, 3, 3, 3, 1])) == (3, 6)
    assert longest_run(np.array([5.0])) == (0, 1)
