# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sample_data.clock import at, local_text


@pytest.mark.parametrize(
    ("zone", "day", "text"),
    [
        ("central", date(2025, 3, 8), "2025-03-08T12:00:00.000-06:00"),
        ("central", date(2025, 3, 9), "2025-03-09T12:00:00.000-05:00"),
        ("central", date(2025, 11, 1), "2025-11-01T12:00:00.000-05:00"),
        ("central", date(2025, 11, 2), "2025-11-02T12:00:00.000-06:00"),
        ("pacific", date(2024, 3, 10), "2024-03-10T12:00:00.000-07:00"),
        ("pacific", date(2024, 11, 3), "2024-11-03T12:00:00.000-08:00"),
        ("mountain", date(2025, 7, 1), "2025-07-01T12:00:00.000-07:00"),
    ],
)
def test_noon_has_the_offset_of_the_day(zone: str, day: date, text: str) -> None:
    assert local_text(zone, at(zone, day, 12)) == text


@pytest.mark.parametrize(
    ("utc", "text"),
    [
        (datetime(2026, 3, 8, 7, 59, tzinfo=UTC), "2026-03-08T01:59:00.000-06:00"),
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), "2026-03-08T03:00:00.000-05:00"),
        (datetime(2025, 11, 2, 6, 59, tzinfo=UTC), "2025-11-02T01:59:00.000-05:00"),
        (datetime(2025, 11, 2, 7, 0, tzinfo=UTC), "2025-11-02T01:00:00.000-06:00"),
    ],
)
def test_the_hour_of_the_change(utc: datetime, text: str) -> None:
    assert local_text("central", utc) == text


def test_hours_beyond_midnight_belong_to_the_next_day() -> None:
    assert at("central", date(2026, 1, 31), 25) == at("central", date(2026, 2, 1), 1)
