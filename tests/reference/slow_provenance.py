# SPDX-License-Identifier: Apache-2.0
"""Trace back, trace forward and contents, straight from the events: slow, plain, and written from the definitions.

It shares no code with the product. An event is a dict as EPCIS writes it; its number is its place in the list.
Time runs over moments (eventTime, number). What counts at which moment is asked anew each time, by reading all
events.
"""

from collections import defaultdict
from datetime import datetime

VIA = {"AggregationEvent": "aggregation", "AssociationEvent": "association"}


def standing(events):
    """The events that count, each with its number and moment, in order of the moments."""
    gone = {event["eventID"] for event in events if "errorDeclaration" in event}
    found = [
        (datetime.fromisoformat(event["eventTime"]).timestamp(), number, event)
        for number, event in enumerate(events)
        if event["eventID"] not in gone
    ]
    return sorted(found, key=lambda found: found[:2])


def children(event):
    """The children that an event names, with their amounts."""
    named = [(uri, None) for uri in event.get("childEPCs", [])]
    return named + [(one["epcClass"], one.get("quantity")) for one in event.get("childQuantityList", [])]


def things(event, side):
    """The inputs or outputs of a transformation."""
    return [*event.get(f"{side}EPCList", []), *(one["epcClass"] for one in event.get(f"{side}QuantityList", []))]


def intervals(events):
    """Every (child, container, via, from, to): replay all packing; `to` None is still inside."""
    inside, found = {}, []
    for time, number, event in standing(events):
        if event["type"] not in VIA:
            continue
        via, parent, moment = VIA[event["type"]], event["parentID"], (time, number)
        if event["action"] in ("ADD", "OBSERVE"):
            for child, amount in children(event):
                key = (child, parent, via)
                if key not in inside:
                    inside[key] = [moment, amount]
                elif event["action"] == "ADD" and amount is not None and inside[key][1] is not None:
                    inside[key][1] += amount
                elif event["action"] == "ADD":
                    inside[key][1] = None
        elif event["action"] == "DELETE":
            named = children(event)
            if not named:
                named = [(child, None) for child, where, how in inside if (where, how) == (parent, via)]
            for child, amount in named:
                key = (child, parent, via)
                if key not in inside:
                    continue
                since, left = inside[key]
                if amount is not None and left is not None and left > amount:
                    inside[key][1] = left - amount
                else:
                    del inside[key]
                    found.append((child, parent, via, since, moment))
    return found + [(child, parent, via, since, None) for (child, parent, via), (since, _) in inside.items()]


def transformations(events):
    """Every transformation: its inputs and outputs as (thing, moment)."""
    groups = defaultdict(lambda: ([], []))
    for time, number, event in standing(events):
        if event["type"] == "TransformationEvent":
            ins, outs = groups[event.get("transformationID", number)]
            ins += [(thing, (time, number)) for thing in things(event, "input")]
            outs += [(thing, (time, number)) for thing in things(event, "output")]
    return list(groups.values())


def lots(events):
    """Every (lot, instance) that an event tells by `trace:lot` and `trace:product`, or by ilmd."""
    found = set()
    for _, _, event in standing(events):
        if "trace:lot" in event:
            lot = event["trace:product"].replace("/class/", "/lot/") + ":" + event["trace:lot"]
            keys = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
            found |= {(lot, instance) for key in keys for instance in event.get(key, [])}
    return found


def forward(events, start):
    """The things and links forward of a thing: states are (thing, from, to), followed until nothing is new."""
    always = ((float("-inf"), 0), (float("inf"), 0))
    states, waiting, links = set(), [(start, *always)], set()
    packed, made, members = intervals(events), transformations(events), lots(events)
    while waiting:
        state = waiting.pop()
        if state in states:
            continue
        states.add(state)
        thing, since, until = state
        for ins, outs in made:
            if any(one == thing and since <= moment <= until for one, moment in ins):
                for other, _ in outs:
                    if other != thing:
                        links.add((thing, other, "transformation"))
                        waiting.append((other, *always))
        for child, parent, via, entered, left in packed:
            if child == thing:
                first, last = max(since, entered), min(until, left or always[1])
                if first <= last:
                    links.add((thing, parent, via))
                    waiting.append((parent, first, last))
        for lot, instance in members:
            if lot == thing:
                links.add((lot, instance, "lot"))
                waiting.append((instance, *always))
    return {thing for thing, _, _ in states}, links


def back(events, start):
    """The things and links behind a thing."""
    always = ((float("-inf"), 0), (float("inf"), 0))
    states, waiting, links = set(), [(start, *always)], set()
    packed, made, members = intervals(events), transformations(events), lots(events)
    classes = {
        one["epcClass"]
        for event in events
        for key, value in event.items()
        if key.endswith("uantityList")
        for one in value
    }
    while waiting:
        state = waiting.pop()
        if state in states:
            continue
        states.add(state)
        thing, since, until = state
        for ins, outs in made:
            if any(one == thing for one, _ in outs):
                for other, moment in ins:
                    if other != thing:
                        links.add((other, thing, "transformation"))
                        waiting.append((other, *(always if other in classes else (moment, moment))))
        for child, parent, via, entered, left in packed:
            if parent == thing:
                first, last = max(since, entered), min(until, left or always[1])
                if first <= last:
                    links.add((child, thing, via))
                    waiting.append((child, first, last))
        for lot, instance in members:
            if instance == thing:
                links.add((lot, instance, "lot"))
                waiting.append((lot, *always))
    return {thing for thing, _, _ in states}, links


def contents(events, container, time):
    """What is in a container at a time, at any depth: {thing: the container that it is in directly}."""
    found, waiting = set(), [container]
    while waiting:
        parent = waiting.pop()
        for child, where, via, entered, left in intervals(events):
            inside = entered[0] <= time and (left is None or left[0] > time)
            if where == parent and via == "aggregation" and inside and (child, parent) not in found:
                found.add((child, parent))
                waiting.append(child)
    return found
