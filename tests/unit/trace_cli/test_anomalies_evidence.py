# SPDX-License-Identifier: Apache-2.0
"""What `trace anomalies` reads beside the events, its decision made again, and evidence that was changed."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

HEAD = "time,step,item,product,lot,place,party,to,quantity,recorded\n"
START = datetime(2026, 1, 5, 6, tzinfo=UTC)
MAKERS, SHOPS = 3, 4


def stamp(hours):
    return (START + timedelta(hours=float(hours))).strftime("%Y-%m-%dT%H:%M:%SZ")


def journeys(items=140, *, slow=(), odd=(), swap=(), clock=()):
    """Rows of honest journeys; stays of `slow` are longer, `odd` come in short, `swap` at each other's shop."""
    rng = np.random.default_rng(3)
    rows = []
    for one in range(items):
        maker, shop = one % MAKERS, one % SHOPS
        made = one * 8 + rng.uniform(0, 3)
        sent = made + rng.gamma(4, 6) * (6 if one in slow else 1)
        came = sent + rng.lognormal(4.0, 0.3)
        at = swap[1 - swap.index(one)] % SHOPS if one in swap else shop
        for step, hours, place, to, amount in (
            ("commissioning", made, f"MAKER-{maker}", "", 1),
            ("shipping", sent, f"MAKER-{maker}", f"SHOP-{shop}", 1),
            ("receiving", came, f"SHOP-{at}", "", 0 if one in odd else 1),
        ):
            lag = rng.gamma(1.5, 0.05) - (5 if one in clock and step == "commissioning" else 0)
            cells = (stamp(hours), step, f"BOX-{one:03}", "TEA", f"L{one // 10}", place, place, to, str(amount))
            rows.append(",".join((*cells, stamp(hours + lag))))
    return HEAD + "\n".join(rows) + "\n"


def logger(folder, *, silent=False, stuck=False):
    """An EPCIS document with readings of three loggers."""
    rng = np.random.default_rng(1)
    events = []
    for number in range(3):
        for tick in range(60):
            if silent and number == 1 and 20 < tick < 45:
                continue
            value = 4.0 if stuck and number == 2 and 10 < tick < 40 else round(4 + rng.normal(0, 0.5), 1)
            report = {"type": "Temperature", "value": value, "uom": "CEL", "deviceID": f"urn:dev:{number}"}
            events.append(
                {
                    "type": "ObjectEvent",
                    "action": "OBSERVE",
                    "eventTime": stamp(number * 100 + tick / 4 + rng.uniform(0, 0.01)),
                    "eventTimeZoneOffset": "+00:00",
                    "epcList": [f"https://acme.example/obj/BOX-{number:03}"] if number else [],
                    "readPoint": {"id": "https://acme.example/loc/MAKER-0"},
                    "bizStep": "sensor_reporting",
                    "sensorElementList": [{"sensorReport": [report]}],
                }
            )
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": stamp(0),
        "epcisBody": {"eventList": events},
    }
    (folder / "loggers.json").write_text(json.dumps(document), encoding="utf-8")
    return folder / "loggers.json"


def alarms(answer):
    found = {}
    for one in answer["alarms"]:
        found.setdefault(one["kind"], []).append(one)
    return found


def short(uri):
    return uri.rpartition("/")[2]


CASES = {
    "site_slowdown": {"items": 260, "slow": range(100, 175, 3)},
    "site_clock": {"items": 260, "clock": range(100, 190, 3)},
    "collusion": {"items": 260, "odd": range(0, 100, 12)},
    "swapped_labels": {"swap": (21, 24)},
    "sensor_gap": {"items": 20},
    "flat_line": {"items": 20},
}


