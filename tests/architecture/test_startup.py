# SPDX-License-Identifier: Apache-2.0
"""What people wait for every day loads nothing heavy (ADR 0003). No clocks: only what was imported."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"pandas", "numpy", "scipy", "statsmodels", "sqlite_utils", "pydantic"}
RUN = "import sys; sys.argv[0] = 'trace'; from trace_cli.main import run; run()"
# `-X importtime` reports every import as it happens, so it tells the truth however the program ends.
IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+([\w.]+)$", re.MULTILINE)


def run_python(code: str, *arguments: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("TRACE_", "PYTHON"))}
    ours = {"TRACE_HOME": home, "HOME": home, "XDG_CONFIG_HOME": home / "config", "PYTHONPATH": ROOT}
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, *arguments],
        cwd=folder,
        env=keep | {name: str(value) for name, value in ours.items()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def imported(result: subprocess.CompletedProcess[str]) -> set[str]:
    names = set(IMPORTED.findall(result.stderr))
    assert "encodings" in names, result.stderr
    return names


def talk(result: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in result.stderr.splitlines() if not line.startswith("import time:")]
    return "\n".join([result.stdout, *lines])


@pytest.fixture
def run_trace(tmp_path):
    """Runs `trace` in a folder of its own, with a home of its own, and expects it to end well."""

    def run(*arguments):
        result = run_python(RUN, *arguments, folder=tmp_path, home=tmp_path / "home")
        assert result.returncode == 0, talk(result)
        return result

    return run


@pytest.fixture
def site(run_trace):
    """A fresh ledger in the present folder."""
    run_trace("init", ".", "--org", "acme.example", "--site", "dc1")
    return run_trace


SCAN = ("scan", "PALLET-7", "--step", "receiving", "--place", "DOCK-3")


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("scan", "--help"), ("verify", "--help")])
def test_asking_for_help_loads_nothing_heavy(run_trace, arguments):
    result = run_trace(*arguments)
    assert result.stdout.strip()
    names = imported(result)
    assert "trace_cli.main" in names
    assert names & HEAVY == set()


@pytest.mark.parametrize(
    "arguments",
    [SCAN, ("verify",), ("history", "PALLET-7"), ("log",)],
    ids=lambda arguments: arguments[0],
)
def test_daily_work_loads_nothing_heavy(site, arguments):
    if arguments != SCAN:
        site(*SCAN)
    names = imported(site(*arguments))
    assert any(name.startswith("ledger.chain") for name in names)
    assert names & HEAVY == set()


@pytest.mark.parametrize(
    ("package", "heavy"), [("ledger.chain.verify", False), ("forecasting", False), ("forecasting.series", True)]
)
def test_heavy_imports_are_seen(tmp_path, package, heavy):
    result = run_python(f"import {package}", folder=tmp_path, home=tmp_path)
    assert result.returncode == 0, talk(result)
    assert bool(imported(result) & HEAVY) is heavy


def test_heavy_imports_are_seen_however_the_program_ends(tmp_path):
    result = run_python("import os, numpy; os._exit(0)", folder=tmp_path, home=tmp_path)
    assert "numpy" in imported(result)
