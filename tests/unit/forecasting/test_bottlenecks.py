# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pandas as pd
import pytest

from forecasting import bottlenecks
from forecasting.errors import BadArgument, BadTable
from forecasting.flow.bottlenecks import BOTTLENECK_COLUMNS, find_periods
from forecasting.flow.survival import fit_survival

MONDAY = pd.Timestamp("2018-01-01", tz="UTC")
NEXT = pd.Timestamp("2018-01-08", tz="UTC")


def visits(*rows):
    """Build visits from (place, arrive, depart) in hours after Monday 2018-01-01."""
    times = [
        [MONDAY + pd.Timedelta(hours=hour) if hour is not None else pd.NaT for hour in row[1:]] for row in rows
    ]
    return pd.DataFrame(
        {
            "place": [row[0] for row in rows],
            "arrive": pd.to_datetime([time[0] for time in times], utc=True),
            "depart": pd.to_datetime([time[1] for time in times], utc=True),
            "arrive_seq": range(100, 100 + len(rows)),
        }
    )


def steady(place, periods=12, stay=5.0, last_stay=None):
    """Twenty visits in each of the weeks that end on Monday 2018-01-08."""
    rows = []
    for week in range(periods):
        for k in range(20):
            arrive = -168 * (periods - 1 - week) + 6 * k
            long = last_stay if last_stay is not None and week == periods - 1 else stay + 0.1 * (k % 5)
            rows.append((place, arrive, arrive + long))
    return rows


def test_periods_at_and_after_a_boundary():
    exact = find_periods("2018-01-08", "W")
    assert (exact.shown_start, exact.shown_end) == (MONDAY, NEXT)
    assert (exact.ahead_start, exact.ahead_end) == (NEXT, NEXT + pd.Timedelta(days=7))
    later = find_periods(NEXT + pd.Timedelta(microseconds=1), "W")
    assert later.shown_end == NEXT
    assert later.ahead_start == NEXT + pd.Timedelta(days=7)
    month = find_periods("2018-03-15 10:00", "M")
    assert [
        str(edge)[:10] for edge in (month.shown_start, month.shown_end, month.ahead_start, month.ahead_end)
    ] == [
        "2018-02-01",
        "2018-03-01",
        "2018-04-01",
        "2018-05-01",
    ]


def test_worked_by_hand():
    table = visits(("A", -10, 20), ("A", 100, None), ("B", 0, 10), ("B", 150, 200), ("C", 500, 600))
    result = bottlenecks(table, as_of=NEXT)
    assert list(result.columns) == list(BOTTLENECK_COLUMNS)
    # 30 h and 10 h finished: their pooled 20th percentile is 14 h; the stay that ends at 200 h still lasts
    assert result["free_flow_hours"].tolist() == pytest.approx([14, 14])
    assert result.set_index("place")["queue_hours"].to_dict() == pytest.approx({"A": 16 + 54, "B": 4})
    assert result["share"].tolist() == pytest.approx([70 / 74, 4 / 74])
    assert result["rank"].tolist() == [1, 2]
    assert result["events"].tolist() == [[101, 100], [103]]
    assert result["open_visits"].tolist() == [1, 1]
    assert result["arrivals"].tolist() == [1, 2]


def test_a_visit_counts_for_sixty_days():
    old = visits(("A", -24 * 61, None))
    assert bottlenecks(old, as_of=NEXT)["queue_hours"].tolist() == [0.0]
    younger = visits(("A", -24 * 57, None))
    assert bottlenecks(younger, as_of=NEXT)["queue_hours"].tolist() == [pytest.approx(3 * 24)]


def test_nothing_that_came_later_counts():
    rows = [*steady("A"), ("A", 50, None), ("B", 20, 40)]
    late = [("A", 168.5, 300), ("Z", 170, 180)]
    assert bottlenecks(visits(*rows, *late), as_of=NEXT).equals(bottlenecks(visits(*rows), as_of=NEXT))
    finished_later = bottlenecks(visits(*rows[:-1], ("B", 20, 400)), as_of=NEXT)
    still_open = bottlenecks(visits(*rows[:-1], ("B", 20, None)), as_of=NEXT)
    assert finished_later.equals(still_open)


