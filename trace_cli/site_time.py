"""Times, spans and probabilities as people read them: times in the zone of the site, named; files keep UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

LIKELY: Final = 0.5
"""Probability from which on something is likelier than not, and is counted and listed as such."""


@dataclass(frozen=True)
class SiteTime:
    """A time zone and how times are written in it.

    Attributes:
        name: by which people know the zone, such as Europe/Berlin.
        zone: what it is.
    """

    name: str
    zone: tzinfo

    def local(self, moment: datetime | str) -> datetime:
        """Take a moment, or its text in UTC, over into the zone."""
        read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return read.astimezone(self.zone)

    def minute(self, moment: datetime | str) -> str:
        """Write year to minute: ``2026-03-02 05:27``."""
        return f"{self.local(moment):%Y-%m-%d %H:%M}"

    def short(self, moment: datetime | str, year: int) -> str:
        """Write month to minute, or year to day where the year is another: ``03-02 05:27``, ``2027-01-04``."""
        local = self.local(moment)
        return f"{local:%m-%d %H:%M}" if local.year == year else f"{local:%Y-%m-%d}"

    def day(self, moment: datetime | str) -> str:
        """Write a day with its name: ``Mon 2026-03-02``."""
        return f"{self.local(moment):%a %Y-%m-%d}"


def read_site_time(name: str) -> SiteTime:
    """Find a zone by its IANA name.

    Raises:
        CommandError: There is none of that name.
    """
    from ledger.chain.errors import Refused
    from ledger.custody.times import find_zone

    try:
        return SiteTime(name, find_zone(name))
    except Refused as error:
        raise CommandError(
            ExitCode.USAGE,
            f"timezone: {error.message}",
            remedy='timezone = "Europe/Berlin" under [defaults] of trace.toml, or TRACE_TIMEZONE=Europe/Berlin',
        ) from None


def duration(hours: float) -> str:
    """Write a span as people say it: minutes, hours up to two days, else days."""
    if abs(hours) < 1:
        return f"{hours * 60:.0f} min"
    if abs(hours) < 48:
        return f"{hours:.1f} h" if abs(hours) < 10 else f"{hours:.0f} h"
    days = hours / 24
    return f"{days:.1f} days" if abs(days) < 10 else f"{days:,.0f} days"


def percent(share: float | None) -> str:
    """Write a share in whole hundredths, ``-`` where there is none.

    Example:
        >>> percent(0.125), percent(None)
        ('12 %', '-')
    """
    return "-" if share is None else f"{share * 100:.0f} %"


def likelihood(probability: float) -> str:
    """Say a probability in words (the scale of the IPCC, Mastrandrea et al. 2010, table 1).

    Example:
        >>> likelihood(0.5), likelihood(0.995)
        ('about as likely as not', 'virtually certain')
    """
    scale = (
        (0.99, "virtually certain"),
        (0.90, "very likely"),
        (0.66, "likely"),
        (0.33, "about as likely as not"),
        (0.10, "unlikely"),
        (0.01, "very unlikely"),
    )
    return next((words for least, words in scale if probability >= least), "exceptionally unlikely")
