# SPDX-License-Identifier: Apache-2.0
"""Words for why: what moves a forecast, told from what was fitted and from the forecast itself.

level     the mean ahead against the mean of as many periods before
trend     what is left of the forecast's own change once the fitted season is taken out
season    the factors that the engine takes out and puts in again, where they are strong enough to be seen
holiday   what the days of a calendar did to demand (`forecasting.calendar_effects`)
history   what share of the movement of the history is trend, season and neither (`forecasting.decomposition`)
others    each known regressor by its own name: its elasticity, or what demand is where it is on
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from forecasting.engine.block import Bools, Floats, make_block
from forecasting.engine.classes import LONGEST
from forecasting.engine.season import future_phases, seasonal_factors
from forecasting.frequency import Frequency
from ledger.chain.counting import counted

CLEAR_SEASON: Final = 0.3
"""Weight of the seasonal factors (0 to 1) from which a season is named."""

CLEAR_CHANGE: Final = 0.02
"""Relative change from which a trend or a level is said to move."""

_TOGETHER: Final = 512
_LONG_SEASON: Final = 24
_FEW: Final = 3
_CLOSED: Final = 0.05
_LONGEST: Final = 1e13
_MONTHS: Final = tuple(
    "January February March April May June July August September October November December".split()
)
_DAYS: Final = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
_PERIODS: Final = {"h": "hour", "D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
_ON_OFF: Final = re.compile("promo|event|campaign|offer|holiday", re.IGNORECASE)


@dataclass(frozen=True)
class Fitted:
    """What an engine fitted to one series.

    Attributes:
        season: periods in a season, as it was used.
        slope: of the line through the history without its season [units/period per period]; None where the
            engine fits no such line.
        strength: weight of the seasonal factors, 0 to 1; None where the engine takes out none.
    """

    season: int
    slope: float | None = None
    strength: float | None = None


@dataclass(frozen=True)
class Effect:
    """What one regressor does to demand.

    Attributes:
        name: of the regressor.
        coefficient: on the logarithm of demand.
        logged: whether the regressor entered in logs, so that the coefficient is an elasticity.
        ahead: its values over the horizon, shape (H,).
    """

    name: str
    coefficient: float
    logged: bool
    ahead: Floats


def tell_effects(names: Sequence[str], coefficients: Floats, logged: Bools, ahead: Floats) -> tuple[Effect, ...]:
    """Put what was fitted to each regressor beside its values ahead.

    Args:
        names: of the k regressors.
        coefficients: on the logarithm of demand, shape (k,).
        logged: which entered in logs, shape (k,).
        ahead: their values over the horizon, shape (H, k).
    """
    return tuple(
        Effect(name, float(value), bool(in_logs), values)
        for name, value, in_logs, values in zip(names, coefficients, logged, ahead.T, strict=True)
    )


@dataclass(frozen=True)
class Reason:
    """One sentence.

    Attributes:
        part: ``level, trend, season, holiday, history``, or the name of a regressor.
        words: for people, without a full stop.
        value: relative change that it stands for (0.1 is a tenth more), an elasticity, or None.
    """

    part: str
    words: str
    value: float | None = None


def explain_forecasts(
    histories: Sequence[Floats],
    stops: Sequence[int],
    means: Sequence[Floats],
    fitted: Sequence[Fitted],
    frequency: Frequency,
    holidays: Sequence[Floats | None] = (),
) -> list[list[Reason]]:
    """Say what moves each forecast.

    Args:
        histories: demand [units/period].
        stops: number of the period after each history.
        means: forecasts, each of shape (H,).
        fitted: what was fitted to each.
        frequency: of the periods.
        holidays: what holidays multiply the periods ahead by; none: there are none.

    Returns:
        For each series its reasons: level, trend, season.
    """
    found: list[list[Reason]] = [[] for _ in histories]
    groups: dict[int, list[int]] = {}
    for row, one in enumerate(fitted):
        groups.setdefault(one.season, []).append(row)
    for season, rows in groups.items():
        for first in range(0, len(rows), _TOGETHER):
            some = rows[first : first + _TOGETHER]
            shapes = _shapes([histories[row] for row in some], season, frequency)
            for row, own, seen in zip(some, *shapes, strict=True):
                said = fitted[row]
                strength = float(seen) if said.strength is None else said.strength
                shape = _Shape(own, strength, holidays[row] if holidays else None)
                found[row] = _explain(
                    histories[row], int(stops[row]), np.asarray(means[row]), said, shape, frequency
                )
    return found


def explain_effects(effects: Sequence[Effect]) -> list[Reason]:
    """Say what each known regressor does."""
    return [_effect(one) for one in effects]


def explain_shares(shares: tuple[float, float, float], said: Sequence[Reason]) -> list[Reason]:
    """Say what moved demand in the history.

    Args:
        shares: of trend, season and remainder, which sum to 1; all 0 where nothing moved.
        said: the reasons so far. Where they see no clear season, its share is noise and counts as such.
    """
    trend, season, rest = shares
    if not any(shares):
        return []
    if not any(one.part == "season" and one.value for one in said):
        season, rest = 0.0, rest + season
    seasonal = f"season {_percent(season)}, " if season else ""
    parts = f"trend is {_percent(trend)}, {seasonal}neither {_percent(rest)}"
    words = f"of what moved demand in the history, {parts} (STL)"
    return [Reason("history", words, rest)]


def as_records(reasons: Sequence[Reason]) -> list[dict[str, object]]:
    """Give reasons as JSON has them."""
    return [{"part": one.part, "words": one.words, "value": one.value} for one in reasons]


@dataclass(frozen=True)
class _Shape:
    """Seasonal factors by phase from the end, shape (m,), their weight, and the holidays ahead, shape (H,)."""

    factors: Floats
    strength: float
    holidays: Floats | None = None


def _shapes(histories: Sequence[Floats], season: int, frequency: Frequency) -> tuple[Floats, Floats]:
    """Give the seasonal factors, shape (S, m), and their weights, (S,): 1 and 0 where none can be had."""
    none = np.ones((len(histories), season)), np.zeros(len(histories))
    block = make_block(list(histories), LONGEST[frequency.base])
    if season < 2 or block.z.shape[1] < 2 * season or (block.z < 0).any():
        return none
    factors, weight = seasonal_factors(block, season, smoothing=1 if season > _LONG_SEASON else 0)
    long = block.lengths >= 2 * season
    return np.where(long[:, None], factors, none[0]), np.where(long, weight, 0.0)


def _explain(
    y: Floats, stop: int, mean: Floats, fitted: Fitted, shape: _Shape, frequency: Frequency
) -> list[Reason]:
    period = _PERIODS[frequency.base]
    if not y.any():
        return [Reason("level", f"nothing was asked for in any of the {len(y):,} {period}s known", 0.0)]
    n, horizon = len(y), len(mean)
    m = fitted.season
    strong = shape.strength >= CLEAR_SEASON and m > 1 and n >= 2 * m
    reasons = [_level(y, mean, m if strong else 0, period)]
    if n < _FEW:
        return [*reasons, Reason("trend", f"{counted(n, period)} of history cannot show a trend or a season")]
    ahead = shape.factors[future_phases(m, horizon)] if strong else np.ones(horizon)
    slope = _slope(y[-LONGEST[frequency.base] :]) if fitted.slope is None else fitted.slope
    plain = mean / ahead
    if shape.holidays is not None and (kept := shape.holidays > _CLOSED).any():
        plain = (plain / np.where(kept, shape.holidays, 1.0))[kept]
    reasons.append(_trend(y, plain, slope, period))
    if m > 1:
        reasons.append(_season(n, stop, m, shape, frequency))
    return reasons


def _level(y: Floats, mean: Floats, season: int, period: str) -> Reason:
    """Tell the mean ahead beside that of as many periods: one season before where there is one, else the last."""
    window = min(len(y), len(mean), season or len(y))
    before = float(y[len(y) - season :][:window].mean() if season else y[-window:].mean())
    after = float(mean[:window].mean())
    which = f"the same {counted(window, period)} one season before"
    if not season:
        which = f"the last {period}" if window == 1 else f"the last {counted(window, period)}"
    words = f"{_number(after)} a {period} on average, against {_number(before)} in {which}"
    empty = float((y == 0).mean())
    if empty >= 0.1:
        words += f"; {_percent(empty)} of all {period}s had no demand"
    return Reason("level", words, after / before - 1 if before else None)


def _slope(y: Floats) -> float:
    """Give the slope of the line of least squares through a history."""
    t = np.arange(len(y)) - (len(y) - 1) / 2
    return float((t * y).sum() / (t**2).sum()) if len(y) > 1 else 0.0


def _trend(y: Floats, plain: Floats, slope: float, period: str) -> Reason:
    """Tell the change of the forecast without its season, beside what the history did."""
    past = slope * (len(y) - 1) / float(np.abs(y).mean())
    first = float(plain[0])
    change = float(plain[-1]) / first - 1 if first > 0 and len(plain) > 1 else 0.0
    history = f"over the history demand {_moved(y, period)}"
    if abs(past) < 5 * CLEAR_CHANGE:
        history = "the history has no clear trend"
    if abs(change) < CLEAR_CHANGE:
        ahead = "none is expected" if abs(past) < 5 * CLEAR_CHANGE else "the forecast stays about level"
    else:
        ahead = f"the forecast {_moves(change)} over the {counted(len(plain), period)} ahead"
    return Reason("trend", f"{history}; {ahead}", change)


def _season(n: int, stop: int, m: int, shape: _Shape, frequency: Frequency) -> Reason:
    period, factors = _PERIODS[frequency.base], shape.factors
    if n < 2 * m:
        return Reason("season", f"{counted(n, period)} are too few to see a season of {m}", None)
    if shape.strength < CLEAR_SEASON:
        return Reason("season", f"no clear season of {counted(m, period)}", 0.0)
    high, low = int(np.argmax(factors)), int(np.argmin(factors))
    names = [_phase_name(stop - 1 - phase, m, frequency) for phase in (high, low)]
    words = (
        f"a season of {counted(m, period)} (strength {_percent(shape.strength)}): "
        f"{names[0]} {_signed(factors[high] - 1)}, {names[1]} {_signed(factors[low] - 1)} against the average"
    )
    return Reason("season", words, float(factors[high] - 1))


def _effect(one: Effect) -> Reason:
    name, horizon = one.name, len(one.ahead)
    if one.logged:
        words = f"1 % more of it changes demand by {one.coefficient:+.1f} %"
        if horizon and float(one.ahead.max()) > float(one.ahead.min()):
            words += f"; {_number(float(one.ahead.min()))} to {_number(float(one.ahead.max()))} ahead"
        return Reason(name, words, one.coefficient)
    share = float(np.expm1(np.clip(one.coefficient, -20.0, 20.0)))
    if set(np.unique(one.ahead).tolist()) <= {0.0, 1.0} or _ON_OFF.search(name):
        on = int((one.ahead != 0).sum())
        where = f"{on} of the {horizon} periods ahead" if on else "none of the periods ahead"
        return Reason(name, f"{_signed(share)} where it is on, in {where}", share)
    return Reason(name, f"{_signed(share)} for each unit of it", share)


def explain_holidays(effects: Mapping[str, float], ahead: Sequence[str]) -> list[Reason]:
    """Say what holidays do: effects by name (0.1 is a tenth more), and those that fall ahead, in order."""
    if not ahead:
        words = "no holiday of the calendar falls into the periods ahead"
        return [Reason("holiday", words, 0.0)] if effects else []
    names = list(dict.fromkeys(ahead))
    clear = [name for name in names if name in effects]
    if not clear:
        return [Reason("holiday", f"ahead: {', '.join(names[:6])}; none had a clear effect", 0.0)]
    words = ", ".join(f"{name} {_signed(effects[name])}" for name in clear[:6])
    others = len(names) - min(len(clear), 6)
    more = f"; {others} more" if others else ""
    return [Reason("holiday", f"ahead: {words}{more}", float(np.mean([effects[name] for name in clear])))]


def _phase_name(ordinal: int, season: int, frequency: Frequency) -> str:
    start = frequency.starts(np.array([ordinal]))[0]
    day: date = start.astype("datetime64[D]").item()
    if frequency.base == "h" and season == 24:
        return f"{int(start.astype('datetime64[h]').astype(np.int64)) % 24:02d}:00"
    if frequency.base == "D" and season == 7:
        return _DAYS[day.weekday()]
    if frequency.base == "M" and season == 12:
        return _MONTHS[day.month - 1]
    if frequency.base == "Q" and season == 4:
        return f"the quarter from {_MONTHS[day.month - 1]}"
    if frequency.base == "W" and season == 52:
        return f"the week of {day.day} {_MONTHS[day.month - 1]}"
    return f"the period of {day.isoformat()}"


def _moved(y: Floats, period: str) -> str:
    """Tell a trend by what both ends had: the slope of a line, as a share of the mean, means nothing to people."""
    part = max(1, len(y) // 4)
    first, last = float(y[:part].mean()), float(y[-part:].mean())
    return (
        f"{'rose' if last > first else 'fell'} from {_number(first)} to {_number(last)} a {period} "
        f"(averages of its first and last {counted(part, period)})"
    )


def _moves(share: float) -> str:
    return f"{'rises' if share > 0 else 'falls'} by {_percent(abs(share))}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _signed(share: float) -> str:
    return f"{share * 100:+.0f} %"


def _number(value: float) -> str:
    size = abs(value)
    if size >= _LONGEST:
        return f"{value:.3e}"
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
