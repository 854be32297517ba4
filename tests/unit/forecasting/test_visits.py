# SPDX-License-Identifier: Apache-2.0
import random
from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.tables import events_table, legs_table, visits_table
from forecasting.tables.events import EVENT_COLUMNS
from forecasting.tables.visits import LEG_COLUMNS, VISIT_COLUMNS

DELETE = {"action": "DELETE"}


def stays(table, hours):
    rows = zip(table["place"], hours(table["arrive"]), hours(table["depart"]), strict=True)
    return [(place, arrive, depart) for place, arrive, depart in rows]


def journeys(table, hours):
    rows = zip(table["origin"], table["destination"], hours(table["start"]), hours(table["end"]), strict=True)
    return list(rows)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, "i", "receiving", "A")], [("A", 0, None)]),
        ([(0, "i", "receiving", "A"), (3, "i", "storing", "A"), (5, "i", "shipping", "A")], [("A", 0, 5)]),
        ([(0, "i", "storing", "A"), (4, "i", "storing", "B")], [("A", 0, 4), ("B", 4, None)]),
        ([(0, "i", "storing", "A"), (4, "i", "retail_selling", "A")], [("A", 0, 4)]),
        ([(0, "i", "storing", "A"), (4, "i", "packing", "A", DELETE)], [("A", 0, 4)]),
        (
            [
                (0, "i", "storing", "A"),
                (4, "i", "unpacking", "A", {"kind": "AggregationEvent", "action": "DELETE"}),
            ],
            [("A", 0, None)],
        ),
        (
            [
                (0, "i", "storing", "A"),
                (4, "i", "transforming", "A", {"kind": "TransformationEvent", "action": "DELETE"}),
            ],
            [("A", 0, 4)],
        ),
        ([(2, "i", "shipping", "A")], [("A", 2, 2)]),
        ([(0, "i", "storing", "A"), (2, "i", "shipping", "A"), (3, "i", "departing", "A")], [("A", 0, 2)]),
        (
            [(0, "i", "storing", "A"), (2, "i", "shipping", "A"), (3, "i", "storing", "A")],
            [("A", 0, 2), ("A", 3, None)],
        ),
        ([(0, "i", "storing", "A"), (2, "i", "shipping", "B")], [("A", 0, 2), ("B", 2, 2)]),
        ([(0, "i", "storing", "A"), (2, "i", "shipping", "A", {"corrected": True})], [("A", 0, None)]),
        ([(0, "i", "storing", "A"), (2, "i", "shipping", None)], [("A", 0, None)]),
        ([(0, None, "storing", "A")], []),
        ([(0, "i", "storing", "A"), (0, "i", "shipping", "A")], [("A", 0, 0)]),
        ([(5, "i", "urn:epcglobal:cbv:bizstep:shipping", "A"), (1, "i", "storing", "A")], [("A", 1, 5)]),
    ],
)
def test_when_a_visit_opens_and_closes(history, hours, rows, expected):
    table = visits_table(history(*rows))
    assert list(table.columns) == list(VISIT_COLUMNS)
    assert stays(table, hours) == expected


def test_the_closing_event_is_named(history):
    table = visits_table(history((0, "i", "storing", "A"), (4, "i", "storing", "B")))
    assert table["arrive_seq"].tolist() == [0, 1]
    assert table["depart_seq"].tolist() == [1, pd.NA]
    assert str(table["depart_seq"].dtype) == "Int64"


def test_quantity_splits_first_in_first_out(history, hours):
    table = visits_table(
        history(
            (0, "lot", "receiving", "A", {"quantity": 100.0}),
            (1, "lot", "receiving", "A", {"quantity": 50.0}),
            (5, "lot", "shipping", "A", {"quantity": 120.0}),
        )
    )
    rows = sorted(
        zip(hours(table["arrive"]), [h or 99 for h in hours(table["depart"])], table["quantity"], strict=True)
    )
    assert rows == [(0, 5, 100.0), (1, 5, 20.0), (1, 99, 30.0)]


def test_unknown_quantity_closes_everything(history):
    table = visits_table(history((0, "lot", "receiving", "A", {"quantity": 100.0}), (5, "lot", "shipping", "A")))
    assert table["quantity"].tolist() == [100.0]
    assert table["depart"].notna().all()


def test_two_scans_of_one_movement_count_once(history):
    amount = {"quantity": 60.0}
    table = visits_table(
        history(
            (0, "lot", "commissioning", "A", {"quantity": 100.0, "action": "ADD"}),
            (1, "lot", "shipping", "A", amount),
            (2, "lot", "departing", "A", amount),
            (3, "lot", "arriving", "B", amount),
            (4, "lot", "receiving", "B", amount),
        )
    )
    still = table[table["depart"].isna()].set_index("place")["quantity"]
    assert still.to_dict() == {"A": 40.0, "B": 60.0}


