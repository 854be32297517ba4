# SPDX-License-Identifier: Apache-2.0
"""The shipped sample, parsed once, and both sizes freshly generated."""

from __future__ import annotations

import csv
from datetime import datetime

import pytest

from sample_data import open_sample
from sample_data.flow import Sample, generate

Event = dict[str, str]


def moment(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    assert parsed.tzinfo is not None
    return parsed


@pytest.fixture(scope="session")
def shipped() -> list[Event]:
    with open_sample("cold-chain") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="session")
def small() -> Sample:
    return generate("small")


@pytest.fixture(scope="session")
def full() -> Sample:
    return generate("full")


@pytest.fixture(scope="session", params=["small", pytest.param("full", marks=pytest.mark.slow)])
def sample(request: pytest.FixtureRequest) -> Sample:
    chosen: Sample = request.getfixturevalue(request.param)
    return chosen
