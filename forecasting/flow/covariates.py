# SPDX-License-Identifier: Apache-2.0
"""What is known of a leg before it ends, as groups and as numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.flow.known_legs import LEG_KEYS

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_FEWEST_SHARED = 0.8
"""Share of the values of a number that must be names of places for it to be the code of a place."""


@dataclass(frozen=True)
class Covariates:
    """Covariates of legs and of queries.

    Attributes:
        groups: for each name the group of every leg and of every query, -1 where the legs have no such group.
        numbers: for each name the number of every leg and of every query, NaN where not known.
    """

    groups: dict[str, tuple[Indices, Indices]]
    numbers: dict[str, tuple[Floats, Floats]]


def read_covariates(legs: pd.DataFrame, queries: pd.DataFrame) -> Covariates:
    """Sort the columns that both tables have into groups and numbers.

    Origin, destination and the lane are groups always. A column of numbers that are codes of places is both.

    Args:
        legs: a legs table.
        queries: the legs asked about.
    """
    groups = {name: _groups(legs[name], queries[name]) for name in ("origin", "destination")}
    ends = max(int(groups["destination"][0].max(initial=0)), int(groups["destination"][1].max(initial=0))) + 2
    lanes = [
        pd.Series(np.where((origin < 0) | (destination < 0), np.nan, origin * ends + destination))
        for origin, destination in zip(groups["origin"], groups["destination"], strict=True)
    ]
    known_lane, asked_lane = _groups(lanes[0], lanes[1])
    groups["lane"] = known_lane, np.where(lanes[1].isna(), -1, asked_lane)
    places = {
        float(value)
        for name in ("origin", "destination")
        if pd.api.types.is_numeric_dtype(legs[name])
        for value in legs[name].dropna().unique()
    }
    numbers: dict[str, tuple[Floats, Floats]] = {}
    for name in legs.columns:
        if name in LEG_KEYS or name not in queries.columns:
            continue
        if _is_number(legs[name]) and _is_number(queries[name]):
            pair = _number(legs[name]), _number(queries[name])
            if np.isfinite(pair[0]).any() and np.nanmin(pair[0]) < np.nanmax(pair[0]):
                numbers[str(name)] = pair
            values = legs[name].dropna().unique()
            if places and len(values) and np.mean([float(v) in places for v in values]) >= _FEWEST_SHARED:
                groups[str(name)] = _groups(legs[name], queries[name])
        elif not pd.api.types.is_datetime64_any_dtype(legs[name].dtype):
            named = _groups(legs[name], queries[name])
            if named[0].max(initial=-1) > 0:
                groups[str(name)] = named
    for name in ("origin", "destination"):
        if _is_number(legs[name]) and _is_number(queries[name]):
            numbers[name] = _number(legs[name]), _number(queries[name])
    return Covariates(groups, numbers)


def _is_number(column: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype))


def _number(column: "pd.Series[Any]") -> Floats:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _groups(known: "pd.Series[Any]", asked: "pd.Series[Any]") -> tuple[Indices, Indices]:
    """Number the values in ascending order of their text; what is missing is one more value."""
    code, names = pd.factorize(_words(known), sort=True)
    place = pd.Index(names).get_indexer(pd.Index(_words(asked)))
    return np.asarray(code, dtype=np.int64), np.asarray(place, dtype=np.int64)


def _words(column: "pd.Series[Any]") -> npt.NDArray[np.object_]:
    # one code as 700 in one table and as 700.0 in the other is one code
    if pd.api.types.is_numeric_dtype(column.dtype):
        column = column.astype("float64")
    missing = column.isna().to_numpy()
    words = column.astype(str).to_numpy(dtype=object, copy=True)
    words[missing] = "?"
    return words
