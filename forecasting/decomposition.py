# SPDX-License-Identifier: Apache-2.0
"""Why demand is what it is: level, trend, season and remainder of each series, by STL of statsmodels.

    y[t] = trend[t] + season[t] + remainder[t]      (Cleveland, Cleveland, McRae and Terpenning 1990)

Shares are of the squares about the mean, one part at a time, so that they sum to 1: they say what moved demand
in the history (`forecasting.reasons.explain_shares` puts them into words). Robust weights keep single odd periods
out of trend and season.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.nonparametric.smoothers_lowess import lowess
from statsmodels.tsa.seasonal import STL

from forecasting.engine.block import Floats
from forecasting.series import read_panel

PART_COLUMNS = ("unique_id", "ds", "y", "trend", "season", "remainder")
SHARE_COLUMNS = (
    "unique_id",
    "season_length",
    "level",
    "change",
    "trend_share",
    "season_share",
    "remainder_share",
)

LONGEST_READ = 520
"""Last periods that are decomposed."""

_SEASONAL_SPAN = 7
_TREND_SPAN = 2 / 3
_SHORTEST = 3


@dataclass(frozen=True)
class Parts:
    """The parts of one history, each of shape (n,) [units/period]; they sum to the history."""

    trend: Floats
    season: Floats
    remainder: Floats

    @property
    def shares(self) -> tuple[float, float, float]:
        """Give the shares of trend, season and remainder, which sum to 1; of a constant all 0."""
        squares = [float(((part - part.mean()) ** 2).sum()) for part in (self.trend, self.season)]
        squares.append(float((self.remainder**2).sum()))
        total = sum(squares)
        largest = float(np.abs(self.trend).max()) or 1.0
        if total <= 1e-18 * largest**2 * len(self.trend):
            return (0.0, 0.0, 0.0)
        trend, season, remainder = (value / total for value in squares)
        return trend, season, remainder


@dataclass(frozen=True)
class Decomposition:
    """All series of a table decomposed.

    Attributes:
        parts: columns `PART_COLUMNS`, one row per series and period read [units/period].
        shares: columns `SHARE_COLUMNS`, one row per series: ``level`` is the trend at the end [units/period],
            ``change`` the trend at the end over that at the start, minus 1.
    """

    parts: pd.DataFrame
    shares: pd.DataFrame


def decompose_demand(demand: pd.DataFrame, *, freq: str, season_length: int | None = None) -> Decomposition:
    """Take the demand of every series apart.

    Args:
        demand: columns ``unique_id, ds, y`` (`forecasting.series.read_panel`).
        freq: pandas offset alias such as ``h D W MS QS YS``.
        season_length: periods in a season, or None for what `freq` implies.

    Returns:
        Parts and shares. A history of less than two seasons gets no season; one of less than three periods no
        trend.

    Raises:
        BadTable, BadArgument, NotEnoughHistory: as `read_panel`.

    Example:
        >>> months = pd.date_range("2024-01-01", periods=36, freq="MS")
        >>> demand = pd.DataFrame({"unique_id": "tea", "ds": months, "y": ([9.0] * 11 + [21.0]) * 3})
        >>> float(decompose_demand(demand, freq="MS").shares["season_share"][0].round(2))
        1.0
    """
    panel = read_panel(demand, freq=freq, season_length=season_length, horizon=1)
    parts, shares = [], []
    for series in panel.series:
        y = series.y[-LONGEST_READ:]
        found = decompose(y, panel.season_length)
        ordinals = np.arange(series.stop - len(y), series.stop)
        labels = panel.frequency.labels(ordinals)
        parts.append(
            pd.DataFrame(
                {
                    "unique_id": series.unique_id,
                    "ds": labels,
                    "y": y,
                    "trend": found.trend,
                    "season": found.season,
                    "remainder": found.remainder,
                }
            )
        )
        trend_share, season_share, remainder_share = found.shares
        first, last = float(found.trend[0]), float(found.trend[-1])
        shares.append(
            {
                "unique_id": series.unique_id,
                "season_length": panel.season_length,
                "level": last,
                "change": last / first - 1 if first > 1e-9 else float("nan"),
                "trend_share": trend_share,
                "season_share": season_share,
                "remainder_share": remainder_share,
            }
        )
    return Decomposition(
        pd.concat(parts, ignore_index=True)[list(PART_COLUMNS)], pd.DataFrame(shares, columns=list(SHARE_COLUMNS))
    )


def decompose(y: Floats, season_length: int) -> Parts:
    """Take one history apart.

    Args:
        y: demand, finite, shape (n,), n at least 1.
        season_length: m [periods]; at least 1.
    """
    n, m = len(y), season_length
    flat = np.full(n, float(y.mean()))
    scale = float(np.abs(y).max())
    if n < _SHORTEST or scale == 0 or float(np.ptp(y)) <= 1e-12 * scale:
        return Parts(flat, np.zeros(n), y - flat)
    if m >= 2 and n >= 2 * m + 1:
        found = STL(y / scale, period=m, seasonal=_SEASONAL_SPAN, robust=True).fit()
        trend, season = np.asarray(found.trend) * scale, np.asarray(found.seasonal) * scale
        if np.isfinite(trend).all() and np.isfinite(season).all():
            return Parts(trend, season, y - trend - season)
    smooth = np.asarray(lowess(y / scale, np.arange(n), frac=_TREND_SPAN, return_sorted=False)) * scale
    trend = smooth if np.isfinite(smooth).all() else flat
    return Parts(trend, np.zeros(n), y - trend)
