# SPDX-License-Identifier: Apache-2.0
"""Logs as they come: one visit, nothing closed, clocks that run backwards, overlaps, lanes and promises that make
no sense. Each gets a sensible answer with its reason, or a refusal that names the row."""

import numpy as np
import pandas as pd
import pytest

from forecasting import bottlenecks, lead_times
from forecasting.errors import BadTable, NotEnoughHistory
from forecasting.flow.backtest_flow import backtest_bottlenecks, backtest_lead_times
from forecasting.flow.under_way import journey_legs, shipments_under_way
from forecasting.tables import visits_table
from forecasting.tables.events import EVENT_COLUMNS
from tests.unit.forecasting.journeys import make_journeys

FIRST = pd.Timestamp("2026-01-05", tz="UTC")
WEEKS = 16
NOW = FIRST + pd.Timedelta(weeks=WEEKS)
LEVELS = (0.1, 0.5, 0.9)
QUANTILES = ["q0.1", "q0.5", "q0.9"]


def visits_of(rows):
    """Build visits from (place, arrive, depart) in hours after 2026-01-05."""
    frame = pd.DataFrame(rows, columns=["place", "arrive", "depart"])
    for name in ("arrive", "depart"):
        frame[name] = FIRST + pd.to_timedelta(frame[name].astype(float), unit="h")
    return frame.assign(item=[f"I{at}" for at in range(len(frame))], arrive_seq=range(len(frame)))


def usual(place="HUB", per_week=12, seed=3):
    rng = np.random.default_rng(seed)
    arrive = np.sort(rng.uniform(0, 168 * WEEKS, per_week * WEEKS))
    return [
        (place, start, start + stay) for start, stay in zip(arrive, rng.gamma(2, 15, len(arrive)), strict=True)
    ]


def legs_of(count=120, seed=5):
    rng = np.random.default_rng(seed)
    start = NOW - pd.to_timedelta(np.sort(rng.uniform(10, 100, count))[::-1], unit="D")
    hours = rng.lognormal(3.5, 0.4, count)
    return pd.DataFrame(
        {
            "item": [f"I{at}" for at in range(count)],
            "origin": rng.choice(["A", "B"], count),
            "destination": rng.choice(["X", "Y"], count),
            "start": start,
            "end": start + pd.to_timedelta(hours, unit="h"),
            "promised": start + pd.Timedelta(hours=60),
        }
    )


def ask(origin="A", destination="X", *, start=NOW, promised=pd.NaT):
    return pd.DataFrame(
        {"item": "Q", "origin": origin, "destination": destination, "start": [start], "promised": [promised]}
    )


def is_sensible(table):
    hours = ["queue_hours", "forecast_queue_hours", "expected_queue_hours", "hours_at_stake", "free_flow_hours"]
    values = table[hours].to_numpy()
    alarm = table["alarm_probability"].dropna()
    return bool(np.isfinite(values).all() and (values >= 0).all() and alarm.between(0, 1).all())


def test_a_place_with_one_visit_borrows_what_all_places_show():
    finished = bottlenecks(visits_of([*usual(), ("ONCE", 168 * 15, 168 * 15 + 100)]), as_of=NOW).set_index("place")
    assert is_sensible(finished)
    dwell = np.sort([stop - start for _, start, stop in usual() if stop <= 168 * WEEKS] + [100])
    assert finished.loc["ONCE", "free_flow_hours"] == pytest.approx(np.quantile(dwell, 0.2))
    assert np.isnan(finished.loc["ONCE", "alarm_probability"])
    still_there = bottlenecks(visits_of([*usual(), ("ONCE", 168 * 15, None)]), as_of=NOW).set_index("place")
    assert is_sensible(still_there)
    assert still_there.loc["ONCE", "expected_queue_hours"] > 0
    assert still_there.loc["ONCE", "causes"][0].startswith("end of the line")


@pytest.mark.parametrize("depart", [None, 30.0])
def test_one_visit_in_all(depart):
    table = bottlenecks(visits_of([("ONCE", 0, depart)]), as_of=FIRST + pd.Timedelta(weeks=1))
    assert is_sensible(table)
    assert table["alarm_probability"].isna().all()
    assert table["utilisation"].isna().all()


def test_visits_that_are_all_open_wait_and_raise_no_alarm():
    rows = [(place, 24 * day, None) for day in range(30) for place in ("A", "B")]
    table = bottlenecks(visits_of(rows), as_of=FIRST + pd.Timedelta(weeks=6))
    assert is_sensible(table)
    assert (table["queue_hours"] > 0).all()
    assert table["alarm_probability"].isna().all()
    assert [causes[0] for causes in table["causes"]] == [
        "end of the line: no departure was ever recorded here"
    ] * 2
    scores = backtest_bottlenecks(visits_of(rows), as_of=FIRST + pd.Timedelta(weeks=16)).set_index("method")
    assert scores.loc["trace", "alarms"] == 0


