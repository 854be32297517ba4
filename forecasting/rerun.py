# SPDX-License-Identifier: Apache-2.0
"""Make the run of a decision again, from what its entry says and the events that it read.

One function a command; each does what the command did before it recorded, with the recorded parameters and seed.
What the entry does not say is what the command fixes.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from forecasting.asked_demand import AskedDemand, ask_demand
from forecasting.decisions import data_digest, forecast_digest, output_digest
from forecasting.demand_forecast import forecast_with_accuracy
from forecasting.errors import BadArgument
from forecasting.flow.arrivals import arrivals_by_day
from forecasting.flow.backtest_flow import backtest_bottlenecks, backtest_lead_times
from forecasting.flow.bottlenecks import bottlenecks
from forecasting.flow.through import visits_passing_through
from forecasting.flow.under_way import journey_legs, shipments_under_way
from forecasting.registered_models import require_registered, require_registered_engine
from forecasting.tables import visits_table

FORECAST: Final = "forecast"
_BACKTEST_ETA: Final = "backtest of eta"
_EVENT_KEYS: Final = ("event_time", "seq", "item")


@dataclass(frozen=True)
class Rerun:
    """What a repeated run read and gave.

    Attributes:
        data_digest: of the table that it read.
        output_digest: of its result.
        result: the result.
    """

    data_digest: str
    output_digest: str
    result: pd.DataFrame


def rerun(body: Mapping[str, Any], events: pd.DataFrame, executor: Executor | None = None) -> Rerun:
    """Make a run again.

    Args:
        body: of the decision entry.
        events: the events table of the history at the size that the entry states, as known at its as-of time.
        executor: where to run; it never changes a result.

    Raises:
        UnregisteredModel: the entry names a model file that nobody registered, or the one here is such.
        BadArgument: the entry is of no command that can be repeated, or lacks what it needs.
        BadTable, NotEnoughHistory: as the command.
    """
    kind = kind_of(body)
    if kind not in (FORECAST, _BACKTEST_ETA) and kind not in _REPEATS:
        known = ", ".join((FORECAST, *_REPEATS, _BACKTEST_ETA))
        raise BadArgument(f"a decision of {kind!r} cannot be repeated: {known} can")
    if isinstance(recorded := body.get("model_digest"), str):
        require_registered(recorded)
    try:
        if kind == FORECAST:
            return _forecast(body, events, executor)
        if kind == _BACKTEST_ETA:
            return _backtest_eta(body, events, executor)
        return _REPEATS[kind](body, events)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadArgument(f"the decision lacks what a repeated run needs: {error}") from error


def kind_of(body: Mapping[str, Any]) -> str:
    """Name what was asked: the command and, where it has several subjects, which."""
    selection = body.get("selection")
    subject = selection.get("of") if isinstance(selection, Mapping) else None
    return f"{body.get('command')} of {subject}" if subject else str(body.get("command"))


def asked_again(body: Mapping[str, Any], events: pd.DataFrame, *, everything: bool = False) -> AskedDemand:
    """Build the demand table of a forecast's question.

    Args:
        body: of the decision entry of a forecast of demand.
        events: an events table.
        everything: all series instead of the largest.
    """
    selection = body["selection"]
    return ask_demand(
        events,
        freq=body["parameters"]["freq"],
        until=pd.Timestamp(selection["as_of"]).to_pydatetime(),
        by=tuple(selection["by"]),
        steps=selection["steps"] if selection["rule"] == "configured" else None,
        products=selection["products"],
        places=selection["places"],
        top=None if everything or selection["top"] is None else int(selection["top"]),
    )


def read_number_list(value: object) -> list[float]:
    """Read levels as an entry holds them: a list of decimal texts, or one text with spaces between."""
    return [float(one) for one in (value.split() if isinstance(value, str) else list(value))]  # type: ignore[call-overload]


def join_places(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of several places under each other, with the place first."""
    return pd.concat([table.assign(place=place)[["place", *table.columns]] for place, table in tables.items()])


