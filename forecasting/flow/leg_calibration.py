# SPDX-License-Identifier: Apache-2.0
"""How well the fit would have told what came next, and what that teaches: stages and conformal shifts.

Split-conformal prediction (Vovk, Gammerman and Shafer 2005; Romano, Patterson and Candes 2019 for quantiles): the
quantiles are moved by what legs that were not fitted show, these being later legs, as far ahead as is asked now.
Legs that began lately have ended only if they were quick; each that ended counts for those like it that had no
time to (inverse probability of censoring weights, Robins and Rotnitzky 1992).

Where legs have a calendar, those judged from one moment share what came over all of them, so that they are fewer
witnesses than they are legs. Their errors are parted as in a model of random effects (DerSimonian and Laird 1986):
how wide they spread about the middle of their own moment, and how the middles differ from moment to moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecasting.flow.covariates import Covariates
from forecasting.flow.encodings import PARTS
from forecasting.flow.known_legs import KnownLegs
from forecasting.flow.lead_time_model import LEVELS, predict_stages, stages_of
from forecasting.flow.leg_design import build_design, is_ordered

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LOOKS = 3
"""Moments in the past from which the fit is judged; without a calendar, parts of the legs in their place."""

_LEAST_JUDGED = 60
"""Legs that a look must judge and fit; half of them are enough to judge where there is a calendar."""

_WORTH = 60.0
"""Judged legs by which the shifts are believed by half."""

_STAGE_WORTH = 600.0
"""Judged legs whose loss at one level counts as much as that of all levels together."""

_SHORTEST, _LONGEST = 14 * 24.0, 56 * 24.0
"""Bounds of how far ahead a look judges [hours]."""

_MOST_WEIGHT = 8.0
_MIDDLE = len(LEVELS) // 2
_NORMAL_BAND = 2.563
"""Deviates between the levels .1 and .9 of the normal distribution."""

_BELIEVED = 0.5
"""Share of the past's mean error of the middle, and of a band too wide in the past, that is believed to last."""


@dataclass(frozen=True)
class Calibration:
    """What looking back teaches.

    Attributes:
        stages: which of `stages_of` told best, of each level, shape (levels,).
        shifts: to add to each level of the logarithm, shape (levels,).
        between: variance of the middle of the logarithm from one moment to another, 0 without a calendar.
        ahead: how far ahead of the moment the judged ones began at most [hours], infinite without a calendar.
    """

    stages: Indices
    shifts: Floats
    between: float
    ahead: float


def calibrate(known: KnownLegs, covariates: Covariates, item: Indices) -> Calibration:
    """Judge the fit by legs that it had not seen.

    Args:
        known: legs and queries at the moment.
        covariates: of both.
        item: which item each leg moved.
    """
    staged, truths, weights = [], [], []
    ordered = is_ordered(known)
    for past, its_covariates, its_item, truth, weight in _looks(known, covariates, item):
        design = build_design(past, its_covariates, its_item)
        staged.append(predict_stages(design, stages_of(ordered)))
        truths.append(truth)
        weights.append(weight)
    if not staged:
        return Calibration(np.ones(len(LEVELS), dtype=np.int64), np.zeros(len(LEVELS)), 0.0, np.inf)
    told, truth, weight = np.concatenate(staged, axis=1), np.concatenate(truths), np.concatenate(weights)
    size = weight.sum() ** 2 / (weight**2).sum()
    stages = choose_stages(truth, told, weight, size)
    between = 0.0
    if ordered:
        looks = zip(staged, truths, weights, strict=True)
        shifts, between = part_errors(
            [come[:, None] - pick_stages(one, stages) for one, come, _ in looks], weights
        )
    else:
        shifts = _quantiles(truth[:, None] - pick_stages(told, stages), weight)
    ahead = _ahead(known) if ordered else np.inf
    return Calibration(stages, shifts * size / (size + _WORTH), between, ahead)


def part_errors(errors: list[Floats], weights: list[Floats]) -> tuple[Floats, float]:
    """Part errors into those within a moment, which shift levels, and the variance from moment to moment.

    Args:
        errors: of each moment, what came less each level told, shape (rows, levels).
        weights: of each moment, of its rows.

    Returns:
        What to add to each level, shape (levels,), and the variance of the middle between moments, less what
        would be seen of so few rows if all moments were alike.
    """
    middles = np.array(
        [_quantile(one[:, _MIDDLE], weight, 0.5) for one, weight in zip(errors, weights, strict=True)]
    )
    own = np.concatenate([one - middle for one, middle in zip(errors, middles, strict=True)])
    width = _quantiles(own, np.concatenate(weights))
    # conditions change: a band that was too wide in the past is believed by half
    narrowing = np.sign(LEVELS - 0.5) * width < 0
    width = np.where(narrowing, _BELIEVED * width, width)
    between = 0.0
    if len(middles) > 1:
        low, high = (_quantile(own[:, _MIDDLE], np.concatenate(weights), level) for level in (0.1, 0.9))
        sizes = np.array([weight.sum() ** 2 / (weight**2).sum() for weight in weights])
        # variance of a median of normal values
        chance = np.pi / 2 * ((high - low) / _NORMAL_BAND) ** 2 * np.mean(1 / sizes)
        between = max(float(middles.var(ddof=1) - chance), 0.0)
    return width + _BELIEVED * middles.mean(), between


