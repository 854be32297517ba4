"""Local time of the sample's places, without a time zone database: the same bytes on every machine.

Texas, Oklahoma, Kansas and Nebraska keep Central time, California keeps Pacific time, and Arizona does not
change its clocks. Summer time runs from the second Sunday of March to the first Sunday of November, each at
02:00 local.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

STANDARD_OFFSET = {"central": -6, "mountain": -7, "pacific": -8}
"""Hours that local standard time is ahead of UTC [hours]."""

NO_SUMMER_TIME = frozenset({"mountain"})


@lru_cache(maxsize=64)
def _summer(zone: str, year: int) -> tuple[datetime, datetime]:
    """Return when summer time begins and ends in a zone, in UTC."""
    offset = STANDARD_OFFSET[zone]
    second_sunday = date(year, 3, 8 + (6 - date(year, 3, 8).weekday()))
    first_sunday = date(year, 11, 1 + (6 - date(year, 11, 1).weekday()))
    begin = datetime(year, 3, second_sunday.day, 2, tzinfo=UTC) - timedelta(hours=offset)
    end = datetime(year, 11, first_sunday.day, 1, tzinfo=UTC) - timedelta(hours=offset)
    return begin, end


def local_offset(zone: str, moment: datetime) -> int:
    """Return the hours that `zone` is ahead of UTC at a moment given in UTC [hours]."""
    standard = STANDARD_OFFSET[zone]
    if zone in NO_SUMMER_TIME:
        return standard
    begin, end = _summer(zone, moment.year)
    return standard + (begin <= moment < end)


def to_local(zone: str, moment: datetime) -> datetime:
    """Return the same moment with the local offset of `zone`."""
    return moment.astimezone(timezone(timedelta(hours=local_offset(zone, moment))))


def at(zone: str, day: date, hour: float) -> datetime:
    """Return the UTC moment of a local day and hour of the day.

    Args:
        zone: A name in `STANDARD_OFFSET`.
        day: The local calendar day.
        hour: Hours after local midnight; may be fractional and above 24 [hours].
    """
    wall = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=round(hour * 3600))
    standard = wall - timedelta(hours=STANDARD_OFFSET[zone])
    return wall - timedelta(hours=local_offset(zone, standard))


def local_text(zone: str, moment: datetime) -> str:
    """Return ISO 8601 text with milliseconds and the local offset of `zone`."""
    return to_local(zone, moment).isoformat(timespec="milliseconds")
