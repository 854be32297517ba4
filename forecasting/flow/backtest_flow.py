# SPDX-License-Identifier: Apache-2.0
"""What the forecasts of lead times and of bottlenecks would have been worth, from rolling origins.

```
origin 1  |===== known =====|--- scored ---|
origin 2  |========= known ========|--- scored ---|
```
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import NotEnoughHistory
from forecasting.executors import map_chunks
from forecasting.flow.bottlenecks import bottlenecks
from forecasting.flow.free_flow import free_flow_hours
from forecasting.flow.lead_times import lead_times
from forecasting.flow.leaning import NAMED
from forecasting.flow.period_history import read_history
from forecasting.flow.scores import area_under_curve, brier_score, largest, pinball_loss
from forecasting.flow.signals import Signals, read_signals
from forecasting.flow.stays import MICROSECONDS_IN_HOUR, know_stays, period_edges, read_moment
from forecasting.frequency import read_period
from forecasting.tables.events import microseconds, utc_timestamps
from forecasting.tables.journeys import NO_TIME

Floats = npt.NDArray[np.float64]
Tell = Callable[[int, int], None]
"""Told how many origins are done, of how many."""

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
_WARM_UP = 9
_SMOOTHING = 0.3
_LEAST_LEGS = 30


def backtest_bottlenecks(
    visits: pd.DataFrame, *, as_of: object, period: str = "W", origins: int = 12, tell: Tell | None = None
) -> pd.DataFrame:
    """Score the forecasts that `bottlenecks` would have made at the ends of past periods.

    The truth is the queue hours of each period (`bottlenecks`) as known at `as_of`. Precision is the share of the
    five largest places that were among the five named; emergent is that of those among them that had not been
    among the five largest of the period before, so that copying the last period scores 0. The alarm is scored
    where a median followed: by AUC and Brier score.

    Args:
        visits: a visits table.
        as_of: the moment up to which anything is known.
        period: pandas period alias.
        origins: how many; fewer where the history is shorter.
        tell: told how many origins are done.

    Returns:
        A row for each of ``trace, last period, smoothing, open count``: ``method, origins, precision, emergent,
        emergent_places, alarms, auc, brier``.

    Raises:
        NotEnoughHistory: fewer periods than a warm-up of nine and one to score.
    """
    moment = read_moment(as_of)
    truth, places, edges = _past(visits, moment, period)
    periods = truth.queue.shape[1]
    first = max(_WARM_UP, periods - origins)
    if first >= periods:
        raise NotEnoughHistory(
            f"a backtest of bottlenecks needs {_WARM_UP + 1} complete periods, got {periods}; choose a shorter one"
        )
    arrive, depart = microseconds(visits["arrive"], "arrive"), microseconds(visits["depart"], "depart")
    starts = moment + np.round(edges * MICROSECONDS_IN_HOUR).astype(np.int64)
    names = pd.Index(places)
    methods = ("trace", "last period", "smoothing", "open count")
    exact: dict[str, list[float]] = {name: [] for name in methods}
    emergent: dict[str, list[float]] = {name: [] for name in methods}
    happened, alarms = [], []
    fresh = 0
    smoothed = pd.DataFrame(truth.queue.T).ewm(alpha=_SMOOTHING).mean().to_numpy().T
    for at in range(first, periods):
        known = visits[arrive <= starts[at]]
        gone = depart[arrive <= starts[at]]
        known = known.assign(depart=utc_timestamps(np.where(gone <= starts[at], gone, NO_TIME)))
        table = bottlenecks(known, as_of=utc_timestamps(starts[at : at + 1])[0], period=period)
        table = table.set_index("place").reindex(names)
        told = {
            "trace": table["forecast_queue_hours"].to_numpy(),
            "last period": truth.queue[:, at - 1],
            "smoothing": smoothed[:, at - 1],
            "open count": truth.open_count[:, at - 1],
        }
        real = largest(np.where(truth.queue[:, at] > 0, truth.queue[:, at], np.nan), NAMED)
        new = real - largest(truth.queue[:, at - 1], NAMED)
        fresh += len(new)
        for name in methods:
            named = largest(told[name], NAMED)
            if real:
                exact[name].append(len(named & real) / len(real))
            if new:
                emergent[name].append(len(named & new) / len(new))
        alarm = table["alarm_probability"].to_numpy()
        usable = np.isfinite(alarm) & np.isfinite(truth.median[:, at]) & np.isfinite(truth.limit[:, at - 1])
        alarms.append(alarm[usable])
        happened.append(truth.median[usable, at] > truth.limit[usable, at - 1])
        if tell is not None:
            tell(at - first + 1, periods - first)
    came, probability = np.concatenate(happened), np.concatenate(alarms)
    answer = pd.DataFrame(
        {
            "method": methods,
            "origins": periods - first,
            "precision": [_mean(exact[name]) for name in methods],
            "emergent": [_mean(emergent[name]) for name in methods],
            "emergent_places": fresh,
        }
    )
    nothing = [float("nan")] * (len(methods) - 1)
    answer["alarms"] = [float(len(came)), *nothing]
    answer["auc"] = [area_under_curve(came, probability), *nothing]
    answer["brier"] = [brier_score(came, probability), *nothing]
    return answer


def _past(visits: pd.DataFrame, moment: int, period: str) -> tuple[Signals, npt.NDArray[np.object_], Floats]:
    frequency = read_period(period)
    stays = know_stays(visits, moment)
    current = int(frequency.ordinals(np.array([moment + 1], dtype=np.int64).view("datetime64[us]"))[0])
    history = read_history(stays, frequency, current - 1)
    count = history.arrivals.shape[1]
    edges = period_edges(frequency, np.arange(current - count, current + 1, dtype=np.int64), moment)
    return read_signals(stays, history, free_flow_hours(stays), edges), stays.places, edges


@dataclass(frozen=True)
class _Origin:
    """What was known at an origin, and the legs that are asked for."""

    when: pd.Timestamp
    past: pd.DataFrame
    queries: pd.DataFrame


def backtest_lead_times(
    legs: pd.DataFrame,
    *,
    as_of: object,
    origins: int = 4,
    days: float = 28.0,
    executor: Executor | None = None,
    tell: Tell | None = None,
) -> pd.DataFrame:
    """Score the lead times that would have been forecast at past moments.

    At each origin the legs that had started are known, and those that start in the `days` after it are asked for;
    they are scored once they have ended. The last origin lies far enough back for nine legs in ten to have ended.

    Args:
        legs: a legs table, with further columns as covariates.
        as_of: the moment up to which anything is known.
        origins: how many.
        days: between origins.
        executor: where origins are forecast, None for here; results do not depend on it.
        tell: told how many origins are done.

    Returns:
        A row for each of ``trace, lane median, all legs``: ``method, origins, legs, mae, pinball [hours],
        coverage`` of the band from 10 to 90 %, ``auc, brier`` of being late, where promises were made.

    Raises:
        NotEnoughHistory: no origin has legs enough before and after it.
    """
    moment = read_moment(as_of)
    start, end = microseconds(legs["start"], "start"), microseconds(legs["end"], "end")
    known = (end != NO_TIME) & (end <= moment)
    if not known.any():
        raise NotEnoughHistory("a backtest of lead times needs legs that have ended, and there are none")
    usual = int(np.quantile((end - start)[known], 0.9))
    step = int(days * 24 * MICROSECONDS_IN_HOUR)
    methods: dict[str, Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]] = {
        "lane median": _by_lane,
        "all legs": _by_all,
    }
    told: dict[str, list[pd.DataFrame]] = {name: [] for name in ("trace", *methods)}
    truth: list[pd.DataFrame] = []
    looks: list[_Origin] = []
    for back in range(origins, 0, -1):
        origin = moment - usual - back * step
        before = start <= origin
        asked = (start > origin) & (start <= origin + step) & known
        taught = before & (end != NO_TIME) & (end <= origin)
        if taught.sum() < _LEAST_LEGS or not asked.any():
            continue
        past = legs[before].assign(end=utc_timestamps(np.where(taught, end, NO_TIME)[before]))
        queries = legs[asked].drop(columns=["end", "end_seq"], errors="ignore")
        when = utc_timestamps(np.array([origin]))[0]
        looks.append(_Origin(when, past, queries))
        for name, method in methods.items():
            told[name].append(method(legs[taught], queries))
        truth.append(legs[asked])
    if not truth:
        raise NotEnoughHistory(
            f"a backtest of lead times needs {_LEAST_LEGS} legs that had ended {origins} times {days:g} days ago; "
            "choose fewer origins, or record more"
        )
    for done, one in enumerate(map_chunks(_tell_origins, looks, executor, size=1), 1):
        told["trace"].append(one)
        if tell is not None:
            tell(done, len(looks))
    happened = pd.concat(truth)
    hours = (happened["end"] - happened["start"]).dt.total_seconds().to_numpy() / 3600
    return pd.DataFrame(
        [
            {"method": name, "origins": len(looks), **_score(pd.concat(tables), happened, hours)}
            for name, tables in told.items()
        ]
    )


def _tell_origins(looks: Sequence[_Origin]) -> list[pd.DataFrame]:
    return [lead_times(one.past, one.queries, as_of=one.when, quantiles=LEVELS) for one in looks]


def _by_lane(legs: pd.DataFrame, queries: pd.DataFrame) -> pd.DataFrame:
    """Give the quantiles of each lane so far, shrunk to those of all legs by n / (n + 20)."""
    hours = (legs["end"] - legs["start"]).dt.total_seconds() / 3600
    pooled = hours.quantile(list(LEVELS))
    lane = legs["origin"].astype(str) + ">" + legs["destination"].astype(str)
    sizes = hours.groupby(lane).size()
    own = hours.groupby(lane).quantile(np.array(LEVELS)).unstack()
    share = (sizes / (sizes + 20)).to_numpy()[:, None]
    shrunk = pd.DataFrame(own.to_numpy() * share + pooled.to_numpy() * (1 - share), index=own.index)
    asked = queries["origin"].astype(str) + ">" + queries["destination"].astype(str)
    found = shrunk.reindex(asked).to_numpy()
    values = np.where(np.isnan(found), pooled.to_numpy(), found)
    return pd.DataFrame(values, index=queries.index, columns=[f"q{level!r}" for level in LEVELS])


def _by_all(legs: pd.DataFrame, queries: pd.DataFrame) -> pd.DataFrame:
    hours = (legs["end"] - legs["start"]).dt.total_seconds() / 3600
    values = np.tile(hours.quantile(list(LEVELS)).to_numpy(), (len(queries), 1))
    return pd.DataFrame(values, index=queries.index, columns=[f"q{level!r}" for level in LEVELS])


def _score(told: pd.DataFrame, happened: pd.DataFrame, hours: Floats) -> dict[str, float]:
    values = told[[f"q{level!r}" for level in LEVELS]].to_numpy()
    scores = {
        "legs": float(len(hours)),
        "mae": float(np.mean(np.abs(hours - values[:, 2]))),
        "pinball": pinball_loss(hours, values, np.array(LEVELS)),
        "coverage": float(np.mean((hours >= values[:, 0]) & (hours <= values[:, -1]))),
        "auc": float("nan"),
        "brier": float("nan"),
    }
    promised = happened["promised"].notna().to_numpy()
    if "late_probability" in told.columns and promised.any():
        late = (happened["end"] > happened["promised"]).to_numpy()[promised]
        probability = told["late_probability"].to_numpy()[promised]
        scores |= {"auc": area_under_curve(late, probability), "brier": brier_score(late, probability)}
    return scores


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
