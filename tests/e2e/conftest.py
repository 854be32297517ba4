# SPDX-License-Identifier: Apache-2.0
"""The real program in processes of its own, with a folder and a home of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "trace_cli")
HEAD = "time,step,item,product,lot,quantity,unit,place,container\n"


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code and what it wrote."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode("utf-8")

    @property
    def answer(self) -> Any:
        """The answer in JSON: one object and nothing else."""
        return json.loads(self.out)


@dataclass
class Shell:
    """A folder in which commands are run."""

    folder: Path
    home: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def env(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("TRACE_", "XDG_", "PYTHON"))
        }
        ours = {
            "TRACE_HOME": str(self.home),
            "HOME": str(self.home),
            "TRACE_BY": "dock-3",
            "PYTHONPATH": str(ROOT),
        }
        return kept | ours | self.more

    def run(self, *arguments: object, stdin: bytes = b"") -> Ran:
        """Run `trace`; whatever happens, nobody is ever shown a traceback."""
        ran = subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            cwd=self.folder,
            env=self.env,
            input=stdin,
            capture_output=True,
            timeout=300,
            check=False,
        )
        err = ran.stderr.decode("utf-8")
        assert "Traceback" not in err
        assert b"Traceback" not in ran.stdout
        return Ran(ran.returncode, ran.stdout, err)

    def good(self, *arguments: object, stdin: bytes = b"") -> Ran:
        """Run what must end well."""
        ran = self.run(*arguments, stdin=stdin)
        assert ran.code == 0, (arguments, ran.out, ran.err)
        return ran

    def start(self, *arguments: object, **pipes: Any) -> "subprocess.Popen[bytes]":
        """Start `trace` and leave it running."""
        return subprocess.Popen([*PROGRAM, *map(str, arguments)], cwd=self.folder, env=self.env, **pipes)

    def size(self) -> int:
        """Count the entries that the log has."""
        return int(self.good("log", "-n", "1", "--json").answer["size"])

    def write(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
        return path


@pytest.fixture(scope="session")
def make_shells() -> Callable[[Path], Shell]:
    """Make an empty folder below one that a longer-lived fixture has, with a home of its own."""

    def make(base: Path) -> Shell:
        (base / "dc1").mkdir()
        return Shell(base / "dc1", base / "home")

    return make


@pytest.fixture
def make_shell(tmp_path) -> Callable[[str], Shell]:
    """Make empty folders, each with a home of its own."""

    def make(name: str) -> Shell:
        folder = tmp_path / name
        folder.mkdir()
        return Shell(folder, tmp_path / f"{name}-home")

    return make


@pytest.fixture
def shell(make_shell) -> Shell:
    """An empty folder."""
    return make_shell("dc1")


@pytest.fixture(scope="session")
def fresh_site(tmp_path_factory, make_shells) -> Shell:
    """A fresh ledger, made once; never to be changed."""
    made = make_shells(tmp_path_factory.mktemp("fresh"))
    made.good("init", "--org", "acme.example", "--site", "dc1")
    return made


@pytest.fixture
def site(shell, fresh_site) -> Shell:
    """A folder with a fresh ledger: a copy, its trust too."""
    shutil.copytree(fresh_site.folder, shell.folder, dirs_exist_ok=True)
    shutil.copytree(fresh_site.home, shell.home)
    return shell


@pytest.fixture
def table() -> Callable[..., str]:
    """Write a table of boxes that are received, one a minute."""

    def make(count: int, mark: str = "BOX") -> str:
        rows = (
            f"2026-03-{1 + n // 1440 % 28:02d}T{n // 60 % 24:02d}:{n % 60:02d}:00Z,receiving,{mark}-{n},"
            f"P{n % 7},L{n % 3},{n % 9 + 1},kg,DOCK-{n % 4},\n"
            for n in range(count)
        )
        return HEAD + "".join(rows)

    return make
