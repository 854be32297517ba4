# SPDX-License-Identifier: Apache-2.0
"""Trace back, forward and contents against a slow reference, on random graphs: zero missed, zero extra.

Packing and unpacking of any depth, containers used again, lots in parts, merges and splits by transformations
(also joined by transformationID), instances of lots, associations, corrections, and events that are recorded late.
"""

import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.index.lookup import Lookup
from ledger.custody.privacy import make_policy
from ledger.custody.provenance.answer import make_answer
from ledger.custody.provenance.contents import contents
from ledger.custody.provenance.graph import trace
from ledger.custody.recorder import Recorder

_SPEC = importlib.util.spec_from_file_location("slow_provenance", Path(__file__).with_name("slow_provenance.py"))
slow = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(slow)

BASE = "https://acme.example"
START = datetime(2026, 3, 1, tzinfo=UTC)
ITEMS = [f"{BASE}/obj/ITEM-{n}" for n in range(5)]
BOXES = [f"{BASE}/obj/BOX-{n}" for n in range(4)]
LOTS = [f"{BASE}/lot/SALAD:{n}" for n in range(5)]
WHOLE = make_policy(fewer=["contact"])


def at(hour):
    return (START + timedelta(hours=hour)).replace(tzinfo=None).isoformat() + "+00:00"


amounts = st.sampled_from([None, 1, 2, 5])
parts = st.lists(st.tuples(st.sampled_from(LOTS), amounts), max_size=2, unique_by=lambda part: part[0])
singles = st.lists(st.sampled_from([*ITEMS, *BOXES]), max_size=2, unique=True)


def quantities(found):
    return [{"epcClass": lot} | ({} if amount is None else {"quantity": amount}) for lot, amount in found]


@st.composite
def one_event(draw):
    kind = draw(st.sampled_from(["pack", "pack", "pack", "empty", "make", "make", "see", "tie", "correct"]))
    event = {"eventTime": at(draw(st.integers(0, 12))), "eventTimeZoneOffset": "+00:00", "bizStep": "holding"}
    if kind == "correct":
        return {"correct": draw(st.integers(0, 30))}
    if kind in ("pack", "tie"):
        box = draw(st.sampled_from(BOXES))
        inside = [thing for thing in draw(singles) if thing != box]
        lots = draw(parts)
        if not inside and not lots:
            lots = [(LOTS[0], 2)]
        event |= {"type": "AggregationEvent" if kind == "pack" else "AssociationEvent", "parentID": box}
        event["action"] = draw(st.sampled_from(["ADD", "ADD", "DELETE", "OBSERVE"]))
        event |= {"childEPCs": inside} if inside else {}
        event |= {"childQuantityList": quantities(lots)} if lots else {}
    elif kind == "empty":
        event |= {"type": "AggregationEvent", "parentID": draw(st.sampled_from(BOXES)), "action": "DELETE"}
    elif kind == "make":
        event["type"] = "TransformationEvent"
        joined = draw(st.sampled_from([None, None, f"{BASE}/xform/R1", f"{BASE}/xform/R2"]))
        sides = [(draw(singles), draw(parts)), (draw(singles), draw(parts))]
        if joined is None or not any(epcs or lots for epcs, lots in sides):
            sides = [
                (epcs, lots or ([] if epcs else [(LOTS[side], 1)])) for side, (epcs, lots) in enumerate(sides)
            ]
        event |= {"transformationID": joined} if joined else {}
        for name, (epcs, lots) in zip(("input", "output"), sides, strict=True):
            event |= {f"{name}EPCList": epcs} if epcs else {}
            event |= {f"{name}QuantityList": quantities(lots)} if lots else {}
    else:
        event |= {"type": "ObjectEvent", "action": draw(st.sampled_from(["ADD", "OBSERVE"]))}
        event["epcList"] = draw(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=2, unique=True))
        if draw(st.booleans()):
            event |= {"trace:product": f"{BASE}/class/SALAD", "trace:lot": str(draw(st.integers(0, 4)))}
    return event


