# SPDX-License-Identifier: Apache-2.0
"""Regressions of demand on known regressors by statsmodels, with a ridge towards a prior.

    ols   log y[t] = x[t] . b + level[t] + e[t]          least squares; steady demand
    glm   E y[t] = exp(x[t] . b) level[t]                Poisson quasi-likelihood; demand with zeros

The ridge pulls b towards a prior, that of all series of the call: in units of the variance of each regressor, so
that one which hardly moved says little. The level is what is left, smoothed.
"""

import threading
import warnings
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from forecasting.engine.block import Bools, Floats
from forecasting.engine.count_quantiles import count_quantiles

RIDGE = 0.1
"""Weight of the prior over that of the data, where a regressor varies as it does in the history."""

LEVEL_RATE = 0.05
"""Rate at which the level of the GLM, and of the first rounds of least squares, follows demand."""

SHORTEST_LEVEL = 10
"""Periods below which the level is the mean of what is left."""

_ROUNDS = 3
_LARGEST_MULTIPLE = 5.0
_LEAST_VARIANCE = 1e-3
_LEAST_ERROR = 0.05
# warnings.catch_warnings changes the whole process until Python 3.14, so threads must take turns here.
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Regressed:
    """A demand regression continued.

    Attributes:
        family: ``ols`` or ``glm``.
        effects: coefficients b of the log of demand, shape (k,).
        mean: units/period, shape (H,).
        spread: of ``ols`` the standard error of log demand, of ``glm`` variance over mean, shape (H,).
        errors: of ``ols`` the one-step errors of log demand over their root mean square, ascending; of ``glm``
            empty.
        unit: of ``glm``: the quantity that is counted [units].
    """

    family: str
    effects: Floats
    mean: Floats
    spread: Floats
    errors: Floats
    unit: float

    def quantiles(self, levels: Floats) -> Floats:
        """Give quantiles, ascending along the levels, at least 0, shape (H, q)."""
        if self.family == "glm":
            return np.asarray(count_quantiles(self.mean / self.unit, self.spread / self.unit, levels) * self.unit)
        around = np.quantile(self.errors, levels, method="median_unbiased")
        move = np.clip(self.spread[:, None] * around[None, :], -8.0, 3.0)
        return np.asarray(self.mean[:, None] * np.exp(np.sort(move, axis=1)))


def fits_counts(y: Floats) -> bool:
    """Tell whether logs cannot be taken without inventing demand: a period of the history is zero."""
    return bool((y <= 0).any())


def design_matrix(x: Floats, logged: Bools, n: int) -> Floats:
    """Take logs of the columns marked and subtract what each has as its mean in the history.

    Args:
        x: regressors of history and horizon, shape (n + H, k).
        logged: which columns enter in logs, shape (k,).
        n: periods of the history.
    """
    values = np.where(logged[None, :], np.log(np.where(logged[None, :], x, 1.0)), x)
    return np.asarray(values - values[:n].mean(axis=0))


def regress(y: Floats, design: Floats, prior: Floats, family: str) -> Regressed:
    """Fit and continue.

    Args:
        y: demand, at least 0, shape (n,), n at least 1.
        design: from `design_matrix`, shape (n + H, k).
        prior: that the effects are pulled towards, shape (k,).
        family: ``ols`` or ``glm``.
    """
    horizon = len(design) - len(y)
    if not y.any():
        nothing = np.zeros(horizon)
        return Regressed(
            family, np.zeros(design.shape[1]), nothing, np.full(horizon, _LEAST_ERROR), np.zeros(1), 1.0
        )
    with _LOCK, warnings.catch_warnings():
        # fits are bounded below and fall back to the prior; the warnings would only repeat that
        warnings.simplefilter("ignore")
        return _least_squares(y, design, prior) if family == "ols" else _poisson(y, design, prior)


def _penalty(design: Floats) -> Floats:
    return np.asarray(RIDGE * np.maximum((design**2).mean(axis=0), _LEAST_VARIANCE))


