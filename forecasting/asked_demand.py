# SPDX-License-Identifier: Apache-2.0
"""The part of the demand that somebody asks about: which products and places, and the largest series of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from forecasting.tables.demand import UNKNOWN_PRODUCT, DemandChoice, choose_demand_steps, demand_table
from forecasting.tables.steps import bare_steps


@dataclass(frozen=True)
class AskedSeries:
    """One series of the answer.

    Attributes:
        unique_id: its name in the table.
        product: whose demand it is; None where series are not told apart by product.
        place: where it is asked for; None likewise.
        units: the units in which its events count, None standing for a count; more than one is a mixture.
        total: demand of all complete periods [units].
    """

    unique_id: str
    product: str | None
    place: str | None
    units: tuple[str | None, ...]
    total: float


@dataclass(frozen=True)
class AskedDemand:
    """The demand table that a forecast starts from.

    Attributes:
        table: a demand table, the series with the largest total first.
        series: what its series are, in the same order.
        choice: what counts as demand.
        found: number of series before the largest were taken.
        recorded: whether any event of the question counts as demand, be it in a period that is not complete.
    """

    table: pd.DataFrame
    series: tuple[AskedSeries, ...]
    choice: DemandChoice
    found: int
    recorded: bool


def ask_demand(
    events: pd.DataFrame,
    *,
    freq: str,
    until: datetime,
    by: Sequence[str] = ("product",),
    steps: Sequence[str] | None = None,
    products: Sequence[str] = (),
    places: Sequence[str] = (),
    top: int | None = None,
) -> AskedDemand:
    """Build the demand table of a question.

    What counts as demand is chosen from the whole history, so that it is the same whatever is asked about.

    Args:
        events: an events table.
        freq: pandas offset alias.
        until: the as-of time, aware of its zone.
        by: what makes a series, as `demand_table`.
        steps: configured demand steps.
        products: only these; none: all.
        places: only these; none: all.
        top: how many series to keep, largest total first, ties by name; None: all.

    Raises:
        BadTable, BadArgument: as `demand_table`.
    """
    choice = choose_demand_steps(events, steps)
    scoped = _limited(events, products, places)
    table = demand_table(scoped, freq=freq, steps=choice, by=by, until=pd.Timestamp(until))
    totals = table.groupby("unique_id", sort=True)["y"].sum().sort_values(ascending=False, kind="stable")
    ranks = {str(name): rank for rank, name in enumerate(totals.index[:top])}
    order = table["unique_id"].map(ranks)
    table = table.assign(order=order)[order.notna()].sort_values(["order", "ds"], kind="stable", ignore_index=True)
    table = table.drop(columns="order")
    units = _units(scoped, choice, tuple(by))
    firsts = table.drop_duplicates("unique_id")
    names = zip(*(firsts[column].tolist() for column in ("unique_id", "product", "place")), strict=True)
    series = tuple(
        AskedSeries(unique_id, product, place, units.get(unique_id, (None,)), float(total))
        for (unique_id, product, place), total in zip(names, totals.iloc[:top], strict=True)
    )
    return AskedDemand(table, series, choice, len(totals), bool(units))


def last_periods(table: pd.DataFrame, unique_id: str, count: int) -> list[tuple[pd.Timestamp, float]]:
    """Give the last periods of a series, oldest first: label and demand [units/period]."""
    rows = table[table["unique_id"] == unique_id].tail(count)
    return list(zip(rows["ds"], rows["y"].tolist(), strict=True))


def recent_periods(table: pd.DataFrame, count: int) -> dict[str, list[tuple[pd.Timestamp, float]]]:
    """Give the last periods of every series as `last_periods` does, all at once."""
    rows = table.groupby("unique_id", sort=False).tail(count)
    found: dict[str, list[tuple[pd.Timestamp, float]]] = {}
    for name, label, value in zip(rows["unique_id"].astype(str), rows["ds"], rows["y"].tolist(), strict=True):
        found.setdefault(name, []).append((label, value))
    return found


def _limited(events: pd.DataFrame, products: Sequence[str], places: Sequence[str]) -> pd.DataFrame:
    """Take their step from all other events: they stay, since they tell which places lie inside."""
    asked = pd.Series(True, index=events.index)
    for name, values in (("product", products), ("place", places)):
        if values:
            asked &= events[name].isin(list(values))
    return events if bool(asked.all()) else events.assign(step=events["step"].where(asked, None))


def _units(events: pd.DataFrame, choice: DemandChoice, keys: tuple[str, ...]) -> dict[str, tuple[str | None, ...]]:
    counted = bare_steps(events["step"]).isin(choice.steps) & ~events["corrected"]
    pairs = events.loc[counted, [*keys, "unit"]].drop_duplicates()
    found: dict[str, set[str | None]] = {}
    for row in pairs.itertuples(index=False):
        *names, unit = row
        name = "|".join(UNKNOWN_PRODUCT if pd.isna(key) else str(key) for key in names)
        found.setdefault(name, set()).add(None if pd.isna(unit) else str(unit))
    return {name: tuple(sorted(units, key=lambda unit: unit or "")) for name, units in found.items()}
