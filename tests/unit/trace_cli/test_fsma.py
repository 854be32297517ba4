# SPDX-License-Identifier: Apache-2.0
"""FSMA 204: records, sheets, plan and warnings; from chains by others, EPCIS of GS1 US, and commands."""

import csv
import io
import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from ledger.custody.fsma.elements import ALWAYS, TRACKING_EVENTS, absent
from ledger.custody.fsma.records import Sweep
from ledger.custody.fsma.source import read_food_event

DATA = Path(os.environ.get("TRACE_TEST_DATA", Path(__file__).parents[4] / "shared" / "data")) / "traceability"
CHAINS = DATA / "fsma204"
STEPS = {
    "harvesting": "creating_class_instance",
    "cooling": "other",
    "initial_packing": "packing",
    "shipping": "shipping",
    "receiving": "receiving",
    "transformation": "other",
    "first_land_based_receiving": "receiving",
}
LOT = "https://id.gs1.org/01/09521321123458/10/"


def chain_of(name):
    if not (CHAINS / name).is_file():
        pytest.skip(f"no chain by others: {name} is not in $TRACE_TEST_DATA/traceability/fsma204")
    return json.loads((CHAINS / name).read_text(encoding="utf-8"))


def as_table(chain):
    """Write a chain as a table that can be imported: one row an event, its key data elements in columns."""
    columns = sorted({key for event in chain["events"] for key in event["kdes"]})
    text = io.StringIO()
    writer = csv.writer(text)
    head = "time step cte lot quantity unit place product_description parent_lot_codes".split()
    writer.writerow([*head, *columns])
    for event in chain["events"]:
        own = [event["timestamp"], STEPS[event["cte"]], event["cte"], event["traceability_lot_code"]]
        own += [event["quantity"], event["unit_of_measure"], event["location_name"], event["product_description"]]
        own += [", ".join(event["parent_lot_codes"])]
        writer.writerow([*own, *(event["kdes"].get(key, "") for key in columns)])
    return text.getvalue()


def rows_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("name", ["cte-chain-leafy_greens_trace.json", "cte-chain-retailer_handoff.json"])
def test_chains_by_others_are_filled_or_listed_missing_by_section(trace, ledger_of, name):
    chain = chain_of(name)
    folder = ledger_of(as_table(chain))
    assert trace("export", "fsma", "-o", "out.csv").code == 0
    rows, missing = rows_of(folder / "out.csv"), rows_of(folder / "out-missing.csv")
    titles = {one.title: one for one in TRACKING_EVENTS.values()}
    assert sorted(titles[row["Critical tracking event"]].key for row in rows) == sorted(
        event["cte"] for event in chain["events"]
    )
    told = {(row["Entry"], row["Missing element"], row["Section of 21 CFR"]) for row in missing}
    for row in rows:
        elements = titles[row["Critical tracking event"]].elements
        title_of = {element.key: element.title for element in elements}
        for element in elements:
            filled = row[element.title] or (element.instead and row[title_of[element.instead]])
            if element.need == ALWAYS and not filled:
                assert (row["Record"], element.title, element.section) in told
    # Everything that the chain states stands in the sheet.
    by_entry = {row["Record"]: row for row in rows}
    for number, event in enumerate(chain["events"], 1):
        cells = set(by_entry[str(number)].values())
        assert {event["traceability_lot_code"], str(event["quantity"]), "cases"} <= cells
        # The carrier is no key data element; a reference to the source of a raw lot is none either.
        others = {
            "reference_document",
            "carrier",
            "tlc_source_reference",
            "traceability_lot_code_source_reference",
        }
        stated = {value for key, value in event["kdes"].items() if key not in others}
        assert stated - cells == set()
    packing = next(row for row in rows if row["Critical tracking event"] == "Initial packing")
    harvest = next(event for event in chain["events"] if event["cte"] == "harvesting")
    assert packing["Harvest date"] == harvest["kdes"]["harvest_date"]
    assert packing["Field or growing area"] == harvest["kdes"]["field_name"]


