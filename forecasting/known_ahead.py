# SPDX-License-Identifier: Apache-2.0
"""Forecasts that use what is known ahead: regressors whose future somebody planned, and holidays.

cuts of series -> holidays out -> regression or combination -> holidays in

A cut is a series up to an origin. Nothing after an origin is read but what is declared to be known ahead; series
of a backtest share what they learn only where they are cut at the same moment.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.batched_engine import EngineOutcome, EnginePlan, forecast_all, forecast_explained
from forecasting.calendar_days import Adjusted, CalendarDays, read_calendars
from forecasting.engine.block import Floats
from forecasting.known_regressors import Plans
from forecasting.regression_engine import forecast_regressed
from forecasting.series import Panel, Series

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Cut:
    """A series up to an origin: place of the series in its panel, periods known, periods ahead."""

    row: int
    origin: int
    horizon: int


@dataclass(frozen=True)
class KnownAhead:
    """What is known of the periods ahead.

    Attributes:
        plans: of regressors; None: there are none.
        calendar: holidays; None: not asked for.
    """

    plans: Plans | None = None
    calendar: CalendarDays | None = None

    @property
    def anything(self) -> bool:
        """Tell whether anything is known ahead."""
        return self.plans is not None or self.calendar is not None


def read_known(
    panel: Panel,
    demand: pd.DataFrame,
    future: pd.DataFrame | None,
    regressors: Sequence[str],
    holidays: Sequence[str],
    horizon: int,
) -> KnownAhead:
    """Read what is known ahead.

    Args:
        panel: the series of `demand`.
        demand: with a column for each regressor.
        future: plans, as `Plans` takes them.
        regressors: their names.
        holidays: names of calendars.
        horizon: periods ahead.

    Raises:
        BadArgument, BadTable: as `Plans` and `read_calendars`.
    """
    plans = Plans(panel, demand, future, regressors) if regressors else None
    calendars = read_calendars(holidays, panel.frequency) if holidays else ()
    if not calendars:
        return KnownAhead(plans)
    first = min(one.start for one in panel.series)
    stop = max(one.stop for one in panel.series) + horizon
    return KnownAhead(plans, CalendarDays(calendars, panel.frequency, first, stop))


def forecast_cuts(
    plan: EnginePlan,
    series: Sequence[Series],
    cuts: Sequence[Cut],
    known: KnownAhead,
    season_length: int,
    executor: Executor | None,
    engine: str = "auto",
    tell: Tell | None = None,
) -> list[EngineOutcome]:
    """Forecast every cut.

    Args:
        plan: what is asked; its horizon is that of the longest cut.
        series: of the panel.
        cuts: which of them, up to where.
        known: what is known ahead.
        season_length: periods in a season.
        executor: where to run.
        engine: which regression explains demand, where there are regressors: ``auto``, or as
            `forecast_regressed` takes it.
        tell: told how many are done, of how many.

    Returns:
        An outcome for each cut, at least as long as its horizon.
    """
    histories = [series[cut.row].y[: cut.origin] for cut in cuts]
    if not known.anything:
        return forecast_all(plan, histories, executor, tell)
    adjusted: list[Adjusted | None] = [None] * len(cuts)
    groups = _groups(series, cuts)
    for places in groups if known.calendar else ():
        some = [histories[place] for place in places]
        starts = [series[cuts[place].row].start for place in places]
        assert known.calendar is not None
        found = known.calendar.adjust(some, starts, cuts[places[0]].horizon)
        for at, place in enumerate(places):
            histories[place] = found.histories[at]
            adjusted[place] = Adjusted([], [found.factors[at]], [found.effects[at]], [found.ahead[at]])
    if known.plans is None:
        outcomes = forecast_all(plan, histories, executor, tell)
    else:
        outcomes = _explained(
            plan, series, cuts, groups, histories, known.plans, season_length, executor, engine, tell
        )
    return [_put_back(one, found) for one, found in zip(outcomes, adjusted, strict=True)]


def _groups(series: Sequence[Series], cuts: Sequence[Cut]) -> list[list[int]]:
    """Put cuts together that look equally far ahead from the same moment; whole series end now, all of them."""
    now = all(cut.origin == len(series[cut.row].y) for cut in cuts)
    found: dict[tuple[int, int], list[int]] = {}
    for place, cut in enumerate(cuts):
        moment = 0 if now else series[cut.row].start + cut.origin
        found.setdefault((moment, cut.horizon), []).append(place)
    return list(found.values())


def _explained(
    plan: EnginePlan,
    series: Sequence[Series],
    cuts: Sequence[Cut],
    groups: Sequence[Sequence[int]],
    histories: Sequence[Floats],
    plans: Plans,
    season_length: int,
    executor: Executor | None,
    engine: str,
    tell: Tell | None,
) -> list[EngineOutcome]:
    outcomes: list[EngineOutcome | None] = [None] * len(cuts)
    done = 0
    for places in groups:
        some = [cuts[place] for place in places]
        asked = replace(plan, horizon=some[0].horizon)
        demand = [histories[place] for place in places]
        regressors = [plans.values(cut.row, cut.origin, cut.horizon) for cut in some]
        if engine == "auto":
            ends = [series[cut.row].start + cut.origin for cut in some]
            found = forecast_explained(asked, demand, ends, regressors, plans.names, season_length)
        else:
            found = forecast_regressed(asked, engine, demand, regressors, plans.names, season_length, executor)
        for place, outcome in zip(places, found, strict=True):
            outcomes[place] = outcome
        done += len(places)
        if tell is not None:
            tell(done, len(cuts))
    return [one for one in outcomes if one is not None]


def _put_back(outcome: EngineOutcome, found: Adjusted | None) -> EngineOutcome:
    """Give the periods ahead the effect of their holidays."""
    if found is None:
        return outcome
    factors = np.ones(len(outcome.mean))
    factors[: len(found.factors[0])] = found.factors[0]
    return replace(
        outcome,
        mean=outcome.mean * factors,
        quantiles=outcome.quantiles * factors[:, None],
        holidays=(found.effects[0], tuple(found.ahead[0])),
    )
