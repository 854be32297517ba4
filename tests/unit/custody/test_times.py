# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.errors import Refused
from ledger.custody.times import event_time_text, find_zone, from_micros, micros, offset_text, read_time, utc_text

SAO_PAULO = find_zone("America/Sao_Paulo")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01T08:15:00Z", "2026-03-01T08:15:00"),
        ("2026-03-01 08:15:00+01:00", "2026-03-01T07:15:00"),
        ("2026-03-01T08:15+14:00", "2026-02-28T18:15:00"),
        ("2026-03-01T08:15-14:00", "2026-03-01T22:15:00"),
        ("2026-03-01T08:15:00.5Z", "2026-03-01T08:15:00.500000"),
        ("2026-03-01T08:15:00.123456Z", "2026-03-01T08:15:00.123456"),
        ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00"),
        ("2199-12-31T23:59:59Z", "2199-12-31T23:59:59"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00"),
    ],
)
def test_times_with_an_offset(text, utc):
    moment = read_time(text)
    assert moment.astimezone(UTC).replace(tzinfo=None).isoformat() == utc
    assert read_time(text, SAO_PAULO) == moment  # an offset wins over the zone of the map


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T08",
        "2026-03-01T24:00:00Z",
        "2016-12-31T23:59:60Z",
        "2026-03-01T08:60:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-03-01T08:15:00.1234567Z",
        "2026-03-01T08:15:00,5Z",
        "2026-03-01T08:15:00.Z",
        "2026-03-01T08:15:00z",
        "2026-03-01t08:15:00Z",
        "2026-03-01T08:15:00+0100",
        "2026-03-01T08:15:00+01",
        "2026-03-01T08:15:00+05:60",
        "2026-03-01T08:15:00+24:00",
        "2026-03-01T08:15:00 Z",
        " 2026-03-01T08:15:00Z",
        "20260301T081500Z",
        "01.03.2026 08:15",
        "3/1/2026 8:15",
        "1772352900",
        "２026-03-01T08:15:00Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time(text):
    with pytest.raises(Refused, match="is no time"):
        read_time(text, SAO_PAULO)


def test_without_offset_or_zone():
    with pytest.raises(Refused, match="no offset from UTC") as caught:
        read_time("2026-03-01T08:15:00")
    assert "timezone = " in caught.value.remedy


@pytest.mark.parametrize("text", ["2026-03-01T08:15:00+14:01", "2026-03-01T08:15:00-23:59"])
def test_offsets_lie_within_14_hours(text):
    with pytest.raises(Refused, match="14 hours"):
        read_time(text)


@pytest.mark.parametrize("text", ["1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_years(text):
    with pytest.raises(Refused, match="years 1900 to 2199"):
        read_time(text)


def test_the_hour_that_never_was():
    # On 15 October 2017 the clocks of Sao Paulo went from 00:00 to 01:00.
    for text in ("2017-10-15 00:00:00", "2017-10-15 00:30:00"):
        with pytest.raises(Refused, match="never was in America/Sao_Paulo"):
            read_time(text, SAO_PAULO, "earlier")
    assert read_time("2017-10-14 23:59:59", SAO_PAULO).utcoffset() == timedelta(hours=-3)
    assert read_time("2017-10-15 01:00:00", SAO_PAULO).utcoffset() == timedelta(hours=-2)


def test_the_hour_that_was_twice():
    # On 17 February 2018 they went from 24:00 back to 23:00.
    text = "2018-02-17 23:30:00"
    with pytest.raises(Refused, match="was twice") as caught:
        read_time(text, SAO_PAULO)
    assert 'ambiguous = "earlier"' in caught.value.remedy
    early, late = read_time(text, SAO_PAULO, "earlier"), read_time(text, SAO_PAULO, "later")
    assert event_time_text(early) == "2018-02-17T23:30:00-02:00"
    assert event_time_text(late) == "2018-02-17T23:30:00-03:00"
    assert micros(late) - micros(early) == 3600 * 10**6


def test_offsets_of_the_time_before_zones_lose_no_second():
    moment = read_time("1905-01-01 00:00:00", SAO_PAULO)  # local mean time, -03:06:28
    assert micros(read_time(event_time_text(moment))) == micros(moment)
    assert from_micros(micros(moment)).isoformat() == "1905-01-01T03:06:28+00:00"


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "America", "a\x00b", "EST5EDT7"]
)
def test_zones_that_are_none(name):
    with pytest.raises(Refused, match="no time zone"):
        find_zone(name)


@given(
    st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2198, 1, 1)), st.integers(-14 * 60, 14 * 60)
)
def test_what_is_written_is_read_again(naive, minutes):
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    moment = read_time(naive.isoformat() + offset)
    assert offset_text(moment) == offset
    text = event_time_text(moment)
    assert read_time(text) == moment
    assert micros(moment) == round((moment - EPOCH) / timedelta(microseconds=1))
    assert from_micros(micros(moment)) == moment
    assert text.endswith(offset)


def test_digits_are_as_many_as_there_are():
    assert event_time_text(read_time("2026-03-01T08:15:00.120000Z")) == "2026-03-01T08:15:00.12+00:00"
    assert event_time_text(read_time("2026-03-01T08:10Z")) == "2026-03-01T08:10:00+00:00"
    assert utc_text(micros(read_time("2026-03-01T08:15:00.129999+01:00"))) == "2026-03-01T07:15:00.129Z"
