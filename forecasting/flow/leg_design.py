# SPDX-License-Identifier: Apache-2.0
"""From legs to a matrix of numbers, each as it was known when its leg began."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.flow.covariates import Covariates
from forecasting.flow.encodings import PARTS, Clock, group_means
from forecasting.flow.interplay import find_interplay
from forecasting.flow.known_legs import KnownLegs
from forecasting.flow.recent_level import read_level
from forecasting.flow.survival import fit_survival

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LANE_WORTH = 8.0
"""Legs of a lane that weigh as much as what its origin and its destination say."""

GROUP_WORTH = 15.0
"""Legs of any other group that weigh as much as what all legs say."""

_OVERALL_WORTH, _SPREAD_WORTH = 5.0, 20.0
"""The same of the mean of all legs as each saw it, and of how far a lane's legs lie from what it expects."""

_LEAST_LAG = 24.0
"""Hours ahead below which the recent level counts as fresh."""

_WEEK, _MANY_WEEKS = 168.0, 10_000 * 168.0
_LOWEST = -25.0
"""Below any logarithm of actual over expected, as `fit_survival` speaks of ages."""


@dataclass(frozen=True)
class Design:
    """Matrices of one fit.

    Attributes:
        names: of the columns, for whoever asks what a column is.
        rows: columns of the legs that are fitted, shape (n, m).
        outcome: logarithm of their lead times, shape (n,); drawn for those still open.
        asked: columns of the queries, shape (k, m).
        expected: column of `rows` and `asked` that holds the lane's own expectation.
        ordered: whether the legs began at different times (`is_ordered`), so that conditions may have changed.
    """

    names: list[str]
    rows: Floats
    outcome: Floats
    asked: Floats
    expected: int
    ordered: bool


def is_ordered(known: KnownLegs) -> bool:
    """Tell whether legs began at different times, so that earlier ones can teach about later ones."""
    return bool(len(known.start)) and bool(np.ptp(known.start) > 2 * np.nanmedian(known.lead))


