# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGES = ("ledger", "forecasting", "trace_cli", "sample_data")


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    found = Path(__file__).resolve().parents[2]
    assert (found / "pyproject.toml").is_file()
    return found


@pytest.fixture(scope="session")
def packages() -> tuple[str, ...]:
    """The four packages of the product."""
    return PACKAGES


@pytest.fixture(scope="session")
def product_files(root: Path) -> Callable[..., list[Path]]:
    """Lists the files of the product with a suffix, of all packages or of those named."""

    def find(suffix: str, *only: str) -> list[Path]:
        found = [
            path
            for package in only or PACKAGES
            for path in sorted((root / package).rglob(f"*{suffix}"))
            if "__pycache__" not in path.parts
        ]
        assert found
        return found

    return find
