# SPDX-License-Identifier: Apache-2.0
"""Published vectors of GS1 syntax, where the test data is at hand."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLACE = Path(os.environ.get("TRACE_TEST_DATA", Path(__file__).parents[5] / "shared" / "data"))


@pytest.fixture(scope="session")
def gs1_rows() -> Callable[[str], list[dict[str, Any]]]:
    """Load the rows of a file of `traceability/gs1-syntax`, or skip where there is none."""

    def load(name: str) -> list[dict[str, Any]]:
        place = PLACE / "traceability" / "gs1-syntax" / f"{name}.json"
        if not place.is_file():
            pytest.skip(f"no published vectors: {name}.json is not in $TRACE_TEST_DATA/traceability/gs1-syntax")
        rows: list[dict[str, Any]] = json.loads(place.read_bytes())
        return rows

    return load


@pytest.fixture(scope="session")
def gs1_dictionary() -> str:
    """Load the GS1 Barcode Syntax Dictionary, or skip where there is none."""
    place = PLACE / "traceability" / "gs1-syntax" / "gs1-syntax-dictionary.txt"
    if not place.is_file():
        pytest.skip("the GS1 syntax dictionary is not in $TRACE_TEST_DATA/traceability/gs1-syntax")
    return place.read_text(encoding="utf-8")