def test_elements_agree_with_a_transcription_by_others():
    if not (CHAINS / "kde-by-cte.json").is_file():
        pytest.skip("no transcription by others in $TRACE_TEST_DATA/traceability/fsma204")
    rule = json.loads((CHAINS / "kde-by-cte.json").read_text())["ctes"]
    for key, one in TRACKING_EVENTS.items():
        assert rule[key]["section"].startswith(one.section[:6])
        # Each line of theirs is at least one of our columns; a choice or a place with two roles is one line there.
        assert len(one.elements) >= len(rule[key]["kdes"])


def gs1_documents():
    folder = DATA / "regulated-epcis" / "fsma204"
    if not folder.is_dir():
        pytest.skip("no EPCIS as GS1 US recommends it in $TRACE_TEST_DATA/traceability/regulated-epcis/fsma204")
    return sorted(folder.glob("*.jsonld"))


def sweep(bodies):
    events = [
        read_food_event(number, {"eventID": f"urn:uuid:{number}", **body}) for number, body in enumerate(bodies)
    ]
    events.sort(key=lambda event: (event.time, event.seq))
    maker = Sweep(frozenset(), lambda product, lot: f"https://acme.example/lot/{lot}")
    return list(maker.run(events))


def test_epcis_as_gs1_us_recommends_it_fills_the_same_records():
    found = {}
    for path in gs1_documents():
        bodies = json.loads(path.read_text(encoding="utf-8"))["epcisBody"]["eventList"]
        found[path.stem] = sweep(bodies)
    for name, records in found.items():
        tracking = name.removesuffix("-cte").replace("harvest", "harvesting").replace("-", "_")
        assert any(record.tracking in (tracking, tracking.replace("ingy", "ing")) for record in records), name
    if "initial-packing-cte" in found:
        (packing,) = [record for record in found["initial-packing-cte"] if record.tracking == "initial_packing"]
        assert packing.values["tlc"] == "(01)10860009999920(10)ABC1234"
        assert packing.values["received_date"].isoformat() == "2026-04-17"
        assert packing.values["received_quantity"] == 25000
        assert packing.values["farm"].endswith("0860009999060")
        assert packing.values["harvester"].endswith("/417/0860009999060")
        assert packing.values["cooling_date"].isoformat() == "2026-04-17"
        assert packing.values["document_number"] == "PACK-20260418-042"
        missing = {element.key for element in absent(TRACKING_EVENTS["initial_packing"], packing.values)}
        assert missing == {"harvester_phone", "field"}
        harvest = next(record for record in found["initial-packing-cte"] if record.tracking == "harvesting")
        assert harvest.values["recipient"].endswith("/414/0860009999992")
    if "shipping-cte" in found:
        shipping = next(record for record in found["shipping-cte"] if record.tracking == "shipping")
        assert shipping.values["tlc"] == "(01)10860009999920(10)ABC1234"
        assert shipping.values["quantity"] == 25
        assert absent(TRACKING_EVENTS["shipping"], shipping.values) == []


def event(step, hour, **more):
    return {
        "type": "ObjectEvent",
        "eventTime": f"2026-03-01T{hour:02}:00:00Z",
        "bizStep": step,
        "action": "OBSERVE",
        "readPoint": {"id": "https://acme.example/loc/PACK"},
        **more,
    }


def some(lot, number, unit="KGM"):
    return {"epcClass": LOT + lot, "quantity": number, "uom": unit}


OUT = "https://id.gs1.org/01/09521321000019/10/OUT"


def transformed(hour, **more):
    return {**event("other", hour), "type": "TransformationEvent", **more}