def test_ties_go_by_place_and_rows_in_any_order():
    table = visits(("B", 0, None), ("A", 0, None), ("C", 0, None))
    result = bottlenecks(table, as_of=NEXT)
    assert result["place"].tolist() == ["A", "B", "C"]
    assert bottlenecks(table.iloc[::-1], as_of=NEXT).equals(result)


def test_a_visit_that_begins_at_the_very_moment_is_known():
    table = visits(("A", 168, None), ("A", 100, 168))
    result = bottlenecks(table, as_of=NEXT)
    assert result["open_visits"].tolist() == [1]
    assert result["free_flow_hours"].tolist() == [68]


def test_no_visits():
    result = bottlenecks(visits(), as_of=NEXT)
    assert list(result.columns) == list(BOTTLENECK_COLUMNS)
    assert len(result) == 0


def test_periods_add_up():
    rng = np.random.default_rng(4)
    starts = rng.uniform(-100, 160, 300)
    table = visits(
        *[
            (f"P{k % 7}", start, start + stay)
            for k, (start, stay) in enumerate(zip(starts, rng.exponential(30, 300), strict=True))
        ]
    )
    days = [bottlenecks(table, as_of=MONDAY + pd.Timedelta(days=7), period="W")]
    weekly = days[0].set_index("place")["queue_hours"]
    known = table[table["arrive"] <= NEXT]
    free = days[0].set_index("place")["free_flow_hours"]
    total = dict.fromkeys(weekly.index, 0.0)
    for row in known.itertuples():
        begin = row.arrive + pd.Timedelta(hours=free[row.place])
        for day in range(7):
            low, high = MONDAY + pd.Timedelta(days=day), MONDAY + pd.Timedelta(days=day + 1)
            total[row.place] += max(0.0, (min(row.depart, NEXT, high) - max(begin, low)) / pd.Timedelta(hours=1))
    assert weekly.to_dict() == pytest.approx(total)


def test_causes_in_words_with_numbers():
    rows = [
        *steady("slow", last_stay=40.0),
        *[("sink", hour, None) for hour in range(0, 60, 10)],
        *[("batch", hour, 130) for hour in range(0, 60, 10)],
    ]
    causes = bottlenecks(visits(*rows), as_of=NEXT).set_index("place")["causes"]
    assert causes["sink"][0] == "end of the line: no departure was ever recorded here"
    assert "building: 6 arrivals against 0 departures" in causes["sink"]
    assert any(
        text.startswith("standing still: no departure, 6 open visits, the oldest for 7.0 days")
        for text in causes["sink"]
    )
    assert "batching: 6 of 6 departures share their time with others" in causes["batch"]
    assert any(text.startswith("slower: the median stay was 40.0 h against 5.2 h") for text in causes["slow"])


def test_a_queue_that_shrinks_is_clearing():
    rows = [("A", -50 - k, 20 + k) for k in range(8)] + [("A", 30, 40)]
    assert "clearing: 9 departures against 1 arrivals" in bottlenecks(visits(*rows), as_of=NEXT)["causes"][0]


def test_open_work_raises_the_forecast():
    calm = visits(*steady("A"), *steady("B"))
    loaded = visits(*steady("A"), *steady("B"), *[("A", 160 + k / 10, None) for k in range(40)])
    before = bottlenecks(calm, as_of=NEXT).set_index("place")["forecast_queue_hours"]
    after = bottlenecks(loaded, as_of=NEXT).set_index("place")["forecast_queue_hours"]
    assert after["A"] > before["A"] + 10
    # what counts as next to nothing is reckoned from the largest places, so B moves by a trifle
    assert after["B"] == pytest.approx(before["B"], rel=0.01)


def test_open_work_is_aged_by_what_outlasted_it():
    long_ago = -168 * 30
    stays = [("A", long_ago + k, long_ago + k + stay) for k in range(30) for stay in (10.0, 1000.0)]
    # the open visit is 700 h old, so it is one of those that last 1000 h: the whole day ahead is lost
    result = bottlenecks(visits(*stays, ("A", 168 - 700, None)), as_of=NEXT, period="D")
    assert result["forecast_queue_hours"][0] == pytest.approx(24, rel=1e-4)


