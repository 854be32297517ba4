# SPDX-License-Identifier: Apache-2.0
"""Starvation by an upstream place: what is missing here lies there."""

import numpy as np
import pandas as pd
import pytest

from forecasting import bottlenecks
from forecasting.flow.starvation import places_before
from forecasting.flow.stays import know_stays, read_moment

FIRST = pd.Timestamp("2018-01-01", tz="UTC")
WEEKS = 12
NOW = FIRST + pd.Timedelta(weeks=WEEKS)


def table(rows):
    """Build visits from (item, place, arrive, depart) in hours after 2018-01-01."""
    frame = pd.DataFrame(rows, columns=["item", "place", "arrive", "depart"])
    for name in ("arrive", "depart"):
        frame[name] = FIRST + pd.to_timedelta(frame[name], unit="h")
    return frame.assign(arrive_seq=range(len(frame)))


def line(*, held=0, fewer=0, elsewhere=0, slower_since=WEEKS):
    """Ten things a week from MILL to PRESS, and other things at SIDE; in the last week some do not go on.

    Args:
        held: how many of the last ten stay at MILL.
        fewer: how many of the last ten never come to MILL.
        elsewhere: how many others come to PRESS in the last week instead.
        slower_since: week from which stays at MILL last three times as long.
    """
    rows = []
    for week in range(WEEKS):
        last = week == WEEKS - 1
        for k in range(10 - (fewer if last else 0)):
            item, arrive = f"I{week}-{k}", 168 * week + 3 * k
            stay = 60 if week >= slower_since else 20
            if last and k >= 10 - held:
                rows.append((item, "MILL", arrive, np.nan))
                continue
            rows.append((item, "MILL", arrive, arrive + stay))
            rows.append((item, "PRESS", arrive + stay + 5, arrive + stay + 10 + k % 3))
        for k in range(5):
            rows.append((f"S{week}-{k}", "SIDE", 168 * week + k, 168 * week + k + 30))
        if last:
            for k in range(elsewhere):
                rows.append((f"S{week}-{k}", "PRESS", 168 * week + 60 + k, 168 * week + 70 + k))
    return table(rows)


def causes_of(visits, place, as_of=NOW):
    found = bottlenecks(visits, as_of=as_of).set_index("place")["causes"][place]
    return [cause for cause in found if cause.startswith(("starved", "holding"))]


def test_who_starves_whom_and_what_waits_there():
    visits = line(held=8)
    assert causes_of(visits, "PRESS") == [
        "starved by MILL: 2 arrivals from there against 10 before, while 8 visits are open there against 0"
    ]
    assert causes_of(visits, "MILL") == ["holding up PRESS: 2 visits went on against 10 before"]
    assert causes_of(visits, "SIDE") == []


def test_a_place_that_ran_dry_is_named_although_nothing_waits_there():
    visits = line(held=10)
    row = bottlenecks(visits, as_of=NOW).set_index("place").loc["PRESS"]
    assert row["arrivals"] == 0
    assert row["queue_hours"] == 0
    assert [cause.partition(":")[0] for cause in row["causes"]] == ["starved by MILL"]


def test_the_day_since_which_stays_upstream_are_longer():
    (cause,) = causes_of(line(held=8, slower_since=WEEKS - 5), "PRESS")
    assert cause.endswith("; stays there are longer since 2018-02-19")


@pytest.mark.parametrize(
    "visits",
    [
        line(),
        line(held=3),  # more than half came
        line(fewer=8),  # nothing came to MILL either, so nothing is held back there
        line(held=8, elsewhere=5),  # others made up for it
        line(held=8).assign(item=None),
        line(held=8).drop(columns="item"),
    ],
)
def test_no_starvation(visits):
    assert causes_of(visits, "PRESS") == []


def test_the_first_weeks_tell_nothing_yet():
    visits = line(held=8)
    later = visits.assign(
        arrive=visits["arrive"] - pd.Timedelta(weeks=9), depart=visits["depart"] - pd.Timedelta(weeks=9)
    )
    few = later[later["arrive"] >= FIRST].reset_index(drop=True)
    assert causes_of(few, "PRESS", NOW - pd.Timedelta(weeks=9)) == []


def test_order_of_rows_and_later_rows_change_nothing():
    visits = line(held=8)
    mixed = visits.sample(frac=1, random_state=3).reset_index(drop=True)
    later = table([(f"I{WEEKS - 1}-9", "PRESS", 168 * WEEKS + 1, np.nan)]).assign(arrive_seq=9999)
    assert causes_of(mixed, "PRESS") == causes_of(visits, "PRESS")
    assert causes_of(pd.concat([visits, later], ignore_index=True), "PRESS") == causes_of(visits, "PRESS")


def test_where_a_thing_was_before():
    rows = [("A", "X", 0, 1), ("A", "Y", 2, 3), ("A", "X", 4, 5), ("B", "Y", 0, 9)]
    # a lot that was split at Z is two rows there, and both parts came from Y
    rows += [("B", "Z", 10, 20), ("B", "Z", 10, 30), ("B", "X", 40, np.nan)]
    visits = table(rows)
    stays = know_stays(visits, read_moment(NOW))
    names = [stays.places[at] if at >= 0 else None for at in places_before(visits, stays)]
    assert names == [None, "X", "Y", None, "Y", "Y", "Z"]
