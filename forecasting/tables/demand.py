# SPDX-License-Identifier: Apache-2.0
"""The demand table: how much of what was asked for in each period.

Unit, frequency and the rule for periods in which nothing was asked for are fixed here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import BadArgument, BadTable
from forecasting.frequency import read_frequency
from forecasting.tables.events import microseconds, require_columns
from forecasting.tables.steps import DEMAND_STEPS, bare_steps

MOST_ROWS = 20_000_000
"""More periods than this in one table is a wrong date, not a history."""

UNKNOWN_PRODUCT = "unknown"
"""Stands for the product (or the place) of demand whose events name none."""

_NEEDED = ("event_time", "step", "place", "item", "product", "quantity", "destination", "corrected")


@dataclass(frozen=True)
class DemandChoice:
    """Which events count as demand, and why.

    Attributes:
        steps: the business steps whose quantity is demand.
        rule: ``configured``, ``sold``, ``shipped_outside``, ``last_step`` or ``none``.
        explanation: the same in a sentence, to be printed on every forecast.
    """

    steps: tuple[str, ...]
    rule: str
    explanation: str


def choose_demand_steps(events: pd.DataFrame, configured: Sequence[str] | None = None) -> DemandChoice:
    """Choose the steps whose quantity is demand.

    In this order: what is configured; ``retail_selling`` and ``dispensing`` where the history has them; what is
    shipped to places at which nothing was ever observed; the step on which most journeys end.

    Args:
        events: an events table.
        configured: steps from the settings, or None.

    Returns:
        The choice; its steps are empty only for a history without any step.

    Raises:
        BadTable: a column is missing.
        BadArgument: a single text was given for `configured`.
    """
    require_columns(events, _NEEDED, "events")
    if isinstance(configured, str):
        raise BadArgument(
            f"demand steps: expected a list of steps, got the text {configured!r}; write [{configured!r}]"
        )
    if configured:
        steps = tuple(bare_steps(pd.Series(list(configured), dtype=object)))
        return DemandChoice(steps, "configured", f"demand is the quantity of {_words(steps)}, as configured")
    rows = _usable(events)
    step = bare_steps(rows["step"])
    sold = tuple(name for name in DEMAND_STEPS if bool((step == name).any()))
    if sold:
        return DemandChoice(sold, "sold", f"demand is the quantity of {_words(sold)}, which this history records")
    outside = _shipped_outside(rows, step)
    if outside.any():
        return DemandChoice(
            ("shipping",),
            "shipped_outside",
            "demand is what is shipped to places outside this history, since nothing is sold or dispensed in it",
        )
    journeys = rows.assign(step=step)[step.notna() & rows["item"].notna()]
    if journeys.empty:
        return DemandChoice((), "none", "this history has no step that could be demand")
    order = ["item", "event_time", "seq"] if "seq" in journeys.columns else ["item", "event_time"]
    last = journeys.sort_values(order, kind="stable").drop_duplicates("item", keep="last")["step"]
    counts = last.value_counts()
    name = min(str(value) for value in counts.index[counts == counts.max()])
    share = float(counts.max()) / len(last)
    return DemandChoice(
        (name,),
        "last_step",
        f"demand is the quantity of {name}, the step on which {share:.0%} of the journeys end",
    )


def counts_as_demand(rows: pd.DataFrame, choice: DemandChoice) -> npt.NDArray[np.bool_]:
    """Tell which rows of an events table count as demand; withdrawn ones are the caller's to leave out."""
    step = bare_steps(rows["step"])
    if choice.rule == "shipped_outside":
        return _shipped_outside(rows, step)
    return np.asarray(step.isin(choice.steps).to_numpy(dtype=bool))