def test_goods_seen_elsewhere_leave_where_they_stood(history):
    table = visits_table(
        history((0, "lot", "storing", "A", {"quantity": 10.0}), (4, "lot", "storing", "B", {"quantity": 4.0}))
    )
    still = table[table["depart"].isna()].set_index("place")["quantity"]
    assert still.to_dict() == {"A": 6.0, "B": 4.0}


@settings(max_examples=60, deadline=None)
@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(["shipping", "receiving", "storing"]), st.sampled_from("ABC"), st.integers(1, 50)
        ),
        max_size=12,
    )
)
def test_lots_neither_appear_nor_vanish(moves):
    rows = [("commissioning", "A", 500), *moves]
    columns = {name: [None] * len(rows) for name in EVENT_COLUMNS}
    times = [hour * 3_600_000_000 for hour in range(len(rows))]
    columns |= {"seq": list(range(len(rows))), "event_time": times, "record_time": times}
    columns |= {"kind": ["ObjectEvent"] * len(rows), "action": ["ADD"] + ["OBSERVE"] * len(moves)}
    columns |= {
        "item": ["lot"] * len(rows),
        "corrected": [False] * len(rows),
        "quantity": [float(row[2]) for row in rows],
    }
    columns |= {"step": [row[0] for row in rows], "place": [row[1] for row in rows]}
    events = events_table(columns)
    visits, legs = visits_table(events), legs_table(events)
    assert (visits["quantity"] > 0).all()
    assert (legs["quantity"] > 0).all()
    assert visits["depart"].isna().equals(visits["depart_seq"].isna())
    born_at_a = visits[(visits["place"] == "A") & (visits["arrive_seq"] == 0)]["quantity"].sum()
    assert born_at_a == 500


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [
                (0, "i", "storing", "A"),
                (2, "i", "shipping", "A"),
                (3, "i", "departing", "A"),
                (9, "i", "receiving", "B"),
            ],
            [("A", "B", 2, 9)],
        ),
        ([(0, "i", "storing", "A"), (2, "i", "storing", "A"), (9, "i", "receiving", "B")], [("A", "B", 2, 9)]),
        ([(0, "i", "storing", "A"), (2, "i", "shipping", "A", {"destination": "C"})], [("A", "C", 2, None)]),
        ([(0, "i", "storing", "A"), (2, "i", "shipping", "A")], [("A", None, 2, None)]),
        ([(0, "i", "storing", "A"), (2, "i", "shipping", "A"), (4, "i", "storing", "A")], []),
        ([(0, "i", "storing", "A"), (2, "i", "retail_selling", "A"), (4, "i", "receiving", "B")], []),
    ],
)
def test_legs(history, hours, rows, expected):
    table = legs_table(history(*rows))
    assert list(table.columns) == list(LEG_COLUMNS)
    assert journeys(table, hours) == expected


