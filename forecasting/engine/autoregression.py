# SPDX-License-Identifier: Apache-2.0
"""Autoregression on chosen lags by ridge regression, many series at once, forecast step by step.

The ridge pulls every coefficient towards a prior (0, or 1 for a lag that repeats itself), in units of the variance
of the series: a short history says little and then repeats what the prior says.
"""

from collections.abc import Sequence

import numpy as np

from forecasting.engine.block import Floats, Ints


def autoregress(
    w: Floats,
    start: Ints,
    lags: Sequence[int],
    horizon: int,
    *,
    ridge: float,
    memory: float = 1.0,
    centred: bool = False,
) -> Floats:
    """Fit and forecast.

    Args:
        w: series to regress, shape (S, T).
        start: column of the first value, shape (S,).
        lags: ascending lags [periods].
        horizon: periods ahead.
        ridge: weight of the prior, in periods.
        memory: weight of a period over that of the next one, at most 1.
        centred: whether to regress on deviations from the mean.

    Returns:
        Shape (S, horizon); rows too short for a fit continue with their prior of zeros.
    """
    rows, width = w.shape
    columns = np.arange(width)
    known = columns[None, :] >= start[:, None]
    mean = np.zeros(rows)
    if centred:
        mean = np.where(known, w, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    v = np.where(known, w - mean[:, None], 0.0)
    longest = lags[-1]
    forecast = np.zeros((rows, longest + horizon))
    keep = min(longest, width)
    forecast[:, longest - keep : longest] = v[:, width - keep :]
    beta = np.zeros((rows, len(lags)))
    if width > longest + 1:
        x = np.stack([v[:, longest - lag : width - lag] for lag in lags])
        usable = (columns[longest:][None, :] >= start[:, None] + longest).astype(np.float64)
        usable *= memory ** (width - 1 - columns[longest:])[None, :]
        xw = x * usable
        gram = np.einsum("ist,jst->sij", xw, x)
        moment = np.einsum("ist,st->si", xw, v[:, longest:])
        variance = (v**2).sum(axis=1) / np.maximum(known.sum(axis=1), 1) + 1e-12
        gram = gram + ridge * variance[:, None, None] * np.eye(len(lags))
        long_enough = (width - start > longest + 1)[:, None]
        beta = np.where(long_enough, np.linalg.solve(gram, moment[:, :, None])[:, :, 0], 0.0)
    for step in range(horizon):
        at = longest + step
        forecast[:, at] = sum(beta[:, k] * forecast[:, at - lag] for k, lag in enumerate(lags))
        limit = 3 * np.abs(v).max(axis=1)
        forecast[:, at] = np.clip(forecast[:, at], -limit, limit)
    return np.asarray(forecast[:, longest:] + mean[:, None])
