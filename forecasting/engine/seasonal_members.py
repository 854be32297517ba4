# SPDX-License-Identifier: Apache-2.0
"""The members that know a season: each takes the place of a plain one where the history is long enough."""

import numpy as np

from forecasting.engine.autoregression import autoregress
from forecasting.engine.block import Block, Bools, Floats
from forecasting.engine.holt_winters import holt_winters
from forecasting.engine.profile_windows import phase_windows, year_before
from forecasting.engine.smoothing import slope_of_line

LONGEST_SMOOTHED = 24
"""Seasons longer than this are not smoothed by Holt-Winters."""

LONGEST_SHORT = 7
"""Seasons up to this length have means and medians of the same phase over many seasons."""

WINDOWS = (4, 8, 13, 26, 52)
"""Seasons over which those are taken."""


def add_seasonal(
    found: dict[str, Floats],
    block: Block,
    plain: Floats,
    logs: Floats,
    use_logs: Bools,
    factors: Floats,
    horizon: int,
) -> None:
    """Add the seasonal members to those found.

    Args:
        found: plain members by name; added to.
        block: histories, at least two seasons wide.
        plain: histories without their season, shape (S, T).
        logs: logs of `plain`.
        use_logs: rows that may be taken to logs, shape (S,).
        factors: seasonal factors by phase, shape (S, m).
        horizon: periods ahead.
    """
    z, n = block.z, block.lengths
    m, rows = factors.shape[1], len(z)
    low, high = z.min(axis=1)[:, None], z.max(axis=1)[:, None]
    pick = use_logs[:, None]

    def keep(name: str, values: Floats, enough: Bools, other: str) -> None:
        values = np.clip(values, 2 * low - high, 2 * high - low)
        found[name] = np.where(enough[:, None], values, found[other])

    def back(values: Floats) -> Floats:
        return np.where(pick, np.exp(np.minimum(values, 20.0)), values)

    repeat = z[:, -m:][:, np.arange(horizon) % m]
    keep("snaive", repeat, n >= m, "naive")
    log_z = np.where(pick, np.log(np.maximum(z, 1e-3)), z)
    two = n >= 2 * m + 2
    if z.shape[1] > m + 2:
        keep("sar", _seasonal_difference(z, block, m, horizon), two, "theta")
        keep("sar_log", back(_seasonal_difference(log_z, block, m, horizon)), two, "theta")
    if m <= LONGEST_SMOOTHED and two.any():
        chosen = np.flatnonzero(two)
        some = block.take(chosen)
        width = some.z.shape[1]
        log_factors = np.where(pick, np.log(factors), factors - 1)
        flat_logs = np.where(pick, logs, plain)
        for name, source, flat, profile, log in (
            ("hw", z, plain, factors - 1, False),
            ("hw_log", log_z, flat_logs, log_factors, True),
        ):
            slope = slope_of_line(flat[chosen, -width:], some.start)
            values = np.zeros((rows, horizon))
            values[chosen] = holt_winters(source[chosen, -width:], some.start, profile[chosen], slope, horizon)
            keep(name, back(values) if log else values, two, "damped")
    total, weight = np.zeros((rows, horizon)), np.zeros((rows, horizon))
    for years in range(1, min(4, z.shape[1] // m) + 1):
        piece = z[:, z.shape[1] - years * m :][:, np.arange(horizon) % m]
        there = (n >= years * m)[:, None]
        total += np.where(there, piece, 0.0)
        weight += there
    keep("season_mean", total / np.maximum(weight, 1), n >= m, "level")
    if m <= LONGEST_SHORT and z.shape[1] >= 8 * m:
        for seasons in WINDOWS:
            mean, median = phase_windows(block, m, seasons, horizon)
            keep(f"mean{seasons}", mean, n >= m, "level")
            keep(f"median{seasons}", median, n >= m, "level")
        moved = year_before(block, 364 if m == LONGEST_SHORT else 52 * m, m // 2, horizon)
        steady = found.get("hw", found["damped"])
        keep("calendar", steady * np.sqrt(moved), n >= m, "level")
        keep("calendar_full", steady * moved, n >= m, "level")
    window = max(2, m // 13)
    if z.shape[1] >= m + window:
        then, now = z[:, -m - window : -m].mean(axis=1), z[:, -window:].mean(axis=1)
        there = (n >= m + window) & (then > 1e-6)
        ratio = np.where(there, now / np.where(there, then, 1.0), 1.0)
        keep("last_year", repeat * np.clip(ratio, 0.2, 5.0)[:, None], there, "snaive")


def _seasonal_difference(source: Floats, block: Block, m: int, horizon: int) -> Floats:
    """Regress the changes over one season on themselves and add them up again, shape (S, horizon)."""
    changes = source[:, m:] - source[:, :-m]
    start = np.minimum(block.start, changes.shape[1] - 1)
    steps = autoregress(changes, start, tuple(sorted({1, 2, 3, m})), horizon, ridge=3.0, centred=True)
    path = np.concatenate((source[:, -m:], np.zeros((len(source), horizon))), axis=1)
    for step in range(horizon):
        path[:, m + step] = path[:, step] + steps[:, step]
    return path[:, m:]
