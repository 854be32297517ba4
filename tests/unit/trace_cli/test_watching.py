# SPDX-License-Identifier: Apache-2.0
"""What a watcher sees in one process: late shipments, queues, and what master data and readings make visible."""

import pytest

from trace_cli.context import find_site
from trace_cli.progress import Progress
from trace_cli.watching import Told, Watcher, Wishes

HEAD = "time,step,item,place,to,promised\n"


def row(day, hour, step, item, place, to="", promised=""):
    return f"2026-01-{day:02d}T{hour:02d}:00Z,{step},{item},{place},{to},{promised}\n"


def journey(day, number, hours=4):
    name = f"BOX-{day}-{number}"
    return (
        row(day, 6, "commissioning", name, "MAKER")
        + row(day, 7, "shipping", name, "MAKER", "DOCK")
        + row(day, 9, "receiving", name, "DOCK")
        + row(day, 9 + hours, "shipping", name, "DOCK", "SHOP")
        + row(day, 22, "receiving", name, "SHOP")
    )


USUAL = HEAD + "".join(journey(day, number) for day in range(1, 13) for number in range(6))


@pytest.fixture
def site(ledger_of):
    return ledger_of(USUAL)


def watcher(folder, **wishes):
    one = Watcher(find_site(folder), Wishes(alpha=0.1, **wishes), Told(), progress=Progress("", quiet=True))
    one.begin(one.size)
    return one


def imported(trace, folder, rows, head=HEAD):
    (folder / "more.csv").write_text(head + rows, encoding="utf-8")
    ran = trace("import", folder / "more.csv")
    assert ran.code == 0, ran.err


def seen(one, kind):
    return [line for line in one.look()[1] if line["type"] == kind]


def test_what_is_not_there_when_it_was_promised_is_told_once(trace, site):
    one = watcher(site)
    imported(trace, site, row(13, 6, "shipping", "LATE-1", "MAKER", "DOCK", "2026-01-15T12:00Z"))
    assert seen(one, "late") == []
    imported(trace, site, row(15, 11, "commissioning", "OTHER-1", "MAKER"))
    assert seen(one, "late") == []  # an hour is left
    imported(trace, site, row(15, 13, "commissioning", "OTHER-2", "MAKER"))
    (line,) = seen(one, "late")
    assert (line["late_probability"], line["item"].rpartition("/")[2]) == (1.0, "LATE-1")
    assert line["seq"] < one.size - 1  # an old entry, and a new warning
    imported(trace, site, row(16, 13, "commissioning", "OTHER-3", "MAKER"))
    assert seen(one, "late") == []


def test_a_promise_that_passes_over_night_is_told(trace, site):
    one = watcher(site)
    imported(trace, site, row(13, 6, "shipping", "LATE-1", "MAKER", "DOCK", "2026-01-13T18:00Z"))
    assert seen(one, "late") == []
    imported(trace, site, row(14, 6, "commissioning", "OTHER-1", "MAKER"))
    assert [line["item"].rpartition("/")[2] for line in seen(one, "late")] == ["LATE-1"]


def test_a_place_where_goods_pile_up_is_told(trace, site):
    one = watcher(site)
    slower = "".join(journey(day, number, 2 * day - 18) for day in (13, 14, 15) for number in range(10))
    imported(trace, site, slower + row(16, 6, "commissioning", "OTHER-1", "MAKER"))
    queues = seen(one, "bottleneck")
    assert [line["place"].rpartition("/")[2] for line in queues] == ["DOCK"]
    assert queues[0]["alarm_probability"] >= 0.5
    imported(trace, site, row(16, 7, "commissioning", "OTHER-2", "MAKER"))
    assert seen(one, "bottleneck") == []


@pytest.mark.parametrize("known", ["at first", "later"])
def test_master_data_make_a_journey_impossible(trace, site, known):
    def tell():
        places = "id,latitude,longitude\nMAKER,52.5,13.4\nDOCK,52.6,13.5\nFAR,-33.9,151.2\n"
        (site / "places.csv").write_text(places, encoding="utf-8")
        assert trace("place", "import", site / "places.csv").code == 0

    if known == "at first":
        tell()
    one = watcher(site)
    begun = row(13, 1, "commissioning", "BOX-X", "MAKER")
    imported(trace, site, begun)
    assert seen(one, "alarm") == []
    if known == "later":
        tell()
        one.look()
    imported(trace, site, row(13, 3, "receiving", "BOX-X", "FAR"))
    assert "impossible_travel" in {line["kind"] for line in seen(one, "alarm")}
