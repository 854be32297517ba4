# SPDX-License-Identifier: Apache-2.0
"""What ranks the bottlenecks of the period ahead: the recent level of queue hours, and the lean to new ones."""

import math
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from forecasting import bottlenecks
from forecasting.flow.leaning import lean_to_new
from forecasting.flow.queue_level import apply_recent_level
from forecasting.flow.signals import Signals

NEXT = pd.Timestamp("2018-01-08", tz="UTC")


def signals(queue, ahead):
    """Signals with queue hours and expectations alone; nothing else is read."""
    nothing = {field.name: np.zeros_like(queue) for field in fields(Signals)}
    return Signals(**{**nothing, "queue": queue, "ahead": ahead})


def stays(queue_hours, hours_in_period=168, weeks=20):
    """Places with the same stays in every period: half of no length, the others as long as the hours ask for."""
    rows = []
    for place, hours in queue_hours.items():
        for week in range(weeks):
            for k in range(24):
                begin = -hours_in_period * (weeks - week) + hours_in_period * k / 24
                rows.append((place, begin, begin + (hours / 12 if k % 2 else 0.0)))
    return rows


def table(rows, unit="h"):
    arrive = NEXT + pd.to_timedelta([row[1] for row in rows], unit=unit)
    depart = NEXT + pd.to_timedelta([row[2] for row in rows], unit=unit)
    known = depart <= NEXT
    return pd.DataFrame(
        {
            "place": [row[0] for row in rows],
            "arrive": arrive,
            "depart": pd.Series(depart).where(known),
            "arrive_seq": range(len(rows)),
        }
    )


def named(answer, count=5):
    return set(answer.nlargest(count, "forecast_queue_hours")["place"])


def slow_level(queue, ahead, expected):
    """The definition, read with plain loops."""
    small = 0.02 * sum(sorted(expected)[-5:]) / len(expected[-5:])
    told = []
    for place, hours in enumerate(expected):
        total, weights, weight = 0.0, 1.0, 1.0
        for period in range(len(queue[place]) - 1, 0, -1):
            error = math.log((queue[place][period] + small) / (ahead[place][period - 1] + small))
            total += weight * min(max(error, -2.0), 2.0)
            weights += weight
            weight *= 0.7
        told.append(hours * math.exp(total / weights / 4))
    return told


def slow_lean(expected, last):
    small = 0.02 * sum(sorted(expected)[-5:]) / len(expected[-5:])
    largest = sorted(range(len(last)), key=lambda place: (-last[place], place))[:5]
    told = []
    for place, hours in enumerate(expected):
        change = min(max((hours + small) / (last[place] + small), 1 / 8), 8)
        new = place not in largest or last[place] == 0
        told.append(hours * change**0.1 * (1.125 if new else 1))
    return told


def test_against_plain_loops():
    rng = np.random.default_rng(5)
    for places in (1, 4, 5, 6, 30):
        queue, ahead = rng.gamma(1, 50, (2, places, 12))
        queue[rng.random(queue.shape) < 0.2] = 0
        expected = rng.gamma(1, 50, places)
        told = apply_recent_level(signals(queue, ahead), expected)
        assert told == pytest.approx(slow_level(queue.tolist(), ahead.tolist(), expected.tolist()))
        assert lean_to_new(told, queue[:, -1]) == pytest.approx(slow_lean(told.tolist(), queue[:, -1].tolist()))


def test_nothing_known_nothing_changed():
    none = np.zeros(0)
    assert len(apply_recent_level(signals(np.zeros((0, 3)), np.zeros((0, 3))), none)) == 0
    assert len(lean_to_new(none, none)) == 0
    one = np.array([3.0, 4.0])
    assert apply_recent_level(signals(np.ones((2, 1)), np.ones((2, 1))), one) == pytest.approx(one)
    still = np.zeros(2)
    assert lean_to_new(apply_recent_level(signals(np.ones((2, 5)), np.ones((2, 5))), still), one) == pytest.approx(
        0
    )


def test_errors_that_last_are_heeded_and_units_do_not_matter():
    queue, ahead = np.full((2, 60), 100.0), np.full((2, 60), 100.0)
    queue[1] = 200.0
    expected = np.array([100.0, 100.0])
    told = apply_recent_level(signals(queue, ahead), expected)
    assert told[0] == pytest.approx(100)
    # smoothed weights sum to 1 / .3, and one period without error is added; small hours are 2
    assert told[1] == pytest.approx(100 * (202 / 102) ** (0.25 / 1.3))
    longer = apply_recent_level(signals(queue * 60, ahead * 60), expected * 60)
    assert longer == pytest.approx(told * 60)
    assert lean_to_new(longer, queue[:, -1] * 60) == pytest.approx(lean_to_new(told, queue[:, -1]) * 60)


