# SPDX-License-Identifier: Apache-2.0
"""The ranking of bottlenecks against its definition read slowly, with plain loops over plain values."""

import csv
import gzip
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from forecasting import bottlenecks
from forecasting.tables import events_table, visits_table
from forecasting.tables.events import EVENT_COLUMNS
from tests.reference.slow_flow import PERIODS, slow_bottlenecks, slow_visits

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATA = Path(os.environ.get("TRACE_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
OLIST = DATA / "events" / "olist_events.csv.gz"


def compare(visits, frame, as_of, period):
    start, end = PERIODS[period](as_of)
    expected = slow_bottlenecks(visits, as_of, start, end)
    result = bottlenecks(frame, as_of=pd.Timestamp(as_of), period=period)
    assert set(result["place"]) == set(expected)
    total = sum(one["queue"] for one in expected.values())
    for row in result.itertuples():
        one = expected[row.place]
        assert row.queue_hours == pytest.approx(one["queue"], abs=1e-6, rel=0)
        assert row.free_flow_hours == pytest.approx(one["free"], abs=1e-6, rel=0)
        assert row.share == pytest.approx(one["queue"] / total if total else 0.0, abs=1e-9)
        assert (row.arrivals, row.departures, row.open_visits) == (one["arrivals"], one["departures"], one["open"])
        waits = {seq: wait for wait, seq in one["waits"]}
        longest = sorted(waits.values(), reverse=True)[:20]
        found = [waits.get(seq, 0.0) for seq in row.events]
        assert len(row.events) == len(set(row.events))
        assert found == pytest.approx(longest, abs=1e-6) or min(longest, default=0) < 1e-6
    assert result["rank"].tolist() == list(range(1, len(expected) + 1))
    order = sorted(expected, key=lambda place: (-round(expected[place]["queue"], 6), place))
    for found, wanted in zip(result["place"], order, strict=True):
        same = expected[found]["queue"] == pytest.approx(expected[wanted]["queue"], abs=2e-6)
        assert found == wanted or same
    return result


def generated(seed, size, span_days):
    """Random visits whose edges often fall on the same instants."""
    draw = random.Random(seed)
    base = datetime(2017, 9, 1, tzinfo=UTC)
    visits = []
    for seq in range(size):
        arrive = base + timedelta(seconds=draw.randrange(span_days * 86400))
        if draw.random() < 0.2:
            arrive = arrive.replace(hour=0, minute=0, second=0)
        stay = draw.choice([0, draw.expovariate(1 / 30), draw.expovariate(1 / 600), None, 24])
        depart = None if stay is None else arrive + timedelta(microseconds=round(stay * 3.6e9))
        visits.append((f"P{int(draw.paretovariate(1)) % 40}", arrive, depart, seq))
    frame = pd.DataFrame(visits, columns=["place", "arrive", "depart", "arrive_seq"])
    frame["depart"] = pd.to_datetime(frame["depart"], utc=True)
    return visits, frame


@pytest.mark.parametrize("period", list(PERIODS))
@pytest.mark.parametrize("seed", range(6))
def test_generated_visits(seed, period):
    visits, frame = generated(seed, 600, 150)
    for moment in (datetime(2018, 1, 8, tzinfo=UTC), datetime(2017, 12, 14, 9, 30, 1, 7, tzinfo=UTC)):
        compare(visits, frame, moment, period)


def test_the_reference_can_fail():
    visits, frame = generated(1, 600, 150)
    moved = frame.assign(arrive=frame["arrive"] - pd.Timedelta(seconds=1))
    with pytest.raises(AssertionError):
        compare(visits, moved, datetime(2018, 1, 8, tzinfo=UTC), "W")


def read_olist():
    zone = ZoneInfo("America/Sao_Paulo")
    with gzip.open(OLIST, "rt", encoding="utf-8", newline="") as lines:
        return [
            (
                datetime.fromisoformat(row["event_time"]).replace(tzinfo=zone).astimezone(UTC),
                seq,
                row["item_id"],
                row["sku"],
                row["biz_step"],
                row["site"],
            )
            for seq, row in enumerate(csv.DictReader(lines))
        ]


@pytest.mark.skipif(
    not OLIST.exists(), reason=f"{OLIST} is not here; set TRACE_TEST_DATA to the folder of the test data"
)
def test_olist_from_raw_rows_to_ranking():
    rows = read_olist()
    visits = slow_visits(rows)
    columns = {name: [None] * len(rows) for name in EVENT_COLUMNS}
    times = [(row[0] - EPOCH) // timedelta(microseconds=1) for row in rows]
    columns |= {"event_time": times, "record_time": times, "seq": [row[1] for row in rows]}
    columns |= {"item": [row[2] for row in rows], "product": [row[3] for row in rows]}
    columns |= {"step": [row[4] for row in rows], "place": [row[5] for row in rows]}
    columns |= {"kind": ["ObjectEvent"] * len(rows), "action": ["OBSERVE"] * len(rows)}
    columns["corrected"] = [False] * len(rows)
    frame = visits_table(events_table(columns))
    table = {(row.place, row.arrive, row.arrive_seq): row.depart for row in frame.itertuples()}
    assert len(frame) == len(visits)
    for place, arrive, depart, seq in visits:
        found = table[(place, pd.Timestamp(arrive), seq)]
        assert pd.isna(found) if depart is None else found == depart
    for moment in (datetime(2018, 1, 8, tzinfo=UTC), datetime(2017, 11, 23, 5, 30, tzinfo=UTC)):
        for period in ("W", "M"):
            compare(visits, frame, moment, period)
