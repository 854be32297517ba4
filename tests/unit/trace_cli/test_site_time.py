# SPDX-License-Identifier: Apache-2.0
import pytest

from trace_cli.errors import CommandError
from trace_cli.site_time import duration, likelihood, read_site_time


def test_times_are_those_of_the_zone():
    time = read_site_time("Europe/Berlin")
    assert time.minute("2026-07-01T22:30:00Z") == "2026-07-02 00:30"
    assert time.day("2026-07-01T22:30:00Z") == "Thu 2026-07-02"
    assert time.short("2026-12-31T23:30:00Z", 2026) == "2027-01-01"
    with pytest.raises(CommandError, match="no time zone"):
        read_site_time("Berlin")


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0.5, "30 min"), (-0.5, "-30 min"), (7.04, "7.0 h"), (30, "30 h"), (60, "2.5 days"), (24_000, "1,000 days")],
)
def test_spans(hours, words):
    assert duration(hours) == words


def test_words_follow_the_probability():
    shares = (0.0, 0.05, 0.2, 0.5, 0.7, 0.95, 1.0)
    words = [likelihood(share) for share in shares]
    assert len(set(words)) == len(shares)
    assert (words[0], words[-1]) == ("exceptionally unlikely", "virtually certain")
