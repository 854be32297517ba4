# SPDX-License-Identifier: Apache-2.0
"""Query parameters against a naive reference over random events, and the refusals."""

import random
from decimal import Decimal

import pytest

from ledger.chain.errors import Refused
from ledger.custody.codes import Codes
from ledger.custody.query import PARAMETERS, parse_query

CODES = Codes("acme.example")
LOC = "https://acme.example/loc/"
STEPS = ("shipping", "receiving", "https://ref.gs1.org/cbv/BizStep-packing", "urn:epcglobal:cbv:bizstep:shipping")
EPCS = [f"urn:epc:id:sgtin:9521321.012345.{n}" for n in range(4)] + ["https://acme.example/obj/BOX-1"]
LINKS = {epc: f"https://id.gs1.org/01/09521321123458/21/{epc[-1]}" for epc in EPCS[:4]}


def read(*pairs, below=lambda uri: {uri}, attributes=lambda uri: {}):
    return parse_query(pairs, CODES, below=below, attributes=attributes)


def make(rng, number):
    event = {
        "@context": [{rng.choice(("a", "b")): "https://acme.example/ns/"}],
        "type": rng.choice(("ObjectEvent", "AggregationEvent")),
        "eventID": f"urn:uuid:{number}",
        "eventTime": f"2026-01-{rng.randint(1, 28):02d}T0{rng.randint(0, 9)}:00:00{rng.choice(('Z', '+05:00'))}",
        "recordTime": f"2026-02-{rng.randint(1, 28):02d}T00:00:00Z",
        "action": rng.choice(("ADD", "OBSERVE")),
        "bizStep": rng.choice(STEPS),
        "bizLocation": {"id": LOC + rng.choice("XYZ")},
    }
    chosen = rng.sample(EPCS, 2)
    event["childEPCs" if event["type"] == "AggregationEvent" else "epcList"] = [
        LINKS.get(epc, epc) if rng.random() < 0.5 else epc for epc in chosen
    ]
    if rng.random() < 0.5:
        event["quantityList"] = [{"epcClass": LOC, "quantity": Decimal(rng.randint(1, 9)), "uom": "KGM"}]
    prefix = next(iter(event["@context"][0]))
    event[f"{prefix}:level"] = Decimal(rng.randint(1, 9))
    if rng.random() < 0.5:
        event["errorDeclaration"] = {"declarationTime": "2026-03-01T00:00:00Z", "reason": "incorrect_data"}
    if rng.random() < 0.5:
        report = {"type": "Temperature", "value": Decimal(rng.randint(-5, 9)), "uom": rng.choice(("CEL", "FAH"))}
        event["sensorElementList"] = [{"sensorReport": [report]}]
    return event, chosen


def naive(event, chosen, name, values):
    """What the standard says of each parameter, written out one by one."""
    step = event["bizStep"].rsplit("-", 1)[-1].rsplit(":", 1)[-1]
    own = next(value for key, value in event.items() if key.endswith(":level"))
    amounts = [one["quantity"] for one in event.get("quantityList", [])]
    heat = [
        (report["value"], report["uom"])
        for one in event.get("sensorElementList", [])
        for report in one["sensorReport"]
    ]
    hour = (int(event["eventTime"][8:10]) - 1) * 24 + int(event["eventTime"][11:13])
    hour -= 5 if event["eventTime"].endswith("+05:00") else 0
    day = (int(values[0][8:10]) - 1) * 24 if name.endswith("Time") else 0
    return {
        "EQ_bizStep": lambda: step in values,
        "eventType": lambda: event["type"] in values,
        "EQ_action": lambda: event["action"] in values,
        "EQ_bizLocation": lambda: event["bizLocation"]["id"][-1] in values,
        "MATCH_epc": lambda: bool(set(chosen) & set(values)),
        "GE_eventTime": lambda: hour >= day,
        "LT_eventTime": lambda: hour < day,
        "GE_recordTime": lambda: event["recordTime"][8:10] >= values[0][8:10],
        "GT_quantity": lambda: any(amount > int(value) for amount in amounts for value in values),
        "EQ_quantity": lambda: any(amount == int(value) for amount in amounts for value in values),
        "EXISTS_errorDeclaration": lambda: str("errorDeclaration" in event).lower() in values,
        "EQ_errorReason": lambda: "errorDeclaration" in event and "incorrect_data" in values,
        "LE_value_CEL": lambda: any(unit == "CEL" and value <= int(one) for value, unit in heat for one in values),
        "LE_https://acme.example/ns/#level": lambda: any(own <= int(value) for value in values),
        "EQ_https://acme.example/ns/#level": lambda: any(own == int(value) for value in values),
    }[name]()


