# SPDX-License-Identifier: Apache-2.0
"""The page of a report: headings stand over their numbers, and sentences have room on a narrow screen."""

import re
from dataclasses import dataclass
from typing import Any

from trace_cli.formats.report_page import report_page


@dataclass(frozen=True)
class Sheet:
    title: str
    head: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def test_a_heading_is_set_as_what_stands_below_it():
    rows = [("DOCK", 3, None, None), ("4", 5, 1.5, None)]
    page = report_page("R", [], [Sheet("T", ("place", "came", "hours", "nothing"), rows)])
    assert re.findall(r"<th( [^>]*)?>(\w+)</th>", page) == [
        ("", "place"),
        (' class="number"', "came"),
        (' class="number"', "hours"),
        ("", "nothing"),
    ]


def test_a_sentence_is_told_from_a_word():
    page = report_page("R", [], [Sheet("T", ("why",), [("word",), ("more words than fit " * 5,)])])
    assert page.count('<td class="words">') == 1
    assert "<td>word</td>" in page