def build_design(known: KnownLegs, covariates: Covariates, item: Indices) -> Design:
    """Build the matrices.

    1. Every group (origin, destination, product, covariates) becomes the shrunk mean of the logarithm of its lead
       times, as known when the leg began (`group_means`); the lane's parent is origin and destination together.
    2. The recent level of actual over expected (`read_level`) is read as stale as it will be for the queries.
    3. A leg that is still open gets an outcome drawn from the survival of the rest at its age, so that the slow
       ones are not missing among those that began lately.
    4. Legs without a calendar have no recent level; there, what covariates say together is added (`interplay`).

    Args:
        known: legs and queries; the covariates' rows are those of `known`.
        covariates: groups and numbers.
        item: which item each leg moved, so that its other legs are kept apart from it.
    """
    finished = known.finished
    outcome = np.where(finished, np.log(np.where(finished, known.lead, 1.0)), np.nan)
    ordered = is_ordered(known)
    ended = np.where(finished, known.start + np.where(finished, known.lead, 0.0), np.inf)
    asked_now = np.zeros(len(known.asked_start))
    clock = Clock(ended, known.start, asked_now, None if ordered else item % PARTS)
    columns: dict[str, tuple[Floats, Floats]] = {}
    size = len(known.start)
    all_rows, all_asked = np.zeros(size, dtype=np.int64), np.zeros(len(asked_now), dtype=np.int64)
    overall = float(np.mean(outcome[finished]))
    base, asked_base, _ = group_means(all_rows, all_asked, outcome, clock, worth=_OVERALL_WORTH, parent=overall)
    counts: dict[str, Floats] = {}
    for name, (rows, asked) in covariates.groups.items():
        if name == "lane":
            continue
        mean, asked_mean, counts[name] = group_means(
            rows, asked, outcome, clock, worth=GROUP_WORTH, parent=(base, asked_base)
        )
        columns[f"mean of {name}"] = mean, asked_mean
    parent = tuple(
        columns["mean of origin"][side] + columns["mean of destination"][side] - (base, asked_base)[side]
        for side in (0, 1)
    )
    lane, asked_lane = covariates.groups["lane"]
    expected, asked_expected, counts["lane"] = group_means(
        lane, asked_lane, outcome, clock, worth=LANE_WORTH, parent=(parent[0], parent[1])
    )
    level = read_level(known.start, known.lead, expected, ahead=known.farthest_asked) if ordered else None
    spread = np.abs(outcome - expected)
    usual = float(np.mean(spread[finished]))
    wide, asked_wide, _ = group_means(lane, asked_lane, spread, clock, worth=_SPREAD_WORTH, parent=usual)
    columns = {"expected": (expected, asked_expected), **columns, "spread": (wide, asked_wide)}
    columns["legs of lane"] = np.log1p(counts["lane"][:size]), np.log1p(counts["lane"][size:])
    drift = np.zeros(size)
    if level is not None:
        ended_level, started_level = level.at(known.start - _lags(known))
        asked_levels = level.at(asked_now)
        columns["level of ended"] = ended_level, asked_levels[0]
        columns["level of started"] = started_level, asked_levels[1]
        drift = level.at(known.start)[1]
        # sums so large are rounded far above the noise of floats, which a remainder near 0 would show as 168
        columns["hour of week"] = (known.start + _MANY_WEEKS) % _WEEK, (known.asked_start + _MANY_WEEKS) % _WEEK
    for name, values in (("window", (known.window, known.asked_window)), *covariates.numbers.items()):
        # what is known of legs and not of queries teaches what cannot be used
        if np.isfinite(values[0]).sum() > size / 20 and 2 * np.isfinite(values[1]).sum() >= len(asked_now):
            columns[name] = (np.log(values[0] + 1), np.log(values[1] + 1)) if name == "window" else values
    if not ordered:
        columns |= find_interplay(known, covariates, outcome, clock, (base, asked_base))
    drawn = _draw_open(known, outcome, expected + drift)
    fitted = np.isfinite(drawn)
    if ordered:
        # what the first legs saw was nothing; they would teach that lanes say nothing
        fitted &= np.arange(size) >= min(size // 8, max(size - 200, 0))
    names = list(columns)
    return Design(
        names=names,
        rows=np.column_stack([columns[name][0] for name in names])[fitted],
        outcome=drawn[fitted],
        asked=np.column_stack([columns[name][1] for name in names]),
        expected=0,
        ordered=ordered,
    )


def _lags(known: KnownLegs) -> Floats:
    """Give each leg one of the lags that the queries have between the moment and their start [hours]."""
    asked = np.maximum(known.asked_start, 0.0)
    if not len(asked) or asked.max() < _LEAST_LAG:
        return np.zeros(len(known.start))
    lags = np.quantile(asked, (np.arange(7) + 0.5) / 7)
    longest = max(float(np.ptp(known.start)) / 6, _LEAST_LAG)
    return np.asarray(np.minimum(lags, longest)[(np.arange(len(known.start)) * 3) % 7])


def _draw_open(known: KnownLegs, outcome: Floats, expected: Floats) -> Floats:
    """Fill in outcomes for open legs: levels of the survival beyond their age, spread evenly; NaN if none is."""
    lasting = np.flatnonzero(~known.finished)
    if not len(lasting):
        return outcome
    finished = known.finished
    age = np.log(np.maximum(-known.start[lasting], 1e-3)) - expected[lasting]
    survival = fit_survival(outcome[finished] - expected[finished] - _LOWEST, age - _LOWEST)
    beyond = survival.beyond(age - _LOWEST)
    # multiples of the golden ratio fall evenly
    wanted = beyond * (1 - (np.arange(1, len(lasting) + 1) * 0.6180339887498949) % 1)
    # share falls from 1; first knot at which it is at most what is wanted
    place = np.searchsorted(-survival.share, -wanted, side="left")
    told = (place < len(survival.knots)) & (beyond > 1e-3)
    value = survival.knots[np.minimum(place, len(survival.knots) - 1)] + _LOWEST + expected[lasting]
    filled = outcome.copy()
    filled[lasting] = np.where(told, np.maximum(value, np.log(np.maximum(-known.start[lasting], 1e-3))), np.nan)
    return filled
