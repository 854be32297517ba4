# SPDX-License-Identifier: Apache-2.0
"""What is inside of what, against a reference that works it out anew for every event."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.custody import item_history
from ledger.custody.corrections import Corrections
from ledger.custody.history import make_event
from tests.reference.slow_columns import events_columns

OBJ = "https://acme.example/obj/"
THINGS = "ABXYZ"
NAMES = st.lists(st.sampled_from(THINGS), unique=True, max_size=3)
MOVES = st.tuples(
    st.sampled_from(["ADD", "DELETE", "OBSERVE", "ship"]), st.sampled_from(THINGS), NAMES, st.integers(0, 6)
)


def make_body(number, move, order):
    what, container, names, hours = move
    if order:  # only what comes before in the alphabet goes in
        names = [name for name in names if name < container]
    others = [OBJ + name for name in names if name != container]
    body = {
        "eventID": f"urn:uuid:{number}",
        "eventTime": f"2026-03-01T{hours:02d}:00:00+00:00",
        "bizStep": "holding",
    }
    if what == "ship" or (what != "DELETE" and not others):
        return body | {"type": "ObjectEvent", "action": "OBSERVE", "epcList": [OBJ + container, *others]}
    children = {"childEPCs": others} if others else {}
    return body | {"type": "AggregationEvent", "action": what, "parentID": OBJ + container} | children


def contents_before(bodies, order, at):
    """Replay everything before an event: what each container holds."""
    inside = {}
    for number in order[: order.index(at)]:
        body = bodies[number]
        if body["type"] == "AggregationEvent":
            held = inside.setdefault(body["parentID"], set())
            named = set(body.get("childEPCs", ()))
            if body["action"] == "ADD":
                held |= named
            elif body["action"] == "DELETE":
                held -= named or set(held)
    return inside


def things_told(body, inside):
    """Give the things that an event is about: those that it names, and all that is in them, however deep."""
    named = set(body.get("epcList", ())) | set(body.get("childEPCs", ()))
    opened = set(named)
    if "parentID" in body:
        named.add(body["parentID"])
        if body["action"] == "OBSERVE" or "childEPCs" not in body:
            opened.add(body["parentID"])
    told, waiting = set(named), list(opened)
    while waiting:
        for thing in inside.get(waiting.pop(), ()):
            if thing not in told:
                told.add(thing)
                waiting.append(thing)
    return told


@settings(max_examples=400)
@given(st.lists(MOVES, max_size=12), st.booleans())
def test_every_event_is_told_for_what_is_inside(moves, ordered):
    bodies = {number: make_body(number, move, ordered) for number, move in enumerate(moves, 1)}
    events = [make_event(number, body, "", "imported") for number, body in bodies.items()]
    order = sorted(bodies, key=lambda number: (bodies[number]["eventTime"], number))
    columns = events_columns(events)
    told = {number: [] for number in bodies}
    for seq, item, parent in zip(columns["seq"], columns["item"], columns["parent"], strict=True):
        told[seq].append((item, parent))
    for number, body in bodies.items():
        inside = contents_before(bodies, order, number)
        assert sorted(item for item, _ in told[number]) == sorted(things_told(body, inside))
        for item, parent in told[number]:
            named = item in body.get("childEPCs", ()) and parent == body["parentID"]
            assert parent is None or named or item in inside[parent]

    if any(child >= body["parentID"] for body in bodies.values() for child in body.get("childEPCs", ())):
        return  # things that may be inside of themselves have no history worth comparing

    # The history of one thing is the same story, told from the side of the thing.
    def load(uri):
        return [event for event in events if any(mention.uri == uri for mention in event.facts.mentions)]

    def standing(some):
        return Corrections(events)

    for thing in THINGS:
        expected = {number for number in bodies if OBJ + thing in {item for item, _ in told[number]}}
        assert set(item_history._gather(OBJ + thing, load, standing)) == expected