def demand_table(
    events: pd.DataFrame,
    *,
    freq: str,
    steps: DemandChoice | Sequence[str] | None = None,
    by: Sequence[str] = ("product",),
    until: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Build the demand table: one row per period of each series.

    A series runs from the period of its first demand to the last period that is complete at `until`, the same for
    all; periods between without demand are zeros, and the incomplete period at the end is left out. A quantity
    that was not told counts 1. ``ds`` is the label that ``pandas.date_range(freq=...)`` gives: the start of the
    period, UTC without a zone; for ``W`` (weeks from Monday to Sunday) the Sunday that ends the week.

    Args:
        events: an events table.
        freq: pandas offset alias (`read_frequency`).
        steps: a choice, a list of steps, or None to choose (`choose_demand_steps`).
        by: what makes a series: ``product``, ``place`` or both. Demand without one is gathered under "unknown".
        until: the as-of time, UTC where it has no zone; None: the latest event or record time of the table.

    Returns:
        Columns ``unique_id, ds, y, product, place``, sorted by unique_id and ds; ``unique_id`` joins the keys with
        "|", ``y`` is in the product's unit, and a key that is not in `by` is None.

    Raises:
        BadTable: a column is missing, or a date makes the series absurdly long.
        BadArgument: `freq`, `by` or `until` has no meaning.
    """
    require_columns(events, _NEEDED, "events")
    frequency = read_frequency(freq)
    keys = _read_keys(by)
    choice = steps if isinstance(steps, DemandChoice) else choose_demand_steps(events, steps)
    rows = _usable(events)
    rows = rows[counts_as_demand(rows, choice)]
    limit = _read_until(events, until)
    if len(rows) == 0 or limit is None:
        return _table([], np.empty(0, dtype="datetime64[us]"), np.empty(0), keys)
    stop = int(frequency.ordinals(np.array([limit]))[0])
    times = microseconds(rows["event_time"], "events column event_time").view("datetime64[us]")
    ordinals = frequency.ordinals(times)
    quantity = rows["quantity"].to_numpy(dtype=np.float64)
    quantity = np.where(np.isnan(quantity), 1.0, quantity)
    names = [
        rows[key].astype(object).where(rows[key].notna(), UNKNOWN_PRODUCT).to_numpy(dtype=object) for key in keys
    ]
    code, series = pd.factorize(pd.MultiIndex.from_arrays(names), sort=True)
    known = ordinals < stop
    return _filled(
        np.asarray(code)[known], ordinals[known], quantity[known], list(series), stop, frequency.alias, keys
    )


def _filled(
    code: npt.NDArray[np.int64],
    ordinals: npt.NDArray[np.int64],
    quantity: npt.NDArray[np.float64],
    series: list[tuple[str, ...]],
    stop: int,
    freq: str,
    keys: tuple[str, ...],
) -> pd.DataFrame:
    """Lay out every period of every series in one array and add the quantities where they belong."""
    first = np.full(len(series), stop, dtype=np.int64)
    np.minimum.at(first, code, ordinals)
    lengths = stop - first
    total = int(lengths.sum())
    if total > MOST_ROWS:
        worst = int(np.argmax(lengths))
        raise BadTable(
            f"demand: {total} periods at freq {freq!r}, more than {MOST_ROWS}; the longest series is "
            f"{series[worst]} with {int(lengths[worst])} periods; look for an event with a wrong date or use a "
            "longer period"
        )
    offsets = np.concatenate(([0], np.cumsum(lengths)))[:-1]
    y = np.bincount(offsets[code] + ordinals - first[code], weights=quantity, minlength=total)
    owner = np.repeat(np.arange(len(series)), lengths)
    period = np.arange(total) - offsets[owner] + first[owner]
    labels = read_frequency(freq).labels(period)
    return _table([series[one] for one in owner.tolist()], labels, np.asarray(y, dtype=np.float64), keys)


def _table(
    names: list[tuple[str, ...]],
    labels: npt.NDArray[np.datetime64],
    y: npt.NDArray[np.float64],
    keys: tuple[str, ...],
) -> pd.DataFrame:
    columns: dict[str, object] = {
        "unique_id": pd.Series(["|".join(name) for name in names], dtype=object),
        "ds": pd.DatetimeIndex(labels),
        "y": np.asarray(y, dtype=np.float64),
    }
    for key in ("product", "place"):
        values = [name[keys.index(key)] for name in names] if key in keys else [None] * len(names)
        columns[key] = pd.Series(values, dtype=object)
    return pd.DataFrame(columns)


def _read_keys(by: Sequence[str]) -> tuple[str, ...]:
    keys = (by,) if isinstance(by, str) else tuple(by)
    if not keys or len(set(keys)) < len(keys) or not set(keys) <= {"product", "place"}:
        raise BadArgument(f"by: expected product, place or both, got {keys!r}")
    return keys


def _read_until(events: pd.DataFrame, until: pd.Timestamp | None) -> np.datetime64 | None:
    if until is None:
        times = [events[name].max() for name in ("event_time", "record_time") if name in events.columns]
        until = max((time for time in times if not pd.isna(time)), default=None)
        if until is None:
            return None
    try:
        stamp = pd.Timestamp(until)
    except (ValueError, TypeError) as error:
        raise BadArgument(f"until: expected a time, got {until!r}") from error
    if pd.isna(stamp):
        raise BadArgument("until: expected a time, got NaT")
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("UTC").tz_localize(None)
    limit: np.datetime64 = stamp.to_datetime64().astype("datetime64[us]")
    return limit


def _usable(events: pd.DataFrame) -> pd.DataFrame:
    return events[~events["corrected"].to_numpy(dtype=bool)]


def _shipped_outside(rows: pd.DataFrame, step: "pd.Series[str]") -> npt.NDArray[np.bool_]:
    inside = set(rows["place"].dropna().unique())
    away = rows["destination"].notna() & ~rows["destination"].isin(inside)
    return np.asarray((step == "shipping").to_numpy(dtype=bool) & away.to_numpy(dtype=bool))


def _words(steps: Sequence[str]) -> str:
    return " and ".join(steps)
