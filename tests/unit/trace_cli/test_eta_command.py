# SPDX-License-Identifier: Apache-2.0
import csv
import zipfile
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest

HEAD = "time,step,item,product,lot,quantity,unit,place,to,promised\n"
DAYS = range(1, 13)
ARRIVED = "".join(
    f"2026-01-{day:02d}T06:00Z,shipping,BOX-{day},,,,,DOCK,SHOP,2026-01-{day + 1:02d}T00:00Z\n"
    f"2026-01-{day:02d}T{12 + day % 5}:00Z,receiving,BOX-{day},,,,,SHOP,,\n"
    for day in DAYS
)
OPEN = (
    "2026-01-20T06:00Z,shipping,BOX-EARLY,,,,,DOCK,SHOP,2026-01-21T00:00Z\n"
    "2026-01-20T06:00Z,shipping,BOX-LATE,,,,,DOCK,SHOP,2026-01-20T08:00Z\n"
)


def test_what_is_under_way_and_how_late(trace, ledger_of):
    ledger_of(HEAD + ARRIVED + OPEN)
    answer = trace("eta", "--json", "--as-of", "2026-01-20T07:00Z").answer
    assert answer["schema"] == "trace.eta/1"
    assert answer["as_of"] == "2026-01-20T07:00:00Z"
    assert [one["item"].rpartition("/")[2] for one in answer["shipments"]] == ["BOX-LATE", "BOX-EARLY"]
    first, second = answer["shipments"]
    assert set(first) >= set("item origin destination started eta late_probability promised".split())
    assert first["late_probability"] > 0.5 > second["late_probability"]
    eta = first["eta"]
    assert "2026-01-20T07:00:00Z" <= eta["p10"] <= eta["p50"] <= eta["p90"]
    assert "2026-01-20T12:00:00Z" < eta["p50"] < "2026-01-20T18:00:00Z"
    body = trace("decision", "show", answer["decision_seq"], "--json").answer["body"]
    assert body["command"] == "eta"


def test_selected_things_and_places(trace, ledger_of):
    folder = ledger_of(HEAD + ARRIVED + OPEN)
    asked = ("--as-of", "2026-01-20T07:00Z", "--no-record")
    answer = trace("eta", "BOX-EARLY", "BOX-3", "--json", *asked).answer
    assert [one["item"].rpartition("/")[2] for one in answer["shipments"]] == ["BOX-EARLY"]
    assert [item.rpartition("/")[2] for item in answer["not_under_way"]] == ["BOX-3"]
    assert trace("eta", "--place", "DOCK", "--json", *asked).answer["shipments"] == []
    ran = trace("eta", "--late", "0.5", "-o", "late.csv", *asked)
    assert ran.code == 0
    with (folder / "late.csv").open(encoding="utf-8") as file:
        assert [row["item"].rpartition("/")[2] for row in csv.DictReader(file)] == ["BOX-LATE"]
    assert max(map(len, ran.out.splitlines())) <= 80
    assert trace("eta", "NOTHING", *asked).code == 4


AT_SEVEN = ("--as-of", "2026-01-20T07:00Z", "--no-record")


def test_one_thing_is_told_in_sentences_in_the_zone_of_the_site(trace, ledger_of, monkeypatch):
    folder = ledger_of(HEAD + ARRIVED + OPEN)
    ran = trace("eta", "BOX-LATE", *AT_SEVEN)
    assert "BOX-LATE, from DOCK to SHOP, under way since 2026-01-20 06:00 (1.0 h)" in ran.out
    assert "promised  2026-01-20 08:00; being late is" in ran.out
    assert "trace show" in ran.out
    with (folder / "trace.toml").open("a", encoding="utf-8") as file:
        file.write('\n[defaults]\ntimezone = "America/Chicago"\n')
    there = trace("eta", "BOX-LATE", *AT_SEVEN)
    assert "under way since 2026-01-20 00:00 (1.0 h)" in there.out
    assert "Under way on 2026-01-20 01:00 America/Chicago" in there.out
    assert (
        trace("eta", "BOX-LATE", "--json", *AT_SEVEN).answer["shipments"][0]["started"] == "2026-01-20T06:00:00Z"
    )
    monkeypatch.setenv("TRACE_TIMEZONE", "Mars/Olympus")
    ran = trace("eta", *AT_SEVEN)
    assert ran.code == 2
    assert "TRACE_TIMEZONE" in ran.err


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_the_table_fits(trace, ledger_of, monkeypatch, width):
    ledger_of(
        HEAD + ARRIVED + OPEN.replace("BOX-", "PALLET-OF-SOMETHING-LONG-").replace("SHOP", "A-SHOP-FAR-AWAY")
    )
    monkeypatch.setenv("COLUMNS", str(width))
    lines = trace("eta", *AT_SEVEN).out.splitlines()
    table = lines[lines.index("") + 1 :]
    assert max(map(len, table)) <= width
    assert "expected" in table[0]
    assert "late" in table[0]
    assert ("promised" in table[0]) == (width >= 60)


def test_what_is_misspelt_is_named_before_anything_is_fitted(trace, ledger_of):
    ledger_of(HEAD + ARRIVED + OPEN)
    ran = trace("eta", "--place", "shpo", *AT_SEVEN)
    assert ran.code == 4
    assert "did you mean SHOP?" in ran.err
    assert "trace eta --place SHOP" in ran.err
    assert "fitting" not in ran.err
    assert "did you mean BOX-LATE" in trace("eta", "BOX-LAT", *AT_SEVEN).err
    arrivals = trace("forecast", "--of", "arrivals", "--place", "SHO", *AT_SEVEN)
    assert arrivals.code == 4
    assert "trace forecast --of arrivals --place SHOP" in arrivals.err


