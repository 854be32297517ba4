# SPDX-License-Identifier: Apache-2.0
"""Text of a ledger inside pages and pictures."""

import io
import sys

import pytest

from trace_cli.formats.answer import safe
from trace_cli.formats.markup import inert
from trace_cli.formats.report_page import report_page


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
