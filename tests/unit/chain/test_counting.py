# SPDX-License-Identifier: Apache-2.0
"""Numbers with their nouns, and no other room that makes plurals by itself."""

import re
from pathlib import Path

import pytest

from ledger.chain.counting import counted, verb

ROOT = Path(__file__).parents[3]
BY_HAND = re.compile(r"""\{['"]['"] if [^{}]*== 1 else ['"](?:s|es|ies)['"]\}|else ['"]s['"]\}""")


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (0, "event", "0 events"),
        (1, "event", "1 event"),
        (2, "entry", "2 entries"),
        (1, "entry", "1 entry"),
        (12345, "entry", "12,345 entries"),
        (3, "day", "3 days"),
        (1, "series", "1 series"),
        (4, "series", "4 series"),
        (2, "box", "2 boxes"),
        (2, "wrong entry", "2 wrong entries"),
    ],
)
def test_counted(number, noun, told):
    assert counted(number, noun) == told


def test_verb():
    assert [verb(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]


def test_plurals_are_made_in_one_room():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for room in ("trace_cli", "ledger", "forecasting")
        for path in (ROOT / room).rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if BY_HAND.search(line)
    ]
    assert found == []