def _forecast(body: Mapping[str, Any], events: pd.DataFrame, executor: Executor | None) -> Rerun:
    parameters = body["parameters"]
    require_registered_engine(parameters["engine"])
    asked = asked_again(body, events)
    result = forecast_with_accuracy(
        asked.table,
        freq=parameters["freq"],
        horizon=int(parameters["horizon"]),
        quantiles=read_number_list(parameters["quantiles"]),
        holidays=parameters.get("holidays", ()),
        engine=parameters["engine"],
        seed=int(body["seed"]),
        executor=executor,
        accuracy=False,
    )
    return _done(forecast_digest(asked.table, result.parameters), result.points)


def _arrivals(body: Mapping[str, Any], events: pd.DataFrame) -> Rerun:
    levels = read_number_list(body["parameters"]["quantiles"])
    days, moment = int(body["parameters"]["horizon"]), body["selection"]["as_of"]
    places: Sequence[str] = body["selection"]["places"]
    timezone = str(body["selection"].get("timezone", "UTC"))
    tables = arrivals_by_day(events, as_of=moment, places=places, days=days, levels=levels, timezone=timezone)
    digest = " ".join(output_digest(table) for table in tables.values())
    return Rerun(data_digest(events, _EVENT_KEYS), digest, join_places(tables))


def _eta(body: Mapping[str, Any], events: pd.DataFrame) -> Rerun:
    selection = body["selection"]
    levels = read_number_list(body["parameters"]["quantiles"])
    table = shipments_under_way(events, as_of=selection["as_of"], quantiles=levels)
    if selection["items"]:
        table = table[table["item"].isin(list(selection["items"]))]
    if selection["place"] is not None:
        table = table[table["destination"] == selection["place"]]
    return _done(data_digest(events, _EVENT_KEYS), table.reset_index(drop=True))


def _bottlenecks(body: Mapping[str, Any], events: pd.DataFrame) -> Rerun:
    moment = body["selection"]["as_of"]
    visits = visits_table(events)
    if body["selection"]["through_only"]:
        visits = visits_passing_through(visits, as_of=moment)
    table = bottlenecks(visits, as_of=moment, period=body["parameters"]["period"])
    return _done(data_digest(visits, ["arrive", "arrive_seq", "item"]), table)


def _operations(body: Mapping[str, Any], events: pd.DataFrame) -> Rerun:
    table = bottlenecks(
        visits_table(events), as_of=body["selection"]["as_of"], period=body["parameters"]["period"]
    )
    return _done(data_digest(events, _EVENT_KEYS), table)


def _backtest_eta(body: Mapping[str, Any], events: pd.DataFrame, executor: Executor | None) -> Rerun:
    table = backtest_lead_times(
        journey_legs(events),
        as_of=body["selection"]["as_of"],
        origins=int(body["parameters"]["origins"]),
        executor=executor,
    )
    return _done(data_digest(events, _EVENT_KEYS), table)


def _backtest_bottlenecks(body: Mapping[str, Any], events: pd.DataFrame) -> Rerun:
    table = backtest_bottlenecks(
        visits_table(events),
        as_of=body["selection"]["as_of"],
        period=body["parameters"]["period"],
        origins=int(body["parameters"]["origins"]),
    )
    return _done(data_digest(events, _EVENT_KEYS), table)


def _done(data: str, result: pd.DataFrame) -> Rerun:
    return Rerun(data, output_digest(result), result)


_REPEATS: Final[Mapping[str, Callable[[Mapping[str, Any], pd.DataFrame], Rerun]]] = {
    "forecast of arrivals": _arrivals,
    "eta": _eta,
    "bottlenecks": _bottlenecks,
    "report operations": _operations,
    "backtest of bottlenecks": _backtest_bottlenecks,
}
