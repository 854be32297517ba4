# SPDX-License-Identifier: Apache-2.0
"""Files that are read whole, packing lists and what `watch` remembers: hostile ones are refused in words."""

import pytest

LISTS = {
    "deep.json": "[" * 100_000,
    "endless.csv": "item\n" + "x" * 200_000 + "\n",
    "none.json": '{"items": [[]]}',
}
STATES = {
    "deep": '{"findings": ' + "[" * 100_000,
    "endless": '{"size": 1e400, "findings": [], "late": [], "queues": []}',
    "a list": "[]",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_hostile_packing_list_is_refused(site, trace, name):
    (site.folder / name).write_text(LISTS[name], encoding="utf-8")
    before = len(site.entries())
    ran = trace("receive", "BOX-01", "--from", "FARM-1", "--expect", name)
    assert (ran.code, name in ran.err) == (5, True)
    assert len(site.entries()) == before


@pytest.mark.parametrize("name", STATES)
def test_a_hostile_state_is_refused(site, trace, name):
    (site.folder / "state.json").write_text(STATES[name], encoding="utf-8")
    ran = trace("watch", "--once", "--state", "state.json")
    assert (ran.code, "no state of trace watch" in ran.err) == (5, True)