def test_a_transformation_with_three_inputs_is_three_rows_of_one_event():
    made = [{"epcClass": OUT, "quantity": 6, "uom": "KGM"}]
    used = [some(f"IN{number}", number) for number in (1, 2, 3)]
    bodies = [
        transformed(5, inputQuantityList=used, outputQuantityList=made),
        event("shipping", 6, quantityList=[{"epcClass": OUT, "quantity": 6}]),
    ]
    records = sweep(bodies)
    assert [record.tracking for record in records] == ["transformation"] * 3 + ["shipping"]
    assert len({record.event_id for record in records[:3]}) == 1
    assert [record.values["input_quantity"] for record in records[:3]] == [1, 2, 3]
    assert {record.values["tlc"] for record in records} == {"(01)09521321000019(10)OUT"}
    assert records[3].values["tlc_source"] == "https://acme.example/loc/PACK"


def test_a_transformation_in_several_events_counts_when_it_is_complete():
    joined = {"transformationID": "urn:x:1"}
    parts = [
        transformed(5, **joined, inputQuantityList=[some("A", 5)]),
        transformed(6, **joined, outputQuantityList=[{"epcClass": OUT, "quantity": 4, "uom": "KGM"}]),
        event("shipping", 7, quantityList=[{"epcClass": OUT, "quantity": 4}]),
    ]
    record, shipping = sweep(parts)
    assert (record.values["input_quantity"], record.values["quantity"]) == (5, 4)
    assert shipping.values["tlc_source"] == "https://acme.example/loc/PACK"


def test_food_that_is_not_packed_yet_is_moved_without_elements_missing():
    harvest = event("commissioning", 1, action="ADD", quantityList=[some("H", 9)])
    records = sweep([harvest, event("shipping", 2, quantityList=[some("H", 9), some("OTHER", 1)])])
    assert [(record.values["batch"], record.raw) for record in records[1:]] == [("H", True), ("OTHER", False)]


def test_a_pallet_is_shipped_with_what_is_in_it_at_that_time():
    pallet = "https://id.gs1.org/00/952132112345678902"
    pack = {**event("packing", 2), "type": "AggregationEvent", "action": "ADD", "parentID": pallet}
    unpack = {**pack, "action": "DELETE", "bizStep": "unpacking", "eventTime": "2026-03-01T04:00:00Z"}
    bodies = [
        {**pack, "childQuantityList": [some("A", 10), some("B", 5)]},
        event("shipping", 3, epcList=[pallet]),
        {**unpack, "childQuantityList": [some("A", 4)]},
        event("shipping", 5, epcList=[pallet]),
        {**unpack, "eventTime": "2026-03-01T06:00:00Z"},
        event("shipping", 7, epcList=[pallet]),
    ]
    found = [(record.seq, record.values["batch"], record.values["quantity"]) for record in sweep(bodies)]
    assert found == [(1, "A", 10), (1, "B", 5), (3, "B", 5), (3, "A", 6)]


def test_a_workbook_has_texts_and_no_formulas(trace, ledger_of, monkeypatch):
    openpyxl = pytest.importorskip("openpyxl")
    head = "time,step,product,lot,quantity,unit,place,to,document,reference_document_type\n"
    row = "2026-03-0{}T08:00:00Z,shipping,09521321123458,{},5,kg,{},STORE-1,{},{}\n"
    folder = ledger_of(
        head + row.format(1, "007", "=1+1", "0815", "=CMD()") + row.format(2, "+1", "@A", "-5", "_x0041_ <&>")
    )
    assert trace("export", "fsma", "-o", "out.xlsx").code == 0
    book = openpyxl.load_workbook(folder / "out.xlsx")
    assert [sheet.title for sheet in book][:7] == [one.title for one in TRACKING_EVENTS.values()]
    assert [sheet.title for sheet in book][7:] == ["Locations", "Products", "Missing", "Glossary"]
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    shipping = {cell.value: cell for cell in book["Shipping"][1]}
    values = [{name: book["Shipping"].cell(line, at.column) for name, at in shipping.items()} for line in (2, 3)]
    first, second = values
    assert first["Traceability lot code: batch or lot"].value == "007"
    assert first["Traceability lot code: GTIN"].value == "09521321123458"
    assert first["Ship-from location"].value == "=1+1"
    assert first["Reference document number"].value == "0815"
    assert first["Reference document type"].value == "=CMD()"
    # The escape of an underscore (section 22.9.2.19), which this reader leaves as it is.
    assert second["Reference document type"].value == "_x005F_x0041_ <&>"
    assert second["Ship-from location"].value == "@A"
    assert first["Traceability lot code"].number_format == "@"
    assert first["Ship date"].value == datetime(2026, 3, 1)
    assert first["Quantity"].value == 5
    assert book["Shipping"].auto_filter.ref
    assert book["Shipping"].freeze_panes == "A2"


