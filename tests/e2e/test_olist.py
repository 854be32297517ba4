# SPDX-License-Identifier: Apache-2.0
"""A real marketplace, 30,314 rows, through the real program, against counts in plain Python."""

import csv
import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.reference.slow_flow import last_complete_week, slow_bottlenecks, slow_visits

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("TRACE_TEST_DATA", ROOT.parent / "shared" / "data"))
OLIST = DATA / "events" / "olist_events.csv.gz"
ZONE = ZoneInfo("America/Sao_Paulo")
ROWS = 30_314
MAP = """
timezone = "America/Sao_Paulo"
[columns]
time = "event_time"
item = "item_id"
product = "sku"
step = "biz_step"
place = "site"
party = "party"
[values.step]
ordering = "https://acme.example/step/ordering"
approving = "https://acme.example/step/approving"
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not OLIST.exists(), reason=f"{OLIST} is not here; set TRACE_TEST_DATA to the folder of the test data"
    ),
]


@pytest.fixture(scope="module")
def imported(tmp_path_factory, make_shells):
    """The ledger of the whole file, imported once; never to be changed."""
    site = make_shells(tmp_path_factory.mktemp("olist"))
    site.good("init", "--org", "acme.example", "--site", "dc1")
    site.write("MAP.toml", MAP)
    answer = site.good("import", OLIST, "--map", "MAP.toml", "--on-error", "skip", "--json").answer
    return site, answer


@pytest.fixture(scope="module")
def raw_rows(imported):
    """The rows that were recorded, read from the file by hand: (time, line, item, product, step, place)."""
    left_out = {refusal["line"] for refusal in imported[1]["refused"]}
    with gzip.open(OLIST, "rt", encoding="utf-8", newline="") as lines:
        return [
            (
                datetime.fromisoformat(row["event_time"]).replace(tzinfo=ZONE).astimezone(UTC),
                line,
                row["item_id"],
                row["sku"],
                row["biz_step"],
                row["site"],
            )
            for line, row in enumerate(csv.DictReader(lines), 2)
            if line not in left_out
        ]


def test_every_row_is_recorded_or_refused(imported):
    site, answer = imported
    assert answer["recorded"] + len(answer["refused"]) == ROWS
    assert answer["duplicates"] == 0
    assert (answer["first_seq"], answer["last_seq"]) == (1, answer["recorded"])
    # Only the hours that the clocks passed twice or never are refused.
    assert len(answer["refused"]) < 30
    assert {refusal["field"] for refusal in answer["refused"]} <= {"event_time"}
    verdict = site.good("verify", "--json").answer
    assert (verdict["verdict"], verdict["size"]) == ("ok", 1 + answer["recorded"])


def test_a_second_import_records_nothing(imported):
    site, first = imported
    before = site.size()
    again = site.good("import", OLIST, "--map", "MAP.toml", "--on-error", "skip", "--json").answer
    assert (again["recorded"], again["duplicates"]) == (0, first["recorded"])
    assert again["refused"] == first["refused"]
    assert site.size() == before


def test_the_history_of_one_item(imported):
    site, _ = imported
    answer = site.good("history", "2e7a8482f6fb0975-1", "--json").answer
    steps = [event["step"].rpartition("/")[2] for event in answer["events"]]
    assert [step for step in steps if step in ("ordering", "approving", "shipping")] == [
        "ordering",
        "approving",
        "shipping",
    ]
    times = [event["time"] for event in answer["events"]]
    assert times == sorted(times)
    assert times[0] == "2016-09-05T00:15:19.000Z"  # 21:15:19 in Sao Paulo
    assert answer["item"] == "https://acme.example/obj/2e7a8482f6fb0975-1"
    assert answer["verdict"]["word"] == "ok"


def test_a_forecast_for_ten_products(imported):
    site, _ = imported
    answer = site.good("forecast", "--freq", "W", "--horizon", "8", "--no-record", "--json").answer
    assert answer["schema"] == "trace.forecast/1"
    assert len(answer["series"]) == 10
    assert len({series["unique_id"] for series in answer["series"]}) == 10
    keys = "unique_id product place frequency unit model class points accuracy"
    for series in answer["series"]:
        assert set(series) >= set(keys.split())
        assert set(series["accuracy"]) >= {"mase", "rmsse", "coverage80", "value_added"}
        assert len(series["points"]) == 8
        assert [point["ds"] for point in series["points"]] == sorted(point["ds"] for point in series["points"])
        for point in series["points"]:
            levels = [point["quantiles"][level] for level in sorted(point["quantiles"], key=float)]
            assert len(levels) >= 3
            assert levels == sorted(levels)
            assert levels[0] >= 0


def test_the_bottlenecks_are_those_of_a_count_by_hand(imported, raw_rows):
    site, _ = imported
    as_of = datetime(2018, 1, 8, tzinfo=UTC)
    site.good("bottlenecks", "--as-of", "2018-01-08", "--no-record", "--json", "-o", "all.json")
    written = json.loads((site.folder / "all.json").read_text(encoding="utf-8"))
    assert written["schema"] == "trace.bottlenecks/1"
    expected = slow_bottlenecks(
        slow_visits([row for row in raw_rows if row[0] <= as_of]), as_of, *last_complete_week(as_of)
    )
    total = sum(one["queue"] for one in expected.values())
    found = {row["place"].rpartition("/")[2]: row for row in written["sites"]}
    assert set(found) == set(expected)
    assert total > 0
    for place, row in found.items():
        assert row["queue_hours"] == pytest.approx(expected[place]["queue"], abs=1e-3)
        assert row["share"] == pytest.approx(expected[place]["queue"] / total, abs=1e-6)
    ranks = [row["rank"] for row in written["sites"]]
    hours = [row["queue_hours"] for row in written["sites"]]
    assert ranks == list(range(1, len(ranks) + 1))
    assert hours == sorted(hours, reverse=True)
    # The entries that are named are those that opened the longest waits there.
    first = written["sites"][0]
    place = first["place"].rpartition("/")[2]
    waits = {line: wait for wait, line in expected[place]["waits"]}
    lines = {seq: row[1] for seq, row in enumerate(raw_rows, 1)}
    named = [waits[lines[seq]] for seq in first["events"]]
    assert named == pytest.approx(sorted(waits.values(), reverse=True)[: len(named)], abs=1e-3)