def _least_squares(y: Floats, design: Floats, prior: Floats) -> Regressed:
    n = len(y)
    floor = float(y[y > 0].min()) / 2
    log_y = np.log(np.maximum(y, floor))
    past, level = design[:n], np.zeros(n)
    penalty = np.concatenate(([0.0], _penalty(past)))
    b, centre = prior, float(log_y.mean())
    for _ in range(_ROUNDS):
        target = log_y - level - past @ prior
        fitted = sm.OLS(target, sm.add_constant(past, has_constant="add")).fit_regularized(
            alpha=penalty, L1_wt=0.0
        )
        if not np.isfinite(fitted.params).all():
            break
        b, centre = prior + fitted.params[1:], float(fitted.params[0])
        left = log_y - past @ b - centre
        level = (_faded(left) + _faded(left[::-1])[::-1]) / 2
        level = level - level.mean()
    left = log_y - past @ b
    last, errors, rate = _continue_level(left)
    size = float(np.sqrt((errors**2).mean())) if len(errors) else 0.0
    n_errors = len(errors)
    size = float(np.sqrt((n_errors * size**2 + 2 * max(size, _assumed(n)) ** 2) / (n_errors + 2)))
    horizon = len(design) - n
    growth = np.sqrt(1 + np.arange(horizon) * rate**2)
    path = design[n:] @ b + last
    mean = np.exp(np.minimum(path, np.log(float(y.max()) * _LARGEST_MULTIPLE)))
    scaled = np.sort(errors / max(size, 1e-9)) if n_errors >= SHORTEST_LEVEL else _NORMAL
    return Regressed("ols", b, mean, np.maximum(size, _LEAST_ERROR) * growth, scaled, 1.0)


def _poisson(y: Floats, design: Floats, prior: Floats) -> Regressed:
    n, scale = len(y), float(y.mean())
    past, relative = design[:n], y / scale
    level, b = np.ones(n), prior
    penalty = np.concatenate(([0.0], _penalty(past)))
    for _ in range(_ROUNDS):
        offset = past @ prior + np.log(level)
        model = sm.GLM(
            relative, sm.add_constant(past, has_constant="add"), family=sm.families.Poisson(), offset=offset
        )
        fitted = model.fit_regularized(alpha=penalty, L1_wt=0.0, opt_method="L-BFGS-B")
        if not np.isfinite(fitted.params).all():
            break
        b = prior + fitted.params[1:]
        expected = np.exp(np.clip(past @ b, -8.0, 8.0))
        level = (_faded_ratio(relative, expected) + _faded_ratio(relative[::-1], expected[::-1])[::-1]) / 2
        level = np.maximum(level, 1e-3)
    expected = np.exp(np.clip(design @ b, -8.0, 8.0))
    last = float(_faded_ratio(relative, expected[:n])[-1])
    around = np.maximum(expected[:n] * level, 1e-3)
    dispersion = float((scale * (relative - around) ** 2 / around).mean())  # Pearson, McCullagh and Nelder 1989
    dispersion = (n * dispersion + 2 * 1.5) / (n + 2)
    mean = np.minimum(scale * last * expected[n:], _LARGEST_MULTIPLE * float(y.max()))
    whole = bool((np.abs(y - np.round(y)) < 1e-6).all())
    unit = 1.0 if whole else float(np.median(y[y > 0])) / 10
    return Regressed("glm", b, mean, np.full(len(design) - n, dispersion), np.empty(0), unit)


def _continue_level(left: Floats) -> tuple[float, Floats, float]:
    """Smooth what the regressors leave: the level that is continued, one-step errors, and the rate."""
    if len(left) < SHORTEST_LEVEL or float(np.ptp(left)) < 1e-9:
        return float(left.mean()), left - left.mean(), 0.0
    fitted = SimpleExpSmoothing(left, initialization_method="estimated").fit()
    rate, level = float(fitted.params["smoothing_level"]), float(fitted.level[-1])
    if not (np.isfinite(level) and np.isfinite(rate) and np.isfinite(fitted.resid).all()):
        return float(left.mean()), left - left.mean(), 0.0
    return level, np.asarray(fitted.resid, dtype=np.float64), rate


def _faded(values: Floats) -> Floats:
    return _faded_ratio(values, np.ones(len(values)))


def _faded_ratio(over: Floats, under: Floats) -> Floats:
    """Give the ratio of sums that fade at `LEVEL_RATE`, up to each period, shape (n,)."""
    weights = (1 - LEVEL_RATE) ** np.arange(len(over))
    top = np.convolve(over, weights)[: len(over)]
    return np.asarray(top / np.maximum(np.convolve(under, weights)[: len(over)], 1e-12))


def _assumed(n: int) -> float:
    return 0.5 if n < SHORTEST_LEVEL else 0.0


_NORMAL = np.sort(np.array([(-1) ** k * 0.3 * (k // 2) for k in range(1, 18)]))
"""Errors that stand for a normal distribution where a history is too short to show its own."""
