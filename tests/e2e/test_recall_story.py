# SPDX-License-Identifier: Apache-2.0
"""The recall of docs/recall.md, command by command as it is printed there, and what it must find."""

import json
import re
import shlex
import zipfile
from pathlib import Path

import pytest

from sample_data import sample_path, story
from trace_cli.main import run


@pytest.fixture
def trace(tmp_path, monkeypatch, capsys):
    """Runs a printed command in an empty folder with a home of its own."""
    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def call(line):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run(shlex.split(line)[1:])
        return int(left.value.code or 0), capsys.readouterr().out

    return call


def test_the_six_commands_of_the_page(trace, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "recall.md").read_text(encoding="utf-8")
    block = re.search(r"## A recall in six commands.*?```sh\n(.*?)```", page, re.DOTALL)
    assert block
    with_path = block[1].replace("SAMPLE", shlex.quote(str(sample_path("cold-chain"))))
    commands = [line for line in with_path.splitlines() if line.startswith("trace ")]
    assert len(commands) == 6
    said = {}
    for line in commands:
        code, said[line.split()[1]] = trace(line)
        assert code == 0, line
    assert story.RECALL_LOT in said["back"]
    assert "Mass balance" in said["back"]
    assert "Complete" in said["back"]
    assert "Sold at: STORE-HOUSTON 63.4 kg, STORE-OMAHA 35.9 kg, STORE-WICHITA 21.9 kg" in said["recall"]
    assert "mock recall  entry" in said["recall"]
    assert said["verify"].startswith("OK")
    with zipfile.ZipFile(tmp_path / "recall.xlsx") as book:
        assert not any(b"<f>" in book.read(name) for name in book.namelist() if "worksheets/" in name)
    code, out = trace(f"trace recall {story.RECALL_PRODUCT}:{story.RECALL_LOT} --json --ledger network")
    found = json.loads(out)
    made = 122.7
    mix = [line for line in found["affected"] if story.DEMO_LOT in line["id"]]
    assert sum(line["quantity"] for line in mix) == pytest.approx(made, abs=1e-9)
    assert code == 0
    assert found["complete"]
    refused, _ = trace(
        f"trace ship {story.DEMO_PRODUCT}:{story.DEMO_LOT}=1kg --place STORE-OMAHA --ledger network"
    )
    assert refused == 5
