# SPDX-License-Identifier: Apache-2.0
"""Lead times: how long a movement will take, how sure that is, and how likely it is late."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.arguments import quantile_columns, read_levels
from forecasting.errors import NotEnoughHistory
from forecasting.flow.covariates import Covariates, read_covariates
from forecasting.flow.known_legs import FORGOTTEN, KnownLegs, know_legs
from forecasting.flow.lead_time_model import LEVELS, predict_stages, stages_of
from forecasting.flow.leg_calibration import calibrate, pick_stages, widen
from forecasting.flow.leg_design import build_design
from forecasting.flow.quantile_curve import QuantileCurve
from forecasting.flow.stays import read_moment

Floats = npt.NDArray[np.float64]

OVERDUE = 0.002
"""Share of legs that must last beyond an age for their quantiles to say how it goes on."""

TAIL = 4.0
"""Exponent of the Pareto law by which a leg goes on that has outlasted what was told."""

FARTHER = 0.05
"""Share by which the band widens for each doubling of the time ahead beyond what was judged."""


def lead_times(
    legs: pd.DataFrame,
    queries: pd.DataFrame,
    *,
    as_of: object,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
) -> pd.DataFrame:
    """Forecast how long legs take from their start to their end.

    Only what was known at `as_of` counts: legs that had started; one that ends later is still open then. Columns
    that both tables have beside the standard ones serve as covariates, and so does the time from start to promise.

    1. The median of the logarithm is a line over shrunk means (lane, origin, destination, every other group), the
       recent level of actual over expected, the promise and the covariates.
    2. Gradient boosted trees find what the line leaves, for seven levels at once; how many trees, if any, is
       chosen for each level by how they would have told later legs.
    3. Split-conformal shifts, from the same later legs, mend the width of the band; by how much the level moved
       between a fit and what came after it widens the band further, and so do starts farther ahead than those
       that were judged (`FARTHER`).
    4. A query whose start lies before `as_of` is under way: its quantiles are those of legs that last longer than
       it has lasted. Where hardly any does (`OVERDUE`), the rest follows a Pareto law of exponent `TAIL`: the
       longer it has lasted, the longer it will. Where it lies further back than three times the longest leg that
       ever ended, it is no open shipment but a question about a leg of that day, and the quantiles are those of
       any leg.
    5. No quantile lies beyond three times the longest leg that ever ended, nor, where that is farther, beyond what
       the Pareto law gives.

    Args:
        legs: columns ``origin, destination, start, end`` (NaT = under way), optional ``promised``, ``item``,
            covariates.
        queries: columns ``origin, destination, start``, optional ``promised``, covariates.
        as_of: the moment, UTC where it has no zone.
        quantiles: ascending levels.

    Returns:
        `queries`, with the same rows, order and index, and the columns ``q0.1, q0.5, ...`` (one per level, hours
        from start to end) and ``late_probability`` (that the end is later than ``promised``; NaN without a
        promise, 1 where the promise lies before the start).

    Raises:
        BadTable: a table does not hold together.
        BadArgument: an argument has no meaning.
        NotEnoughHistory: no leg had ended by `as_of`.
    """
    levels, moment = read_levels(quantiles), read_moment(as_of)
    known = know_legs(legs, queries, moment)
    if not known.finished.any():
        raise NotEnoughHistory(
            f"legs: expected at least one that had ended by {pd.Timestamp(moment, unit='us')} UTC, got "
            f"{len(known.start)} under way; choose a later as_of"
        )
    answer = queries.copy()
    curve = _forecast(known, legs, queries)
    age = np.where(
        -known.asked_start > FORGOTTEN * np.nanmax(known.lead), 0.0, np.maximum(-known.asked_start, 0.0)
    )
    curve = curve.given(np.log(np.maximum(age, 1e-9)))
    hours = np.exp(curve.at(levels))
    overdue = curve.taken > 1 - OVERDUE
    hours[overdue] = age[overdue, None] * (1 - levels[None, :]) ** (-1 / TAIL)
    # far beyond the last level told a straight line on the scale of deviates leads to centuries
    law = age[:, None] * (1 - levels[None, :]) ** (-1 / TAIL)
    hours = np.minimum(hours, np.maximum(law, FORGOTTEN * np.nanmax(known.lead)))
    for at, name in enumerate(quantile_columns(levels)):
        answer[name] = hours[:, at]
    answer["late_probability"] = _late(curve, known, queries)
    return answer


def _forecast(known: KnownLegs, legs: pd.DataFrame, queries: pd.DataFrame) -> QuantileCurve:
    kept = legs.iloc[known.rows]
    covariates: Covariates = read_covariates(kept, queries)
    item = pd.factorize(kept["item"])[0] if "item" in kept.columns else np.arange(len(kept))
    item = np.asarray(item, dtype=np.int64)
    learnt = calibrate(known, covariates, item)
    design = build_design(known, covariates, item)
    used, place = np.unique(learnt.stages, return_inverse=True)
    stages = tuple(stages_of(design.ordered)[at] for at in used)
    told = pick_stages(predict_stages(design, stages, final=True), np.asarray(place))
    told = widen(np.sort(told + learnt.shifts, axis=1), learnt.between)
    # nobody has judged starts so far ahead; what they meet is less sure with every doubling
    doublings = np.log2(np.maximum(known.asked_start / learnt.ahead, 1.0))
    middle = told[:, [len(LEVELS) // 2]]
    told = middle + (told - middle) * (1 + FARTHER * doublings)[:, None]
    return QuantileCurve(LEVELS, told, np.zeros(len(told)))


def _late(curve: QuantileCurve, known: KnownLegs, queries: pd.DataFrame) -> Floats:
    window = known.asked_window
    late = 1 - curve.below(np.log(np.maximum(window, 1e-6)))
    if "promised" in queries.columns:
        told = queries["promised"].notna().to_numpy()
        return np.where(np.isfinite(window), late, np.where(told, 1.0, np.nan))
    return np.full(len(window), np.nan)
