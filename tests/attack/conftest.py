# SPDX-License-Identifier: Apache-2.0
"""A site that is attacked as a whole: ledger, trust, index and commands, each in a copy of its own."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.keys import create_key
from ledger.chain.policy import create_policy
from ledger.custody.index import coverage, hold_probe, lookup, seen_marks
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder
from trace_cli.main import run
from trace_cli.settings import write_settings

EVENTS = 300
OBJ = "https://acme.example/obj/"
CONTACT = "Nora Nameless, +49 30 555-{:04}"


@dataclass(frozen=True)
class Ran:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Site:
    """A folder with `ledger.db`, `trace.toml` and the trust in `home`."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def sql(self, *statements: str) -> list[Any]:
        """Do what somebody with a database tool can do; give the rows of the last statement."""
        rows: list[Any] = []
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            for statement in statements:
                rows = connection.execute(statement).fetchall()
        return rows

    def entries(self) -> list[bytes]:
        return [row[0] for row in self.sql("SELECT bytes FROM entry ORDER BY seq")]


def event_of(number: int) -> dict[str, Any]:
    """Event `number` is about one of forty boxes; each tenth has a contact, which is private."""
    found: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "eventTime": f"2026-03-01T{number // 60 % 24:02}:{number % 60:02}:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": "holding",
        "readPoint": {"id": f"https://acme.example/loc/DOCK-{number % 3}"},
        "epcList": [f"{OBJ}BOX-{number % 40:02}"],
    }
    if number % 10 == 0:
        found["own:contact"] = CONTACT.format(number)
    return found


@pytest.fixture(scope="session")
def site_master(tmp_path_factory, make_clock) -> Path:
    folder = tmp_path_factory.mktemp("site")
    home, origin, privacy = folder / "home", "acme.example/dc1", make_policy()
    key = create_key(home, origin)
    create_policy(home, origin, key.verifier)
    recorder = Recorder.create(folder / "ledger.db", key, privacy, clock=make_clock(), home=home, by="setup")
    write_settings(folder / "trace.toml", org="acme.example", site="dc1")
    for first in range(1, EVENTS, 100):
        bodies = [event_of(number) for number in range(first, first + 100)]
        recorder.record([recorder.prepare(body, by="dock-3", via="imported") for body in bodies])
    recorder.log.close()
    return folder


@pytest.fixture
def site(site_master, tmp_path, monkeypatch) -> Site:
    """A copy of the site, in the present folder."""
    folder = tmp_path / "site"
    shutil.copytree(site_master, folder)
    monkeypatch.setenv("TRACE_HOME", str(folder / "home"))
    monkeypatch.setenv("TRACE_BY", "auditor")
    monkeypatch.chdir(folder)
    return Site(folder)


@pytest.fixture
def trace(capsys) -> Callable[..., Ran]:
    """Runs `trace` in this process and gives back its exit code and what it wrote."""

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run([str(argument) for argument in arguments])
        written = capsys.readouterr()
        assert "Traceback" not in written.err + written.out
        return Ran(int(left.value.code or 0), written.out, written.err)

    return call


@pytest.fixture
def judge(site, trace) -> Callable[..., Ran]:
    """Runs `trace verify --json` on the site and sees that the file stays as it is."""

    def call(*arguments: object) -> Ran:
        before = site.digest
        ran = trace("verify", "--json", *arguments)
        assert site.digest == before
        return ran

    return call


@pytest.fixture
def searches_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program takes a log of some hundred entries for one that is too large to be searched whole."""
    monkeypatch.setattr(hold_probe, "PROBED", 20)
    monkeypatch.setattr(lookup, "PROBED", 20)
    monkeypatch.setattr(coverage, "SEARCHED", 20)
    monkeypatch.setattr(seen_marks, "LEAST_NEW", 1)
    # So that the part that is chosen by chance never is the one that matters.
    monkeypatch.setattr(hold_probe.secrets, "randbelow", lambda _: 0)