def test_what_never_arrived_is_missing_and_comes_last(trace, ledger_of):
    lost = "2025-06-01T06:00Z,shipping,BOX-LOST,,,,,DOCK,SHOP,2025-06-02T00:00Z\n"
    ledger_of(HEAD + lost + ARRIVED + OPEN)
    shipments = trace("eta", "--json", *AT_SEVEN).answer["shipments"]
    assert [one["state"] for one in shipments] == ["under way", "under way", "missing"]
    assert shipments[-1]["eta"] == {"p10": None, "p50": None, "p90": None}
    assert shipments[0]["expected_late_hours"] > 4 > 1 > shipments[1]["expected_late_hours"]
    ran = trace("eta", *AT_SEVEN)
    assert "1 of them is missing" in ran.out
    assert "not expected any more" in trace("eta", "BOX-LOST", *AT_SEVEN).out
    (shop,) = trace("forecast", "--of", "arrivals", "--place", "SHOP", "--json", *AT_SEVEN).answer["series"]
    assert shop["points"][0]["under_way"] == pytest.approx(2, abs=0.3)


def test_nothing_has_arrived_yet(trace, ledger_of):
    ledger_of(HEAD + OPEN)
    ran = trace("eta", "--no-record")
    assert ran.code == 4
    assert "none has arrived yet" in ran.err


def test_arrivals_of_each_day(trace, ledger_of):
    ledger_of(HEAD + ARRIVED + OPEN)
    asked = (
        "forecast",
        "--of",
        "arrivals",
        "--as-of",
        "2026-01-20T07:00Z",
        "--horizon",
        "3",
        "--no-record",
        "--json",
    )
    (series,) = trace(*asked, "--place", "SHOP").answer["series"]
    assert [point["ds"] for point in series["points"]] == ["2026-01-20", "2026-01-21", "2026-01-22"]
    today = series["points"][0]
    assert today["under_way"] == pytest.approx(2, abs=0.3)
    assert today["mean"] >= today["under_way"]
    assert today["quantiles"]["0.1"] <= today["quantiles"]["0.5"] <= today["quantiles"]["0.9"]
    assert trace(*asked).code == 2
    assert trace(*asked, "--place", "NOWHERE").code == 4


WEEKS = "".join(
    f"{start:%Y-%m-%dT%H:%MZ},shipping,BOX-{number},,,,,DOCK,SHOP,{start + timedelta(hours=8):%Y-%m-%dT%H:%MZ}\n"
    f"{start + timedelta(hours=5 + number * 7 % 6):%Y-%m-%dT%H:%MZ},receiving,BOX-{number},,,,,SHOP,,\n"
    for number, start in ((one, datetime(2026, 1, 1) + timedelta(hours=20 * one)) for one in range(120))
)


def test_backtests(trace, ledger_of, monkeypatch):
    ledger_of(HEAD + WEEKS)
    for of, period in (("eta", "W"), ("bottlenecks", "D")):
        asked = ("backtest", "--of", of, "--period", period, "--origins", "2", "--no-record")
        answer = trace(*asked, "--json").answer
        assert answer["schema"] == "trace.backtest/1"
        assert answer["methods"][0]["method"] == "trace"
        assert len(answer["methods"]) >= 3
        key = "pinball" if of == "eta" else "precision"
        assert all(method[key] >= 0 for method in answer["methods"])
        for width in (60, 80):
            monkeypatch.setenv("COLUMNS", str(width))
            ran = trace(*asked)
            assert max(map(len, ran.out.splitlines()[3:])) <= width
        assert f"forecasting {of} from 2 moments in the past" in ran.err
        assert ("The middle missed by" if of == "eta" else "Of the five worst places") in ran.out
    assert trace("backtest", "--of", "weather", "--no-record").code == 2


def test_origins_may_run_in_two_processes(trace, ledger_of):
    ledger_of(HEAD + WEEKS)
    asked = ("backtest", "--of", "eta", "--origins", "2", "--json")
    one, two = (trace(*asked, "--workers", count).answer for count in (1, 2))
    assert one["methods"] == two["methods"]
    assert one["methods"][0]["origins"] == 2
    replayed = trace("decision", "replay", one["decision_seq"], "--workers", 2, "--json").answer
    assert replayed["outcome"] == "same"


def test_the_report_of_operations(trace, ledger_of):
    folder = ledger_of(HEAD + ARRIVED + OPEN)
    asked = ("report", "operations", "--as-of", "2026-01-20T07:00Z", "--json")
    answer = trace(*asked, "-o", "operations.html").answer
    assert (answer["under_way"], answer["late"]) == (2, 1)
    page = (folder / "operations.html").read_text(encoding="utf-8")
    assert answer["checkpoint"]["root"] in page
    assert f"decision entry {answer['decision_seq']}" in page
    assert "<script" not in page
    pictures = [f"<svg{part.partition('</svg>')[0]}</svg>" for part in page.split("<svg")[1:]]
    assert len(pictures) == 2
    for picture in pictures:
        ElementTree.fromstring(picture)
    assert "DOCK to SHOP" in pictures[0]
    assert "1 of 2 shipments under way are likely late; most of all BOX-LATE to SHOP" in page
    assert "<td>Tue 2026-01-20</td>" in page
    assert trace(*asked, "--no-record", "-o", "operations.xlsx").code == 0
    with zipfile.ZipFile(folder / "operations.xlsx") as book:
        assert "BOX-LATE" in "".join(book.read(name).decode() for name in book.namelist() if "sheet" in name)
    assert trace(*asked, "-o", "operations.pdf").code == 2
