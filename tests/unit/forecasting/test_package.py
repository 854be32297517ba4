# SPDX-License-Identifier: Apache-2.0
import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import forecasting


def test_import_brings_no_pandas():
    code = (
        "import sys, forecasting; sys.exit(bool({'pandas', 'numpy', 'statsmodels', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", forecasting.__all__)
def test_public_name_is_a_function_whatever_was_imported_before(name):
    assert callable(getattr(forecasting, name))
    importlib.import_module("forecasting.demand_forecast")
    assert callable(getattr(forecasting, name))


def test_no_module_hides_a_public_function():
    root = Path(forecasting.__file__).parent
    modules = {path.stem for path in root.iterdir()}
    assert not modules & set(forecasting.__all__)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'guess'"):
        _ = forecasting.guess


def test_no_room_imports_from_the_package_root():
    root = Path(forecasting.__file__).parent
    for path in root.rglob("*.py"):
        if path != root / "__init__.py":
            lines = path.read_text().splitlines()
            assert not [
                line for line in lines if line.startswith(("from forecasting import", "import forecasting"))
            ], path


@pytest.mark.parametrize("name", ["frequency", "demand_forecast", "flow.bottlenecks"])
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"forecasting.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
