# SPDX-License-Identifier: Apache-2.0
"""The wheel: what is in it, and that it works in an environment that never saw the sources."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def run(*command: str | Path, folder: Path, home: Path) -> str:
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("TRACE_", "PYTHON", "PIP_"))}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=keep | {"TRACE_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    """The wheel, built without the network by the backend that is installed here."""
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    run(*build, folder=root, home=folder)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel in it, which borrows the libraries (and nothing of ours) from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "-q", "--no-index", "--no-deps", wheel, folder=folder, home=folder)
    site = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder, home=folder
    ).strip()
    # A folder named in a .pth file is searched; its own .pth files (our editable install) are not read.
    libraries = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (Path(site) / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def version(root: Path) -> str:
    scope: dict[str, str] = {}
    exec((root / "trace_cli" / "version.py").read_text(encoding="utf-8"), scope)
    return scope["__version__"]


def test_the_four_packages_and_nothing_else(names, packages, root):
    assert {name.partition("/")[0] for name in names} == {*packages, f"trace_ledger-{version(root)}.dist-info"}


def test_every_file_of_the_product_is_inside(names, root, packages):
    files = {
        path.relative_to(root).as_posix()
        for package in packages
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files - names == set()


def test_no_tests_and_no_leftovers(names):
    assert [
        name for name in names if "test" in name.split("/")[0] or name.endswith((".pyc", ".db", ".orig"))
    ] == []


def test_types_and_samples_are_inside(names, packages):
    assert {f"{package}/py.typed" for package in packages} <= names
    assert "sample_data/small/cold-chain.csv.gz" in names


def test_metadata(wheel, root):
    with zipfile.ZipFile(wheel) as archive:
        folder = f"trace_ledger-{version(root)}.dist-info"
        metadata = HeaderParser().parsestr(archive.read(f"{folder}/METADATA").decode())
        commands = archive.read(f"{folder}/entry_points.txt").decode()
        licence = archive.read(f"{folder}/licenses/LICENSE").decode()
    assert metadata["Version"] == version(root)
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "trace = trace_cli.main:run" in commands
    assert "trace-cli = trace_cli.main:run" in commands
    assert licence == (root / "LICENSE").read_text(encoding="utf-8")


def test_installed_command_says_its_version(installed, root):
    assert version(root) in run(installed / "bin" / "trace", "--version", folder=installed, home=installed)


def test_installed_samples_are_found(installed, packages):
    code = (
        "import importlib, sample_data\n"
        "from importlib.resources import files\n"
        f"for name in {packages!r}: print(importlib.import_module(name).__file__)\n"
        "print(files('sample_data').joinpath('small', 'cold-chain.csv.gz'))\n"
        "with sample_data.open_sample('cold-chain') as lines: print(next(lines)[:9])\n"
    )
    *places, header = run(installed / "bin" / "python", "-c", code, folder=installed, home=installed).splitlines()
    assert len(places) == len(packages) + 1
    assert [place for place in places if not place.startswith(str(installed))] == []
    assert header == "time,step"
