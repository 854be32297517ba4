# SPDX-License-Identifier: Apache-2.0
"""Docs that cannot rot: generated pages are current, commands and decisions are listed, links lead somewhere."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

HEADING = re.compile(r"^# (?P<number>\d{4})\. \S.*$")
LINK = re.compile(r"\[[^\]]+\]\((?P<target>[^)\s]+)\)")
MAKE = re.compile(r"(?:^[ \t]*(?:\$ )?|`)make ([a-z]+)\b", re.MULTILINE)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


def find_app() -> Any:
    """Builds the typer application with every command."""
    from trace_cli.app import make_app

    return make_app()


def walk_commands(command: Any, path: str) -> Iterator[str]:
    """Lists the commands that are shown to people, with the groups that they are in."""
    names = getattr(command, "commands", {})
    for name, inner in sorted(names.items()):
        if not inner.hidden:
            yield from walk_commands(inner, f"{path} {name}")
    if not names:
        yield path


@pytest.fixture(scope="module")
def commands():
    import typer.main

    return list(walk_commands(typer.main.get_command(find_app()), "trace"))


@pytest.fixture(scope="module")
def pages(root):
    return [
        root / "README.md",
        root / "CHANGELOG.md",
        root / "SECURITY.md",
        *sorted((root / "docs").rglob("*.md")),
        *sorted((root / "sample_data").rglob("*.md")),
    ]


def test_every_command_is_in_the_reference(root, commands):
    text = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    assert len(commands) > 1
    missing = [command for command in commands if not re.search(rf"{re.escape(command)}(?![\w-])", text)]
    assert missing == []


def test_the_committed_reference_is_current(root):
    result = subprocess.run(
        [sys.executable, "-m", "trace_cli.reference"],
        cwd=root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    committed = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    assert committed == result.stdout, "renew it: .venv/bin/python -m trace_cli.reference > docs/cli.md"


def test_the_two_commands_of_the_readme_exist(root):
    named = set(MAKE.findall((root / "README.md").read_text(encoding="utf-8")))
    targets = set(TARGET.findall((root / "Makefile").read_text(encoding="utf-8")))
    assert {"demo", "test"} <= named
    assert named - targets == set()


def test_decisions_are_numbered_and_listed(root):
    folder = root / "docs" / "adr"
    pages = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert pages
    for number, page in enumerate(pages, 1):
        assert re.fullmatch(rf"{number:04d}-[a-z0-9-]+\.md", page.name)
        heading = HEADING.fullmatch(page.read_text(encoding="utf-8").splitlines()[0])
        assert heading, page.name
        assert heading["number"] == page.name[:4]
        assert listed.count(f"({page.name})") == 1, page.name


def test_decisions_say_what_a_decision_needs_and_are_one_page(root):
    for page in (root / "docs" / "adr").glob("0*.md"):
        text = page.read_text(encoding="utf-8")
        for part in ("## Status", "## Context", "## Decision", "## Consequences"):
            assert text.count(f"\n{part}\n") == 1, f"{page.name}: {part}"
        assert len(text.splitlines()) <= 90, page.name


def test_decisions_that_are_quoted_exist(root, product_files):
    written = {path.name[:4] for path in (root / "docs" / "adr").glob("0*.md")}
    files = [*product_files(".py"), root / "pyproject.toml", *(root / "docs").rglob("*.md")]
    quoted = {
        number for path in files for number in re.findall(r"\bADR (\d{4})\b", path.read_text(encoding="utf-8"))
    }
    assert quoted - written == set()


def test_links_lead_somewhere(root, pages):
    dead = [
        f"{page.relative_to(root)}: {match['target']}"
        for page in pages
        for match in LINK.finditer(page.read_text(encoding="utf-8"))
        if not match["target"].startswith(("https://", "http://", "mailto:", "#"))
        and not (page.parent / match["target"].partition("#")[0]).exists()
    ]
    assert dead == []


def test_every_benchmark_is_listed(root):
    from benchmarks.__main__ import QUESTIONS

    text = (root / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    alone = [
        path.stem
        for path in sorted((root / "benchmarks").glob("[a-z]*.py"))
        if f'"""``python -m benchmarks.{path.stem}' in path.read_text(encoding="utf-8")
        or f"\n``python -m benchmarks.{path.stem}" in path.read_text(encoding="utf-8")
    ]
    assert len(alone) > 3
    assert [name for name in QUESTIONS if f"`{name}`" not in text] == []
    assert [name for name in alone if name not in QUESTIONS and f"`python -m benchmarks.{name}`" not in text] == []


def test_the_changelog_has_the_present_version(root):
    version = re.search(
        r'"(.+)"', (root / "trace_cli" / "version.py").read_text(encoding="utf-8").splitlines()[-1]
    )
    assert version
    assert f"## [{version[1]}]" in (root / "CHANGELOG.md").read_text(encoding="utf-8")
