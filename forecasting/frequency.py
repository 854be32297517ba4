# SPDX-License-Identifier: Apache-2.0
"""Periods of the calendar: from a time to its period and back to the label that stands for it.

A frequency numbers its periods with whole numbers, so that filling gaps, continuing a series and finding
the last complete period are integer arithmetic on arrays. All times are UTC without a zone.

Labels are those of ``pandas.date_range(freq=...)``: the start of the period for ``h D MS QS YS``, the day
that ends it (at midnight) for ``W ME QE YE``. Weeks run Monday to Sunday, so ``W`` (= ``W-SUN``) carries
the date of its Sunday; ``W-WED`` ends on Wednesday.

Example:
    >>> weekly = read_frequency("W")
    >>> monday = np.array(["2018-01-01T10:00"], dtype="datetime64[us]")
    >>> str(weekly.labels(weekly.ordinals(monday))[0].astype("datetime64[D]"))
    '2018-01-07'
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.errors import BadArgument

Times = npt.NDArray[np.datetime64]
Ordinals = npt.NDArray[np.int64]

LAST_YEAR = 9998
"""The last year whose periods are computed; pandas and Python both end within 9999."""

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SEASONS = {"h": 24, "D": 7, "W": 52, "M": 12, "Q": 4, "Y": 1}
_BASES = {"h": "h", "D": "D", "W": "W", "MS": "M", "QS": "Q", "YS": "Y", "ME": "M", "QE": "Q", "YE": "Y"}
_PERIOD_ALIASES = {"H": "h", "M": "MS", "Q": "QS", "Y": "YS", "A": "YS"}
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


@dataclass(frozen=True)
class Frequency:
    """A regular division of time.

    Attributes:
        alias: the pandas offset alias that names it.
        base: one of ``h D W M Q Y``.
        anchor: for weeks the weekday that ends one (Monday 0), for quarters and years the month that
            starts one (January 0), else 0.
        end_label: whether the label is the day that ends the period.
    """

    alias: str
    base: str
    anchor: int
    end_label: bool

    @property
    def season_length(self) -> int:
        """Periods in one season of this frequency [periods]."""
        return _SEASONS[self.base]

    def ordinals(self, times: Times) -> Ordinals:
        """Number the periods that hold the times.

        Args:
            times: datetime64 of any unit, UTC, no NaT, shape (n,).

        Returns:
            Period numbers, shape (n,).
        """
        if self.base == "h":
            return times.astype("datetime64[h]").astype(np.int64)
        days = times.astype("datetime64[D]").astype(np.int64)
        if self.base == "D":
            return days
        if self.base == "W":
            return np.floor_divide(days + _EPOCH_WEEKDAY - self.anchor - 1, 7)
        months = times.astype("datetime64[M]").astype(np.int64)
        if self.base == "M":
            return months
        return np.floor_divide(months - self.anchor, 3 if self.base == "Q" else 12)

    def starts(self, ordinals: Ordinals) -> Times:
        """Give the first instant of each period, datetime64[us] UTC, shape (n,)."""
        numbers = np.asarray(ordinals, dtype=np.int64)
        if self.base == "h":
            return numbers.astype("datetime64[h]").astype("datetime64[us]")
        if self.base == "D":
            return numbers.astype("datetime64[D]").astype("datetime64[us]")
        if self.base == "W":
            days = numbers * 7 - _EPOCH_WEEKDAY + self.anchor + 1
            return days.astype("datetime64[D]").astype("datetime64[us]")
        width = {"M": 1, "Q": 3, "Y": 12}[self.base]
        months = numbers * width + (0 if self.base == "M" else self.anchor)
        return months.astype("datetime64[M]").astype("datetime64[us]")

    def labels(self, ordinals: Ordinals) -> Times:
        """Give the labels of the periods as ``pandas.date_range`` writes them, datetime64[us], shape (n,)."""
        if not self.end_label:
            return self.starts(ordinals)
        following = self.starts(np.asarray(ordinals, dtype=np.int64) + 1)
        return following - np.timedelta64(1, "D")


def read_frequency(alias: str) -> Frequency:
    """Read a pandas offset alias.

    Args:
        alias: ``h``, ``D``, ``W`` or ``W-MON`` .. ``W-SUN``, ``MS``, ``QS`` or ``QS-JAN`` .., ``YS`` or
            ``YS-JAN`` .., or the forms ``ME QE YE`` that carry the last day as label.

    Returns:
        The frequency.

    Raises:
        BadArgument: the alias is not one of these.
    """
    if not isinstance(alias, str):
        raise BadArgument(f"freq: expected a pandas offset alias such as 'W', got {alias!r}")
    head, _, anchor_name = alias.partition("-")
    base = _BASES.get(head)
    anchor = _read_anchor(head, base, anchor_name)
    if base is None or anchor is None:
        raise BadArgument(
            f"freq {alias!r}: expected one of h D W MS QS YS ME QE YE (with an anchor: W-MON, QS-FEB, YS-APR); "
            "bring the table to one of these first"
        )
    return Frequency(alias, base, anchor, head in ("W", "ME", "QE", "YE"))


def read_period(alias: str) -> Frequency:
    """Read a pandas period alias (``h D W M Q Y``); the offset aliases are accepted too.

    Raises:
        BadArgument: the alias is neither.
    """
    return read_frequency(_PERIOD_ALIASES.get(alias, alias) if isinstance(alias, str) else alias)


def _read_anchor(head: str, base: str | None, name: str) -> int | None:
    if base == "W":
        return _DAYS.index(name or "SUN") if (name or "SUN") in _DAYS else None
    if base in ("Q", "Y"):
        starting = head in ("QS", "YS")
        name = name or ("JAN" if starting else "DEC")
        if name not in _MONTHS:
            return None
        first = _MONTHS.index(name) + (0 if starting else 1)
        return first % (3 if base == "Q" else 12)
    return 0 if not name else None
