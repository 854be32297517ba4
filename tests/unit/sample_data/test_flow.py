# SPDX-License-Identifier: Apache-2.0
"""The goods add up: in a naive replay nothing is sold, shipped or packed before it is there."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from sample_data.flow import Sample
from sample_data.identifiers import check_digit
from sample_data.journal import COLUMNS, DISPOSITIONS
from sample_data.network import PLACES
from sample_data.sizes import END

Thing = tuple[str, str]


class Replay:
    """Where everything is, in tenths of a kilogram; a basket weighs one."""

    def __init__(self) -> None:
        self.stock: Counter[tuple[str, Thing]] = Counter()
        self.site: dict[str, str] = {}

    def move(self, holder: str, thing: Thing, ticks: int) -> None:
        self.stock[holder, thing] += ticks
        assert self.stock[holder, thing] >= 0, (holder, thing)

    def read(self, row: dict[str, str]) -> None:
        step, place, sscc = row["step"], row["place"], row["container"]
        thing = (row["item"], "") if row["item"] else (row["product"], row["lot"])
        ticks = round(float(row["quantity"]) * 10) if row["quantity"] else 1
        road = f"{row['from']}>{row['to']}"
        if sscc and not any(thing):
            self.read_pallet(row, sscc, road)
            return
        if sscc:
            assert self.site.setdefault(sscc, place) == place
        match step:
            case "commissioning":
                self.move(place, thing, ticks)
            case "creating_class_instance":
                self.move(place, thing, ticks if row["role"] == "output" else -ticks)
            case "shipping":
                self.move(place, thing, -ticks)
                self.move(road, thing, ticks)
            case "receiving":
                self.move(road, thing, -ticks)
                self.move(place, thing, ticks)
            case "packing":
                self.move(place, thing, -ticks)
                self.move(sscc, thing, ticks)
            case "unpacking":
                self.move(sscc, thing, -ticks)
                self.move(place, thing, ticks)
            case "retail_selling" | "destroying":
                self.move(place, thing, -ticks)
            case "inspecting" | "storing":
                self.move(place, thing, 0)
                assert self.stock[place, thing], row
            case "decommissioning":
                pass
            case _:
                raise AssertionError(step)

    def read_pallet(self, row: dict[str, str], sscc: str, road: str) -> None:
        match row["step"]:
            case "shipping":
                assert self.site[sscc] == row["place"] == row["from"]
                self.site[sscc] = road
            case "receiving":
                assert self.site[sscc] == road
                assert row["place"] == row["to"]
                self.site[sscc] = row["place"]
            case "decommissioning":
                assert self.site.pop(sscc) == row["place"]
                assert not any(ticks for (holder, _), ticks in self.stock.items() if holder == sscc)
                self.stock = Counter({key: ticks for key, ticks in self.stock.items() if ticks})
            case _:
                raise AssertionError(row["step"])


def as_dicts(sample: Sample) -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row.values, strict=True)) for row in sample.rows]


def is_clone(row: dict[str, str]) -> bool:
    return row["item"] == "BASKET-0222" and row["place"] == "STORE-WICHITA"


def test_goods_add_up_at_every_row(sample: Sample) -> None:
    replay = Replay()
    for row in as_dicts(sample):
        if not is_clone(row):
            replay.read(row)


def test_a_lot_leaves_the_store_as_it_came(sample: Sample) -> None:
    """What is sold and destroyed of a lot in a store is what was unpacked there, once the lot is gone."""
    came: Counter[tuple[str, str, str]] = Counter()
    went: Counter[tuple[str, str, str]] = Counter()
    closed = set()
    for row in as_dicts(sample):
        if not row["place"].startswith("STORE-") or not row["lot"]:
            continue
        key = (row["place"], row["product"], row["lot"])
        ticks = round(float(row["quantity"]) * 10)
        if row["step"] == "unpacking":
            came[key] += ticks
        else:
            went[key] += ticks
            assert key not in closed
            if row["step"] == "destroying":
                closed.add(key)
    assert len(closed) > 0.95 * len(came)
    assert all(came[key] == went[key] for key in closed)


def test_packing_loses_two_to_four_per_cent(sample: Sample) -> None:
    runs: dict[str, Counter[str]] = {}
    for row in as_dicts(sample):
        if row["transformation"]:
            assert row["place"] == "PACK-YUMA"
            mass = runs.setdefault(row["transformation"], Counter())
            mass[row["role"]] += round(float(row["quantity"]) * 10)
    for mass in runs.values():
        loss = mass["input"] - mass["output"]
        assert 0.019 * mass["input"] <= loss <= 0.041 * mass["input"] + 4


def test_rows_are_in_order_and_well_formed(sample: Sample) -> None:
    previous = datetime.min.replace(tzinfo=UTC)
    for row in as_dicts(sample):
        time, recorded = datetime.fromisoformat(row["time"]), datetime.fromisoformat(row["recorded"])
        assert previous <= time < END
        previous = time
        assert timedelta() < recorded - time < timedelta(hours=12)
        assert row["place"] in PLACES
        assert row["disposition"] == DISPOSITIONS[row["step"]]
        assert bool(row["promised"]) == (row["step"] == "shipping")
        assert bool(row["from"]) == bool(row["to"]) == (row["step"] in {"shipping", "receiving"})
        assert bool(row["role"]) == bool(row["transformation"])
        assert bool(row["product"]) == bool(row["lot"]) == bool(row["quantity"])
        assert (row["unit"] == "KGM") == bool(row["quantity"])
        assert not (row["item"] and row["product"])
        for key, lengths in ((row["product"], (13, 14)), (row["container"], (18,))):
            if key:
                assert len(key) in lengths
                assert check_digit(key[:-1]) == key[-1]


def test_the_last_week_is_known_when_the_sample_ends(sample: Sample) -> None:
    assert max(datetime.fromisoformat(row["recorded"]) for row in as_dicts(sample)) >= END


def test_one_sales_row_for_a_store_a_lot_and_a_day_on_the_same_day_in_utc(sample: Sample) -> None:
    seen = set()
    for row in as_dicts(sample):
        if row["step"] == "retail_selling" and row["lot"]:
            time = datetime.fromisoformat(row["time"])
            key = (row["place"], row["product"], row["lot"], time.date())
            assert key not in seen
            seen.add(key)
            assert time.astimezone(UTC).date() == time.date()
            assert float(row["quantity"]) > 0