def numbered(drawn):
    """Give every event its eventID; a correction becomes a copy of an earlier event with a declaration."""
    found = []
    for number, event in enumerate(drawn):
        if "correct" in event:
            whole = [one for one in found if "errorDeclaration" not in one]
            if not whole:
                continue
            told = {"declarationTime": at(20), "reason": "did_not_occur"}
            event = whole[event["correct"] % len(whole)] | {"errorDeclaration": told}
            if any(one["eventID"] == event["eventID"] and "errorDeclaration" in one for one in found):
                continue
        else:
            event = event | {"eventID": f"urn:uuid:{number}"}
        found.append(event)
    return found


@pytest.fixture(scope="module")
def answers(tmp_path_factory, make_key, make_clock):
    """Records events in a fresh ledger and answers questions on it."""
    key = make_key(seed=6)
    folder = tmp_path_factory.mktemp("graphs")
    made = iter(range(10**6))

    def ask(events, questions):
        path = folder / f"{next(made)}.db"
        recorder = Recorder.create(
            path, key, WHOLE, clock=make_clock(), home=folder / f"{path.stem}-home", by="dock-3"
        )
        recorder.record([recorder.prepare(dict(event), by="dock-3", via="imported") for event in events])
        recorder.log.close()
        storage = SqliteStorage(path, writable=False)
        with storage.snapshot() as view:
            reader = AuthenticReader(view, origin=key.origin, policy=Policy((key.verifier,)))
            lookup = Lookup(view, reader)
            found = [question(lookup) for question in questions]
            assert lookup.warning == ""
        storage.close()
        path.unlink()
        return found

    return ask


def plain(graph):
    return set(graph.things), {(link.source, link.target, link.via) for link in graph.links}


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(one_event(), min_size=1, max_size=22))
def test_nothing_is_missed_and_nothing_is_extra(answers, drawn):
    events = numbered(drawn)
    asked = [*ITEMS[:3], *BOXES, *LOTS]
    questions = [lambda lookup, uri=uri: plain(trace(lookup, uri, "forward")) for uri in asked]
    questions += [lambda lookup, uri=uri: plain(trace(lookup, uri, "back")) for uri in asked]
    questions += [
        lambda lookup, box=box, hour=hour: {
            (held.child, held.container)
            for held in contents(
                lookup, box, int((START + timedelta(hours=hour, minutes=1)).timestamp() * 1e6)
            ).held
        }
        for box in BOXES
        for hour in (0, 5, 12)
    ]
    found = answers(events, questions)
    expected = [slow.forward(events, uri) for uri in asked] + [slow.back(events, uri) for uri in asked]
    expected += [
        slow.contents(events, box, (START + timedelta(hours=hour, minutes=1)).timestamp())
        for box in BOXES
        for hour in (0, 5, 12)
    ]
    assert found == expected