def test_legs_that_are_all_open_are_refused_with_the_reason():
    legs = legs_of().assign(end=pd.NaT)
    with pytest.raises(NotEnoughHistory, match="120 under way"):
        lead_times(legs, ask(), as_of=NOW)
    with pytest.raises(NotEnoughHistory, match="there are none"):
        backtest_lead_times(legs, as_of=NOW)


def test_a_stay_or_a_leg_that_ends_before_it_begins_is_refused_by_row():
    with pytest.raises(BadTable, match="visits row 1: the stay at 'Y' ends before it begins; check the clocks"):
        bottlenecks(visits_of([("X", 0, 5), ("Y", 9, 3)]), as_of=NOW)
    legs = legs_of(5)
    legs.loc[3, "end"] = legs.loc[3, "start"] - pd.Timedelta(seconds=1)
    with pytest.raises(BadTable, match=r"legs row 3: the leg from .* ends before it starts; check the clocks"):
        lead_times(legs, ask(), as_of=NOW)


def test_clocks_that_run_backwards_between_events_give_no_negative_stay():
    events = make_journeys(120, seed=4).assign(kind="ObjectEvent", action="OBSERVE")
    events = events.assign(**{name: None for name in EVENT_COLUMNS if name not in events})
    rng = np.random.default_rng(2)
    # every third receiver's clock is up to ten days behind, so that goods arrive before they left
    late = (events["step"] == "receiving") & (rng.random(len(events)) < 0.33)
    behind = pd.to_timedelta(rng.uniform(0, 240, len(events)), unit="h")
    events["event_time"] = events["event_time"].where(~late, events["event_time"] - behind)
    visits = visits_table(events)
    assert not (visits["depart"] < visits["arrive"]).any()
    legs = journey_legs(events)
    assert not (legs["end"] < legs["start"]).any()
    moment = events["event_time"].max().ceil("s") + pd.Timedelta(days=1)
    assert is_sensible(bottlenecks(visits, as_of=moment))
    told = shipments_under_way(events, as_of=moment)
    assert (told["missing"] | (told["eta0.5"] >= moment)).all()


def test_overlapping_visits_count_each_for_itself():
    one = visits_of([*usual(), ("HUB", 168 * 15 + 10, 168 * 15 + 110)])
    twice = pd.concat([one, one.tail(1).assign(arrive_seq=9999)], ignore_index=True)
    inside = visits_of([*usual(), ("HUB", 168 * 15 + 10, 168 * 15 + 110), ("HUB", 168 * 15 + 20, 168 * 15 + 60)])
    hours = [bottlenecks(table, as_of=NOW)["queue_hours"][0] for table in (visits_of(usual()), one, twice, inside)]
    free = bottlenecks(twice, as_of=NOW)["free_flow_hours"][0]
    assert hours[2] - hours[0] == pytest.approx(2 * (100 - free), rel=0.05)
    assert hours[3] - hours[1] == pytest.approx(40 - free, rel=0.1)
    assert is_sensible(bottlenecks(twice, as_of=NOW))


def test_a_lane_never_seen_has_an_answer_wider_than_that_of_a_known_one():
    legs = legs_of()
    both = legs["origin"].eq("A") & legs["destination"].eq("Y")
    unseen = lead_times(legs[~both], ask("A", "Y"), as_of=NOW, quantiles=LEVELS)
    nowhere = lead_times(legs, ask("MARS", "VENUS"), as_of=NOW, quantiles=LEVELS)
    overall = (legs["end"] - legs["start"]).dt.total_seconds().quantile(list(LEVELS)).to_numpy() / 3600
    for told in (unseen, nowhere):
        assert told[QUANTILES].to_numpy()[0] == pytest.approx(overall, rel=0.5)


def test_a_promise_before_the_start_is_broken_already_and_teaches_nothing():
    legs = legs_of()
    told = lead_times(legs, ask(promised=NOW - pd.Timedelta(hours=1)), as_of=NOW)
    assert told["late_probability"].tolist() == [1.0]
    backwards = legs.assign(promised=legs["start"] - pd.Timedelta(days=3))
    without = legs.assign(promised=pd.NaT)
    answers = [lead_times(table, ask(), as_of=NOW)[QUANTILES].to_numpy() for table in (backwards, without)]
    assert np.array_equal(*answers)


def test_stays_and_legs_of_no_length():
    table = bottlenecks(visits_of([("A", hour, hour) for hour in range(0, 168 * 12, 5)]), as_of=NOW)
    assert is_sensible(table)
    assert table["queue_hours"].tolist() == [0.0]
    legs = legs_of().assign(end=lambda legs: legs["start"])
    told = lead_times(legs, ask(), as_of=NOW, quantiles=LEVELS)
    assert (told[QUANTILES].to_numpy() >= 0).all()
    assert (told[QUANTILES].to_numpy() < 0.1).all()
