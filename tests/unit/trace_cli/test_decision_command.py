# SPDX-License-Identifier: Apache-2.0
from decimal import Decimal

import pytest

from trace_cli.reports.decision import plain


@pytest.fixture
def decided(trace, sample) -> int:
    """The number of a recorded decision."""
    return trace("forecast", "--model", "naive", "--json").answer["decision_seq"]


def test_decisions_are_listed(trace, decided):
    trace("bottlenecks")
    answer = trace("decision", "list", "--json").answer
    assert answer["schema"] == "trace.decision-list/1"
    first, second = answer["decisions"]
    assert set(first) == {"seq", "recorded", "by", "command", "model", "as_of", "size"}
    assert (first["seq"], first["command"], first["model"], first["size"]) == (
        decided,
        "forecast",
        "naive",
        decided,
    )
    assert first["as_of"] == second["as_of"]
    assert second["command"] == "bottlenecks"
    text = trace("decision", "list").out
    assert "planner-1" in text
    assert max(map(len, text.splitlines())) <= 80


def test_an_empty_list_is_a_list(trace, ledger_of):
    ledger_of()
    assert trace("decision", "list", "--json").answer["decisions"] == []
    assert "No decision" in trace("decision", "list").out


def test_a_decision_is_shown(trace, decided):
    answer = trace("decision", "show", decided, "--json").answer
    assert set(answer) == {"schema", "seq", "recorded", "by", "body"}
    assert answer["schema"] == "trace.decision/1"
    assert {
        "checkpoint",
        "selection",
        "data_digest",
        "model",
        "parameters",
        "versions",
        "seed",
        "output_digest",
    } <= set(answer["body"])
    text = trace("decision", "show", decided).out
    assert text.startswith(f"Decision {decided}, recorded ")
    assert answer["body"]["output_digest"] in text


@pytest.mark.parametrize("seq", [0, 5, 999_999])
def test_what_is_no_decision_is_not_found(trace, sample, seq):
    ran = trace("decision", "show", seq, "--json")
    assert ran.code == 4
    assert ran.answer["error"]["remedy"] == "trace decision list"


def test_a_decision_that_was_changed_is_not_shown(trace, sample, decided, tamper):
    tamper(sample / "ledger.db", decided, b'"seed":0', b'"seed":1')
    for arguments in (("decision", "list"), ("decision", "show", decided)):
        ran = trace(*arguments)
        assert (ran.code, ran.out) == (3, "")
        assert f"entry {decided}" in ran.err


def test_decimal_numbers_become_numbers():
    body = {"a": [Decimal("1.5"), Decimal(2), "0.1"], "b": None}
    assert plain(body) == {"a": [1.5, 2, "0.1"], "b": None}
    assert type(plain(Decimal(2))) is int
