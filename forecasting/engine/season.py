# SPDX-License-Identifier: Apache-2.0
"""Seasonal profiles of many series at once: ratios to a centred moving average, shrunk towards no season.

Phases are counted from the end: phase 0 holds the last period known, phase 1 the one before, and so on, so
that the
period k ahead has phase (-k) mod m whatever the length of the history.
"""

import numpy as np

from forecasting.engine.block import Block, Floats, Ints

SMALLEST_FACTOR = 0.05
"""Factors are held above this, so that a period without trade does not blow up what it divides."""


def future_phases(season_length: int, horizon: int) -> Ints:
    """Give the phases of the periods ahead, shape (horizon,)."""
    return np.asarray((-np.arange(1, horizon + 1)) % season_length)


def past_phases(season_length: int, width: int) -> Ints:
    """Give the phases of the columns of a block, shape (width,)."""
    return np.asarray((width - 1 - np.arange(width)) % season_length)


def centred_average(z: Floats, season_length: int) -> Floats:
    """Give the centred moving average over one season (2 x m for even m), NaN near the edges, shape (S, T)."""
    m = season_length
    sums = np.cumsum(np.concatenate((np.zeros((len(z), 1)), z), axis=1), axis=1)
    out = np.full_like(z, np.nan)
    half = m // 2
    if z.shape[1] < m + 1:
        return out
    plain = (sums[:, m:] - sums[:, :-m]) / m
    middle = plain if m % 2 else (plain[:, 1:] + plain[:, :-1]) / 2
    out[:, half : half + middle.shape[1]] = middle
    return out


def seasonal_factors(block: Block, season_length: int, *, smoothing: int = 0) -> tuple[Floats, Floats]:
    """Estimate multiplicative factors.

    The mean ratio of each phase is pulled to 1 with the positive-part James-Stein weight
    max(0, 1 - noise / signal), where noise is the variance of a phase's mean ratio and signal that of the means.

    Args:
        block: histories that are never negative.
        season_length: m [periods], at least 2.
        smoothing: neighbours on each side that are averaged in (long seasons seen few times).

    Returns:
        Factors of mean 1, shape (S, m), and the weight of each row, 0 where less than two seasons are there, (S,).
    """
    z, m = block.z, season_length
    average = centred_average(z, m)
    columns = np.arange(z.shape[1])
    known = (columns[None, :] >= block.start[:, None] + m // 2) & ~np.isnan(average) & (average > 1e-9)
    ratio = np.where(known, z / np.where(known, average, 1.0), 0.0)
    ratio = np.minimum(ratio, 10.0)
    phases = past_phases(m, z.shape[1])
    order = np.zeros((z.shape[1], m))
    order[columns, phases] = 1.0
    count = np.einsum("st,tp->sp", known.astype(np.float64), order)
    mean = np.where(count > 0, np.einsum("st,tp->sp", ratio, order) / np.maximum(count, 1), 1.0)
    squares = np.einsum("st,tp->sp", ratio**2, order) - count * np.where(count > 0, mean, 0.0) ** 2
    freedom = np.maximum((np.maximum(count - 1, 0)).sum(axis=1), 1)
    within = np.maximum(squares, 0).sum(axis=1) / freedom
    noise = (within[:, None] / np.maximum(count, 1)).mean(axis=1)
    if smoothing:
        shifts = range(-smoothing, smoothing + 1)
        mean = np.mean([np.roll(mean, shift, axis=1) for shift in shifts], axis=0)
        noise = noise / (2 * smoothing + 1)
    mean = mean / np.maximum(mean.mean(axis=1, keepdims=True), 1e-9)
    signal = mean.var(axis=1) * m / max(m - 1, 1)
    enough = (block.lengths >= 2 * m) & (count.min(axis=1) >= 1)
    weight = np.where(enough & (signal > 0), np.maximum(0.0, 1 - noise / np.where(signal > 0, signal, 1.0)), 0.0)
    factors = np.maximum(1 + weight[:, None] * (mean - 1), SMALLEST_FACTOR)
    return factors / factors.mean(axis=1, keepdims=True), weight


_IMPLIED = {"h": 24, "D": 7, "W": 52, "M": 12, "Q": 4, "Y": 1}
_OTHER_WEEKS = (6, 5)
_CLEARLY_STRONGER = 0.3


def find_season(history: Floats, base: str) -> int:
    """Give the season length of a history: what the frequency implies, or weeks of six or five days where they
    show.

    Tables of shops that never trade on some weekday often leave those days out altogether.

    Args:
        history: shape (n,).
        base: base frequency, one of ``h D W M Q Y``.
    """
    implied = _IMPLIED[base]
    if base != "D" or len(history) < 8 * implied or history.min() < 0:
        return implied
    block = Block(history[None, -400:], np.zeros(1, dtype=np.int64), np.ones(1))
    best, most = implied, float(seasonal_factors(block, implied)[1][0]) + _CLEARLY_STRONGER
    for other in _OTHER_WEEKS:
        strength = float(seasonal_factors(block, other)[1][0])
        if strength > most:
            best, most = other, strength
    return best
