# SPDX-License-Identifier: Apache-2.0
"""Ugliness that is refused: drawers for everything, swallowed faults, libraries that print, loose ends."""

import ast
import re

import pytest

# `trace` would shadow a module of the standard library; the others say nothing of what is inside.
BANNED_NAMES = {"trace", "utils", "util", "common", "helpers", "misc"}
# The outermost frame of a command, where a fault becomes an exit code.
OUTERMOST = "trace_cli/main.py"
PRINTERS = {"sample_data/__main__.py"}
LOOSE_ENDS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b")


def find_blankets(source: str) -> list[int]:
    """Lists the lines of handlers that swallow any fault.

    A handler for `BaseException` that ends by raising it again only tidies up, and is no such handler.
    """
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {ast.unparse(kind) if kind else "everything" for kind in caught}
            last = node.body[-1]
            passes_on = names == {"BaseException"} and isinstance(last, ast.Raise) and last.exc is None
            if names & {"everything", "Exception", "BaseException"} and not passes_on:
                lines.append(node.lineno)
    return lines


def find_prints(source: str) -> list[int]:
    """Lists the lines that print."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def test_no_drawer_for_everything(root, product_files):
    names = {part for path in product_files(".py") for part in path.relative_to(root).with_suffix("").parts}
    assert names & BANNED_NAMES == set()


def test_faults_are_caught_by_name(root, product_files):
    found = {
        path.relative_to(root).as_posix(): find_blankets(path.read_text(encoding="utf-8"))
        for path in product_files(".py")
    }
    assert {file: lines for file, lines in found.items() if lines and file != OUTERMOST} == {}


@pytest.mark.parametrize(
    ("handler", "swallows"),
    [
        ("except: pass", True),
        ("except Exception: raise", True),
        ("except (ValueError, Exception): pass", True),
        ("except BaseException: pass", True),
        ("except BaseException as error: raise ValueError from error", True),
        ("except BaseException:\n    tidy()\n    raise", False),
        ("except ValueError: pass", False),
    ],
)
def test_blankets_are_found(handler, swallows):
    assert bool(find_blankets(f"try:\n    work()\n{handler}\n")) is swallows


def test_libraries_do_not_print(root, product_files):
    found = {
        path.relative_to(root).as_posix(): find_prints(path.read_text(encoding="utf-8"))
        for path in product_files(".py", "ledger", "forecasting", "sample_data")
    }
    assert {file for file, lines in found.items() if lines} <= PRINTERS


def test_prints_are_found():
    assert find_prints("def f():\n    '''print()'''\n    print(1)\n") == [3]


def test_no_loose_ends(root, product_files):
    files = [
        *product_files(".py"),
        *sorted((root / "tests").rglob("*.py")),
        *sorted((root / "docs").rglob("*.md")),
    ]
    found = [
        f"{path.relative_to(root)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if LOOSE_ENDS.search(line)
    ]
    assert found == []


def test_the_licence_is_named_where_the_neighbours_name_it(root):
    for room in ("forecasting", "benchmarks", "tests"):
        bare = [
            path.relative_to(root).as_posix()
            for path in sorted((root / room).rglob("*.py"))
            if not path.read_text(encoding="utf-8").startswith("# SPDX-License-Identifier: Apache-2.0\n")
        ]
        assert bare == [], room
