# SPDX-License-Identifier: Apache-2.0
"""No module takes from one that takes from it, not even inside a function or for its types alone."""

import ast
from graphlib import CycleError, TopologicalSorter

import pytest


def imports_of(source: str, modules: set[str]) -> set[str]:
    """List the modules out of `modules` that a source takes names from, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            of_package = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            # the package itself only where one of the names is its own
            found |= of_package | ({node.module} if len(of_package) < len(node.names) else set())
    return found & modules


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """Give a circle of modules, the first one again at its end; empty where there is none."""
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle(root, product_files):
    sources = {}
    for path in product_files(".py"):
        parts = path.relative_to(root).with_suffix("").parts
        sources[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    graph = {name: imports_of(source, set(sources)) - {name} for name, source in sources.items()}
    assert sum(map(len, graph.values())) > 1_000
    assert find_circle(graph) == []


@pytest.mark.parametrize(
    "source",
    [
        "import a.b",
        "from a import b",
        "from a.b import thing",
        "def f():\n    from a.b import thing",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a.b import Thing",
    ],
)
def test_circles_are_found(source):
    modules = {"a", "a.b", "c"}
    assert imports_of(source, modules) == {"a.b"}
    assert set(find_circle({"c": imports_of(source, modules), "a.b": {"c"}})) == {"a.b", "c"}
