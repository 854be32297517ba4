# SPDX-License-Identifier: Apache-2.0
"""No command with -o writes over what nobody can make again: settings, keys, trust, evidence, what it reads."""

import pytest
import typer

from trace_cli.app import make_app
from trace_cli.named_files import OUTPUT

SERIES = "unique_id,ds,y\na,2026-01-01,1\n"


def writers(command, words=()):
    """List every command that has -o: its words, and what it cannot do without."""
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from writers(below, (*words, name))
    if any(OUTPUT in option.opts for option in command.params):
        needed = [one for one in command.params if one.required and OUTPUT not in one.opts]
        filled = []
        for one in needed:
            option = one.opts[0] if one.opts[0].startswith("-") else None
            filled += [*([option] if option else []), "1"]
        yield pytest.param([*words, *filled], id="-".join(words))


ALL = list(writers(typer.main.get_command(make_app())))


def test_all_writers_are_found():
    assert len(ALL) >= 24


@pytest.mark.parametrize("words", ALL)
def test_no_command_writes_over_the_settings_of_a_site(site, trace, words):
    settings = site.folder / "trace.toml"
    before = settings.read_bytes()
    ran = trace(*words, "-o", "trace.toml")
    assert (ran.code, "it is the settings of a site" in ran.err) == (1, True), ran.err
    assert settings.read_bytes() == before
    assert "mend: " in ran.err


@pytest.mark.parametrize("way", ["plain", "round about", "link to the folder"])
def test_trust_is_no_place_for_a_result(site, trace, way):
    folder = site.folder / "home"
    if way == "round about":
        folder = site.folder / "home" / "keys" / ".."
    elif way == "link to the folder":
        (site.folder / "out").symlink_to(folder)
        folder = site.folder / "out"
    for name in ("new.txt", "policy/acme.example/dc1.policy", "pins/acme.example/dc1.pin"):
        path = folder / name
        before = path.read_bytes() if path.exists() else None
        ran = trace("checkpoint", "-o", path)
        assert (ran.code, "keys and trust" in ran.err) == (1, True), ran.err
        assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.parametrize("name", ["ledger.db-wal", "ledger.db-shm", "ledger.db-journal"])
def test_what_belongs_to_a_ledger_stays(site, trace, name):
    ran = trace("checkpoint", "-o", name)
    assert (ran.code, "it belongs to a ledger" in ran.err) == (1, True), ran.err


@pytest.mark.parametrize(("room", "word"), [("cases", "evidence"), ("sessions", "journal")])
def test_evidence_and_journals_stay_and_other_files_may_be_written_there(site, trace, room, word):
    kept = site.folder / room / "one.bundle"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("signed")
    ran = trace("checkpoint", "-o", kept)
    assert (ran.code, word in ran.err, kept.read_text()) == (1, True, "signed")
    assert trace("checkpoint", "-o", kept.with_name("new.txt")).code == 0


@pytest.mark.parametrize("words", [("forecast", "--series"), ("backtest", "--series"), ("anomalies", "--lots")])
@pytest.mark.parametrize("way", ["same", "link"])
def test_what_a_command_reads_is_not_written_over(site, trace, words, way):
    read = site.folder / "mine.csv"
    read.write_text(SERIES)
    output = read
    if way == "link":
        output = site.folder / "other.csv"
        output.hardlink_to(read)
    ran = trace(*words, read, "-o", output)
    assert (ran.code, "this command reads it" in ran.err) == (1, True), ran.err
    assert read.read_text() == SERIES


def test_a_folder_that_is_not_there_is_said_before_anything_is_computed_or_recorded(site, trace):
    before = trace("log", "--json").answer
    ran = trace("forecast", "-o", "none/weeks.csv")
    assert (ran.code, "mkdir -p none" in ran.err) == (1, True), ran.err
    assert trace("log", "--json").answer == before


def test_a_folder_is_no_file(site, trace):
    (site.folder / "reports").mkdir()
    ran = trace("checkpoint", "-o", "reports")
    assert (ran.code, "it is a folder" in ran.err) == (1, True), ran.err
