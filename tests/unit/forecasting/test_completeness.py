# SPDX-License-Identifier: Apache-2.0
"""How complete the history behind a forecast is."""

import pandas as pd
import pytest

from forecasting.completeness import completeness_words, measure_completeness
from forecasting.tables.demand import choose_demand_steps

UNTIL = pd.Timestamp("2026-02-02T00:00Z").to_pydatetime()  # the Monday after four weeks


def measure(events, freq="W", by=("product",)):
    choice = choose_demand_steps(events, ["retail_selling"])
    return measure_completeness(events, freq=freq, choice=choice, by=by, until=UNTIL)


def sale(hour, **more):
    return (hour, None, "retail_selling", "SHOP", {"quantity": 2.0, **more})


def test_a_whole_record(history):
    found = measure(history(*(sale(24 * day) for day in range(28))))
    assert (found.events, found.named, found.counted, found.periods, found.silent) == (28, 1, 1, 4, 0)
    assert (found.delay_hours, found.last_known, found.share) == (0, 1, 1)


def test_what_is_missing_is_counted(history):
    events = history(sale(1), sale(2, product=None), sale(3, quantity=None), sale(4), sale(24 * 15))
    found = measure(events)
    assert (found.named, found.counted) == (0.8, 0.8)
    assert (found.periods, found.silent) == (4, 2)
    assert found.share == 0.8
    assert "nothing was recorded in 2 of 4 weeks, which count as 0" in completeness_words(found, "W")
    assert found.silent_end == 1


def test_weeks_after_the_last_record_are_told_apart_from_gaps(history):
    found = measure(history(sale(1), sale(24 * 8)))
    assert (found.silent, found.silent_end) == (2, 2)
    assert any(words.startswith("the last 2 weeks hold nothing") for words in completeness_words(found, "W"))
    going = measure(history(sale(1), sale(24 * 27)))
    assert (going.silent, going.silent_end) == (2, 0)
    assert not any("hold nothing" in words for words in completeness_words(going, "W"))


def test_late_records_leave_the_last_period_open(history):
    late = [sale(24 * day) for day in range(28)]
    events = history(*late)
    # Half of the events become known ten days after they happened: of the last week none of those.
    slow = events.index % 2 == 0
    events.loc[slow, "record_time"] += pd.Timedelta(days=10)
    found = measure(events)
    assert found.last_known == pytest.approx(0.5)
    assert found.share == pytest.approx(0.5)


def test_withdrawn_events_and_other_steps_do_not_count(history):
    events = history(sale(1), sale(2, corrected=True), (3, "BOX", "storing", "SHOP"))
    assert measure(events).events == 1


def test_nothing_is_not_complete(history):
    found = measure(history((1, "BOX", "storing", "SHOP")))
    assert (found.events, found.share) == (0, None)
    assert completeness_words(found, "W") == ["nothing counts as demand, so there is nothing to be complete"]


def test_years_far_away(history):
    events = history(sale(1))
    choice = choose_demand_steps(events, ["retail_selling"])
    far = pd.Timestamp("9990-01-01T00:00Z").to_pydatetime()
    assert measure_completeness(events, freq="YS", choice=choice, by=("product",), until=far).periods > 7000
