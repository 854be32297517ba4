# SPDX-License-Identifier: Apache-2.0
"""What is planted is there, and a naive look finds it."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from statistics import fmean, median, quantiles

import pytest

from sample_data import story
from sample_data.flow import Sample
from sample_data.goods import CROPS, PRODUCTS
from sample_data.journal import COLUMNS
from sample_data.network import LANES, PLACES
from sample_data.sizes import END

Event = dict[str, str]
TRUCK = 110.0
"""More than any truck makes on average, as the crow flies [km/h]."""


@pytest.fixture(scope="session")
def events(sample: Sample) -> list[Event]:
    return [dict(zip(COLUMNS, row.values, strict=True)) for row in sample.rows]


def hours(delta: timedelta) -> float:
    return delta.total_seconds() / 3600


def distance(one: str, other: str) -> float:
    """Return the great-circle distance of two places [km]."""
    a, b = PLACES[one], PLACES[other]
    north, east = radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)
    chord = sin(north / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * 6371 * asin(sqrt(chord))


def stays(events: list[Event]) -> list[tuple[str, datetime, datetime]]:
    """Return place, arrival and departure of every stay; what is still there departs at the end.

    A stay opens with the first row at a place and closes when the thing is shipped, used up, destroyed or ended.
    A row on a pallet counts for what is on it.
    """
    inside: dict[str, set[str]] = defaultdict(set)
    opened: dict[tuple[str, str], datetime] = {}
    done = []
    for row in events:
        time, step, pallet = datetime.fromisoformat(row["time"]), row["step"], row["container"]
        thing = row["item"] or row["product"] + row["lot"]
        things = {pallet} | inside[pallet] if not thing else {thing, pallet} - {""}
        if step == "packing":
            inside[pallet].add(thing)
        elif step == "unpacking":
            inside[pallet].discard(thing)
        for each in things:
            since = opened.setdefault((row["place"], each), time)
            if step in {"shipping", "destroying", "decommissioning"} or row["role"] == "input":
                done.append((row["place"], since, time))
                del opened[row["place"], each]
    return done + [(place, since, END) for (place, _), since in opened.items()]


def test_the_queue_grows_and_ranks_first(events: list[Event]) -> None:
    """Queue area: hours beyond the site's free flow, the fifth part of its stays that are shortest."""
    by_place = defaultdict(list)
    for place, first, last in stays(events):
        by_place[place].append((first, last))
    ranks = []
    for week in range(5):
        until = END - timedelta(days=7 * week)
        since = until - timedelta(days=7)
        area = {}
        for place, spans in by_place.items():
            free = timedelta(hours=quantiles([hours(last - first) for first, last in spans], n=5)[0])
            area[place] = sum(
                max(0.0, hours(min(last, until) - max(first + free, since))) for first, last in spans
            )
        ranks.append(max(area, key=lambda place: area[place]))
    assert ranks[:3] == [story.QUEUE_PLACE] * 3
    weekly = defaultdict(list)
    for first, last in by_place[story.QUEUE_PLACE]:
        if last < END:
            weekly[(END - first).days // 7].append(hours(last - first))
    assert median(weekly[20]) < 4.1
    assert median(weekly[1]) > median(weekly[4]) + 20 > median(weekly[7]) + 40
    assert max(max(waits) for week, waits in weekly.items() if week > 8) < 4.1


def test_the_late_lane_is_late_and_no_other_is(events: list[Event]) -> None:
    promised: dict[tuple[str, str, str], datetime] = {}
    slip: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in events:
        key = (row["document"], row["from"], row["to"])
        if row["step"] == "shipping":
            promised[key] = datetime.fromisoformat(row["promised"])
        elif row["step"] == "receiving":
            slip[row["from"], row["to"]].append(hours(datetime.fromisoformat(row["time"]) - promised[key]))
    late = {lane: fmean(value > 0 for value in values) for lane, values in slip.items()}
    assert late.pop(story.LATE_LANE) > 0.9
    assert fmean(slip[story.LATE_LANE]) > 2.5
    assert max(late.values()) < 0.05


def test_shipments_are_under_way_at_the_end(events: list[Event]) -> None:
    left = {(row["document"], row["from"], row["to"]) for row in events if row["step"] == "shipping"}
    come = {(row["document"], row["from"], row["to"]) for row in events if row["step"] == "receiving"}
    assert story.LATE_LANE in {(origin, destination) for _, origin, destination in left - come}


def test_only_the_clone_is_faster_than_a_truck(events: list[Event]) -> None:
    last: dict[str, tuple[datetime, str]] = {}
    impossible = set()
    for row in events:
        thing = row["item"] or (not row["lot"] and row["container"])
        if not thing:
            continue
        time = datetime.fromisoformat(row["time"])
        if thing in last and last[thing][1] != row["place"]:
            before, place = last[thing]
            if distance(place, row["place"]) > TRUCK * hours(time - before):
                impossible.add(thing)
        last[thing] = (time, row["place"])
    assert impossible == {story.CLONED_SERIAL}


def test_the_clone_is_sold_twice(events: list[Event]) -> None:
    sold = [row for row in events if row["item"] == story.CLONED_SERIAL and row["step"] == "retail_selling"]
    assert {row["place"] for row in sold} == set(story.CLONE_PLACES)
    assert {datetime.fromisoformat(row["time"]).date() for row in sold} == {story.CLONE_DAY}
    assert distance(*story.CLONE_PLACES) > 800


def test_the_demo_item_has_a_whole_life(events: list[Event]) -> None:
    life = [row for row in events if row["item"] == story.DEMO_ITEM]
    assert [row["step"] for row in life] == [
        "commissioning", "shipping", "receiving", "inspecting", "packing", "unpacking", "packing",
        "unpacking", "storing", "retail_selling", "decommissioning",
    ]  # fmt: skip
    assert list(dict.fromkeys(row["place"] for row in life)) == [
        "FARM-SALINAS", "PACK-YUMA", "DC-DALLAS", "STORE-WICHITA",
    ]  # fmt: skip


def test_the_recalled_farm_lot_reaches_every_store(sample: Sample, events: list[Event]) -> None:
    runs = {row["transformation"] for row in events if row["lot"] == story.RECALL_LOT and row["transformation"]}
    made = {
        (row["product"], row["lot"]) for row in events if row["transformation"] in runs if row["role"] == "output"
    }
    assert (story.DEMO_PRODUCT, story.DEMO_LOT) in made
    sold = {row["place"] for row in events if row["step"] == "retail_selling" and row["lot"] == story.DEMO_LOT}
    assert sold == set(sample.size.stores)
    assert (CROPS["ROM"].gtin, PRODUCTS["MIX"].gtin) == (story.RECALL_PRODUCT, story.DEMO_PRODUCT)


def test_two_deliveries_without_strawberries_empty_the_shelves(sample: Sample, events: list[Event]) -> None:
    assert PRODUCTS["STR"].gtin == story.STOCK_OUT_PRODUCT
    days = [date(2025, 8, 12) + timedelta(days=day) for day in range(6)]
    for store in sample.size.stores:
        sold = {
            datetime.fromisoformat(row["time"]).astimezone(UTC).date()
            for row in events
            if row["place"] == store
            and row["product"] == story.STOCK_OUT_PRODUCT
            and row["step"] == "retail_selling"
        }
        assert sum(day not in sold for day in days) >= 4


def test_stock_outs_are_the_exception(sample: Sample) -> None:
    days = (END.date() - sample.size.first_sale).days
    share = fmean(
        len(sample.short_days.get((store, code), ())) / days
        for store in sample.size.stores
        for code in sample.size.products
    )
    assert 0.01 < share < 0.1


def test_trucks_need_longer_than_the_crow() -> None:
    for (origin, destination), lane in LANES.items():
        assert lane.fastest > distance(origin, destination) / TRUCK
        assert lane.promised > lane.fastest