def draw(rng):
    digits = [str(rng.randint(0, 9)) for _ in range(rng.choice((1, 2)))]
    date = [f"2026-01-{rng.randint(1, 28):02d}"]
    return {
        "EQ_bizStep": rng.sample(["shipping", "receiving", "packing"], 2),
        "eventType": [rng.choice(("ObjectEvent", "AggregationEvent", "TransactionEvent"))],
        "EQ_action": rng.sample(["ADD", "OBSERVE", "DELETE"], 2),
        "EQ_bizLocation": rng.sample(["X", "Y", "Q"], 2),
        "MATCH_epc": rng.sample(EPCS, rng.choice((1, 2))),
        "GE_eventTime": date,
        "LT_eventTime": date,
        "GE_recordTime": [f"2026-02-{rng.randint(1, 28):02d}"],
        "GT_quantity": digits,
        "EQ_quantity": digits,
        "EXISTS_errorDeclaration": [rng.choice(("true", "false"))],
        "EQ_errorReason": [rng.choice(("incorrect_data", "did_not_occur"))],
        "LE_value_CEL": digits,
        "LE_https://acme.example/ns/#level": digits,
        "EQ_https://acme.example/ns/#level": digits,
    }


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_naive_reference(seed):
    rng = random.Random(seed)
    events = [make(rng, number) for number in range(60)]
    seen = set()
    for _ in range(120):
        asked = draw(rng)
        names = rng.sample(sorted(asked), rng.choice((1, 1, 2, 3)))
        query = read(*((name, "|".join(asked[name])) for name in names))
        found = [event["eventID"] for event, _ in events if query.fits(event)]
        wanted = [
            event["eventID"]
            for event, chosen in events
            if all(naive(event, chosen, name, asked[name]) for name in names)
        ]
        assert found == wanted, [(name, asked[name]) for name in names]
        seen.add(len(found))
    assert len(seen) > 5  # the questions tell events apart


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("EQ_persistentDisposition_set", "stolen", {"persistentDisposition": {"set": ["stolen"]}}),
        ("EQ_readPoint", "G1", {"readPoint": {"id": LOC + "G1"}}),
        ("EQ_transformationID", "RUN-9", {"transformationID": "https://acme.example/xform/RUN-9"}),
        ("EQ_correctiveEventID", "urn:x:1", {"errorDeclaration": {"correctiveEventIDs": ["urn:x:1"]}}),
        ("GE_errorDeclarationTime", "2026-01-01", {"errorDeclaration":
            {"declarationTime": "2026-01-02T00:00:00Z"}}),
        ("MATCH_parentID", "952132112345678902", {"parentID": "https://id.gs1.org/00/952132112345678902"}),
        ("MATCH_inputEPC", "BOX-1", {"inputEPCList": ["https://acme.example/obj/BOX-1"]}),
        ("MATCH_outputEPCClass", "P:L", {"outputQuantityList": [{"epcClass": "https://acme.example/lot/P:L"}]}),
        ("MATCH_anyEPC", "urn:epc:idpat:sgtin:9521321.012345.*", {"inputEPCList": [LINKS[EPCS[1]]]}),
        ("MATCH_epc", "urn:epc:idpat:sgtin:9521321.*.*", {"epcList": [EPCS[1]]}),
        ("EQ_bizTransaction_po", "PO-1", {"bizTransactionList": [
            {"type": "urn:epcglobal:cbv:btt:po", "bizTransaction": "https://acme.example/bt/PO-1"}]}),
        ("EQ_source_owning_party", "smith", {"sourceList": [
            {"type": "owning_party", "source": "https://acme.example/party/smith"}]}),
        ("EQ_destination_location", "D1", {"destinationList": [{"type": "location", "destination": LOC + "D1"}]}),
        ("EQ_ILMD_cbvmda:lotNumber", "L1", {"ilmd": {"cbvmda:lotNumber": "L1"}}),
        ("EXISTS_INNER_own:x", "true", {"own:a": {"own:b": [{"own:x": "1"}]}}),
        ("EQ_INNER_ILMD_own:x", "1", {"ilmd": {"own:b": {"own:x": "1"}}}),
        ("EQ_deviceID", "urn:x:7", {"sensorElementList": [{"sensorMetadata": {"deviceID": "urn:x:7"}}]}),
        ("EQ_booleanValue", "true", {"sensorElementList": [{"sensorReport": [{"booleanValue": True}]}]}),
        ("LT_endTime", "2026-01-02", {"sensorElementList":
            [{"sensorMetadata": {"endTime": "2026-01-01T00:00:00Z"}}]}),
    ],
)  # fmt: skip
def test_each_other_parameter_finds_its_own_and_nothing_else(name, value, where):
    query = read((name, value))
    plain = {"type": "ObjectEvent", "eventTime": "2026-01-01T00:00:00Z", "eventID": "urn:x:0"}
    assert query.fits({**plain, **where})
    assert not query.fits(plain)


