# SPDX-License-Identifier: Apache-2.0
"""Demand with known regressors: robust pooled ridge regression of log demand on price, promotion, events, many
at once.

    log y[i,t] = level[i,t] + x[i,t] . b[i] + e[i,t]

b is pulled towards the median of all series of the call (a ridge whose prior is pooled), outliers weigh less
(Huber's weights, min(1, c / |e|)), and the level is an exponentially weighted mean of what is left. Positive
regressors enter in logs, so that b of a price is its elasticity. Paths by two designs and four rates of the level
are averaged: regressors of the same period, and those of the period before beside them (stocking up before, a dip
after a promotion).
"""

from dataclasses import dataclass

import numpy as np

from forecasting.engine.block import Block, Bools, Floats, Ints
from forecasting.engine.season import future_phases, past_phases, seasonal_factors

RIDGE = 0.1
"""Weight of the prior: so many times the number of periods times the variance of the regressor."""

HUBER = 0.3
"""Errors of log demand beyond which a period weighs less."""

LEVEL_RATES = (0.03, 0.06, 0.12, 0.24)
"""Rates of the levels that are continued: paths by all of them are averaged, so that none needs to be chosen."""

POOLED_SEASON = 0.3
"""Share of what the median of all series did one season ago that is expected again."""

_INNER_RATE = 0.06
_ROUNDS = 5
_LEAST_SERIES = 10
_WIDENING = 1.0


@dataclass(frozen=True)
class Explained:
    """A forecast with regressors.

    Attributes:
        mean: units/period, shape (S, H).
        errors: scaled one-step errors of log demand, pooled over the series, shape (N,).
        scale: of the log error of each series, shape (S,).
        effects: coefficients of the first design, shape (S, k).
    """

    mean: Floats
    errors: Floats
    scale: Floats
    effects: Floats

    def quantiles(self, levels: Floats) -> Floats:
        """Give quantiles, ascending along the levels, shape (S, H, q)."""
        horizon = self.mean.shape[1]
        pooled = (
            np.quantile(self.errors, levels, method="median_unbiased")
            if len(self.errors)
            else np.zeros(len(levels))
        )
        wide = _WIDENING * np.ones(horizon)
        move = self.scale[:, None, None] * wide[None, :, None] * pooled[None, None, :]
        return np.asarray(self.mean[:, :, None] * np.exp(np.clip(move, -8.0, 3.0)))