def test_the_forecast_of_a_steady_place_is_what_comes():
    rng = np.random.default_rng(8)
    arrive = rng.uniform(-168 * 40, 168 * 2, 8000)
    table = visits(
        *[("A", start, start + stay) for start, stay in zip(arrive, rng.gamma(2, 20, 8000), strict=True)]
    )
    ahead = bottlenecks(table, as_of=NEXT)["forecast_queue_hours"][0]
    came = bottlenecks(table, as_of=NEXT + pd.Timedelta(days=7))["queue_hours"][0]
    assert ahead == pytest.approx(came, rel=0.1)


def test_the_forecast_leans_to_change():
    crowded = visits(*steady("A"), *steady("B"), *[("A", 160 + k / 10, None) for k in range(40)])
    row = bottlenecks(crowded, as_of=NEXT).set_index("place").loc["A"]
    assert row["forecast_queue_hours"] > row["expected_queue_hours"] > row["queue_hours"]
    assert row["hours_at_stake"] == pytest.approx(row["expected_queue_hours"] - row["usual_queue_hours"])


def test_the_forecast_stays_within_what_can_wait():
    table = visits(*[("A", -k, None) for k in range(50)])
    result = bottlenecks(table, as_of=NEXT)
    assert 0 <= result["forecast_queue_hours"][0] <= (50 + 50) * 168


def test_alarm_needs_eight_medians_and_rises_with_old_work():
    few = bottlenecks(visits(*steady("A", periods=7)), as_of=NEXT)
    assert np.isnan(few["alarm_probability"][0])
    rng = np.random.default_rng(2)
    rows = []
    for place in ("A", "B", "C", "D"):
        for week in range(60):
            crowded = rng.random() < 0.08
            for _ in range(6):
                arrive = -168 * (60 - week) + rng.uniform(0, 160)
                rows.append((place, arrive, arrive + rng.gamma(3, 4)))
            if crowded:
                rows += [
                    (place, -168 * (59 - week) - 20 - k, -168 * (59 - week) + rng.uniform(60, 160))
                    for k in range(9)
                ]
    crowd = [("A", 150 - k, None) for k in range(9)]
    result = bottlenecks(visits(*rows, *crowd), as_of=NEXT).set_index("place")["alarm_probability"]
    assert result.between(0, 1).all()
    assert result["A"] > result["B"] + 0.2


def test_utilisation_is_departures_over_demonstrated_capacity():
    rows = [
        ("A", -168 * week + 4 * k, -168 * week + 4 * k + 30)
        for week in range(10)
        for k in range(20 + 10 * (week % 2))
    ]
    rows.append(("A", -168 * 12, None))
    result = bottlenecks(visits(*rows), as_of=NEXT)
    assert result["departures"][0] == 20
    assert result["utilisation"][0] == pytest.approx(20 / 30, rel=0.05)


def test_survival_is_the_textbook_estimate():
    # Kaplan-Meier by hand: 6 at risk at 6 (two end), 3 at risk at 10 (one ends)
    survival = fit_survival(np.array([6.0, 6.0, 10.0]), np.array([4.0, 7.0, 12.0]))
    five, three = 5, 2
    assert survival.beyond(np.array([5.9, 6.0, 10.0, 99.0])) == pytest.approx(
        [1, 1 - 2 / five, (1 - 2 / five) * (1 - 1 / three), (1 - 2 / five) * (1 - 1 / three)]
    )
    assert survival.area_to(np.array([6.0, 8.0, 20.0])) == pytest.approx([6, 6 + 2 * 0.6, 6 + 4 * 0.6 + 10 * 0.3])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (visits(("A", 5, 3)), "ends before it begins"),
        (visits((None, 5, 8)), "expected a place"),
        (visits(("A", 5, 8)).assign(arrive="Monday"), "expected UTC timestamps"),
        (visits(("A", 5, 8)).drop(columns="depart"), r"missing \['depart'\]"),
    ],
)
def test_bad_visits(table, message):
    with pytest.raises(BadTable, match=message):
        bottlenecks(table, as_of=NEXT)


@pytest.mark.parametrize(
    "arguments", [{"as_of": "soon"}, {"as_of": None}, {"as_of": pd.NaT}, {"period": "fortnight"}]
)
def test_bad_arguments(arguments):
    with pytest.raises(BadArgument):
        bottlenecks(visits(("A", 5, 8)), **({"as_of": NEXT} | arguments))
