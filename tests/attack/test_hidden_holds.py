# SPDX-License-Identifier: Apache-2.0
"""Rows of a hold are deleted by somebody who can write the file: held goods are not shipped for all that."""

import sqlite3

import pytest

from ledger.custody.index import hold_probe

# What hides the hold of CRATE-9, by the tables that it is deleted from or changed in.
HOLD = "DELETE FROM d_hold"
MENTION = "DELETE FROM d_mention WHERE seq = 302"
EDITS = {
    "the hold": [HOLD],
    "the mention": [MENTION],
    "both": [HOLD, MENTION],
    "both and the thing": [HOLD, MENTION, "UPDATE d_thing SET uri = uri || 'x' WHERE uri LIKE '%CRATE-9'"],
    "the role": ["UPDATE d_mention SET role = 4097 WHERE seq = 302"],
    "the time": ["UPDATE d_mention SET time = time + 86400 WHERE seq = 302"],
}
SHIP = ("ship", "CRATE-9", "--to", "SHOP-1")


@pytest.fixture
def held(site, trace):
    assert trace("receive", "CRATE-9", "--from", "FARM-1").code == 0
    ran = trace("hold", "CRATE-9", "--reason", "sample", "--json")
    assert ran.code == 0
    assert trace("log", "-n", "1", "--json").answer["entries"][-1]["seq"] == 302
    return site


@pytest.mark.parametrize("name", EDITS)
def test_a_hold_whose_rows_are_edited_still_keeps_goods_back(held, trace, name):
    for statement in EDITS[name]:
        held.sql(statement)
    size = len(trace("log", "-n", "1000", "--json").answer["entries"])
    ran = trace(*SHIP)
    assert ran.code in (3, 5)
    assert "302" in ran.err
    assert "index rebuild" in ran.err or "on hold" in ran.err
    assert len(trace("log", "-n", "1000", "--json").answer["entries"]) == size
    assert trace("index", "rebuild").code == 0
    refused = trace(*SHIP)
    assert (refused.code, "on hold" in refused.err) == (5, True)


def test_a_release_that_is_hidden_is_told_too(held, trace):
    assert trace("release", "CRATE-9").code == 0
    held.sql("DELETE FROM d_hold WHERE seq = 303")
    assert trace(*SHIP).code == 3
    assert trace("index", "rebuild").code == 0
    assert trace(*SHIP).code == 0


def test_of_a_larger_log_the_newest_entries_are_searched(held, trace, monkeypatch):
    monkeypatch.setattr(hold_probe, "PROBED", 20)
    held.sql(HOLD)
    held.sql(MENTION)
    assert trace(*SHIP).code == 3


def test_a_sound_index_is_found_sound(held):
    with sqlite3.connect(held.path) as connection:
        size = connection.execute("SELECT count(*) FROM entry").fetchone()[0]
        assert hold_probe.find_missing_hold(connection, size) is None
    connection.close()
