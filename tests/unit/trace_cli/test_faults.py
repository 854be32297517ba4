# SPDX-License-Identifier: Apache-2.0
"""Each fault has its exit code, says what happened, and is JSON where JSON was asked for."""

import json
from decimal import Decimal

import pytest

from ledger.chain import errors
from trace_cli.errors import CommandError
from trace_cli.exit_codes import MEANING, ExitCode
from trace_cli.faults import exit_code_of, report
from trace_cli.formats.answer import to_json
from trace_cli.progress import Progress

TABLE = [
    (errors.Refused("x"), 5),
    (errors.BadJson("x"), 5),
    (errors.Missing("x"), 6),
    (errors.Locked("x"), 6),
    (errors.NotALedger("x"), 6),
    (errors.TooNew("x"), 6),
    (errors.Unreadable("x"), 6),
    (errors.KeyUnavailable("x"), 7),
    (errors.Untrue("x", seq=7), 3),
    (errors.RolledBack("x"), 3),
    (CommandError(ExitCode.NOT_FOUND, "x"), 4),
    (RuntimeError("x"), 1),
]


@pytest.mark.parametrize(("error", "code"), TABLE, ids=lambda value: type(value).__name__)
def test_exit_codes(error, code, capsys):
    assert exit_code_of(error) == code
    assert report(error, as_json=True) == code
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema"], answer["error"]["code"]) == ("trace.error/1", code)
    assert "x" in answer["error"]["message"]
    assert answer["error"].get("first_bad_seq") == (7 if getattr(error, "seq", None) else None)
    assert report(error, as_json=False) == code
    written = capsys.readouterr()
    assert (written.out, written.err.startswith("trace: ")) == ("", True)


def test_every_fault_of_the_ledger_has_a_code_of_its_own():
    waiting = [errors.LedgerError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind is not errors.LedgerError:
            assert exit_code_of(kind.__new__(kind)) is not ExitCode.FAILURE


def test_every_code_is_explained():
    assert set(MEANING) == set(ExitCode)
    assert sorted(ExitCode) == [0, 1, 2, 3, 4, 5, 6, 7, 130]


def test_remedies_are_told(capsys):
    report(errors.Refused("what", remedy="do that"), as_json=False)
    assert capsys.readouterr().err == "trace: what\n  mend: do that\n"


def test_an_answer_that_there_is_even_so(capsys):
    report(CommandError(ExitCode.NOT_FOUND, "x", answer={"schema": "trace.history/1", "events": []}), as_json=True)
    assert json.loads(capsys.readouterr().out)["events"] == []


def test_nothing_in_a_message_can_draw_on_the_terminal(capsys):
    report(errors.Refused("a\x1b[31mb\u202ec"), as_json=False)
    assert capsys.readouterr().err == "trace: a\\u001b[31mb\\u202ec\n"


def test_progress_of_short_work_is_silent(capsys):
    with Progress("working") as progress:
        for number in range(100):
            progress.step(number, 100)
    assert capsys.readouterr().err == ""


def test_progress_elsewhere_than_on_a_terminal_is_a_line_a_tenth(capsys, monkeypatch):
    moment = iter(range(10_000))
    monkeypatch.setattr("trace_cli.progress.time.monotonic", lambda: float(next(moment)))
    with Progress("working") as progress:
        for number in range(1, 101):
            progress.step(number, 100)
        progress.say("thinking")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [*(f"working: {tenth * 10} {tenth * 10} %" for tenth in range(1, 11)), "thinking ..."]
    with Progress("working", quiet=True) as progress:
        progress.step(5, 10)
        progress.say("thinking")
    assert capsys.readouterr().err == ""


def test_numbers_are_written_as_they_were_recorded():
    exact = Decimal("12345678901234567890.123456789")
    assert to_json({"a": [exact, Decimal("-0.5"), 7], "b": "-0.5"}) == (
        '{"a": [12345678901234567890.123456789, -0.5, 7], "b": "-0.5"}'
    )
    with pytest.raises(TypeError):
        to_json({"a": object()})
