# SPDX-License-Identifier: Apache-2.0
"""How well the fit would have told what came next, and what that teaches: stages and conformal shifts.

Split-conformal prediction (Vovk, Gammerman and Shafer 2005; Romano, Patterson and Candes 2019 for quantiles): the
quantiles are moved by what legs that were not fitted show, these being later legs, as far ahead as is asked now.
Legs that began lately have ended only if they were quick; each that ended counts for those like it that had no
time to (inverse probability of censoring weights, Robins and Rotnitzky 1992).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecasting.flow.covariates import Covariates
from forecasting.flow.encodings import PARTS
from forecasting.flow.known_legs import KnownLegs
from forecasting.flow.lead_time_model import LEVELS, predict_stages
from forecasting.flow.leg_design import build_design, is_ordered

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LOOKS = 3
"""Moments in the past from which the fit is judged."""

_LEAST_JUDGED = 60
_WORTH = 60.0
_STAGE_WORTH = 600.0
_SHORTEST, _LONGEST = 14 * 24.0, 56 * 24.0
_MOST_WEIGHT = 8.0
_MIDDLE = len(LEVELS) // 2


@dataclass(frozen=True)
class Calibration:
    """What looking back teaches.

    Attributes:
        stages: which of `STAGES` told best, of each level, shape (levels,).
        shifts: to add to each level of the logarithm, shape (levels,).
        judged: legs that were judged.
        ahead: how far ahead of the moment the judged ones began at most [hours], infinite without a calendar.
    """

    stages: Indices
    shifts: Floats
    judged: int
    ahead: float


def calibrate(known: KnownLegs, covariates: Covariates, item: Indices) -> Calibration:
    """Judge the fit by legs that it had not seen.

    Args:
        known: legs and queries at the moment.
        covariates: of both.
        item: which item each leg moved.
    """
    staged, truths, weights = [], [], []
    for past, its_covariates, its_item, truth, weight in _looks(known, covariates, item):
        design = build_design(past, its_covariates, its_item)
        staged.append(predict_stages(design))
        truths.append(truth)
        weights.append(weight)
    if not staged:
        return Calibration(np.ones(len(LEVELS), dtype=np.int64), np.zeros(len(LEVELS)), 0, np.inf)
    told, truth, weight = np.concatenate(staged, axis=1), np.concatenate(truths), np.concatenate(weights)
    size = weight.sum() ** 2 / (weight**2).sum()
    stages = choose_stages(truth, told, weight, size)
    shifts = _shifts(truth, pick_stages(told, stages), weight)
    if is_ordered(known):
        looks = zip(staged, truths, weights, strict=True)
        each = [_shifts(come, pick_stages(one, stages), worth) for one, come, worth in looks]
        shifts = np.median(each, axis=0)
        # conditions change: a band that was too wide in the past is believed by half
        narrowing = ((LEVELS < 0.5) & (shifts > shifts[_MIDDLE])) | ((LEVELS > 0.5) & (shifts < shifts[_MIDDLE]))
        shifts = np.where(narrowing, (shifts + shifts[_MIDDLE]) / 2, shifts)
    ahead = _ahead(known) if is_ordered(known) else np.inf
    return Calibration(stages, shifts * size / (size + _WORTH), len(truth), ahead)


def _shifts(truth: Floats, told: Floats, weight: Floats) -> Floats:
    excess = truth[:, None] - told
    return np.array([_quantile(excess[:, at], weight, float(level)) for at, level in enumerate(LEVELS)])


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
        waited = np.sort(-known.start[after])
        had_time = 1 - np.searchsorted(waited, known.lead[judged], side="left") / len(waited)
        weight = np.minimum(1 / np.maximum(had_time, 1e-3), _MOST_WEIGHT)
        yield *_at(known, covariates, item, before, judged, moment, then), outcome[judged], weight


def _ahead(known: KnownLegs) -> float:
    """Choose how far ahead to judge: as far as is asked, within what the history allows [hours]."""
    span = -float(known.start[0])
    farthest = float(np.quantile(known.asked_start, 0.95)) if len(known.asked_start) else 0.0
    return float(np.clip(farthest, _SHORTEST, max(_SHORTEST, min(_LONGEST, span / 8))))


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