def test_the_sixth_is_named_where_it_comes_near_the_fifth():
    steady = {"A": 100.0, "B": 90.0, "C": 80.0, "D": 70.0, "E": 60.0}
    near = bottlenecks(table(stays({**steady, "F": 57.0})), as_of=NEXT)
    assert near["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert near["place"].tolist() == ["A", "B", "C", "D", "E", "F"]
    assert near["expected_queue_hours"].is_monotonic_decreasing
    assert named(near) == {"A", "B", "C", "D", "F"}
    assert named(bottlenecks(table(stays({**steady, "F": 50.0})), as_of=NEXT)) == set("ABCDE")


def test_a_place_that_grows_is_named_by_its_open_work():
    rows = stays({"A": 100.0, "B": 90.0, "C": 80.0, "D": 70.0, "E": 60.0, "F": 20.0})
    rows += [("F", -1 - k / 60, 3.0) for k in range(30)]
    answer = bottlenecks(table(rows), as_of=NEXT).set_index("place")
    assert answer["rank"]["F"] == 6
    before = bottlenecks(table(rows[:-30]), as_of=NEXT).set_index("place")
    assert answer["forecast_queue_hours"]["F"] > before["forecast_queue_hours"]["F"]


def test_a_place_that_kept_exceeding_what_was_expected_is_expected_to_wait_longer():
    """Work at GROWS rises by a fifth a week, so that mean rates lag behind it; at EVEN it stays as it is."""
    rows = []
    for week in range(24):
        for place, count in (("GROWS", round(4 * 1.2**week)), ("EVEN", 40)):
            begin = 168 * (week - 24) + 120 * np.arange(count) / count
            rows += [(place, start, start + (10.0 if k % 2 else 0.0)) for k, start in enumerate(begin.tolist())]
    answer = bottlenecks(table(rows), as_of=NEXT).set_index("place")
    hours_each = answer["expected_queue_hours"] / answer["expected_arrivals"]
    assert hours_each["EVEN"] == pytest.approx(5, rel=0.03)
    assert hours_each["GROWS"] > 1.04 * hours_each["EVEN"]


def test_longer_hours_and_longer_periods_are_the_same_question():
    hours = {"A": 5.0, "B": 4.0, "C": 3.5, "D": 3.0, "E": 2.0, "F": 1.9, "G": 1.0}
    short = stays(hours, hours_in_period=1)
    by_hour = bottlenecks(table(short), as_of=NEXT, period="h").set_index("place")
    by_day = bottlenecks(table([(p, 24 * a, 24 * d) for p, a, d in short]), as_of=NEXT, period="D")
    by_day = by_day.set_index("place").reindex(by_hour.index)
    for column in ("expected_queue_hours", "forecast_queue_hours"):
        assert by_day[column].to_numpy() == pytest.approx(24 * by_hour[column].to_numpy(), rel=1e-6)


def test_the_order_of_rows_changes_nothing_and_nothing_leaks():
    rng = np.random.default_rng(3)
    begin = rng.uniform(-168 * 20, 168, 1500)
    rows = [
        (f"P{number}", start, start + stay)
        for number, start, stay in zip(rng.integers(0, 9, 1500), begin, rng.gamma(1, 20, 1500), strict=True)
    ]
    whole = table([row for row in rows if row[1] < 0])
    later = pd.DataFrame(
        {
            "place": [row[0] for row in rows],
            "arrive": NEXT + pd.to_timedelta([row[1] for row in rows], unit="h"),
            "depart": NEXT + pd.to_timedelta([row[2] for row in rows], unit="h"),
            "arrive_seq": range(len(rows)),
        }
    )
    told = bottlenecks(whole, as_of=NEXT).drop(columns="events")
    shuffled = bottlenecks(whole.sample(frac=1, random_state=1), as_of=NEXT).drop(columns="events")
    pd.testing.assert_frame_equal(shuffled, told)
    knowing = bottlenecks(later, as_of=NEXT)
    for column in ("place", "expected_queue_hours", "forecast_queue_hours"):
        assert knowing[column].tolist() == told[column].tolist()