def test_only_what_is_asked_for(trace, sample):
    def count(*asked):
        ran = trace("export", "fsma", "-o", "out.csv", "--json", *asked)
        assert ran.code == 0
        return sum(ran.answer["rows"].values()), rows_of(sample / "out.csv")

    everything, _ = count()
    one, rows = count("--lot", "P26030-MIX")
    assert 0 < one < everything
    assert {row["Traceability lot code: batch or lot"] for row in rows} == {"P26030-MIX"}
    same, _ = count("--lot", "9521234000037:P26030-MIX")
    assert same == one
    january, rows = count("--product", "9521234000037", "--from", "2026-01-01", "--to", "2026-01-31")
    assert 0 < january < everything
    assert {row["Ship date"][:7] for row in rows if row["Ship date"]} == {"2026-01"}
    assert trace("export", "fsma", "-o", "out.csv", "--from", "January").code == 5
    assert trace("export", "fsma", "-o", "out.pdf").code == 2


def test_history_that_does_not_hold_is_not_exported(trace, sample, tamper):
    tamper(sample / "ledger.db", 50, b"FARM", b"BARN")
    assert trace("export", "fsma", "-o", "out.xlsx").code == 3
    assert not (sample / "out.xlsx").exists()


def test_the_plan_is_written_from_settings_and_names_what_is_open(trace, sample):
    ran = trace("fsma", "plan", "--json")
    assert ran.code == 0
    assert {one["section"] for one in ran.answer["open"]} == {f"1.1315(a)({n})" for n in (1, 2, 3, 4)}
    assert "PACK-YUMA" in ran.answer["plan"]
    with (sample / "trace.toml").open("a") as file:
        file.write('\n[fsma]\nrecords = "R"\nfoods = "F"\nlot_codes = "L"\n')
        file.write('contact = "Ada Quality"\nphone = "+1 555 0100"\n')
    assert trace("fsma", "plan", "-o", "plan.md", "--json").answer["open"] == []
    assert "Ada Quality" in (sample / "plan.md").read_text()


def test_shipping_and_receiving_warn_before_the_goods_leave(trace, ledger_of):
    folder = ledger_of()
    ran = trace("ship", "9521321123458:L1", "--place", "A")
    assert ran.code == 0
    for element in ("quantity (1.1340(a)(2))", "(1.1340(a)(4))", "reference document number (1.1340(a)(8))"):
        assert element in ran.err
    ran = trace("receive", "9521321123458:L1=5kg", "--place", "B", "--from", "A", "--document", "BOL-1")
    assert "1.1345(a)(7)" in ran.err
    assert "1.1345(a)(8)" not in ran.err
    assert trace("ship", "BOX-1", "--place", "A").err == ""
    (folder / "trace.toml").write_text((folder / "trace.toml").read_text() + "\n[fsma]\nwarn = false\n")
    assert trace("ship", "9521321123458:L1", "--place", "A").err == ""


def test_the_release_of_a_hold_cools_nothing(trace, ledger_of):
    folder = ledger_of()
    assert trace("commission", "9521321123458:L1=5kg", "--place", "A").code == 0
    assert trace("hold", "9521321123458:L1", "--reason", "sample 7").code == 0
    assert trace("release", "9521321123458:L1", "--reason", "sample 7 is negative").code == 0
    assert trace("export", "fsma", "-o", "out.csv").code == 0
    assert [row["Critical tracking event"] for row in rows_of(folder / "out.csv")].count(
        TRACKING_EVENTS["cooling"].title
    ) == 0
