"""Times as sources write them, read without guessing.

A time has an offset, or a zone is named for it; anything else is refused. A local time that the clocks skipped
or passed twice (summer time) is refused too, unless the map says which of the two is meant.

>>> read_time("2016-09-04 21:15:19", zone=find_zone("America/Sao_Paulo")).isoformat()
'2016-09-04T21:15:19-03:00'
>>> micros(read_time("1970-01-01T00:00:01Z"))
1000000
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, Literal

from ledger.chain.errors import Refused

Ambiguous = Literal["refuse", "earlier", "later"]

_FORM: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ](?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d{1,6})?)?(Z|[+-]\d{2}:[0-5]\d)?", re.ASCII
)
# A date with points is day, month, year; with strokes it may be either, so nothing is guessed.
_OTHER_ORDER: Final = re.compile(
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?:[ T,]+(?P<time>\d{2}:\d{2}))?", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)
# EPCIS 2.0 section 7.3: offsets lie within 14 hours. The year range keeps every later computation in bounds.
_MAX_OFFSET: Final = timedelta(hours=14)
_YEARS: Final = range(1900, 2200)


@lru_cache(maxsize=32)
def find_zone(name: str) -> tzinfo:
    """Find a time zone by its IANA name.

    Raises:
        Refused: There is none of that name.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(
            f"{name!r} is no time zone", remedy='name one as in the IANA list, like timezone = "Europe/Berlin"'
        ) from None


def _meant(text: str) -> str:
    """Write a time as it must be; of a date in another order, the one that it can only mean."""
    found = _OTHER_ORDER.fullmatch(text)
    if found is None:
        return "2026-03-01T08:15:00+01:00"
    return f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}T{found['time'] or '00:00'}:00+01:00"


def read_time(text: str, zone: tzinfo | None = None, ambiguous: Ambiguous = "refuse") -> datetime:
    """Read a time (ISO 8601 or RFC 3339; a space may stand for the T).

    Args:
        text: As the source has it.
        zone: For times without an offset.
        ambiguous: Which of two to take when the clocks were set back.

    Raises:
        Refused: Not a time, no offset and no zone, or a local time that never was or was twice.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise Refused(f"{text!r} is no time", remedy=f"write it as {_meant(text)}")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"{text!r} is no time: {error}") from None
    if moment.year not in _YEARS:
        raise Refused(f"{text!r} lies outside the years {_YEARS[0]} to {_YEARS[-1]}")
    if match[1]:
        offset = moment.utcoffset() or timedelta()
        if abs(offset) > _MAX_OFFSET:
            raise Refused(f"the offset of {text!r} is beyond 14 hours")
        return moment
    if zone is None:
        raise Refused(
            f"{text!r} has no offset from UTC",
            remedy='add one (2026-03-01T08:15:00+01:00), or name the zone in the map: timezone = "Europe/Berlin"',
        )
    return _localise(moment, zone, text, ambiguous)


def _localise(moment: datetime, zone: tzinfo, text: str, ambiguous: Ambiguous) -> datetime:
    first, second = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    early, late = first.utcoffset() or timedelta(), second.utcoffset() or timedelta()
    if early != late:
        if early < late:
            raise Refused(f"{text!r} never was in {zone}: the clocks were set forward over it")
        if ambiguous == "refuse":
            raise Refused(
                f"{text!r} was twice in {zone}: the clocks were set back over it",
                remedy='say which is meant in the map file: ambiguous = "earlier" (or "later")',
            )
        first = second if ambiguous == "later" else first
    if first.year not in _YEARS:
        raise Refused(f"{text!r} lies outside the years {_YEARS[0]} to {_YEARS[-1]}")
    # Before zones were agreed, clocks went by the sun: such an offset has seconds, which no event can write.
    return first.astimezone(UTC) if (first.utcoffset() or timedelta()) % _MINUTE else first


def micros(moment: datetime) -> int:
    """Count the microseconds since 1970-01-01T00:00:00Z [us]."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(count: int) -> datetime:
    """Give the UTC moment of a count of microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=count)


def offset_text(moment: datetime) -> str:
    """Write the offset of a moment as EPCIS does (``+02:00``)."""
    offset = moment.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def event_time_text(moment: datetime) -> str:
    """Write a moment as an EPCIS eventTime: local time with its offset, to the digits it has."""
    text = moment.replace(tzinfo=None).isoformat()
    if "." in text:
        text = text.rstrip("0")
    return text + offset_text(moment)


def utc_text(count: int) -> str:
    """Write a count of microseconds as UTC with milliseconds, as answers show times."""
    moment = from_micros(count)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
