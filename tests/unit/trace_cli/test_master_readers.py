# SPDX-License-Identifier: Apache-2.0
"""Every field of master data has its reader: names, units, tolerance, lot size, shelf life, code source."""

import csv
import re

import pytest

HEAD = "time,step,item,product,lot,quantity,unit,container,place,party,transformation,role\n"
PALLET = "095212340000004653"
ROWS = HEAD + (
    "2026-03-01T08:00:00Z,commissioning,,P,A,120000,g,,PLANT,,,\n"
    "2026-03-01T09:00:00Z,transforming,,P,A,100000,g,,PLANT,,R1,input\n"
    "2026-03-01T09:00:00Z,transforming,,Q,C,95000,g,,PLANT,,R1,output\n"
    f"2026-03-01T10:00:00Z,packing,,Q,C,95000,g,{PALLET},PLANT,,,\n"
).replace("transforming", "assembling")


@pytest.fixture
def known(trace, ledger_of):
    folder = ledger_of(ROWS)
    trace("place", "add", "PLANT", "--name", "North plant", "--contact", "Ann 555")
    trace("product", "add", "P", "--name", "Pears", "--unit", "kg", "--lot-size", "100", "--shelf-life", "14")
    trace("product", "add", "Q", "--name", "Quince", "--unit", "kg", "--tolerance", "2%")
    return folder


def test_names_stand_in_contents_balance_quality_and_reports(trace, known):
    found = trace("contents", PALLET, "--json").answer
    assert found["names"][found["contents"][0]["id"]] == "Quince"
    assert "[Quince]" in trace("contents", PALLET).out
    assert "Q:C [Quince]" in trace("balance", "Q:C").out
    assert "Q:C [Quince]" in trace("quality", "Q:C").out
    assert trace("report", "provenance", "Q:C", "-o", "r.html").code == 0
    page = (known / "r.html").read_text(encoding="utf-8")
    assert "P:A [Pears]" in page
    assert "PLANT [North plant]" in page
    assert trace("report", "recall", "P:A", "-o", "r.html").code == 0
    assert "PLANT [North plant]" in (known / "r.html").read_text(encoding="utf-8")


def test_amounts_are_written_in_the_unit_of_the_product(trace, known):
    node = next(node for node in trace("back", "Q:C", "--json").answer["nodes"] if node["id"].endswith("/Q:C"))
    assert (node["quantity"], node["unit"]) == (95, "KGM")
    line = trace("balance", "Q:C", "--json").answer["balance"][0]
    assert (line["inputs"], line["outputs"], line["unit"]) == (100, 95, "KGM")
    found = trace("recall", "P:A", "--json").answer
    assert {line["unit"] for line in found["affected"] if line["kind"] == "lot"} == {"KGM"}
    assert trace("balance", "Q:C", "--json").answer["lot"]["made"] == 95


@pytest.mark.parametrize(
    "command",
    [
        *[("back", "Q:C"), ("forward", "P:A"), ("recall", "P:A"), ("balance", "Q:C"), ("history", "P:A")],
        *[("contents", PALLET), ("product", "show", "Q"), ("product", "list")],
    ],
)
def test_people_read_symbols_and_programs_codes(trace, known, command):
    said = trace(*command)
    assert said.code == 0
    assert not re.search(r"\b(KGM|GRM)\b", said.out)
    assert re.search(r"\bk?g\b", said.out)
    assert re.search(r'"(KGM|GRM)"', trace(*command, "--json").out)


def test_a_large_amount_is_written_out_in_a_history(trace, ledger_of):
    ledger_of(HEAD + "2026-03-01T08:00:00Z,commissioning,,P,A,12345678.25,kg,,PLANT,,,\n")
    assert "12345678.25 kg" in trace("history", "P:A").out


def test_a_count_is_never_taken_for_a_weight(trace, ledger_of):
    ledger_of(HEAD + "2026-03-01T08:00:00Z,commissioning,,P,A,12,,,PLANT,,,\n")
    trace("product", "add", "P", "--unit", "kg")
    answer = trace("balance", "P:A", "--json").answer["lot"]
    assert (answer["made"], answer["unit"]) == (12, None)
    trace("product", "add", "P", "--unit", "pcs")
    assert trace("balance", "P:A", "--json").answer["lot"]["unit"] is None


def test_the_tolerance_is_the_same_in_every_answer(trace, known):
    assert "BEYOND" in trace("balance", "Q:C").out
    assert trace("balance", "Q:C", "--json").answer["balance"][0]["within"] is False
    assert any(loss["part"] == "balanced" for loss in trace("quality", "Q:C", "--json").answer["losses"])
    assert trace("report", "provenance", "Q:C", "-o", "r.html", "--json").answer["complete"] is False
    assert "NOT COMPLETE" in (known / "r.html").read_text(encoding="utf-8")


