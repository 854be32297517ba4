# SPDX-License-Identifier: Apache-2.0
"""What contradicts an event: each word with a history that asks for it, and with one that does not."""

import json

import pytest

SHIP = ("ship", "BOX-1", "--place", "DC")
MADE = ("commission", "BOX-1", "--place", "DC")
LOT = "LETTUCE:24A"


@pytest.fixture
def done(ledger_of, trace):
    """Records a history, and gives back how one more command ends."""
    ledger_of()

    def run(*history, then):
        for words in history:
            assert trace(*words).code == 0, words
        return trace(*then, "--json")

    return run


CASES = {
    "exists": ([MADE], MADE, 1),
    "gone, destroyed": ([MADE, ("dispose", "BOX-1", "--place", "DC")], SHIP, 2),
    "gone, sold": ([MADE, ("record", "BOX-1", "--step", "retail_selling", "--place", "DC")], SHIP, 2),
    "gone, used up": ([MADE, ("transform", "--input", "BOX-1", "--out", "BOX-2")], SHIP, 2),
    "shipped": ([MADE, (*SHIP, "--to", "STORE")], SHIP, 2),
    "shipped in its pallet": (
        [MADE, ("pack", "BOX-1", "--into", "PAL", "--place", "DC"), ("ship", "PAL", "--place", "DC")],
        SHIP,
        3,
    ),
    "not_here": ([MADE], ("ship", "BOX-1", "--place", "STORE"), 1),
    "not_here, packing": ([MADE], ("pack", "BOX-1", "--into", "PAL", "--place", "STORE"), 1),
    "not_here, used up": ([MADE], ("transform", "--input", "BOX-1", "--out", "B", "--place", "STORE"), 1),
    "held": ([MADE, ("inspect", "BOX-1", "--disposition", "non_conformant", "--place", "DC")], SHIP, 2),
    "held, recalled lot": (
        [("commission", f"{LOT}=9kg", "--place", "DC"), ("record", LOT, "--step", "holding", "--place", "DC")],
        ("ship", f"{LOT}=1kg", "--place", "DC"),
        2,
    ),
    "expired": ([(*MADE, "--expiry", "2020-01-31")], SHIP, 1),
    "owner": (
        [("receive", "BOX-1", "--place", "DC", "--party", "acme")],
        (*SHIP, "--party", "smith"),
        1,
    ),
    "too_much": ([("commission", f"{LOT}=40kg", "--place", "DC")], ("ship", f"{LOT}=41kg", "--place", "DC"), 1),
    "too_much, used up": (
        [("commission", f"{LOT}=40kg", "--place", "DC"), ("ship", f"{LOT}=30kg", "--place", "DC")],
        ("transform", "--input", f"{LOT}=11kg", "--out", "MIX:1=11kg", "--place", "DC"),
        2,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_contradiction_is_refused_with_its_event(done, trace, name):
    history, then, seq = CASES[name]
    ran = done(*history, then=then)
    assert ran.code == 5
    found = ran.answer["contradicts"]
    assert (found["word"], found["seq"]) == (name.partition(",")[0].split()[0], seq)
    assert f"entry {seq}" in ran.answer["error"]["message"]
    before = trace("log", "--json").answer["size"]
    assert trace(*then, "--dry-run").code == 5
    assert trace(*then, "--anyway", "the label was wrong").code == 0
    assert trace("log", "--json").answer["size"] == before + 1


CONSISTENT = {
    "shipped, received, shipped on": (
        [MADE, SHIP, ("receive", "BOX-1", "--place", "STORE")],
        ("ship", "BOX-1", "--place", "STORE"),
    ),
    "never seen before": ([], SHIP),
    "held and released": (
        [MADE, ("inspect", "BOX-1", "--disposition", "non_conformant"), ("inspect", "BOX-1")],
        SHIP,
    ),
    "held goods may be destroyed": (
        [MADE, ("record", "BOX-1", "--step", "holding")],
        ("dispose", "BOX-1", "--place", "DC"),
    ),
    "expired goods may be destroyed": ([(*MADE, "--expiry", "2020-01-31")], ("dispose", "BOX-1", "--place", "DC")),
    "expiry to come": ([(*MADE, "--expiry", "2199-01-31")], SHIP),
    "seen elsewhere, then handled there": (
        [MADE, ("record", "BOX-1", "--step", "storing", "--place", "BAY")],
        ("ship", "BOX-1", "--place", "BAY"),
    ),
    "its owner": ([("receive", "BOX-1", "--place", "DC", "--party", "acme")], (*SHIP, "--party", "acme")),
    "all there is": ([("commission", f"{LOT}=40kg", "--place", "DC")], ("ship", f"{LOT}=40kg", "--place", "DC")),
    "an amount in another unit": (
        [("commission", f"{LOT}=40kg", "--place", "DC")],
        ("ship", f"{LOT}=99lb", "--place", "DC"),
    ),
    "a lot never counted here": ([], ("ship", f"{LOT}=99kg", "--place", "DC")),
    "before it was shipped": (
        [MADE, (*SHIP, "--at", "2199-01-01T00:00:00Z")],
        ("inspect", "BOX-1", "--place", "DC"),
    ),
    "received twice": ([("receive", "BOX-1", "--place", "DC")], ("receive", "BOX-1", "--place", "DC")),
}


@pytest.mark.parametrize("name", CONSISTENT)
def test_what_can_be_is_recorded(done, trace, name):
    history, then = CONSISTENT[name]
    for words in history:
        assert trace(*words).code == 0, words
    size = trace("log", "--json").answer["size"]
    dry = trace(*then, "--dry-run", "--json")
    assert dry.code == 0
    assert len(dry.answer["would_record"]) == 1
    assert trace("log", "--json").answer["size"] == size
    assert done(then=then).code == 0


def test_imports_are_never_judged(ledger_of, trace):
    rows = "time,step,item,place\n2026-03-01T00:00:00Z,shipping,BOX-1,DC\n2026-03-02T00:00:00Z,shipping,BOX-1,DC\n"
    ledger_of(rows)
    assert trace("log", "--json").answer["size"] == 3
    assert trace("ship", "BOX-1", "--place", "DC").code == 5


def test_why_it_was_recorded_anyway_is_kept(done, trace):
    ran = done(MADE, SHIP, then=(*SHIP, "--anyway", "second label"))
    event = trace("show", ran.answer["recorded"][0]["event_id"], "--json").answer
    assert event["body"]["trace:anyway"] == "second label"


def test_a_scan_is_judged_too(ledger_of, trace):
    ledger_of()
    assert trace(*MADE).code == trace(*SHIP).code == 0
    ran = trace("scan", "BOX-1", "--step", "shipping", "--place", "DC", "--json")
    assert ran.code == 5
    assert json.loads(ran.out.splitlines()[-1])["contradicts"]["word"] == "shipped"


def test_nothing_named_and_nobody_to_ask(ledger_of, trace):
    ledger_of()
    for verb in ("ship", "receive", "inspect", "dispose", "commission"):
        assert trace(verb, "--no-input").code == 2


def test_codes_are_completed_from_the_index(ledger_of, trace, monkeypatch):
    from trace_cli.completion import find_codes

    folder = ledger_of()
    assert trace("commission", "BOX 1", "BOX-2", "--place", "DOCK-3").code == 0
    assert trace("commission", "LETTUCE:24A=4kg", "9521234000037=2", "--place", "DOCK-4").code == 0
    env = {"TRACE_LEDGER": str(folder)}
    assert find_codes(("loc",), "DO", env) == ["DOCK-3", "DOCK-4"]
    assert find_codes(("loc",), "DOCK-4", env) == ["DOCK-4"]
    assert find_codes(("obj",), "BOX", env) == ["BOX 1", "BOX-2"]
    assert find_codes(("lot",), "LETT", env) == ["LETTUCE:24A"]
    assert find_codes(("class",), "0952", env) == ["09521234000037"]
    assert find_codes(("obj",), "%_", env) == []
    assert find_codes(("loc",), "DO", {"TRACE_LEDGER": str(folder / "nowhere")}) == []