@st.composite
def one_use(draw):
    """One more event on things that are used over and over: two boxes, one of which may stand in the other."""
    kind = draw(
        st.sampled_from(["pack", "pack", "pack", "out", "out", "empty", "empty", "make", "see", "correct"])
    )
    if kind == "correct":
        return {"correct": draw(st.integers(0, 40))}
    event = {"eventTime": at(draw(st.integers(0, 40))), "eventTimeZoneOffset": "+00:00", "bizStep": "holding"}
    box, inside = draw(st.sampled_from([(BOXES[0], ITEMS[:3]), (BOXES[0], ITEMS[:3]), (BOXES[1], BOXES[:1])]))
    if kind in ("pack", "out", "empty"):
        event |= {"type": "AggregationEvent", "parentID": box, "action": "ADD" if kind == "pack" else "DELETE"}
        if kind == "empty":
            return event
        if box == BOXES[0] and draw(st.booleans()):
            return event | {"childQuantityList": quantities([(LOTS[0], draw(amounts))])}
        return event | {"childEPCs": [draw(st.sampled_from(inside))]}
    if kind == "make":
        made = draw(st.sampled_from(LOTS[1:4]))
        used = [draw(st.sampled_from([*BOXES[:2], ITEMS[0]]))]
        return (
            event
            | {"type": "TransformationEvent", "inputEPCList": used}
            | {"outputQuantityList": quantities([(made, 1)])}
        )
    return event | {"type": "ObjectEvent", "action": "OBSERVE", "epcList": [draw(st.sampled_from(BOXES[:2]))]}


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(one_use(), min_size=20, max_size=45))
def test_a_box_that_is_used_over_and_over(answers, drawn):
    """Of each walk only some uses are read; the reference replays them all."""
    events = numbered(drawn)
    asked = [*ITEMS[:3], *BOXES[:2], *LOTS[:4]]
    questions = [lambda lookup, uri=uri: plain(trace(lookup, uri, "forward")) for uri in asked]
    questions += [lambda lookup, uri=uri: plain(trace(lookup, uri, "back")) for uri in asked]
    expected = [slow.forward(events, uri) for uri in asked] + [slow.back(events, uri) for uri in asked]
    assert answers(events, questions) == expected


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(one_event(), min_size=2, max_size=16), order=st.randoms(use_true_random=False))
def test_the_order_of_recording_changes_no_answer(answers, drawn, order):
    """Late records: where all times differ, only these decide."""
    events = [event for event in numbered(drawn) if "errorDeclaration" not in event]
    events = [event | {"eventTime": at(number)} for number, event in enumerate(events)]
    late = order.sample(events, len(events))
    asked = [*BOXES[:2], *LOTS[:3]]
    questions = [lambda lookup, uri=uri: plain(trace(lookup, uri, "forward")) for uri in asked]
    questions += [lambda lookup, uri=uri: plain(trace(lookup, uri, "back")) for uri in asked]
    assert answers(events, questions) == answers(late, questions)


def packing(number, hour, action, box, *inside, **more):
    found = {"type": "AggregationEvent", "action": action, "parentID": box, "bizStep": "packing"}
    found |= {"eventID": f"urn:uuid:{number}", "eventTime": at(hour), "eventTimeZoneOffset": "+00:00"}
    return found | ({"childEPCs": list(inside)} if inside else {}) | more


def test_a_withdrawn_emptying_ends_no_stay_and_hides_no_later_one(answers):
    """The declaration repeats the emptying, so the index lists it as one, too."""
    told = {"errorDeclaration": {"declarationTime": at(20), "reason": "did_not_occur"}}
    events = [
        packing(1, 0, "ADD", BOXES[0], ITEMS[0]),
        packing(2, 1, "DELETE", BOXES[0]),
        packing(2, 1, "DELETE", BOXES[0], **told),
        packing(3, 2, "ADD", BOXES[1], BOXES[0]),
        packing(4, 3, "DELETE", BOXES[1]),
        packing(5, 4, "DELETE", BOXES[0]),
        packing(6, 5, "ADD", BOXES[2], BOXES[0]),
    ]
    for order in (events, [events[2], *events[:2], *events[3:]]):
        found = answers(order, [lambda lookup: plain(trace(lookup, ITEMS[0], "forward"))])[0]
        assert found == slow.forward(order, ITEMS[0])
        assert found[0] == {ITEMS[0], BOXES[0], BOXES[1]}


def many_uses(named):
    """Two hundred loads of one crate on one van; each is made of its own lot, and a meal is made of the crate."""
    events, number = [], iter(range(10**6))
    crate, van = BOXES[0], BOXES[1]
    for use in range(200):
        lot, meal, hour = f"{BASE}/lot/PORTION:{use}", f"{BASE}/lot/MEAL:{use}", 10 * use
        load = {"childQuantityList": quantities([(lot, 5)])}
        whole = {"eventTimeZoneOffset": "+00:00", "bizStep": "creating_class_instance"}
        grown = {"type": "ObjectEvent", "action": "ADD", "quantityList": quantities([(lot, 5)])}
        cooked = {"type": "TransformationEvent", "inputEPCList": [crate]}
        cooked["outputQuantityList"] = quantities([(meal, 5)])
        for after, event in ((0, grown), (5, cooked)):
            events.append(whole | event | {"eventID": f"urn:uuid:{next(number)}", "eventTime": at(hour + after)})
        events.append(packing(next(number), hour + 1, "ADD", crate, **load))
        events.append(packing(next(number), hour + 2, "ADD", van, crate))
        events.append(packing(next(number), hour + 3, "DELETE", van, *([crate] if named else [])))
        events.append(packing(next(number), hour + 6, "DELETE", crate, **(load if named else {})))
    return events


