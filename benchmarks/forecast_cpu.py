# SPDX-License-Identifier: Apache-2.0
"""What does a forecast with quantiles cost? CPU a series, against the cheapest fit of one model by statsmodels."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Result, in_turn, ms
from benchmarks.site import Bench

SERIES, FITS, ROUNDS = 300, 10, 3
LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


def measure(bench: Bench) -> Iterator[Result]:  # noqa: ARG001
    """Forecast 300 series of each frequency and fit simple exponential smoothing to ten of them."""
    import numpy as np
    import pandas as pd
    from statsmodels.tsa.holtwinters import SimpleExpSmoothing

    import forecasting

    rng = np.random.default_rng(7)
    for freq, periods, horizon, season in (("YS", 20, 6, 1), ("QS", 44, 8, 4), ("MS", 116, 18, 12)):
        wave = 1 + 0.2 * np.sin(2 * np.pi * np.arange(periods) / season) if season > 1 else np.ones(periods)
        y = np.maximum(100 * wave + np.cumsum(rng.normal(0, 3, (SERIES, periods)), axis=1), 1.0)
        demand = pd.DataFrame(
            {
                "unique_id": np.repeat(np.arange(SERIES), periods),
                "ds": np.tile(pd.date_range("1990-01-01", periods=periods, freq=freq), SERIES),
                "y": y.ravel(),
            }
        )

        def ours(demand: pd.DataFrame = demand, freq: str = freq, horizon: int = horizon) -> None:
            forecasting.forecast(demand, freq=freq, horizon=horizon, quantiles=LEVELS)

        def theirs(y: np.ndarray = y, horizon: int = horizon) -> None:
            for row in y[:FITS]:
                SimpleExpSmoothing(row, initialization_method="estimated").fit().forecast(horizon)

        ours()
        mine, other = in_turn(ROUNDS, ours, theirs)
        least, limit = min(one.cpu for one in mine) / SERIES, min(one.cpu for one in other) / FITS
        yield Result(
            f"forecast with quantiles, {freq}, a series",
            ms(least),
            f"{ms(limit)}  one SES fit",
            least / limit,
            1.0,
        )
