# SPDX-License-Identifier: Apache-2.0
"""Files that are named and wrong: which, why, what was meant, and a command to paste that makes a right one."""

import shlex
import subprocess

import pytest
import typer
from typer.models import TyperPath

from trace_cli.app import make_app
from trace_cli.named_files import EXAMPLES, OUTPUT

# How each option is tried; {} is the file. `demand.csv` is there, as --future needs it.
TRIED = {
    "--map": "import rows.csv --map {} --dry-run",
    "--series": "forecast --series {} --freq W --horizon 1",
    "--future": "forecast --series demand.csv --future {} --freq W --horizon 1",
    "--expect": "receive BOX-1 --place DOCK-3 --expect {}",
    "--against": "check BOX-1 --against {}",
    "--places": "anomalies --places {} --no-record",
    "--lots": "anomalies --lots {} --no-record",
}
WRONG = {"empty": b"", "binary": b"\x00\x01\xff\xfe" * 40, "another table": b"alpha,beta\n1,2\n"}
ROWS = "time,step,item,place\n2026-03-01T08:00:00Z,receiving,BOX-1,DOCK-3\n"


@pytest.fixture
def folder(ledger_of):
    made = ledger_of(ROWS)
    (made / "demand.csv").write_text("unique_id,ds,y\nSALAD,2026-03-02,12\n", encoding="utf-8")
    return made


def options_that_read():
    found = {}

    def walk(command, words):
        for name, below in getattr(command, "commands", {}).items():
            walk(below, (*words, name))
        for one in command.params:
            if isinstance(one.type, TyperPath) and one.opts[0].startswith("--"):
                found.setdefault(one.opts[0], []).append(words)

    walk(typer.main.get_command(make_app()), ())
    return found


def test_every_option_that_reads_a_file_is_known():
    others = {OUTPUT, "--ledger", "--old", "--state", "--policy"}
    assert set(options_that_read()) - others == set(EXAMPLES)


@pytest.mark.parametrize("option", TRIED)
def test_a_file_that_is_not_there_is_named_with_the_one_that_was_meant(trace, folder, option):
    (folder / "delivery-7.csv").write_text("x\n")
    ran = trace(*shlex.split(TRIED[option].format("delivery7.csv")))
    assert (ran.code, "delivery7.csv: there is no such file" in ran.err) == (4, True), ran.err
    assert f"did you mean {option} delivery-7.csv" in ran.err
    ran = trace(*shlex.split(TRIED[option].format("nowhere/at-all.csv")))
    assert (ran.code, "ls ." in ran.err) == (4, True), ran.err


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("option", TRIED)
def test_what_is_pasted_makes_a_file_that_is_taken(trace, folder, option, wrong):
    suffix = ".toml" if option == "--map" else ".csv"
    path = folder / f"wrong{suffix}"
    path.write_bytes(WRONG[wrong])
    ran = trace(*shlex.split(TRIED[option].format(path.name)))
    if option == "--map" and wrong == "empty":
        return  # a map that says nothing is a map
    assert ran.code == 5, ran.err
    assert path.name in ran.err
    (remedy,) = [line for line in ran.err.splitlines() if "a right one is made by: " in line]
    pasted = remedy.partition("made by: ")[2]
    subprocess.run(["sh", "-c", pasted], cwd=folder, check=True)
    made = pasted.rpartition("> ")[2]
    ran = trace(*shlex.split(TRIED[option].format(made)))
    assert made not in ran.err, ran.err


def test_codes_and_session_options_do_not_go_together(trace, folder):
    before = trace("log", "--json").answer
    for options in (["--scanner", "demand.csv"], ["--expect", "demand.csv"], ["--badge"], ["--idle", "5"]):
        for codes in (["BOX-2"], ["-"]):
            ran = trace("scan", *codes, "--step", "receiving", "--place", "DOCK-3", *options)
            assert (ran.code, options[0] in ran.err, "nothing was recorded" in ran.err) == (2, True, True), ran.err
    assert trace("log", "--json").answer == before


def test_a_file_to_verify_that_is_not_there_is_no_reason_to_begin_a_ledger(trace, folder):
    ran = trace("verify", "ledgr.db")
    assert (ran.code, "did you mean ledger.db" in ran.err, "init" in ran.err) == (6, True, False)
    (folder / "ledger.db").rename(folder / "moved.db")
    ran = trace("log")
    assert (ran.code, "trace recover" in ran.err, "init" in ran.err) == (6, True, False)


@pytest.mark.parametrize("command", ["back", "forward"])
def test_a_walk_is_written_in_the_form_of_its_suffix_or_not_at_all(trace, folder, command):
    for name in ("x.csv", "x.png", "x.xlsx"):
        ran = trace(command, "BOX-1", "-o", name)
        assert (ran.code, "report provenance" in ran.err) == (2, True)
        assert not (folder / name).exists()
    ran = trace(command, "BOX-1", "-o", "x.txt")
    assert (ran.code, ran.out) == (0, "Written: x.txt\n")
