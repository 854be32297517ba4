# SPDX-License-Identifier: Apache-2.0
"""kill -9 wherever a command touches a file or the database: a step was made whole or not at all.

The child is killed at the n-th event that Python's audit hooks report (PEP 578: files, renames, locks, the
database), so every point between two of them is tried, which no clock could promise.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from ledger.chain.entry import parse_entry
from tests.attack.conftest import CONTACT, Site
from trace_cli.main import run

WATCHED = ("open", "os.", "sqlite3.", "fcntl.", "shutil.")
POINTS = 6  # of each command, spread over all of its events


def killed_at(count, arguments, counted=None):
    """Run a command in a child that dies at an event, or counts them into a file; tell whether it was killed."""
    child = os.fork()
    if not child:
        seen = 0

        def hook(event, args):
            nonlocal seen
            # Modules are opened, too; what counts is what the command does to files of the site and its home.
            if event.startswith(WATCHED) and not (event == "open" and str(args[0]).endswith((".py", ".pyc"))):
                seen += 1
                if seen == count:
                    os.kill(os.getpid(), signal.SIGKILL)

        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        sys.addaudithook(hook)
        try:
            run([str(argument) for argument in arguments])
        finally:
            if counted is not None:
                counted.write_text(str(seen))
            os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.fixture
def attempts(site, trace, tmp_path, monkeypatch):
    """Kill a command at points all over it, each time in a copy of the site; give each copy."""

    def call(*arguments):
        begun = tmp_path / "begun"
        shutil.copytree(site.folder, begun)
        monkeypatch.chdir(tmp_path)

        def fresh(number):
            folder = tmp_path / f"try{number}"
            shutil.copytree(begun, folder)
            monkeypatch.setenv("TRACE_HOME", str(folder / "home"))
            monkeypatch.chdir(folder)
            return Site(folder)

        fresh(0)
        assert trace(*arguments).code in (0, 5)  # which loads what the child needs
        counted = tmp_path / "counted"
        fresh(1)
        killed_at(0, arguments, counted)
        events = int(counted.read_text())
        died = 0
        for number in range(2, POINTS + 2):
            copy = fresh(number)
            # The end of a command is where it writes, so most points lie there.
            died += killed_at(events - int((events - 1) * ((number - 2) / POINTS) ** 2), arguments)
            yield copy
            shutil.rmtree(copy.folder)
        assert died >= POINTS - 2

    return call


def kinds(copy):
    return [parse_entry(data).kind for data in copy.entries()[301:]]


def is_sound(trace):
    assert trace("verify", "--json").answer["verdict"] == "ok"
    assert trace("index", "check").code == 0


def test_a_case_is_opened_with_its_hold_or_not(attempts, trace):
    for copy in attempts("suspect", "BOX-07", "--reason", "odd"):
        assert kinds(copy) in ([], ["event", "case"])
        is_sound(trace)
        for case in trace("case", "list", "--all", "--json").answer["cases"]:
            assert "(unchanged)" in trace("case", "show", case["case"]).out
        assert trace("suspect", "BOX-07", "--reason", "odd").code == 0


@pytest.mark.parametrize("how", ["dismiss", "confirm"])
def test_a_case_is_closed_with_its_release_or_not(attempts, trace, how):
    case = trace("suspect", "BOX-07", "--reason", "odd", "--json").answer["case"]
    for copy in attempts(how, case, "--reason", "seen"):
        made = kinds(copy)[2:]
        assert made in ([], ["event", "case"] if how == "dismiss" else ["case"])
        is_sound(trace)
        held = trace("check", "BOX-07", "--json").answer["verdict"] == "held"
        assert held == (not made or how == "confirm")
        assert trace(how, case, "--reason", "seen").code == (5 if made else 0)


def test_a_value_is_erased_with_its_entry_or_not(attempts, trace):
    secret = CONTACT.format(10).encode()
    for copy in attempts("erase", 10, "--field", "contact", "--reason", "asked"):
        is_sound(trace)
        erased = kinds(copy) == ["erase"]
        assert kinds(copy) in ([], ["erase"])
        held = [data for (data,) in copy.sql("SELECT data FROM attachment")]
        assert any(secret in data for data in held) == (not erased)
        # What a kill left in free pages and journals goes with the command that is run again.
        assert trace("erase", 10, "--field", "contact", "--reason", "asked").code == 0
        files = [path.read_bytes() for path in copy.folder.rglob("*") if path.is_file()]
        assert not any(secret in data for data in files)


@pytest.mark.parametrize(
    "command",
    [("key", "rotate"), ("recover", "--new-key", "--reason", "lost"), ("place", "add", "D", "--name", "X")],
)
def test_who_goes_on_afterwards_finds_the_ledger_in_order(attempts, trace, command):
    for copy in attempts(*command):
        assert len(kinds(copy)) <= 1
        assert trace("scan", "BOX-99", "--step", "receiving", "--place", "D1").code == 0
        is_sound(trace)
        left = [path.name for path in Path("home").rglob("*") if path.suffix in (".new", ".next")]
        assert trace(*command).code in (0, 5), left
        is_sound(trace)
