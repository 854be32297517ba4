# SPDX-License-Identifier: Apache-2.0
"""The examples of pages: every `sh` block runs as it is printed, in order, with the tables beside it."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from sample_data import sample_path
from trace_cli.main import run

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys):
    """Runs the commands of a page in an empty folder with a home of its own; gives what each one said."""
    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRACE_BY", "reader")
    monkeypatch.chdir(tmp_path)

    def call(line):
        capsys.readouterr()
        words = shlex.split(line, comments=True)
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
            return ""
        assert words[0] == "trace", line
        with pytest.raises(SystemExit) as left:
            run(words[1:])
        written = capsys.readouterr()
        assert int(left.value.code or 0) == 0, f"{line}: {written.err}"
        return written.out

    return call


def blocks_of(page, kind):
    text = (DOCS / page).read_text(encoding="utf-8")
    return [match["text"] for match in BLOCK.finditer(text) if match["kind"] == kind]


def commands_of(page):
    return [line for block in blocks_of(page, "sh") for line in block.splitlines() if line]


def test_master_data(shell, tmp_path):
    (table,) = blocks_of("master-data.md", "csv")
    said = {}
    for line in commands_of("master-data.md"):
        if line == "trace place import places.csv":
            Path("places.csv").write_text(table, encoding="utf-8")
        said[line] = shell(line)
    assert json.loads(said["trace place show DOCK-3 --json"])["records"][0]["name"] == "North dock"
    assert "Romaine, chopped" in said["trace product list"]
    assert "South dock" in said["trace place list"]


def test_evidence_with_a_withheld_field(shell):
    table = next(text for text in blocks_of("passport.md", "csv"))
    Path("deliveries.csv").write_text(table, encoding="utf-8")
    commands = commands_of("passport.md")
    assert len(commands) == 4
    said = [shell(line) for line in commands]
    assert said[-1].startswith("OK  2 events")
    assert "Ann, 555" not in Path("box.html").read_text(encoding="utf-8")


def test_queries(shell, tmp_path):
    shell("trace init dc1 --org coldchain.example --site network")
    shell("cd dc1")
    shell(f"trace import {shlex.quote(str(sample_path('cold-chain')))}")
    commands = commands_of("query.md")
    assert len(commands) == 4
    for line in commands:
        told = shell(line)
        if " -o " in line:
            document = json.loads(Path("warm.json").read_text(encoding="utf-8"))
            assert document["type"] == "EPCISQueryDocument"
        elif "--json" in line:
            assert json.loads(told)["schema"] == "trace.query/1"
        elif "EQ_bizStep" in line:
            assert not told.startswith("0 events")
    # Every parameter that the page names by its whole name is one; what is no name is refused without entries too.
    shell("cd ..")
    shell("trace init small --org coldchain.example --site small")
    shell("cd small")
    with pytest.raises(AssertionError, match="EQ_nonsense"):
        shell("trace query EQ_nonsense=x")
    text = (DOCS / "query.md").read_text(encoding="utf-8")
    whole = set(re.findall(r"`((?:EQ|EXISTS|MATCH)_[a-zA-Z_]+)`", text)) - {"MATCH_", "INNER_ILMD_"}
    for name in sorted(name for name in whole if not name.endswith("_") and not name.endswith("TYPE")):
        shell(f"trace query {name}={'true' if name.startswith('EXISTS') else 'https://a.example/x'}")
    assert os.environ["TRACE_BY"] == "reader"