def test_a_leg_carries_promise_and_seqs(history, hours):
    promise = {"promised": int(pd.Timestamp("2026-01-05T08:00").value // 1000)}
    table = legs_table(history((0, "i", "shipping", "A", promise), (9, "i", "receiving", "B")))
    assert hours(table["promised"]) == [8]
    assert (table["start_seq"][0], table["end_seq"][0]) == (0, 1)


def test_legs_of_lots_are_matched_to_their_destination(history, hours):
    def amount(quantity, destination=None):
        return {"quantity": quantity, "destination": destination}

    table = legs_table(
        history(
            (0, "lot", "commissioning", "A", {"quantity": 100.0, "action": "ADD"}),
            (1, "lot", "shipping", "A", amount(30.0, "B")),
            (2, "lot", "shipping", "A", amount(40.0, "C")),
            (5, "lot", "receiving", "C", amount(40.0)),
            (6, "lot", "receiving", "B", amount(10.0)),
        )
    )
    found = {(row.destination, row.quantity, pd.isna(row.end)) for row in table.itertuples()}
    assert found == {("C", 40.0, False), ("B", 10.0, False), ("B", 20.0, True)}


def settled(rows):
    """Order rows by time, and those of one thing and time by what the history says of their steps."""
    rows = sorted(rows, key=lambda row: (row["item"], row["hour"], row["seq"]))
    moments = Counter((row["item"], row["hour"]) for row in rows)
    follows = Counter()
    for one, other in pairwise(rows):
        alone = all(moments[row["item"], row["hour"]] == 1 for row in (one, other))
        if one["item"] == other["item"] and alone:
            follows[one["step"], other["step"]] += 1

    def key(row):
        tied = [other for other in rows if (other["item"], other["hour"]) == (row["item"], row["hour"])]
        pairs = [(row["step"], other["step"]) for other in tied]
        beaten = sum((follows[a, b] > follows[b, a]) - (follows[a, b] < follows[b, a]) for a, b in pairs)
        return row["hour"], row["item"], row["recorded"], -beaten, row["seq"]

    return sorted(rows, key=key)


def slow_visits(rows):
    """Read the rule of the visits table event by event."""
    rows = settled(rows)
    visits, open_visit, seen = [], {}, set()
    for row in rows:
        item, place = row["item"], row["place"]
        current = open_visit.get(item)
        if current is not None and current["place"] != place:
            current["depart"] = row["hour"]
            open_visit[item] = current = None
        ends = (
            row["step"] in ("shipping", "departing", "consigning", "retail_selling") or row["action"] == "DELETE"
        )
        if current is None and not (ends and (item, place) in seen):
            current = {"item": item, "place": place, "arrive": row["hour"], "depart": None}
            visits.append(current)
            open_visit[item] = current
        if ends and current is not None:
            current["depart"] = row["hour"]
            open_visit[item] = None
        seen.add((item, place))
    return sorted((v["item"], v["place"], v["arrive"], -1 if v["depart"] is None else v["depart"]) for v in visits)


ROW = st.fixed_dictionaries(
    {
        "hour": st.integers(0, 12),
        "recorded": st.integers(0, 1),
        "item": st.sampled_from("ij"),
        "place": st.sampled_from("ABC"),
        "step": st.sampled_from(["storing", "receiving", "shipping", "departing", "retail_selling"]),
        "action": st.sampled_from(["OBSERVE", "OBSERVE", "ADD", "DELETE"]),
    }
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(ROW, max_size=14))
def test_vectorised_visits_agree_with_the_rule_read_slowly(rows):
    rows = [row | {"seq": seq} for seq, row in enumerate(rows)]
    columns = {name: [None] * len(rows) for name in EVENT_COLUMNS}
    columns |= {name: [row[name] for row in rows] for name in ("seq", "item", "place", "step", "action")}
    times = [row["hour"] * 3_600_000_000 for row in rows]
    recorded = [row["recorded"] for row in rows]
    columns |= {"event_time": times, "record_time": recorded, "kind": ["ObjectEvent"] * len(rows)}
    columns["corrected"] = [False] * len(rows)
    table = visits_table(events_table(columns))
    found = [
        (
            row.item,
            row.place,
            _hour(row.arrive),
            -1 if pd.isna(row.depart) else _hour(row.depart),
        )
        for row in table.itertuples()
    ]
    assert sorted(found) == slow_visits(rows)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_an_import_decides_nothing_where_the_history_says_which_step_is_first(seed):
    """Half of the orders are approved in the same minute at another place, all others later."""
    rows = []
    for number in range(20):
        approved = number if number % 2 else number + 1
        rows += [(number, f"I{number}", "ordering", "SHOP"), (approved, f"I{number}", "approving", "MILL")]
        rows += [(number + 3, f"I{number}", "shipping", "MILL"), (number + 3, f"I{number}", "receiving", "SHOP")]
    for number in range(20, 23):
        rows += [(number, f"I{number}", "shipping", "MILL"), (number + 9, f"I{number}", "receiving", "SHOP")]
    shuffled = random.Random(seed).sample(rows, len(rows))
    tables = []
    for told in (rows, shuffled):
        columns = {name: [None] * len(told) for name in EVENT_COLUMNS}
        columns |= {"seq": list(range(len(told))), "kind": ["ObjectEvent"] * len(told)}
        columns |= {"action": ["OBSERVE"] * len(told), "corrected": [False] * len(told)}
        hours, columns["item"], columns["step"], columns["place"] = map(list, zip(*told, strict=True))
        columns["event_time"] = columns["record_time"] = [hour * 3_600_000_000 for hour in hours]
        events = events_table(columns)
        for table in (visits_table(events), legs_table(events)):
            kept = [name for name in table.columns if not name.endswith("seq")]
            tables.append(table[kept].sort_values(kept, ignore_index=True))
    pd.testing.assert_frame_equal(tables[0], tables[2])
    pd.testing.assert_frame_equal(tables[1], tables[3])
    first = tables[0][tables[0]["item"] == "I1"].sort_values("arrive", kind="stable")
    assert set(first["place"]) == {"SHOP", "MILL"}
    assert first[first["place"] == "SHOP"]["depart"].notna().any()


def _hour(time):
    return int((time - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(hours=1))
