# SPDX-License-Identifier: Apache-2.0
"""Each detector on a case of its own, on honest journeys, and on tables that are not what they should be."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.detectors.registry import RULES
from forecasting.errors import BadArgument, BadTable

sys.path.insert(0, str(Path(__file__).parent))
from journeys import make_journeys, make_places, make_products, renumber

ITEM = "BOX-0100"
HOUR = pd.Timedelta(hours=1)


def at(events, step, item=ITEM):
    return events.index[(events["item"] == item) & (events["step"] == step)]


def copy_of(events, of_step, shift, item=ITEM, **more):
    row = events.loc[at(events, of_step, item)].assign(**more)
    return row.assign(event_time=row["event_time"] + shift, record_time=row["record_time"] + shift)


def move(events, rows, **more):
    """Change events, and let the record follow the event as it did."""
    events = events.copy()
    for name, value in more.items():
        events.loc[rows, name] = value
    return events


def retime(events, rows, times):
    lag = events.loc[rows, "record_time"] - events.loc[rows, "event_time"]
    return move(events, rows, event_time=times, record_time=times + lag)


def elsewhere(events, item=ITEM):
    there = events.loc[at(events, "receiving", item), "place"].iloc[0]
    return "SHOP-0" if there != "SHOP-0" else "SHOP-11"


def clone(events):
    return pd.concat([events, copy_of(events, "receiving", 60 * HOUR, place=elsewhere(events))])


def travel(events):
    far = {"place": "MAKER-0", "step": "inspecting"}
    return pd.concat([events, copy_of(events, "receiving", 0.1 * HOUR, **far)])


def unknown(events):
    return events.drop(at(events, "commissioning"))


def skipped(events):
    return events.drop(at(events, "shipping"))


def reversed_(events):
    rows = at(events, "receiving")
    return retime(events, rows, events.loc[at(events, "shipping"), "event_time"].to_numpy() - 3 * HOUR)


def custodian(events):
    return move(events, at(events, "shipping"), party="SOMEBODY")


def diverted(events):
    return move(events, at(events, "receiving"), place=elsewhere(events))


def replayed(events):
    return pd.concat([events, copy_of(events, "receiving", 9 * HOUR)])


def back_dated(events):
    rows = at(events, "shipping")
    return move(events, rows, record_time=events.loc[rows, "event_time"] + 200 * HOUR)


def ahead(events):
    rows = at(events, "receiving")
    return move(events, rows, record_time=events.loc[rows, "event_time"] - 30 * HOUR)


def gain(events):
    return move(events, at(events, "receiving"), quantity=3.0)


def loss(events):
    return move(events, at(events, "receiving"), quantity=0.0)


def again(events):
    sent = copy_of(events, "shipping", 0 * HOUR)
    late = events.loc[at(events, "receiving"), "event_time"].to_numpy() + 50 * HOUR
    return pd.concat([events, sent.assign(event_time=late, record_time=late)])


def ghost(events):
    chain = events[events["item"] == ITEM].assign(item="GHOST")
    chain["event_time"] += pd.to_timedelta([300, 317, 365], unit="h")
    chain["record_time"] = chain["event_time"] + HOUR / 60
    return pd.concat([events, chain])


def copied(events):
    chain = events[events["item"] == ITEM].assign(item="GHOST")
    chain["event_time"] += 30 * HOUR
    chain["record_time"] += 30 * HOUR
    return pd.concat([events, chain])


def stamped(events):
    rows = events.index[events["step"] == "shipping"][100:108]
    start = events.loc[rows[0], "event_time"]
    return retime(events, rows, start + pd.to_timedelta(np.arange(8) * 60, unit="s"))


def instant(events):
    rows = at(events, "receiving")
    return retime(events, rows, events.loc[at(events, "shipping"), "event_time"].to_numpy() + HOUR / 10)


CASES = {
    "duplicate_serial": (clone, {ITEM}),
    "impossible_travel": (travel, {ITEM}),
    "unknown_serial": (unknown, {ITEM}),
    "missing_step": (skipped, {ITEM}),
    "reversed_step": (reversed_, {ITEM}),
    "wrong_custodian": (custodian, {ITEM}),
    "diversion": (diverted, {ITEM}),
    "replay": (replayed, {ITEM}),
    "back_dating": (back_dated, {ITEM}),
    "clock_drift": (ahead, {ITEM}),
    "quantity_change": (gain, {ITEM}),
    "reentry": (again, {ITEM}),
    "over_allocated_lot": (ghost, {"GHOST"}),
    "shifted_copy": (copied, {"GHOST"}),
    "metronome": (stamped, None),
}


@pytest.fixture(scope="module")
def honest():
    return make_journeys()


def ask(events, honest, **more):
    products = more.pop("products", make_products(honest))
    return forecasting.anomalies(renumber(events), places=make_places(), products=products, **more)


def test_honest_journeys_raise_no_alarm(honest):
    found = ask(honest, honest)
    assert found.empty
    assert found.attrs["checked"] == 300
    assert {one["kind"] for one in found.attrs["detectors"]} >= {rule.kind for rule in RULES}


@pytest.mark.parametrize("kind", CASES)
def test_a_detector_finds_its_case(honest, kind):
    inject, items = CASES[kind]
    events = renumber(inject(honest))
    found = ask(events, honest)
    mine = found[found["kind"] == kind]
    expected = items or set(events.loc[events["event_time"].isin(_stamps(honest)), "item"])
    assert set(mine["item"]) == expected
    assert set(found["item"]) <= expected | {ITEM}
    by_seq = events.set_index("seq")["item"]
    for row in mine.itertuples():
        assert set(by_seq[list(row.seqs)]) & {row.item, ITEM}
        assert row.expected in row.explanation
        assert row.seen in row.explanation
        assert 0 <= row.p_value < 0.01
        assert 0 <= row.severity <= 1


def _stamps(honest):
    rows = honest.index[honest["step"] == "shipping"][100:108]
    return honest.loc[rows[0], "event_time"] + pd.to_timedelta(np.arange(8) * 60, unit="s")


def test_every_rule_has_a_case():
    # The others need what is not in the events, or are about two items; `test_site_detectors` has them.
    others = {"swapped_labels", "shared_login", "sensor_gap", "flat_line"}
    assert set(CASES) | others == {rule.kind for rule in RULES}


def test_loss_is_seen_as_well_as_gain(honest):
    assert set(ask(loss(honest), honest)["kind"]) == {"quantity_change"}


def test_too_fast_is_ranked_first(honest):
    ranked = forecasting.anomalies(renumber(instant(honest)), alpha=1.0)
    assert ranked.loc[ranked["kind"] == "fast_journey", "item"].iloc[0] == ITEM


def test_ghosts_cannot_be_seen_without_lot_sizes_and_that_is_said(honest):
    found = ask(ghost(honest), honest, products=None)
    assert "GHOST" not in set(found["item"])
    told = {one["kind"]: one["cannot_see"] for one in found.attrs["detectors"]}
    assert "no lot sizes are declared" in told["over_allocated_lot"]
    blind = forecasting.anomalies(honest)
    assert "no place has coordinates" in {one["cannot_see"] for one in blind.attrs["detectors"]}


def test_alpha_one_ranks_every_item_that_was_judged(honest):
    ranked = ask(honest, honest, alpha=1.0)
    assert set(ranked.loc[ranked["about"] == "item", "item"]) == set(honest["item"])
    assert ranked["p_value"].between(0, 1).all()
    assert ranked["p_value"].is_monotonic_increasing


@pytest.mark.parametrize("seed", range(5))
def test_order_of_rows_means_nothing(honest, seed):
    events = renumber(clone(gain(stamped(honest))))
    shuffled = events.sample(frac=1, random_state=seed)
    products = make_products(honest)
    whole = [
        forecasting.anomalies(one, places=make_places(), products=products, alpha=0.5)
        for one in (events, shuffled)
    ]
    pd.testing.assert_frame_equal(*whole)
    assert not whole[0].empty


@pytest.mark.parametrize("day", [20, 45, 80])
def test_what_was_recorded_later_changes_nothing(honest, day):
    events = renumber(replayed(custodian(back_dated(honest))))
    moment = events["record_time"].min() + pd.Timedelta(days=day)
    known = events[events["record_time"] <= moment]
    products = make_products(honest)
    then = forecasting.anomalies(events, as_of=moment, places=make_places(), products=products, alpha=0.5)
    alone = forecasting.anomalies(known, places=make_places(), products=products, alpha=0.5)
    pd.testing.assert_frame_equal(then, alone)


def test_withdrawn_events_say_nothing(honest):
    events = renumber(replayed(honest)).astype({"corrected": bool})
    rows = at(events, "receiving")
    events.loc[rows[-1], "corrected"] = True
    assert ask(events, honest).empty


def test_goods_that_are_counted_are_not_told_apart(honest):
    lot = honest[honest["item"].isin(["BOX-0001", "BOX-0002"])].assign(item="LOT-0", lot="LOT-0")
    assert ask(pd.concat([honest, lot]), honest).empty


def test_what_everybody_does_is_no_alarm(honest):
    rows = honest.index[honest["step"] == "shipping"]
    late = move(honest, rows, record_time=honest.loc[rows, "event_time"] + 300 * HOUR)
    found = ask(late, honest)
    assert "back_dating" not in set(found["kind"])
    told = {one["kind"]: one["cannot_see"] for one in found.attrs["detectors"]}
    assert "as a rule" in told["back_dating"]


def test_small_and_broken_tables(honest):
    empty = forecasting.anomalies(honest.iloc[:0])
    assert empty.empty
    assert empty.attrs["checked"] == 0
    one = forecasting.anomalies(honest[honest["item"] == ITEM])
    assert one.attrs["checked"] == 1
    assert one.empty
    gaps = honest.copy()
    gaps.loc[gaps.index[::7], "event_time"] = pd.NaT
    gaps.loc[gaps.index[::11], "record_time"] = pd.NaT
    gaps.loc[gaps.index[::13], "place"] = None
    assert forecasting.anomalies(gaps).attrs["checked"] > 0
    bare = honest[["seq", "event_time", "record_time", "step", "place", "item"]]
    assert forecasting.anomalies(bare).empty


@pytest.mark.parametrize("name", ["seq", "event_time", "record_time", "step", "place", "item"])
def test_a_missing_column_is_named(honest, name):
    with pytest.raises(BadTable, match=name):
        forecasting.anomalies(honest.drop(columns=name))


@pytest.mark.parametrize("alpha", [0, -1, 1.5, float("nan"), "much", True])
def test_alpha_is_a_share(honest, alpha):
    with pytest.raises(BadArgument, match="alpha"):
        forecasting.anomalies(honest, alpha=alpha)
