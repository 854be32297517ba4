# SPDX-License-Identifier: Apache-2.0
"""What changed since the last recorded answer to the same question."""

from datetime import UTC, datetime

import pytest

from trace_cli import since_last

HEAD = "time,step,item,product,lot,quantity,unit,place,to,promised\n"
ARRIVED = "".join(
    f"2026-01-{day:02d}T06:00Z,shipping,BOX-{day},,,,,DOCK,SHOP,2026-01-{day + 1:02d}T00:00Z\n"
    f"2026-01-{day:02d}T{12 + day % 5}:00Z,receiving,BOX-{day},,,,,SHOP,,\n"
    for day in range(1, 13)
)
MORE = (
    "2026-01-20T06:00Z,shipping,BOX-SLOW,,,,,DOCK,SHOP,2026-01-20T22:00Z\n"
    "2026-01-20T06:00Z,shipping,BOX-QUICK,,,,,DOCK,SHOP,2026-01-21T00:00Z\n"
    "2026-01-20T13:00Z,receiving,BOX-QUICK,,,,,SHOP,,\n"
    "2026-01-20T14:00Z,shipping,BOX-NEW,,,,,DOCK,SHOP,2026-01-21T00:00Z\n"
)


def names(items):
    return [item.rpartition("/")[2] for item in items]


@pytest.fixture
def site(ledger_of):
    return ledger_of(HEAD + ARRIVED + MORE)


def test_shipments_since_the_last_answer(trace, site):
    first = trace("eta", "--as-of", "2026-01-20T07:00Z", "--json").answer
    assert first["since"] is None
    second = trace("eta", "--as-of", "2026-01-20T21:00Z", "--json", "--no-record").answer["since"]
    assert (second["decision_seq"], second["as_of"]) == (first["decision_seq"], "2026-01-20T07:00:00Z")
    assert (names(second["ended"]), names(second["began"])) == (["BOX-QUICK"], ["BOX-NEW"])
    assert names(second["newly_late"]) == ["BOX-SLOW"]
    (later,) = second["later"]
    assert later["hours"] > 4
    text = " ".join(trace("eta", "--as-of", "2026-01-20T21:00Z", "--no-record").out.split())
    assert f"Since decision {first['decision_seq']} (as of 2026-01-20 07:00): 1 shipment ended; 1 shipment" in text
    assert "most of all BOX-SLOW by" in text


def test_another_question_or_an_earlier_moment_is_not_compared(trace, site):
    trace("eta", "--as-of", "2026-01-20T21:00Z", "--json")
    assert trace("eta", "--as-of", "2026-01-20T07:00Z", "--json", "--no-record").answer["since"] is None
    later = ("--as-of", "2026-01-20T22:00Z", "--json", "--no-record")
    assert trace("eta", "--place", "SHOP", *later).answer["since"] is None
    assert trace("eta", *later).answer["since"] is not None
    assert trace("bottlenecks", *later).answer["since"] is None


def test_places_since_the_last_answer(trace, site):
    first = trace("bottlenecks", "--period", "D", "--as-of", "2026-01-03", "--json").answer
    asked = ("--as-of", "2026-01-12", "--no-record")
    since = trace("bottlenecks", "--period", "D", *asked, "--json").answer["since"]
    assert since["decision_seq"] == first["decision_seq"]
    assert set(since) == {"decision_seq", "as_of", "new_alarms", "gone_alarms", "new_worst"}
    assert "Since decision" in trace("bottlenecks", "--period", "D", *asked).out
    assert trace("bottlenecks", "--period", "W", *asked, "--json").answer["since"] is None


@pytest.mark.parametrize(
    "output",
    [None, [], {"totals": {}}, {"columns": None}, {"columns": {"item": 5}}, {"columns": {"item": ["a"]}},
     {"columns": {"item": ["a"], "start_seq": [], "eta0.5": ["x"], "late_probability": [None]}}],
)  # fmt: skip
def test_a_decision_that_kept_no_such_rows_is_passed_over(output):
    assert since_last._rows(output, since_last._KEYS["eta"]) is None


def test_odd_cells_are_not_known():
    earlier = since_last.Earlier(
        7,
        datetime(2026, 1, 1, tzinfo=UTC),
        [{"item": "a", "start_seq": "x", "eta0.5": "soon", "late_probability": []}],
    )
    shipment = {"item": "a", "seq": 0, "late_probability": 0.9, "eta": {"p50": "2026-01-02T00:00:00Z"}}
    changes = since_last.eta_changes(earlier, [shipment])
    assert (changes["newly_late"], changes["later"], changes["ended"]) == (["a"], [], [])
