# SPDX-License-Identifier: Apache-2.0
"""Rows of a case or a hold are deleted, so that the operator who closes another case would free the goods."""

import pytest

THING = "BOX-07"


@pytest.fixture
def suspect(site, trace):
    """Two cases about one thing: the number of the first; the second keeps the thing on hold."""
    first = trace("suspect", THING, "--reason", "seal broken", "--json").answer["case"]
    second = trace("suspect", THING, "--reason", "seen twice", "--json").answer["case"]
    return site, first, second


def close(trace, number):
    return trace("dismiss", number, "--reason", "a new seal")


def test_a_sound_index_keeps_the_thing_on_hold(suspect, trace):
    _, first, second = suspect
    ran = close(trace, first)
    assert (ran.code, f"case {second}" in ran.out) == (0, True)
    assert trace("ship", THING, "--to", "SHOP-1").code == 5


@pytest.mark.parametrize("table", ["d_kind", "d_hold", "d_mention"])
def test_a_hidden_case_or_hold_is_told_and_nothing_is_released(suspect, trace, table):
    site, first, second = suspect
    if table == "d_kind":
        site.sql(f"DELETE FROM d_kind WHERE kind = 'case' AND seq = {second}")
    else:
        site.sql(f"DELETE FROM {table} WHERE seq = (SELECT max(seq) FROM d_hold)")
    before = len(site.entries())
    ran = close(trace, first)
    assert (ran.code, "trace index rebuild" in ran.err) == (3, True)
    assert len(site.entries()) == before
    assert trace("index", "rebuild").code == 0
    assert close(trace, first).code == 0
    assert trace("ship", THING, "--to", "SHOP-1").code == 5


def test_a_hidden_case_is_told_before_its_thing_is_released_by_hand(suspect, trace):
    site, _, _ = suspect
    site.sql("DELETE FROM d_kind WHERE kind = 'case'")
    before = len(site.entries())
    ran = trace("release", THING)
    assert ran.code != 0
    assert len(site.entries()) == before