def test_more_of_a_lot_than_its_size_is_told(trace, known):
    answer = trace("balance", "P:A", "--json").answer["lot"]
    assert (answer["declared"], answer["over_allocated"], answer["declared_unit"]) == (100, 20, "KGM")
    assert "OVER-ALLOCATED: 20 kg" in trace("balance", "P:A").out
    trace("product", "add", "P", "--lot-size", "120")
    assert trace("balance", "P:A", "--json").answer["lot"]["over_allocated"] is None


def test_instances_that_claim_a_lot_count_against_its_size(trace, ledger_of):
    items = "".join(
        f"2026-03-01T08:00:0{at}Z,commissioning,https://id.gs1.org/01/09521321123458/10/L1/21/{at},,,,,,PLANT,,,\n"
        for at in range(5)
    )
    ledger_of(HEAD + items)
    trace("product", "add", "9521321123458", "--lot-size", "3")
    answer = trace("balance", "9521321123458:L1", "--json").answer["lot"]
    assert (answer["declared"], answer["over_allocated"]) == (3, 2)


def test_expiry_follows_from_production_and_shelf_life_and_is_said_to(trace, known):
    told = trace("history", "P:A", "--json").answer["use_by"]
    assert told == {"date": "2026-03-15", "seq": 1, "derived": True, "made": "2026-03-01"}
    assert "derived: made on 2026-03-01" in trace("history", "P:A").out
    fresh = trace("check", "P:A", "--at", "2026-03-15T12:00:00Z", "--json").answer
    stale = trace("check", "P:A", "--at", "2026-03-16T12:00:00Z", "--json").answer
    assert (fresh["verdict"], stale["verdict"]) == ("consistent", "expired")
    assert "derived" in stale["explanation"]
    assert trace("history", "Q:C", "--json").answer["use_by"] is None


def test_a_declared_expiry_and_a_stated_production_date_come_first(trace, ledger_of):
    head = "time,step,product,lot,quantity,unit,place,production_date\n"
    ledger_of(head + "2026-03-05T08:00:00Z,commissioning,P,A,1,kg,PLANT,2026-03-01\n")
    trace("product", "add", "P", "--shelf-life", "14")
    assert trace("history", "P:A", "--json").answer["use_by"]["date"] == "2026-03-15"
    label = "(01)09521321123458(10)L1(17)260401"
    assert trace("scan", label, "--step", "commissioning", "--place", "PLANT").code == 0
    trace("product", "add", "9521321123458", "--shelf-life", "1")
    told = trace("history", "9521321123458:L1", "--json").answer["use_by"]
    assert (told["date"], told["derived"]) == ("2026-04-01", False)


def fsma_rows(trace, folder, name="out"):
    assert trace("export", "fsma", "-o", f"{name}.csv").code == 0
    files = ("out.csv", "out-locations.csv", "out-products.csv", "out-missing.csv")
    return [list(csv.DictReader((folder / file).read_text(encoding="utf-8").splitlines())) for file in files]


def test_fsma_descriptions_and_code_source_come_from_master_data(trace, ledger_of):
    folder = ledger_of(HEAD + "2026-03-01T08:00:00Z,shipping,,9521321123458,A,10,kg,,DOCK,,,\n")
    empty = fsma_rows(trace, folder)[3]
    assert "Traceability lot code source" in {row["Missing element"] for row in empty}
    trace("place", "add", "DOCK", "--name", "North dock", "--contact", "555 0100", "--address", "1 Dock Rd")
    trace("product", "add", "9521321123458", "--name", "Romaine", "--tlc-source", "https://farm.example/lots")
    (folder / "p.csv").write_text("id,size,style\n9521321123458,3 heads,bag\n", encoding="utf-8")
    trace("product", "import", "p.csv")
    rows, locations, products, missing = fsma_rows(trace, folder)
    assert rows[0]["Traceability lot code source reference"] == "https://farm.example/lots"
    told = locations[0]
    assert (told["Business name"], told["Phone"], told["Street address"]) == (
        "North dock",
        "555 0100",
        "1 Dock Rd",
    )
    assert (products[0]["Product name"], products[0]["Packaging size"]) == ("Romaine", "3 heads")
    assert "Traceability lot code source" not in {row["Missing element"] for row in missing}
    settings = folder / "trace.toml"
    own = '\n[fsma.places."DOCK"]\nname = "Dock of the rule"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + own, encoding="utf-8")
    assert fsma_rows(trace, folder)[1][0]["Business name"] == "Dock of the rule"


def test_the_place_that_assigned_a_lot_code_gives_its_reference(trace, ledger_of):
    rows = (
        "2026-03-01T08:00:00Z,packing,,9521321123458,A,10,kg,,PACKER,,,\n"
        "2026-03-02T08:00:00Z,shipping,,9521321123458,A,10,kg,,PACKER,,,\n"
    )
    folder = ledger_of(HEAD + rows)
    trace("place", "add", "PACKER", "--tlc-source", "https://packer.example/tlc")
    told = [row["Traceability lot code source reference"] for row in fsma_rows(trace, folder)[0]]
    assert told == ["https://packer.example/tlc"] * 2