@pytest.fixture
def case(request, trace, ledger_of):
    kind = request.param
    folder = ledger_of(journeys(**CASES[kind]))
    if kind in ("sensor_gap", "flat_line"):
        file = logger(folder, silent=kind == "sensor_gap", stuck=kind == "flat_line")
        assert trace("import", file).code == 0
    return kind, folder


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_each_kind_through_the_program_until_its_evidence_is_changed(trace, case, tamper):
    kind, folder = case
    answer = trace("anomalies", "--json", "--top", 200).answer
    mine = alarms(answer)[kind]
    expected = {
        "site_slowdown": {"MAKER-1"},
        "site_clock": {"MAKER-1"},
        "collusion": {"MAKER-0 + SHOP-0"},
        "swapped_labels": {"BOX-021", "BOX-024"},
        "sensor_gap": {"BOX-001"},
        "flat_line": {"BOX-002"},
    }[kind]
    assert {" + ".join(map(short, one["item"].split(" + "))) for one in mine} == expected
    alarm = mine[0]
    assert all(word not in alarm["explanation"] for word in ("https://acme.example/obj", "nan"))
    assert alarm["finding"].startswith(f"{kind}:")
    assert 0 < alarm["p_value"] < 0.01
    # The same decision made again is the same to the bit.
    again = trace("decision", "replay", answer["decision_seq"], "--json").answer
    assert (again["outcome"], again["data_same"], again["changed"]) == ("same", True, [])
    # Nothing unverified is evidence: a changed entry withdraws the alarm, by its number.
    cited = alarm["seqs"][len(alarm["seqs"]) // 2]
    tamper(folder / "ledger.db", cited, b'"via":"imported"', b'"via":"imp0rted"')
    ran = trace("anomalies", "--json")
    assert (ran.code, ran.answer["first_bad_seq"]) == (3, cited)
    assert "alarms" not in ran.answer
    ran = trace("anomalies")
    assert (ran.code, ran.out) == (3, "")
    assert f"first bad entry is {cited}" in ran.err


def detector(answer, kind):
    return next(one for one in answer["detectors"] if one["kind"] == kind)


def test_places_and_lot_sizes_of_master_data_make_more_visible(trace, ledger_of):
    ledger_of(journeys())
    blind = trace("anomalies", "--json", "--no-record").answer
    for kind in ("over_allocated_lot", "impossible_travel", "sensor_gap", "flat_line", "shared_login"):
        assert detector(blind, kind)["cannot_see"]
        assert detector(blind, kind)["mend"]
    told = trace("anomalies", "--no-record").out.replace("\n    ", " ")
    assert "over allocated lot: no lot sizes are declared" in told
    assert "to see it: create lots as a whole with their quantity" in told
    assert trace("product", "add", "TEA", "--lot-size", "10").code == 0
    for number in range(MAKERS):
        assert trace("place", "add", f"MAKER-{number}", "--latitude", 50 + number, "--longitude", 8).code == 0
    seeing = trace("anomalies", "--json").answer
    assert detector(seeing, "over_allocated_lot")["cannot_see"] == ""
    assert detector(seeing, "impossible_travel")["cannot_see"] == ""
    assert seeing["alarms"] == []
    # One item too many in one lot.
    ghost = HEAD + "".join(
        f"{stamp(400 + hours)},{step},BOX-GHOST,TEA,L3,{place},{place},{to},1,{stamp(400.1 + hours)}\n"
        for hours, step, place, to in (
            (0, "commissioning", "MAKER-1", ""),
            (31, "shipping", "MAKER-1", "SHOP-2"),
            (83, "receiving", "SHOP-2", ""),
        )
    )
    with open("ghost.csv", "w", encoding="utf-8") as file:
        file.write(ghost)
    assert trace("import", "ghost.csv").code == 0
    found = trace("anomalies", "--json").answer
    assert [(one["kind"], short(one["item"])) for one in found["alarms"]] == [("over_allocated_lot", "BOX-GHOST")]
    # What was asked before anybody said so is answered as it was.
    replay = trace("decision", "replay", seeing["decision_seq"], "--json").answer
    assert (replay["outcome"], replay["data_same"]) == ("same", True)


def test_files_of_a_decision_are_kept_for_its_replay(trace, ledger_of, tmp_path):
    ledger_of(journeys())
    lots = tmp_path / "lots.csv"
    lots.write_text("lot,lot_size\n" + "".join(f"L{one},{9 if one == 4 else 10}\n" for one in range(14)))
    answer = trace("anomalies", "--lots", lots, "--json").answer
    assert [one["kind"] for one in answer["alarms"]] == ["over_allocated_lot"]
    lots.unlink()
    assert trace("decision", "replay", answer["decision_seq"], "--json").answer["outcome"] == "same"
    lots.write_text("lot,lot_size\n" + "".join(f"L{one},10\n" for one in range(2500)))
    large = trace("anomalies", "--lots", lots, "--json").answer["decision_seq"]
    ran = trace("decision", "replay", large)
    assert ran.code == 5
    assert "trace product import" in ran.err


def test_a_shared_login_through_the_program(trace, ledger_of):
    ledger_of(journeys(items=20))
    for place, latitude in (("MAKER-0", 52.5), ("SHOP-0", 48.1)):
        assert trace("place", "add", place, "--latitude", latitude, "--longitude", 13.4).code == 0
    for number, (place, who) in enumerate((("MAKER-0", "ann"), ("SHOP-0", "bo"), ("SHOP-0", "ann"))):
        at = f"2026-03-10T10:{number:02}:00Z"
        options = ("--place", place, "--by", who, "--at", at, "--anyway", "stocktaking")
        assert trace("inspect", f"BOX-{number:03}", *options).code == 0
    answer = trace("anomalies", "--json", "--top", 50).answer
    mine = alarms(answer)["shared_login"]
    assert [(one["item"], one["about"]) for one in mine] == [("ann", "operator")]
    assert len(mine[0]["seqs"]) == 2
    again = trace("decision", "replay", answer["decision_seq"], "--json").answer
    assert again["outcome"] == "same"
