# SPDX-License-Identifier: Apache-2.0
"""The recall report: the list of `recall`, whom to call, what is not on hold, gaps that nobody can overlook."""

import re
from html import unescape

import pytest

HEAD = "time,step,product,lot,quantity,unit,place,from,to,party,transformation,role\n"
# Two lots go into a third one; half of that is shipped and received, the rest stays.
ROWS = HEAD + (
    "2026-03-01T08:00:00Z,commissioning,P,A,10,kg,PLANT,,,,,\n"
    "2026-03-01T08:05:00Z,commissioning,P,B,10,kg,PLANT,,,,,\n"
    "2026-03-01T09:00:00Z,commissioning,P,A,10,kg,PLANT,,,,R1,input\n"
    "2026-03-01T09:00:00Z,commissioning,P,B,10,kg,PLANT,,,,R1,input\n"
    "2026-03-01T09:00:00Z,commissioning,Q,C,20,kg,PLANT,,,,R1,output\n"
    "2026-03-02T08:00:00Z,shipping,Q,C,12,kg,PLANT,,SHOP-1,smith-farms,,\n"
    "2026-03-03T08:00:00Z,receiving,Q,C,12,kg,SHOP-1,PLANT,,<b>shop,,\n"
)


def cells_of(page, title):
    body = re.search(rf"<h2>{title}</h2>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    if body is None:
        return []
    return [
        [unescape(cell) for cell in re.findall("<td[^>]*>(.*?)</td>", row)]
        for row in re.findall("<tr>(.*?)</tr>", body[1])
    ]


def test_the_report_holds_the_list_of_the_recall(trace, sample):
    openpyxl = pytest.importorskip("openpyxl")
    lot = "99521234009019:Y26029-ROM"
    listed = trace("recall", lot, "--json").answer
    for name in ("r.html", "r.xlsx"):
        ran = trace("report", "recall", lot, "-o", name, "--json")
        assert (ran.code, ran.answer["affected"], ran.answer["complete"]) == (0, len(listed["affected"]), True)
    page = (sample / "r.html").read_text(encoding="utf-8")
    lines = cells_of(page, "Affected")
    assert [(float(line[5]), int(line[8])) for line in lines] == [
        (line["quantity"], line["last_seq"]) for line in listed["affected"]
    ]
    book = openpyxl.load_workbook(sample / "r.xlsx")
    assert book["Affected"].max_row - 1 == len(listed["affected"])
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert ran.answer["checkpoint"]["size"] == ran.answer["verdict"]["size"]
    assert "<svg" in page
    assert "<script" not in page
    assert "@media print" in page
    assert 'class="alert"' not in page
    assert {row[6].value for row in book["Affected"].iter_rows(min_row=2)} == {"KGM"}
    assert "KGM" not in page


def test_the_signed_head_of_the_report_can_be_held_against_the_ledger(trace, sample):
    trace("report", "recall", "99521234009019:Y26029-ROM", "-o", "r.html")
    page = (sample / "r.html").read_text(encoding="utf-8")
    note = re.search("<pre>(.*?)</pre>", page, re.DOTALL)
    assert note
    (sample / "head.txt").write_text(unescape(note[1]) + "\n", encoding="utf-8")
    assert trace("place", "add", "D", "--name", "later").code == 0
    assert trace("verify", "ledger.db", "--against", "head.txt").code == 0


def test_two_lots_are_one_report_and_what_holds_both_counts_once(trace, ledger_of):
    folder = ledger_of(ROWS)
    trace("place", "add", "SHOP-1", "--name", "Corner shop", "--contact", "Cy 555")
    trace("partner", "add", "<b>shop", "--contact", "Bo 555")
    assert trace("report", "recall", "P:A", "P:B", "-o", "r.html").code == 0
    page = (folder / "r.html").read_text(encoding="utf-8")
    lines = cells_of(page, "Affected")
    shown = {(line[0], line[1], line[2], line[5]) for line in lines}
    assert shown == {
        ("Q:C", "here", "SHOP-1 [Corner shop]", "12"),
        ("Q:C", "here", "PLANT", "8"),
        ("P:A", "used", "PLANT", "10"),
        ("P:B", "used", "PLANT", "10"),
    }
    assert [line[10] for line in lines if line[0] == "Q:C"] == ["P:A, P:B"] * 2
    assert [row[:3] for row in cells_of(page, "Now at")] == [
        ["PLANT", "8", "kg"],
        ["SHOP-1 [Corner shop]", "12", "kg"],
    ]
    calls = {row[0]: row for row in cells_of(page, "Whom to call")}
    assert calls["<b>shop"][1:3] == ["Bo 555", "12 kg"]
    assert "<b>" not in page


def test_what_is_not_on_hold_and_what_is(trace, ledger_of):
    folder = ledger_of(ROWS)
    trace("report", "recall", "P:A", "-o", "r.html")
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert [line[9] for line in cells_of(page, "Affected") if line[0] == "Q:C"] == ["NO", "NO"]
    assert "Still there and not on hold: 2 lines of goods. Block: trace hold --recall P:A" in page
    assert trace("hold", "Q:C", "--disposition", "recalled").code == 0
    trace("report", "recall", "P:A", "-o", "r.html")
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert {line[9] for line in cells_of(page, "Affected") if line[0] == "Q:C"} == {"entry 8"}
    assert "not on hold" not in page


def test_a_gap_stands_in_a_box_at_the_top(trace, ledger_of):
    rows = ROWS + "2026-03-04T08:00:00Z,retail_selling,Q,C,30,kg,SHOP-1,,,,,\n"
    folder = ledger_of(rows)
    ran = trace("report", "recall", "P:A", "-o", "r.html", "--json")
    assert ran.answer["complete"] is False
    page = (folder / "r.html").read_text(encoding="utf-8")
    alert = re.search('<p class="alert" role="alert">(.*?)</p>', page)
    assert alert
    assert alert[1].startswith("NOT COMPLETE")
    assert page.index('class="alert"') < page.index("<svg")
    assert [row[0] for row in cells_of(page, "Gaps")] == ["out_of_nothing"]
    assert "NOT COMPLETE" in trace("report", "recall", "P:A", "-o", "r.xlsx").out


def test_mock_recalls_on_record_are_listed(trace, ledger_of):
    folder = ledger_of(ROWS)
    for lot in ("P:A", "P:B", "P:A"):
        assert trace("recall", lot, "--mock").code == 0
    ran = trace("report", "recall", "P:A", "-o", "r.html", "--json")
    assert ran.answer["mock_recalls"] == [10, 8]
    rows = cells_of((folder / "r.html").read_text(encoding="utf-8"), "Mock recalls on record")
    assert [(row[0], row[2]) for row in rows] == [("10", "P:A"), ("8", "P:A")]


def test_many_things_are_still_a_picture(trace, ledger_of):
    rows = "".join(
        f"2026-03-01T09:{at // 60:02d}:{at % 60:02d}Z,commissioning,P,A,1,kg,PLANT,,,,R{at},input\n"
        f"2026-03-01T09:{at // 60:02d}:{at % 60:02d}Z,commissioning,Q,C{at},1,kg,PLANT-{at},,,,R{at},output\n"
        for at in range(100)
    )
    folder = ledger_of(HEAD + "2026-03-01T08:00:00Z,commissioning,P,A,100,kg,PLANT,,,,,\n" + rows)
    assert trace("report", "recall", "P:A", "-o", "r.html").code == 0
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert len(cells_of(page, "Affected")) == 101
    assert page.count("<g>") <= 1 + 8 + 14
    assert "100 lots of Q" in page
    assert "87 more places" in page


def test_a_report_of_nothing_known_of_another_form_or_of_a_changed_entry(trace, sample, tamper):
    assert trace("report", "recall", "NOTHING", "-o", "r.html").code == 4
    assert trace("report", "recall", "99521234009019:Y26029-ROM", "-o", "r.pdf").code == 2
    tamper(sample / "ledger.db", 10726, b"PACK-YUMA", b"PACK-LIMA")
    assert trace("report", "recall", "99521234009019:Y26029-ROM", "-o", "r.html").code == 3
    assert not (sample / "r.html").exists()
