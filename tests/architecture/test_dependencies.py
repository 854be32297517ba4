# SPDX-License-Identifier: Apache-2.0
"""Dependencies: exact versions without addresses, and a reason for each (ADR 0005)."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9][0-9A-Za-z.!+]*)")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def lines(root):
    return (root / "constraints.txt").read_text(encoding="utf-8").splitlines()


def test_constraints_are_exact_and_have_no_addresses(lines):
    assert [line for line in lines if not PIN.fullmatch(line)] == []
    names = [canonicalize_name(line.partition("==")[0]) for line in lines]
    assert len(names) == len(set(names))


def test_constraints_satisfy_the_project(project, lines):
    pins = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    for text in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        wanted = Requirement(text)
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin is not None, text
        assert wanted.specifier.contains(pin, prereleases=True), text


def test_every_dependency_has_a_line_in_the_decision(root, project):
    text = (root / "docs" / "adr" / "0005-dependencies.md").read_text(encoding="utf-8")
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {Requirement(text).name for group in groups for text in group}
    assert (
        sorted(name for name in names if not re.search(rf"^\| `{re.escape(name)}` \|", text, re.MULTILINE)) == []
    )
