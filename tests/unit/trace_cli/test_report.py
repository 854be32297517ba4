# SPDX-License-Identifier: Apache-2.0
"""Reports of provenance: the same things, links and gaps as `back` and `forward`, escaped, without a network."""

import re

import pytest

HEAD = "time,step,product,lot,quantity,unit,place\n"


@pytest.mark.parametrize(
    ("direction", "item"), [("back", "9521234000037:P26030-MIX"), ("forward", "99521234009019:Y26029-ROM")]
)
def test_a_report_holds_what_was_found(trace, sample, direction, item):
    openpyxl = pytest.importorskip("openpyxl")
    found = trace(direction, item, "--json").answer
    for name in ("r.html", "r.xlsx"):
        ran = trace("report", "provenance", item, "--direction", direction, "-o", name, "--json")
        assert (ran.code, ran.answer["complete"]) == (0, found["complete"])
    book = openpyxl.load_workbook(sample / "r.xlsx")
    sizes = [len(found[key]) for key in ("nodes", "links", "balance", "gaps")]
    assert [sheet.max_row - 1 for sheet in book] == sizes
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    # A workbook is read by programs, a page by people.
    units = {
        cell.value for sheet in book for column in sheet.columns if column[0].value == "Unit" for cell in column
    }
    page = (sample / "r.html").read_text(encoding="utf-8")
    assert "KGM" in units
    assert "<td>kg</td>" in page
    assert "KGM" not in page
    assert len(re.findall("<tr>", page)) == sum(sizes) + sum(1 for size in sizes if size)
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_texts_in_a_report_are_never_markup(trace, ledger_of):
    folder = ledger_of(HEAD + "2026-03-01T08:00:00Z,commissioning,P,L1,10,kg,<img src=x>\n")
    assert trace("report", "provenance", "P:L1", "-o", "r.html").code == 0
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert "&lt;img src=x&gt;" in page
    assert "<img" not in page


def test_a_report_of_nothing_known_or_in_another_form(trace, sample, tamper):
    assert trace("report", "provenance", "NOTHING", "-o", "r.html").code == 4
    assert trace("report", "provenance", "9521234000037:P26030-MIX", "-o", "r.pdf").code == 2
    tamper(sample / "ledger.db", 10726, b"PACK-YUMA", b"PACK-LIMA")
    assert trace("report", "provenance", "9521234000037:P26030-MIX", "-o", "r.html").code == 3
    assert not (sample / "r.html").exists()
