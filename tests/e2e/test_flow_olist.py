# SPDX-License-Identifier: Apache-2.0
"""A real marketplace through the real program: eta and bottlenecks are those of the functions on tables."""

import csv
import gzip
import json
import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import forecasting
from forecasting.flow.under_way import journey_legs
from forecasting.tables import events_table, visits_table
from tests.e2e.test_olist import MAP, OLIST

ZONE = ZoneInfo("America/Sao_Paulo")
ROWS = 1_400
MOMENTS = ("2016-11-07", "2017-01-30")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not OLIST.exists(), reason=f"{OLIST} is not here; set TRACE_TEST_DATA to the folder of the test data"
    ),
]


@pytest.fixture(scope="module")
def lines():
    with gzip.open(OLIST, "rt", encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    by_time = sorted(rows[:ROWS])
    return head, by_time


def record(site, name, head, rows):
    with (site.folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return site.good("import", name, "--map", "MAP.toml", "--on-error", "skip", "--json").answer


@pytest.fixture(scope="module")
def in_order(tmp_path_factory, make_shells, lines):
    site = make_shells(tmp_path_factory.mktemp("in-order"))
    site.good("init", "--org", "acme.example", "--site", "dc1")
    site.write("MAP.toml", MAP)
    answer = record(site, "rows.csv", *lines)
    return site, {refusal["line"] for refusal in answer["refused"]}


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory, make_shells, lines):
    """The same rows in another order, and with them rows that came after everything that is asked for."""
    site = make_shells(tmp_path_factory.mktemp("shuffled"))
    site.good("init", "--org", "acme.example", "--site", "dc1")
    site.write("MAP.toml", MAP)
    head, rows = lines
    rows = rows.copy()
    random.Random(7).shuffle(rows)
    record(site, "rows.csv", head, rows)
    last = max(rows)
    later = [["2017-09-01 10:00:00", *row[1:3], "receiving", *row[4:]] for row in rows[:200] if row < last]
    record(site, "later.csv", head, later)
    return site


@pytest.fixture(scope="module")
def events(in_order, lines):
    """The events table, built from the file by hand."""
    head, rows = lines
    kept = [dict(zip(head, row, strict=True)) for line, row in enumerate(rows, 2) if line not in in_order[1]]
    micros = [
        int(datetime.fromisoformat(row["event_time"]).replace(tzinfo=ZONE).astimezone(UTC).timestamp()) * 1_000_000
        for row in kept
    ]
    empty = [None] * len(kept)
    steps = {name: f"https://acme.example/step/{name}" for name in ("ordering", "approving")}
    return events_table(
        {
            **dict.fromkeys(("event_id", "disposition", "lot", "unit", "parent", "source", "destination"), empty),
            **dict.fromkeys(("document", "party", "quantity"), empty),
            "seq": list(range(1, len(kept) + 1)),
            "event_time": micros,
            "record_time": micros,
            "kind": ["object"] * len(kept),
            "action": ["OBSERVE"] * len(kept),
            "step": [steps.get(row["biz_step"], row["biz_step"]) for row in kept],
            "place": [f"https://acme.example/loc/{row['site']}" for row in kept],
            "item": [f"https://acme.example/obj/{row['item_id']}" for row in kept],
            "product": [row["sku"] for row in kept],
            "corrected": [False] * len(kept),
        }
    )


def known(events, moment):
    return events[events["event_time"] <= moment].reset_index(drop=True)


def asked(site, command, moment):
    site.good(command, "--as-of", moment, "--no-record", "--json", "-o", "all.json")
    return json.loads((site.folder / "all.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_eta_is_that_of_the_function(in_order, events, moment):
    site, _ = in_order
    when = pd.Timestamp(moment, tz="UTC")
    legs = journey_legs(known(events, when))
    under_way = legs[legs["end"].isna()].drop(columns=["end", "end_seq"])
    told = forecasting.lead_times(legs, under_way, as_of=when, quantiles=(0.1, 0.5, 0.9))
    answer = asked(site, "eta", moment)
    assert answer["schema"] == "trace.eta/1"
    assert len(answer["shipments"]) == len(told) > 5
    found = {(one["item"], one["started"]): one for one in answer["shipments"]}
    for row in told.to_dict("records"):
        one = found[(row["item"], f"{row['start']:%Y-%m-%dT%H:%M:%SZ}")]
        for level, name in ((0.1, "p10"), (0.5, "p50"), (0.9, "p90")):
            expected = max(row["start"] + pd.Timedelta(hours=row[f"q{level}"]), when)
            assert abs((pd.Timestamp(one["eta"][name]) - expected).total_seconds()) < 2


@pytest.mark.parametrize("moment", MOMENTS)
def test_bottlenecks_are_those_of_the_function(in_order, events, moment):
    site, _ = in_order
    when = pd.Timestamp(moment, tz="UTC")
    table = forecasting.bottlenecks(visits_table(known(events, when)), as_of=when).set_index("place")
    answer = asked(site, "bottlenecks", moment)
    assert len(answer["sites"]) == len(table)
    for site_row in answer["sites"]:
        row = table.loc[site_row["place"]]
        for name in ("queue_hours", "forecast_queue_hours", "alarm_probability"):
            expected = None if pd.isna(row[name]) else pytest.approx(row[name], abs=1e-6)
            assert site_row[name] == expected


@pytest.mark.parametrize("command", ["eta", "bottlenecks"])
def test_order_of_import_and_later_events_change_nothing(in_order, shuffled, command):
    answers = []
    for site in (in_order[0], shuffled):
        answer = asked(site, command, MOMENTS[1])
        rows = answer["shipments" if command == "eta" else "sites"]
        # entries have other numbers where rows came in another order
        answers.append(
            [{key: value for key, value in row.items() if key not in ("seq", "events")} for row in rows]
        )
    assert len(answers[0]) > 10
    assert answers[0] == answers[1]
