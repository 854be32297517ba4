# SPDX-License-Identifier: Apache-2.0
"""One thing under every spelling of its key: it is recorded as received and found under each."""

import sqlite3

import pytest

GTIN = "09521234543213"
URN = "urn:epc:id:sgtin:9521234.054321.S-1"
SPELLINGS = (
    URN,
    f"https://id.gs1.org/01/{GTIN}/21/S-1",
    f"https://shop.example/x/01/{GTIN}/21/S%2d1?17=271231",
    f"(01){GTIN}(21)S-1",
    f"]C101{GTIN}21S-1",
)


@pytest.fixture
def recorded(site):
    site.good("record", URN, "--step", "holding", "--place", "DOCK-1")
    site.good("scan", f"]d201{GTIN}21S-1", "--step", "inspecting", "--place", "DOCK-1")
    return site


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_history_under_every_spelling(recorded, spelling):
    answer = recorded.good("history", spelling, "--json").answer
    assert [event["seq"] for event in answer["events"]] == [1, 2]
    assert answer["item"] == f"https://id.gs1.org/01/{GTIN}/21/S-1"
    body = recorded.good("show", "1", "--json").answer["body"]
    assert body["epcList"] == [URN]


def test_what_the_index_leaves_out_is_found_under_another_spelling(recorded):
    """The entry holds a URN, the question a Digital Link."""
    connection = sqlite3.connect(recorded.ledger)
    with connection:
        connection.execute("DELETE FROM d_mention WHERE seq = 1")
    connection.close()
    answer = recorded.good("history", SPELLINGS[1], "--json").answer
    assert [event["seq"] for event in answer["events"]] == [1, 2]
    assert answer["warnings"]
