# SPDX-License-Identifier: Apache-2.0
"""How good a recorded forecast was, once what it forecast has come.

The demand table is built anew, from the history of the decision for the scale and from the present one for what
came, by the question that the decision asked; only periods that are complete are scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.decisions import data_digest
from forecasting.errors import BadArgument, NotEnoughHistory
from forecasting.frequency import read_frequency
from forecasting.metrics import bias, coverage, mase, pinball_loss, scaled_pinball_loss
from forecasting.rerun import FORECAST, asked_again, kind_of, read_number_list

Floats = npt.NDArray[np.float64]

SCORE_COLUMNS: Final = (
    *("unique_id", "periods", "lag"),
    *("mase", "naive_mase", "pinball", "scaled_pinball", "coverage", "bias"),
)


@dataclass(frozen=True)
class Score:
    """What a forecast was worth.

    Attributes:
        table: columns `SCORE_COLUMNS`, one row per series: ``lag`` of the scale and of the naive forecast (the
            season, or 1 where the history is no longer than one) [periods]; MASE of the mean and of the seasonal
            naive forecast, mean pinball loss over the levels [units/period] and over the mean absolute change of
            the history, share of periods inside the outer quantiles, bias over the mean of the history. NaN where
            the history gives no scale.
        data_digest: of what came.
        nominal: the share that should lie inside the outer quantiles; NaN with fewer than two levels.
        periods: how many periods ahead are complete.
        horizon: how many were forecast.
    """

    table: pd.DataFrame
    data_digest: str
    nominal: float
    periods: int
    horizon: int

    def means(self) -> dict[str, float]:
        """Give the mean of each figure over the series that have a scale; NaN where none has one."""
        found = {}
        for name in SCORE_COLUMNS[3:]:
            values = self.table[name].to_numpy(dtype=np.float64)
            known = values[np.isfinite(values)]
            found[name] = float(known.mean()) if len(known) else float("nan")
        return found


def score_forecast(
    body: Mapping[str, Any],
    points: pd.DataFrame,
    then: pd.DataFrame,
    now: pd.DataFrame,
    *,
    as_of: object,
) -> Score:
    """Hold a recorded forecast of demand against what came.

    Args:
        body: of the decision.
        points: its result: ``unique_id, ds, mean, q...``.
        then: events table of the history that the decision read.
        now: events table of the history that tells what came.
        as_of: the moment of `now`, UTC; a period that is not complete by it is not scored.

    Raises:
        BadArgument: the decision is no forecast of demand, or what counts as demand is another rule now.
        NotEnoughHistory: no period of the forecast is complete.
    """
    if kind_of(body) != FORECAST:
        raise BadArgument(f"a decision of {kind_of(body)!r} has no score: forecasts of demand have one")
    before = asked_again(body, then).table
    later = dict(body) | {"selection": {**body["selection"], "as_of": pd.Timestamp(as_of).isoformat()}}  # type: ignore[arg-type]
    asked = asked_again(later, now, everything=True)
    rule, steps = body["selection"]["rule"], list(body["selection"]["steps"])
    if (asked.choice.rule, list(asked.choice.steps)) != (rule, steps):
        raise BadArgument(
            f"the decision counted {', '.join(steps)} ({rule}) as demand, and this history now counts "
            f"{', '.join(asked.choice.steps)} ({asked.choice.rule}); name the steps in trace.toml under [demand]"
        )
    levels = np.array(read_number_list(body["parameters"]["quantiles"]))
    names = [f"q{level!r}" for level in levels.tolist()]
    season = read_frequency(body["parameters"]["freq"]).season_length
    came = _by_series(asked.table)
    rows, seen, complete = [], [], 0
    forecasts = points.assign(
        ds=pd.to_datetime(points["ds"]).astype("datetime64[us]"),
        step=points.groupby("unique_id", sort=False).cumcount() + 1,
    )
    known = _by_series(before)
    for unique_id, rows_ahead in forecasts.groupby("unique_id", sort=False):
        actual = came.get(str(unique_id), pd.Series(dtype=np.float64))
        ahead = rows_ahead[rows_ahead["ds"].isin(actual.index)]
        history = np.array(known[str(unique_id)].tolist(), dtype=np.float64)
        if ahead.empty:
            continue
        y = actual.loc[ahead["ds"]].to_numpy(dtype=np.float64)
        complete = max(complete, len(y))
        seen.append(pd.DataFrame({"unique_id": unique_id, "ds": ahead["ds"].to_numpy(), "y": y}))
        rows.append(
            {"unique_id": unique_id, "periods": len(y), **_figures(y, ahead, history, names, levels, season)}
        )
    if not rows:
        first = forecasts["ds"].min()
        raise NotEnoughHistory(f"no period of the forecast is complete yet: the first is {first:%Y-%m-%d}")
    nominal = float(levels[-1] - levels[0]) if len(levels) > 1 else float("nan")
    table = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    digest = data_digest(pd.concat(seen, ignore_index=True), ["unique_id", "ds"])
    return Score(table, digest, nominal, complete, int(body["parameters"]["horizon"]))


def _figures(
    y: Floats, ahead: pd.DataFrame, history: Floats, names: list[str], levels: Floats, season: int
) -> dict[str, float]:
    mean = ahead["mean"].to_numpy(dtype=np.float64)
    quantiles = ahead[names].to_numpy(dtype=np.float64)
    lag = season if len(history) > season else 1
    naive = np.resize(history[-lag:], int(ahead["step"].max()))[ahead["step"].to_numpy() - 1]
    losses = [pinball_loss(y, quantiles[:, column], float(level)) for column, level in enumerate(levels)]
    return {
        "lag": lag,
        "mase": mase(y, mean, history, lag),
        "naive_mase": mase(y, naive, history, lag),
        "pinball": float(np.mean(losses)),
        "scaled_pinball": scaled_pinball_loss(y, quantiles, levels, history),
        "coverage": coverage(y, quantiles[:, 0], quantiles[:, -1]) if len(levels) > 1 else float("nan"),
        "bias": bias(y, mean, history),
    }


def _by_series(table: pd.DataFrame) -> dict[str, "pd.Series[float]"]:
    stamped = table.assign(ds=table["ds"].astype("datetime64[us]"))
    return {str(name): rows.set_index("ds")["y"] for name, rows in stamped.groupby("unique_id", sort=False)}