def widen(told: Floats, between: float) -> Floats:
    """Widen quantiles about their middle by a variance that all rows share.

    Variances add: the deviate of each level of the shared part is put to what the level has already.

    Args:
        told: ascending, at `LEVELS`, shape (rows, levels).
        between: the variance.
    """
    from scipy.special import ndtri

    middle = told[:, [_MIDDLE]]
    away = told - middle
    return np.asarray(middle + np.sign(LEVELS - 0.5) * np.sqrt(away**2 + between * ndtri(LEVELS) ** 2))


def _quantiles(errors: Floats, weight: Floats) -> Floats:
    return np.array([_quantile(errors[:, at], weight, float(level)) for at, level in enumerate(LEVELS)])


def pick_stages(told: Floats, stages: Indices) -> Floats:
    """Take each level from its own stage, ascending, shape (rows, levels).

    Args:
        told: by stage, shape (stages, rows, levels).
        stages: of each level, shape (levels,).
    """
    return np.sort(np.moveaxis(told[stages, :, np.arange(len(stages))], 0, -1), axis=1)


def choose_stages(truth: Floats, told: Floats, weight: Floats, size: float) -> Indices:
    """Choose for each level the stage of least weighted pinball loss in hours.

    The middle bears more trees than the tails, which soon tell of the legs that were fitted. Few judged legs
    cannot tell levels apart: what all levels lose together counts as much as `_STAGE_WORTH` legs of the level.

    Args:
        truth: logarithms that came, shape (rows,).
        told: by stage, shape (stages, rows, levels).
        weight: of each row.
        size: how many rows the weights are worth.
    """
    error = np.exp(truth)[None, :, None] - np.exp(told)
    loss = (np.maximum(LEVELS * error, (LEVELS - 1) * error) * weight[None, :, None]).sum(axis=1)
    total = loss.sum(axis=1)
    own = loss / np.maximum(loss.min(axis=0), 1e-12)
    score = size * own + _STAGE_WORTH * (total / max(float(total.min()), 1e-12))[:, None]
    return np.asarray(score.argmin(axis=0), dtype=np.int64)


def _quantile(values: Floats, weight: Floats, level: float) -> float:
    order = np.argsort(values, kind="stable")
    ranks = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    return float(np.interp(level, ranks, values[order]))


def censoring_weights(lead: Floats, waited: Floats) -> Floats:
    """Weigh legs that ended, each for those like it that had no time to end, at most `_MOST_WEIGHT` fold.

    Args:
        lead: of the legs that ended [hours], shape (n,).
        waited: from start to now of all legs that began when they did, ended or not [hours], shape (m,).

    Returns:
        One over the share of those that had as much time as each leg took, shape (n,).
    """
    had_time = 1 - np.searchsorted(np.sort(waited), lead, side="left") / len(waited)
    return np.asarray(np.minimum(1 / np.maximum(had_time, 1e-3), _MOST_WEIGHT))


def _looks(
    known: KnownLegs, covariates: Covariates, item: Indices
) -> Iterator[tuple[KnownLegs, Covariates, Indices, Floats, Floats]]:
    """Give past moments: what was known then, what was asked of it, and what came."""
    finished = known.finished
    outcome = np.log(np.where(finished, known.lead, 1.0))
    if not is_ordered(known):
        for part in range(LOOKS):
            held = finished & (item % PARTS == part)
            if held.sum() >= _LEAST_JUDGED and (finished & ~held).sum() >= _LEAST_JUDGED:
                past = _at(known, covariates, item, ~held, held, 0.0, known.lead)
                yield *past, outcome[held], np.ones(int(held.sum()))
        return
    span = -float(known.start[0])
    ahead = _ahead(known)
    usual = float(np.quantile(known.lead[finished], 0.75))
    for look in range(LOOKS):
        moment = -min(usual, span / 4) - (look + 1) * ahead
        before = known.start <= moment
        then = np.where(known.start + known.lead <= moment, known.lead, np.nan)
        after = (known.start > moment) & (known.start <= moment + ahead)
        judged = after & finished
        taught = before & np.isfinite(then)
        if judged.sum() < _LEAST_JUDGED // 2 or taught.sum() < _LEAST_JUDGED:
            continue
        weight = censoring_weights(known.lead[judged], -known.start[after])
        yield *_at(known, covariates, item, before, judged, moment, then), outcome[judged], weight


def _ahead(known: KnownLegs) -> float:
    """Choose how far ahead to judge: as far as is asked, within what the history allows [hours]."""
    span = -float(known.start[0])
    return float(np.clip(known.farthest_asked, _SHORTEST, max(_SHORTEST, min(_LONGEST, span / 8))))


def _at(
    known: KnownLegs,
    covariates: Covariates,
    item: Indices,
    taught: npt.NDArray[np.bool_],
    asked: npt.NDArray[np.bool_],
    moment: float,
    lead: Floats,
) -> tuple[KnownLegs, Covariates, Indices]:
    past = replace(
        known,
        start=known.start[taught] - moment,
        lead=lead[taught],
        window=known.window[taught],
        rows=known.rows[taught],
        asked_start=known.start[asked] - moment,
        asked_window=known.window[asked],
    )
    groups = {name: (rows[taught], rows[asked]) for name, (rows, _) in covariates.groups.items()}
    numbers = {name: (rows[taught], rows[asked]) for name, (rows, _) in covariates.numbers.items()}
    return past, Covariates(groups, numbers), item[taught]