def test_what_lies_below_and_master_data():
    event = {"bizLocation": {"id": LOC + "ROOM"}}
    assert read(("WD_bizLocation", "HALL"), below=lambda uri: {uri, LOC + "ROOM"}).fits(event)
    assert not read(("EQ_bizLocation", "HALL"), below=lambda uri: {uri, LOC + "ROOM"}).fits(event)
    attributes = {LOC + "ROOM": {"city": "Yuma"}}.get
    assert read(("EQATTR_bizLocation_city", "Yuma"), attributes=attributes).fits(event)
    assert read(("HASATTR_bizLocation", "city"), attributes=attributes).fits(event)
    assert not read(("HASATTR_bizLocation", "name"), attributes=attributes).fits(event)


def test_order_limit_and_pages():
    events = [(n, {"eventTime": f"2026-01-0{n}T00:00:00Z"}) for n in (2, 3, 1)]
    assert [n for n, _ in read(("orderBy", "eventTime")).arrange(events)[0]] == [3, 2, 1]
    page, following = read(("orderBy", "eventTime"), ("orderDirection", "ASC"), ("perPage", "2")).arrange(events)
    assert ([n for n, _ in page], following) == ([1, 2], 2)
    assert [n for n, _ in read(("orderBy", "eventTime"), ("eventCountLimit", "1")).arrange(events)[0]] == [3]
    with pytest.raises(Refused, match="maxEventCount allows 2"):
        read(("maxEventCount", "2")).arrange(events)


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ([("EQ_bizstep", "shipping")], "EQ_bizStep"),
        ([("MATCH_epcs", "X")], "MATCH_epc"),
        ([("GE_eventtime", "2026-01-01")], "GE_eventTime"),
        ([("EQ_action", "ADD"), ("EQ_action", "OBSERVE")], "separate"),
        ([("eventCountLimit", "3")], "orderBy"),
        ([("maxEventCount", "1"), ("eventCountLimit", "1")], "one of them"),
        ([("GE_quantity", "many")], ""),
        ([("EXISTS_errorDeclaration", "yes")], ""),
        ([("EQ_action", "")], ""),
        ([("MATCH_epc", "95*")], "idpat"),
    ],
)
def test_what_is_wrong_is_refused_with_the_nearest(pairs, told):
    with pytest.raises(Refused) as refused:
        read(*pairs)
    assert told in refused.value.remedy


def test_every_parameter_of_the_list_is_read():
    values = {"GE": "2026-01-01", "LT": "2026-01-01", "EXISTS": "true", "orderBy": "eventTime"}
    for name in PARAMETERS:
        op, _, rest = name.partition("_")
        number = (
            "1"
            if op in ("GT", "LE") or "quantity" in rest or "alue" in rest or rest[:4] in ("sDev", "perc")
            else "X"
        )
        value = values.get(op, number) if "Time" in rest or op in ("EXISTS", "orderBy") else number
        pairs = [(name, {"orderDirection": "ASC"}.get(name, "1" if "Count" in name or "age" in name else value))]
        assert read(*pairs, *([("orderBy", "eventTime")] if name == "eventCountLimit" else [])) is not None
