# SPDX-License-Identifier: Apache-2.0
"""Who may import whom (ADR 0001): import-linter's contracts, and where sqlite3 may be used."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

# What breaks each contract: a module that is added, and what stands in it.
BREAKS = {
    "doors and windows look inwards only": ("ledger/chain/broken.py", "import ledger.custody.codes\n"),
    "sample data stands alone": ("sample_data/broken.py", "import ledger.chain.errors\n"),
    "typer and rich are for the command line": ("forecasting/broken.py", "import rich\n"),
    "the ledger knows no data frames": ("ledger/custody/broken.py", "import pandas\n"),
    "calendars are for forecasting": ("trace_cli/broken.py", "import holidays\n"),
    "cryptography is for signers, keys and sealing": ("trace_cli/broken.py", "import cryptography\n"),
}

SQLITE_ROOMS = ("ledger/chain/storage/", "ledger/custody/index/")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True, no_logo=True))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path, root, packages):
    for package in packages:
        shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "small"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_hold(root):
    result = lint(root)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def test_every_contract_has_a_case_that_breaks_it(root):
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]} == set(BREAKS)


@pytest.mark.parametrize("name", BREAKS)
def test_contract_can_fail(copy, name):
    file, text = BREAKS[name]
    (copy / file).write_text(text, encoding="utf-8")
    result = lint(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{name} BROKEN" in result.stdout


def imported(source: str) -> set[str]:
    """Lists the top-level packages that a module imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def test_sqlite3_is_for_the_store_and_the_index(root, product_files):
    users = [path for path in product_files(".py") if "sqlite3" in imported(path.read_text(encoding="utf-8"))]
    strangers = [
        str(path.relative_to(root))
        for path in users
        if not path.relative_to(root).as_posix().startswith(SQLITE_ROOMS)
    ]
    assert users
    assert strangers == []


def test_imports_inside_functions_are_found():
    assert imported("def read():\n    from sqlite3 import connect\n    import os.path\n") == {"sqlite3", "os"}
