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


def shipped(count=120):
    """Boxes that go to two places, one every eight hours: enough for a line, too few for trees."""
    for number in range(count):
        start = datetime(2026, 1, 5) + timedelta(hours=8 * number)
        end = start + timedelta(hours=9 + number % 7)
        to = "SHOP" if number % 3 else "STORE"
        yield f"{start:%Y-%m-%dT%H:%MZ},shipping,BOX-{number},,,,,DOCK,{to},\n"
        yield f"{end:%Y-%m-%dT%H:%MZ},receiving,BOX-{number},,,,,{to},,\n"


def test_backtests(trace, ledger_of):
    ledger_of(HEAD + "".join(shipped()))
    for of, period in (("eta", "W"), ("bottlenecks", "D")):
        answer = trace(
            "backtest", "--of", of, "--period", period, "--origins", "2", "--no-record", "--json"
        ).answer
        assert answer["schema"] == "trace.backtest/1"
        assert answer["methods"][0]["method"] == "trace"
        assert len(answer["methods"]) >= 3
        key = "pinball" if of == "eta" else "precision"
        assert all(method[key] >= 0 for method in answer["methods"])
    assert trace("backtest", "--of", "weather", "--no-record").code == 2


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
    assert trace(*asked, "--no-record", "-o", "operations.xlsx").code == 0
    with zipfile.ZipFile(folder / "operations.xlsx") as book:
        assert "BOX-LATE" in "".join(book.read(name).decode() for name in book.namelist() if "sheet" in name)
    assert trace(*asked, "-o", "operations.pdf").code == 2
