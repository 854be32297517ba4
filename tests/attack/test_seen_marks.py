# SPDX-License-Identifier: Apache-2.0
"""Rows of holds, cases and keys are deleted deep in a log that is too large to be searched whole each time."""

import json

import pytest

from ledger.chain.home import place_of
from ledger.custody.index import seen_marks

ORIGIN = "acme.example/dc1"
SHIP = ("ship", "CRATE-9", "--to", "SHOP-1")
HIDE = ["DELETE FROM d_hold", "DELETE FROM d_mention WHERE seq = 302"]
MORE = "time,step,item,place\n" + "".join(
    f"2026-03-05T{n // 60:02}:{n % 60:02}:00Z,holding,MORE-{n},D1\n".replace("holding", "inspecting")
    for n in range(300)
)


@pytest.fixture
def deep(site, trace, searches_little):
    """A hold at entry 302, 300 entries behind it, and a program that would search 20 of them."""
    assert trace("receive", "CRATE-9", "--from", "FARM-1").code == 0
    assert trace("hold", "CRATE-9", "--reason", "sample").code == 0
    (site.folder / "more.csv").write_text(MORE, encoding="utf-8")
    assert trace("import", "more.csv").code == 0
    return site


def kept(site):
    return place_of(site.folder / "home", "pins", ORIGIN, ".marks")


def hide(site):
    for statement in HIDE:
        site.sql(statement)


@pytest.mark.parametrize("first", ["index check", "ship MORE-1 --to X", "suspect MORE-2 --reason odd"])
def test_what_was_seen_once_is_hidden_from_nobody(deep, trace, first):
    trace(*first.split())
    hide(deep)
    ran = trace(*SHIP)
    assert (ran.code, "302" in ran.err, "index rebuild" in ran.err) == (3, True, True)
    assert trace("index", "rebuild").code == 0
    ran = trace(*SHIP)
    assert (ran.code, "on hold" in ran.err) == (5, True)


def test_what_was_not_seen_yet_is_looked_at_before_anything_is_passed_on(deep, trace):
    hide(deep)
    assert trace(*SHIP).code == 3


def test_a_large_log_is_caught_up_with_bit_by_bit(deep, trace, monkeypatch):
    monkeypatch.setitem(seen_marks.see_marks.__kwdefaults__, "most", 140)
    hide(deep)
    codes = [trace("ship", f"MORE-{number}", "--to", "X").code for number in range(4)]
    assert codes == [0, 0, 3, 3]


def test_a_hidden_case_is_told_though_it_lies_deep(deep, trace):
    case = trace("suspect", "BOX-07", "--reason", "odd", "--json").answer["case"]
    other = trace("suspect", "BOX-07", "--reason", "odd", "--json").answer["case"]
    more = MORE.replace("MORE", "LAST")
    (deep.folder / "last.csv").write_text(more, encoding="utf-8")
    assert trace("import", "last.csv").code == 0
    deep.sql(f"DELETE FROM d_kind WHERE kind = 'case' AND seq = {other}")
    before = len(deep.entries())
    ran = trace("dismiss", case, "--reason", "nothing")
    assert (ran.code, "index rebuild" in ran.err) == (3, True)
    assert len(deep.entries()) == before


def test_a_rotation_that_lies_deep_is_known_from_what_was_seen(deep, trace):
    from ledger.chain.storage.sqlite import SqliteStorage
    from trace_cli.context import find_site

    assert trace("key", "rotate").code == 0
    assert trace("index", "check").code == 0
    deep.sql("DELETE FROM d_kind WHERE kind = 'key'")
    store = SqliteStorage(deep.path, writable=False)
    with store.snapshot() as view:
        assert find_site(None).key_seqs(view) == [0, 603]
    store.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"note": "", "upto": 600, "holds": [], "cases": [], "keys": []}',
        '{"note": "x", "upto": 600, "holds": [], "cases": [], "keys": []}',
    ],
)
def test_a_list_that_is_none_is_begun_anew(deep, trace, text):
    trace("index", "check")
    kept(deep).write_text(text, encoding="utf-8")
    hide(deep)
    assert trace(*SHIP).code == 3


def test_a_list_of_another_history_is_begun_anew(deep, trace):
    """Of a log with the same name that has no hold at 302."""
    from ledger.chain.checkpoint import Checkpoint, sign_checkpoint
    from ledger.chain.keys import load_key

    note = sign_checkpoint(Checkpoint(ORIGIN, 600, bytes(32)), load_key(deep.folder / "home", ORIGIN).signers)
    told = {"note": note, "upto": 600, "holds": [], "cases": [], "keys": []}
    trace("index", "check")
    kept(deep).write_text(json.dumps(told), encoding="utf-8")
    hide(deep)
    assert trace(*SHIP).code == 3


def test_an_entry_that_was_changed_before_it_was_seen_is_told(deep, trace):
    deep.sql(
        "UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), 'BOX-01', 'BOX-02') AS BLOB) WHERE seq = 41"
    )
    ran = trace("ship", "MORE-1", "--to", "X")
    assert (ran.code, "41" in ran.err or "signed" in ran.err) == (3, True)


def test_what_was_seen_is_readable_by_its_owner_alone(deep, trace):
    trace("index", "check")
    assert kept(deep).stat().st_mode & 0o777 == 0o600
    seen, _ = seen_marks.load_marks(deep.folder / "home", ORIGIN)
    assert (seen.upto, seen.holds, seen.cases, seen.keys) == (603, seen.holds, (), (0,))
    assert 302 in seen.holds
