# SPDX-License-Identifier: Apache-2.0
"""Holidays of countries and their parts, and what they do to demand.

Of days and weeks each holiday has an effect of its own: demand on it over what is usual around it (the same
weekday of the four weeks before and after; the four weeks before and after), drawn to the median of all series of
the call and to no effect, for a holiday is seen only once a year. Histories are forecast as if these days had been
usual, and the days ahead get their effect. Of months and quarters, demand moves with the number of working days
(Monday to Friday that are no holiday): by how much is fitted to the changes against the same period of the year
before.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.errors import BadArgument
from forecasting.frequency import Frequency

Floats = npt.NDArray[np.float64]

WORTH: Final = 1.0
"""So many days like it are what an effect is drawn to."""

LEAST_EFFECT: Final = 0.05
"""Relative effect below which a day counts as usual."""

MOST_EFFECT: Final = 5.0
_AROUND: Final = 4
_LEAST_USUAL: Final = 3
_LEAST_PAIRS: Final = 12
_DAYS_KNOWN: Final = "D", "W", "M", "Q"
_Sums = tuple[float, float, int]
"""Demand, what was usual, and on how many days."""

_EDGES: Final = "the day before a holiday", "the day after a holiday"


@dataclass(frozen=True)
class Adjusted:
    """Histories without their holidays, and what to put back.

    Attributes:
        histories: as they would have been.
        factors: of the periods ahead, each of shape (H,).
        effects: of each series, by name: 0.1 is a tenth more.
        ahead: names of what falls into the periods ahead.
    """

    histories: list[Floats]
    factors: list[Floats]
    effects: list[dict[str, float]]
    ahead: list[list[str]]


def read_calendars(names: Sequence[str], frequency: Frequency) -> tuple[str, ...]:
    """Check the names of calendars: a country (ISO 3166-1, two letters) or a part of one, such as ``US-CA``.

    Raises:
        BadArgument: there is no such calendar, or periods are hours or years.
    """
    import holidays

    if isinstance(names, str):
        names = (names,)
    if names and frequency.base not in _DAYS_KNOWN:
        raise BadArgument(f"holidays: expected days, weeks, months or quarters, got freq {frequency.alias!r}")
    known = holidays.list_supported_countries(include_aliases=True)
    for name in names:
        country, _, part = name.partition("-")
        if country not in known:
            raise BadArgument(
                f"holidays: there is no calendar of {name!r}; expected a country such as US or DE-BY"
            )
        if part and part not in known[country]:
            parts = ", ".join(known[country][:12]) or "none"
            raise BadArgument(f"holidays: {country} has no part {part!r}; it has {parts}")
    return tuple(dict.fromkeys(names))


def holidays_between(names: Sequence[str], first: date, last: date) -> dict[date, str]:
    """Give the holidays of all calendars from the first to the last day, by day."""
    import holidays

    found: dict[date, str] = {}
    years = range(first.year, last.year + 1)
    for name in names:
        country, _, part = name.partition("-")
        calendar = holidays.country_holidays(country, subdiv=part or None, years=years, language="en_US")
        for day, title in calendar.items():
            if first <= day <= last:
                found.setdefault(day, str(title))
    return dict(sorted(found.items()))


class CalendarDays:
    """The holidays of some calendars over the periods of a panel and its horizon.

    Args:
        names: of calendars, as `read_calendars` gives them.
        frequency: of the periods.
        first: number of the first period of any series.
        stop: number of the period after the last one ahead.
    """

    def __init__(self, names: Sequence[str], frequency: Frequency, first: int, stop: int) -> None:
        self.names = tuple(names)
        self._base, self._first = frequency.base, first
        edges = frequency.starts(np.arange(first, stop + 1)).astype("datetime64[D]")
        begin, end = edges[0].item() - timedelta(days=1), edges[-1].item()
        self._days = holidays_between(names, begin, end)
        days = np.array(list(self._days), dtype="datetime64[D]")
        self._labels: list[str] = [""] * (stop - first)
        if frequency.base in ("D", "W"):
            self._mark(edges, days)
        starts = edges.astype(np.int64)
        off = days[np.is_busday(days)] if len(days) else days
        work = np.busday_count(edges[:-1], edges[1:]) - (
            np.searchsorted(off.astype(np.int64), starts[1:]) - np.searchsorted(off.astype(np.int64), starts[:-1])
        )
        self._work = np.maximum(work.astype(np.float64), 1.0)

    def digest(self) -> str:
        """Digest the days, so that a library that names others is seen."""
        text = "\n".join(f"{day.isoformat()} {name}" for day, name in self._days.items())
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def adjust(self, histories: Sequence[Floats], starts: Sequence[int], horizon: int) -> Adjusted:
        """Take holidays out of histories, of which each learns from all.

        Args:
            histories: demand.
            starts: number of the first period of each.
            horizon: H, periods ahead.
        """
        if self._base in ("M", "Q"):
            return self._adjust_work(histories, starts, horizon)
        step = 7 if self._base == "D" else 1
        seen = [self._effects(y, start - self._first, step) for y, start in zip(histories, starts, strict=True)]
        common = _common([sums for sums, _ in seen])
        out = Adjusted([], [], [], [])
        for y, start, (sums, usual) in zip(histories, starts, seen, strict=True):
            effects = {name: _drawn(sums.get(name), value) for name, value in common.items()}
            effects = {name: value for name, value in effects.items() if abs(value - 1) > LEAST_EFFECT}
            clean, at = y.copy(), start - self._first
            for place, value in usual.items():
                if self._labels[at + place] in effects:
                    clean[place] = value
            labels = self._labels[at + len(y) :][:horizon]
            out.histories.append(clean)
            out.factors.append(np.array([effects.get(label, 1.0) for label in labels]))
            out.effects.append({name: value - 1 for name, value in effects.items()})
            out.ahead.append([label for label in labels if label and label not in _EDGES])
        return out

    def _mark(self, edges: npt.NDArray[np.datetime64], days: npt.NDArray[np.datetime64]) -> None:
        """Name the holiday of every day or week; of days also the day before one and the day after."""
        places = np.searchsorted(edges, days, side="right") - 1
        for place, title in zip(places.tolist(), self._days.values(), strict=True):
            if 0 <= place < len(self._labels):
                before = self._labels[place]
                self._labels[place] = f"{before} and {title}" if before and title not in before else title
        if self._base == "D":
            marked = [bool(label) for label in self._labels]
            for place, on in enumerate(marked):
                for other, name in ((place - 1, _EDGES[0]), (place + 1, _EDGES[1])):
                    if on and 0 <= other < len(marked) and not self._labels[other]:
                        self._labels[other] = name

    def _effects(self, y: Floats, at: int, step: int) -> tuple[dict[str, _Sums], dict[int, float]]:
        """Sum demand, what was usual, and days, of each name; and give what was usual on each such day."""
        sums: dict[str, _Sums] = {}
        usual: dict[int, float] = {}
        special = [bool(label) for label in self._labels[at : at + len(y)]]
        for place in np.flatnonzero(special).tolist():
            around = [place + step * k for k in range(-_AROUND, _AROUND + 1) if k]
            values = sorted(float(y[one]) for one in around if 0 <= one < len(y) and not special[one])
            if len(values) < _LEAST_USUAL:
                continue
            # A value that was seen, so that counts stay counts; the mean where most periods are empty.
            middle = values[(len(values) - 1) // 2]
            level = middle if middle > 0 else sum(values) / len(values)
            if level <= 0:
                continue
            usual[place] = middle
            name = self._labels[at + place]
            came, expected, count = sums.get(name, (0.0, 0.0, 0))
            sums[name] = (came + max(float(y[place]), 0.0), expected + level, count + 1)
        return sums, usual

    def _adjust_work(self, histories: Sequence[Floats], starts: Sequence[int], horizon: int) -> Adjusted:
        season = 12 if self._base == "M" else 4
        slopes = [self._slope(y, start - self._first, season) for y, start in zip(histories, starts, strict=True)]
        known = [slope for slope, pairs in slopes if pairs]
        common = float(np.median(known)) if known else 0.0
        out = Adjusted([], [], [], [])
        for y, start, (slope, pairs) in zip(histories, starts, slopes, strict=True):
            own = (pairs * slope + _LEAST_PAIRS * common) / (pairs + _LEAST_PAIRS)
            at, stop = start - self._first, start - self._first + len(y)
            work = np.log(self._work[at : stop + horizon])
            usual = _yearly_means(work, len(y), season)
            factors = np.exp(own * (work - usual))
            out.histories.append(y / factors[: len(y)])
            out.factors.append(factors[len(y) :])
            moved = abs(own) > LEAST_EFFECT
            out.effects.append({"one working day more": float(np.exp(own / 21) - 1)} if moved else {})
            out.ahead.append(["one working day more"] if moved else [])
        return out

    def _slope(self, y: Floats, at: int, season: int) -> tuple[float, int]:
        """Fit the elasticity of demand to working days by changes against the year before, with how many pairs."""
        if len(y) < season + _LEAST_PAIRS or (y <= 0).any():
            return 0.0, 0
        work = np.log(self._work[at : at + len(y)])
        dx, dy = work[season:] - work[:-season], np.log(y[season:]) - np.log(y[:-season])
        dy = dy - np.median(dy)
        spread = float((dx**2).sum())
        slope = float((dx * dy).sum()) / (spread + 0.01) if spread > 0 else 0.0
        return float(np.clip(slope, 0.0, 1.5)), len(dx)


def _yearly_means(work: Floats, known: int, season: int) -> Floats:
    """Give for each period the mean over the years known of the same month; its own value where there is none."""
    means = work.copy()
    for phase in range(min(season, known)):
        means[phase::season] = work[phase:known:season].mean()
    return means


def _common(seen: Sequence[Mapping[str, _Sums]]) -> dict[str, float]:
    """Give the effect of each name over all series: the median, drawn to no effect."""
    ratios: dict[str, list[float]] = {}
    for sums in seen:
        for name, (came, expected, _) in sums.items():
            ratios.setdefault(name, []).append(came / expected)
    return {
        name: (len(values) * float(np.median(values)) + WORTH) / (len(values) + WORTH)
        for name, values in ratios.items()
    }


def _drawn(own: _Sums | None, common: float) -> float:
    """Draw a series' own effect to the common one."""
    if own is None:
        return common
    came, expected, count = own
    return float(np.clip((count * came / expected + WORTH * common) / (count + WORTH), 0.0, MOST_EFFECT))