def used_once(number):
    """The answers forward of a portion, and back of a meal, of one use."""
    lot, meal = f"{BASE}/lot/PORTION:{number}", f"{BASE}/lot/MEAL:{number}"
    return {lot, meal, BOXES[0], BOXES[1]}, {lot, meal, BOXES[0]}


@pytest.mark.parametrize(("named", "most"), [(False, (6, 4)), (True, (6, None))])
def test_of_a_crate_that_was_used_two_hundred_times_one_use_is_read(answers, named, most):
    """Unpacked by name, what is in the crate at a time needs all that went in and out before."""
    events = many_uses(named)
    for number in (0, 77, 199):
        walks = {"forward": f"{BASE}/lot/PORTION:{number}", "back": f"{BASE}/lot/MEAL:{number}"}
        questions = [
            lambda lookup, way=way, uri=uri: (
                (found := make_answer(trace(lookup, uri, way))).complete,
                set(found.graph.things),
                len(found.graph.source.records),
            )
            for way, uri in walks.items()
        ]
        for found, expected, limit in zip(answers(events, questions), used_once(number), most, strict=True):
            assert found[:2] == (True, expected)
            assert limit is None or found[2] <= limit + 1  # and the emptying before it


def test_one_second_may_hold_the_end_of_one_use_and_the_beginning_of_the_next(answers):
    """The index knows seconds, the order within them only the entries."""
    events = [
        packing(1, 0, "ADD", BOXES[0], ITEMS[0]),
        packing(2, 1, "ADD", BOXES[1], BOXES[0]),
        packing(3, 2, "DELETE", BOXES[1], BOXES[0]),
        packing(4, 2, "ADD", BOXES[1], BOXES[0]),
        packing(5, 2, "DELETE", BOXES[0]),
        packing(6, 2, "ADD", BOXES[0], ITEMS[1]),
        packing(7, 3, "DELETE", BOXES[1]),
        packing(8, 3, "DELETE", BOXES[0], ITEMS[1]),
        packing(9, 3, "ADD", BOXES[2], BOXES[0]),
        packing(10, 4, "ADD", BOXES[3], ITEMS[2]),
        packing(11, 5, "DELETE", BOXES[3]),
    ]
    used = {
        "type": "TransformationEvent",
        "inputEPCList": [BOXES[3]],
        "outputQuantityList": quantities([(LOTS[0], 1)]),
    }
    told = {key: events[-1][key] for key in ("eventTime", "eventTimeZoneOffset", "bizStep")}
    events.insert(-1, used | told | {"eventID": "urn:uuid:12"})
    asked = [*ITEMS[:3], *BOXES, LOTS[0]]
    questions = [lambda lookup, uri=uri: plain(trace(lookup, uri, "forward")) for uri in asked]
    questions += [lambda lookup, uri=uri: plain(trace(lookup, uri, "back")) for uri in asked]
    expected = [slow.forward(events, uri) for uri in asked] + [slow.back(events, uri) for uri in asked]
    assert answers(events, questions) == expected


@pytest.mark.parametrize("named", [False, True])
def test_it_is_known_when_a_container_came_out_though_its_load_had_left_before(answers, named):
    events = [
        packing(1, 0, "ADD", BOXES[0], ITEMS[0]),
        packing(2, 1, "ADD", BOXES[1], BOXES[0]),
        packing(3, 2, "DELETE", BOXES[0]),
        packing(4, 6, "DELETE", BOXES[1], *([BOXES[0]] if named else [])),
        packing(5, 7, "ADD", BOXES[1], BOXES[0]),
    ]
    [stays] = answers(events, [lambda lookup: trace(lookup, ITEMS[0], "forward").stays[BOXES[1], BOXES[0]].found])
    assert [(stay.seqs, stay.is_open) for stay in stays] == [((2, 4), False)]
