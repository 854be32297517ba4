# SPDX-License-Identifier: Apache-2.0
"""A history that grows: the same table as one read at once, and the rows of single things out of it."""

import random

import numpy as np
import pandas as pd
import pytest

from forecasting.tables.extended import GrowingHistory
from forecasting.tables.known import known_events
from forecasting.tables.recorded import record_events
from ledger.custody.history import make_event

OBJ = "https://acme.example/obj/"
ITEMS = [f"{OBJ}I{number}" for number in range(12)]
BOXES = [f"{OBJ}B{number}" for number in range(4)]
PALLETS = [f"{OBJ}P{number}" for number in range(2)]


def stamp(hours):
    return f"2026-03-{1 + hours // 24:02d}T{hours % 24:02d}:00:00+00:00"


def make_history(seed, count=60):
    """Make packing, moving, late and corrected events."""
    dice = random.Random(seed)
    events, bodies = [], []
    for number in range(count):
        hours = dice.randrange(200)
        body = {"eventID": f"urn:{number}", "eventTime": stamp(hours), "readPoint": {"id": dice.choice("pqr")}}
        draw = dice.random()
        if draw < 0.3:
            inner, outer = dice.choice([(ITEMS, BOXES), (BOXES, PALLETS), (ITEMS, PALLETS)])
            body |= {"type": "AggregationEvent", "action": dice.choice(["ADD", "ADD", "DELETE"])}
            body |= {"parentID": dice.choice(outer), "childEPCs": dice.sample(inner, 2)}
        elif draw < 0.4 and bodies:
            wrong = dice.choice(bodies)
            error = {"declarationTime": stamp(hours), "correctiveEventIDs": [f"urn:{dice.randrange(count)}"]}
            body = wrong | {"errorDeclaration": error}
        else:
            body |= {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": dice.choice(["shipping", "receiving"])}
            body["epcList"] = dice.sample(ITEMS + BOXES + PALLETS, 2)
            if dice.random() < 0.3:
                body["trace:product"] = dice.choice("ST")
        bodies.append(body)
        events.append(make_event(number, body, stamp(hours), dice.choice(["imported", "scanned"])))
    return events


def rows_by_thing(table):
    return {thing: rows.reset_index(drop=True) for thing, rows in table.groupby("item", sort=False)}


@pytest.mark.parametrize("seed", range(6))
def test_growing_gives_the_table_of_the_whole(seed):
    events = make_history(seed)
    growing = GrowingHistory(record_events(events[:20]))
    for at in range(20, 60, 5):
        growing.extend(record_events(events[at : at + 5]))
        expected = known_events(record_events(events[: at + 5]))
        for thing, rows in rows_by_thing(expected).items():
            pd.testing.assert_frame_equal(growing.events_on([thing]), rows)
    pd.testing.assert_frame_equal(growing.events(), known_events(record_events(events)))
    assert len(growing) == 60


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_single_things_at_a_moment(seed):
    events = make_history(seed)
    growing = GrowingHistory(record_events(events[:30]))
    growing.extend(record_events(events[30:]))
    as_of = int(np.datetime64("2026-03-05T00:00", "us").astype(int))
    expected = known_events(record_events(events), as_of=as_of)
    asked = [ITEMS[0], BOXES[1], PALLETS[0]]
    wanted = expected[expected["item"].isin(asked)].reset_index(drop=True)
    pd.testing.assert_frame_equal(growing.events_on(asked, as_of=as_of), wanted)


@pytest.mark.parametrize("seed", range(8))
def test_extending_names_every_thing_whose_rows_change(seed):
    events = make_history(seed)
    growing = GrowingHistory(record_events(events[:40]))
    before = rows_by_thing(growing.events())
    for at in range(40, 60, 2):
        named = growing.extend(record_events(events[at : at + 2]))
        after = rows_by_thing(growing.events())
        changed = {
            thing
            for thing in before.keys() | after.keys()
            if not (thing in before and thing in after and before[thing].equals(after[thing]))
        }
        assert changed <= named
        before = after


def test_nothing_new_changes_nothing():
    growing = GrowingHistory(record_events(make_history(1)))
    assert growing.extend(record_events(())) == frozenset()
