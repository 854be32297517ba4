# SPDX-License-Identifier: Apache-2.0
"""Text of a ledger inside pages and pictures."""

import csv
import io
import sys
import zipfile

import pytest

from trace_cli.formats.answer import safe
from trace_cli.formats.csv_text import csv_text
from trace_cli.formats.markup import inert
from trace_cli.formats.report_page import report_page
from trace_cli.formats.tabular import Table
from trace_cli.formats.workbook import write_workbook


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "</title><b>", 'a" onload="x', "a' onload='x", "&lt;"]
)
def test_no_text_is_markup(text):
    for char in "<>\"'":
        assert char not in inert(text)
    assert inert("&lt;") == "&amp;lt;"


def test_what_hides_or_turns_text_is_spelt_out():
    assert inert("lot\u202e42\x1b[0m") == r"lot\u202e42\u001b[0m"


def test_a_page_has_every_letter_whatever_the_terminal_can_show(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert safe("Müller 日本") == r"M\xfcller \u65e5\u672c"
    assert "Müller 日本" in report_page("Recall", ["Müller 日本"], [])


@pytest.mark.parametrize("sign", "=+-@\t\r\n＝＋－＠")
def test_no_cell_of_a_table_is_a_formula(sign):
    written = csv_text([f"{sign}head"], [[f"{sign}SUM(1)"]])
    rows = list(csv.reader(io.StringIO(written, newline="")))
    shown = "\\u000d" if sign == "\r" else sign
    assert rows == [[f"'{shown}head"], [f"'{shown}SUM(1)"]]


@pytest.mark.parametrize("char", ["\r", "\x0b", "\x85", "\x00", "\x1b", "\u2028"])
def test_no_cell_begins_a_row_of_its_own(char):
    """Excel and others end a row at a lone carriage return, which RFC 4180 leaves unquoted."""
    written = csv_text(["lot", "n"], [[f"a{char}=SUM(1)", 1]])
    assert written == f"lot,n\na\\u{ord(char):04x}=SUM(1),1\n"


@pytest.mark.parametrize("char", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_no_cell_of_a_table_turns_what_is_read(char, tmp_path):
    text = f"lot{char}24"
    spelt = f"lot\\u{ord(char):04x}24"
    assert spelt in csv_text(["lot"], [[text]])
    write_workbook(tmp_path / "t.xlsx", [Table("T", ("lot",), [(text,), ("\u200cname",)])])
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert spelt in sheet
    assert char not in sheet
    assert "\u200cname" in sheet  # which some scripts need