def explain(y: Floats, start: Ints, ends: Ints, x: Floats, season_length: int, horizon: int) -> Explained:
    """Fit and forecast.

    Args:
        y: demand, aligned at the end, shape (S, T).
        start: column of the first value, shape (S,).
        ends: number of the period after each history, so that calendars can be matched, shape (S,).
        x: regressors of the T periods and of the horizon, shape (S, T + H, k).
        season_length: periods in a season.
        horizon: H.
    """
    rows, width = y.shape
    known = np.arange(width)[None, :] >= start[:, None]
    positive = np.where(known & (y > 0), y, np.inf).min(axis=1)
    floor = np.where(np.isfinite(positive), positive / 2, 1.0)
    log_y = np.log(np.maximum(np.where(known, y, floor[:, None]), floor[:, None]))
    centred = _centre(_in_logs(x), known)
    lagged = np.concatenate((centred, np.concatenate((centred[:, :1], centred[:, :-1]), axis=1)), axis=2)
    paths, residuals, effects = [], [], np.zeros((rows, x.shape[2]))
    for place, design in enumerate((centred, lagged)):
        b, weights = _fit(log_y, known, design[:, :width])
        explained = np.einsum("stk,sk->st", design, b)
        left = log_y - explained[:, :width]
        season, ahead = _season(left, start, known, season_length, horizon)
        left = left - season
        for rate in LEVEL_RATES:
            level = _faded_mean(left, weights, known, rate)
            pooled = _pooled_season(left - level, known, ends, season_length, horizon)
            paths.append(explained[:, width:] + level[:, -1:] + ahead + pooled)
            before = np.concatenate((left[:, :1], level[:, :-1]), axis=1)
            residuals.append(left - before)
        if place == 0:
            effects = b
    path = np.mean(paths, axis=0)
    error = np.mean(residuals, axis=0)
    settled = known & (np.arange(width)[None, :] >= (start + np.minimum(20, (width - start) // 3))[:, None])
    size = np.where(settled, np.abs(error), 0.0).sum(axis=1) / np.maximum(settled.sum(axis=1), 1)
    typical = float(np.median(size)) if rows else 0.0
    scale = (settled.sum(axis=1) * size + 5 * max(typical, 0.05)) / (settled.sum(axis=1) + 5)
    top = np.log(np.maximum(y.max(axis=1), floor) * 5)
    mean = np.where(y.max(axis=1)[:, None] > 0, np.exp(np.minimum(path, top[:, None])), 0.0)
    return Explained(mean, (error / scale[:, None])[settled], scale, effects)


def logged_columns(x: Floats) -> Bools:
    """Tell which regressors enter in logs: those that are positive throughout and are no flags, shape (k,).

    Args:
        x: regressors, the last axis over the columns.
    """
    flat = x.reshape(-1, x.shape[-1])
    return np.array([bool((values > 0).all()) and np.unique(values).size > 2 for values in flat.T], dtype=bool)


def _in_logs(x: Floats) -> Floats:
    logged = logged_columns(x)
    return np.where(logged, np.log(np.where(logged, x, 1.0)), x)


def _centre(x: Floats, known: Bools) -> Floats:
    """Take the mean of the history of each series from its regressors; padding becomes 0."""
    width = known.shape[1]
    count = known.sum(axis=1)[:, None]
    mean = np.where(known[:, :, None], x[:, :width], 0.0).sum(axis=1) / count
    out = x - mean[:, None, :]
    out[:, :width] = np.where(known[:, :, None], out[:, :width], 0.0)
    return np.asarray(out)


def _fit(log_y: Floats, known: Bools, x: Floats) -> tuple[Floats, Floats]:
    """Fit the coefficients, shape (S, k), and the weights of the periods, shape (S, T)."""
    rows, _, k = x.shape
    count = known.sum(axis=1)
    weights = known.astype(np.float64)
    level = np.repeat(
        np.array([np.median(row[on]) for row, on in zip(log_y, known, strict=True)])[:, None], x.shape[1], axis=1
    )
    variance = (x**2).sum(axis=1) / count[:, None]
    ridge = RIDGE * count[:, None] * np.maximum(variance, 1e-3)
    prior, b = np.zeros(k), np.zeros((rows, k))
    for _ in range(_ROUNDS):
        target = (log_y - level) * weights
        gram = np.einsum("stj,stk->sjk", x * weights[:, :, None], x) + ridge[:, :, None] * np.eye(k)
        b = np.linalg.solve(gram, (np.einsum("stk,st->sk", x, target) + ridge * prior)[:, :, None])[:, :, 0]
        left = log_y - np.einsum("stk,sk->st", x, b)
        forward = _faded_mean(left, weights, known, _INNER_RATE)
        backward = _faded_mean(left[:, ::-1], weights[:, ::-1], known[:, ::-1], _INNER_RATE)[:, ::-1]
        level = (forward + backward) / 2
        weights = known * np.minimum(1.0, HUBER / np.maximum(np.abs(left - level), 1e-6))
        moved = variance > 1e-9
        prior = np.array([np.median(b[moved[:, j], j]) if moved[:, j].any() else 0.0 for j in range(k)])
    return b, weights


def _faded_mean(values: Floats, weights: Floats, known: Bools, rate: float) -> Floats:
    """Give the exponentially weighted mean up to each period, shape (S, T); 0 before the first."""
    total, mass = np.zeros(len(values)), np.zeros(len(values))
    out = np.zeros_like(values)
    for t in range(values.shape[1]):
        total = (1 - rate) * total + np.where(known[:, t], weights[:, t] * values[:, t], 0.0)
        mass = (1 - rate) * mass + np.where(known[:, t], weights[:, t], 0.0)
        out[:, t] = total / np.where(mass > 0, mass, 1.0)
    return out


def _season(left: Floats, start: Ints, known: Bools, m: int, horizon: int) -> tuple[Floats, Floats]:
    """Give the own season of each series in logs: of the history (S, T) and of the horizon (S, H)."""
    rows, width = left.shape
    if not 1 < m <= 24 or width < 3 * m:
        return np.zeros_like(left), np.zeros((rows, horizon))
    middle = np.where(known, left, 0.0).sum(axis=1) / known.sum(axis=1)
    level = np.exp(np.clip(np.where(known, left - middle[:, None], 0.0), -5, 5))
    factors, _ = seasonal_factors(Block(level, start, np.ones(rows)), m)
    logs = np.log(factors)
    return logs[:, past_phases(m, width)], logs[:, future_phases(m, horizon)]


def _pooled_season(left: Floats, known: Bools, ends: Ints, m: int, horizon: int) -> Floats:
    """Give a share of what the median series did one season ago, where own seasons are too short to tell, (S,
    H)."""
    rows, width = left.shape
    out = np.zeros((rows, horizon))
    if rows < _LEAST_SERIES or m <= 24:
        return out
    first = int(ends.min()) - width
    span = int(ends.max()) - first
    if span > 4 * width:
        return out
    calendar = np.full((rows, span), np.nan)
    for row in range(rows):
        at = int(ends[row]) - width - first
        calendar[row, at : at + width] = np.where(known[row], left[row], np.nan)
    count = np.isfinite(calendar).sum(axis=0)
    calendar[:, count < _LEAST_SERIES] = 0.0
    middle = np.nanmedian(calendar, axis=0)
    for step in range(horizon):
        at = ends - first + step - m * (1 + step // m)
        inside = (at >= 0) & (at < span)
        out[:, step] = np.where(inside, POOLED_SEASON * middle[np.clip(at, 0, span - 1)], 0.0)
    return out
