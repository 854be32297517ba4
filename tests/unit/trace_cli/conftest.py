# SPDX-License-Identifier: Apache-2.0
"""What the tests of commands share: a ledger of the shipped sample, and commands run as people run them."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.keys import create_key
from ledger.chain.policy import create_policy
from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import ColumnMap
from ledger.custody.exchange.importer import check_files, record_checked
from ledger.custody.identity import Identifier
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder
from trace_cli.context import now
from trace_cli.main import run
from trace_cli.settings import write_settings

SAMPLE = Path(__file__).parents[3] / "sample_data" / "small" / "cold-chain.csv.gz"


@dataclass(frozen=True)
class Ran:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def trace(capsys, monkeypatch) -> Callable[..., Ran]:
    """Runs `trace` in this process and gives back its exit code and what it wrote."""
    monkeypatch.setenv("TRACE_BY", "planner-1")

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run([str(argument) for argument in arguments])
        written = capsys.readouterr()
        assert "Traceback" not in written.err
        return Ran(int(left.value.code or 0), written.out, written.err)

    return call


def make_ledger(folder: Path, table: Path | None) -> None:
    """Makes a ledger in `folder` with its trust in `folder/home`, and imports a table into it."""
    origin, home, privacy = "acme.example/dc1", folder / "home", make_policy()
    key = create_key(home, origin)
    create_policy(home, origin, key.verifier)
    recorder = Recorder.create(folder / "ledger.db", key, privacy, clock=now, home=home, by="setup")
    write_settings(folder / "trace.toml", org="acme.example", site="dc1")
    if table is not None:
        checked = check_files(
            [table], ColumnMap(), Codes("acme.example"), lambda: Identifier(privacy, bytes(range(32)))
        )
        assert checked.problems == []
        record_checked(checked, recorder, by="setup")
        checked.spool.close()
    recorder.log.close()


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory) -> Path:
    """The shipped sample in a ledger, made once; never to be changed."""
    folder = tmp_path_factory.mktemp("cold-chain")
    make_ledger(folder, SAMPLE)
    return folder


@pytest.fixture
def sample(sample_folder, tmp_path, monkeypatch) -> Path:
    """A copy of the sample's ledger with its trust, in the present folder."""
    folder = tmp_path / "sample"
    shutil.copytree(sample_folder, folder)
    monkeypatch.setenv("TRACE_HOME", str(folder / "home"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def ledger_of(tmp_path, monkeypatch) -> Callable[..., Path]:
    """Makes a ledger, in the present folder, of the rows of a table given as text."""

    def make(text: str = "") -> Path:
        folder = tmp_path / "own"
        folder.mkdir()
        (folder / "rows.csv").write_text(text, encoding="utf-8")
        make_ledger(folder, folder / "rows.csv" if text else None)
        monkeypatch.setenv("TRACE_HOME", str(folder / "home"))
        monkeypatch.chdir(folder)
        return folder

    return make


@pytest.fixture
def tamper() -> Callable[..., None]:
    """Changes the bytes of one entry in a ledger file, as somebody with a database tool would."""

    def change(ledger: Path, seq: int, old: bytes, new: bytes) -> None:
        with sqlite3.connect(ledger) as connection:
            (data,) = connection.execute("SELECT bytes FROM entry WHERE seq = ?", (seq,)).fetchone()
            assert old in data
            connection.execute("UPDATE entry SET bytes = ? WHERE seq = ?", (data.replace(old, new), seq))
        connection.close()

    return change
