# SPDX-License-Identifier: Apache-2.0
"""A stay or a journey takes much longer, or much less, than others like it.

The logarithm of the time between two consecutive steps is explained, for each pair of steps, by distance, both
places, the day of the week and the season (backfitting with effects shrunk towards none), on one half of the items
for the other half. What is left over, in units of its own spread, is ranked among the items that break no rule: a
conformal p-value (Vovk, Gammerman and Shafer 2005), valid whatever the distribution is.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.detectors.base import Findings, findings
from forecasting.detectors.dwell_trees import FEWEST_BOOSTED, blend, covariates_of
from forecasting.detectors.history import HOUR, Floats, History, Ints
from forecasting.detectors.rarity import conformal

FEWEST = 60  # durations of a pair of steps, below which nothing is said
ROUNDS = 6
SHRINK = 30.0  # observations that stand for "like all others"
SHRINK_NOISE = 200.0  # likewise, for how much durations vary
NOISE_POWER = 0.5  # how much of that is believed
NOISE_FLOOR = 0.05  # added to what is left over before its logarithm is taken
SHORTEST = 0.2  # [h]
SETTLED = 0.6  # of the items, by when they began: the ones that others are compared with
DAY = 24 * HOUR


@dataclass(frozen=True)
class Durations:
    """Times between two consecutive events of items, and how long others like them take; arrays of shape (m,).

    Attributes:
        earlier, later: rows of the history.
        hours: between them [h].
        pair: code of the pair of steps; pairs with fewer than `FEWEST` durations are left out.
        surprise: the logarithm of the duration less that of what is usual.
        usual: what is usual [h], NaN where it is not known.
        spread: of the surprise, where nothing is wrong.
    """

    earlier: Ints
    later: Ints
    hours: Floats
    pair: Ints
    surprise: Floats
    usual: Floats
    spread: Floats


def measure_durations(
    history: History, suspects: npt.NDArray[np.bool_] | None = None, *, journeys: bool
) -> Durations:
    """Measure stays or journeys against others like them.

    Args:
        history: The history.
        suspects: items that break a rule and so say nothing of what is usual, shape (items,).
        journeys: between two places; else stays at one.
    """
    later = np.flatnonzero(~history.first)
    earlier = later - 1
    hours = (history.time[later] - history.time[earlier]) / HOUR
    place = history.rows["place"].to_numpy(dtype=object)
    keep = (hours > 0) & ((place[earlier] != place[later]) == journeys)
    later, earlier, hours = later[keep], earlier[keep], hours[keep]
    step = history.rows["step"].fillna("").to_numpy(dtype=object).astype(str)
    pairs = pd.factorize(pd.Series(step[earlier]) + " > " + pd.Series(step[later]))[0]
    enough = np.bincount(pairs, minlength=1)[pairs] >= FEWEST if len(pairs) else np.zeros(0, dtype=bool)
    later, earlier, hours, pairs = later[enough], earlier[enough], hours[enough], pairs[enough]
    clean = np.ones(history.size, dtype=bool) if suspects is None else ~suspects
    half = np.arange(history.size) % 2
    surprise, usual, spread = (np.full(len(later), np.nan) for _ in range(3))
    for pair in np.unique(pairs):
        rows = np.flatnonzero(pairs == pair)
        design = _design(history, earlier[rows], later[rows])
        y = np.log(np.maximum(hours[rows], SHORTEST))
        good = clean[history.item[later[rows]]]
        side = half[history.item[later[rows]]]
        for mine in (0, 1):
            fit = good & (side != mine)
            if fit.sum() < FEWEST // 2:
                continue
            out = side == mine
            guess, scale = _backfit(design, y, fit)
            if fit.sum() >= FEWEST_BOOSTED:
                guess, scale = blend(covariates_of(history, earlier[rows], later[rows]), y, fit, guess, scale)
            usual[rows[out]] = np.exp(guess[out])
            surprise[rows[out]] = y[out] - guess[out]
            spread[rows[out]] = scale[out]
    return Durations(earlier, later, hours, np.asarray(pairs, dtype=np.int64), surprise, usual, spread)


def find_dwell(
    history: History,
    durations: Durations,
    suspects: npt.NDArray[np.bool_] | None = None,
    explained: npt.NDArray[np.bool_] | None = None,
    *,
    slow: bool,
) -> Findings:
    """Find stays or journeys that take too long (or too short).

    Args:
        history: The history.
        durations: From `measure_durations`.
        suspects: items that break a rule and so say nothing of what is usual, shape (items,).
        explained: durations that a whole site answers for, shape (m,).
        slow: too long; else too short.
    """
    clean = np.ones(history.size, dtype=bool) if suspects is None else ~suspects
    later, hours = durations.later, durations.hours
    began = history.time[history.first]
    # What is usual is learnt from the part of the history that people had time to look at.
    settled = began <= np.quantile(began, SETTLED) if history.size else np.zeros(0, dtype=bool)
    # Late goods vary with the lane, so slow is slow for its kind; what comes within an hour or two is too fast
    # anywhere, so fast is fast by its ratio.
    score = durations.surprise / durations.spread if slow else -durations.surprise
    if explained is not None:
        score = np.where(explained, np.nan, score)
    good = (clean & settled)[history.item[later]]
    p_value = np.ones(len(later))
    for pair in np.unique(durations.pair):
        rows = np.flatnonzero(durations.pair == pair)
        p_value[rows] = conformal(score[rows], good[rows])
    # An item that was looked at several times pays for it.
    times = np.bincount(history.item[later[np.isfinite(score)]], minlength=max(1, history.size))
    p_value = np.minimum(1.0, p_value * times[history.item[later]]) if len(later) else p_value
    order = np.lexsort((p_value, history.item[later]))
    order = order[np.isfinite(score[order])]
    at, before, p = later[order], durations.earlier[order], p_value[order]
    took, typical = hours[order], durations.usual[order]
    place = history.rows["place"].to_numpy(dtype=object)

    def where(k: int) -> str:
        begun, ended = place[before[k]], place[at[k]]
        return f"at {ended}" if begun == ended else f"from {begun} to {ended}"

    return findings(
        history,
        at,
        others=[before],
        p_value=p,
        expected=lambda k: f"about {typical[k]:.1f} h {where(k)}",
        seen=lambda k: f"{took[k]:.1f} h",
    )


def _design(history: History, earlier: Ints, later: Ints) -> list[Ints]:
    """Make the groups by which durations are explained, each a code per duration."""
    place = history.rows["place"].to_numpy(dtype=object)
    distance = history.kilometres(earlier, later)
    groups = [
        pd.factorize(place[earlier], use_na_sentinel=False)[0],
        pd.factorize(place[later], use_na_sentinel=False)[0],
        (history.time[earlier] // DAY + 4) % 7 * 24 + history.time[earlier] // HOUR % 24 // 6,
        history.time[earlier] // DAY // 7,
        history.time[earlier] // DAY // 2,
    ]
    if np.isfinite(distance).any():
        cuts = np.unique(np.nanquantile(distance, np.linspace(0, 1, 25)[1:-1]))
        groups.insert(0, np.where(np.isnan(distance), len(cuts) + 1, np.searchsorted(cuts, distance)))
        for width in (4.0, 1.0):
            groups.append(_cells(history, later, width))
            groups.append(_cells(history, earlier, width))
        lane = _cells(history, earlier, 3.0) * 100_000 + _cells(history, later, 3.0)
        groups.append(lane)
    product = history.rows["product"].fillna("").to_numpy(dtype=object)[later]
    groups.append(pd.factorize(product)[0])
    return [np.asarray(pd.factorize(group)[0], dtype=np.int64) for group in groups]


def _cells(history: History, rows: Ints, width: float) -> Ints:
    """Number the cells of a grid of degrees."""
    latitude, longitude = history.latitude[rows], history.longitude[rows]
    known = np.isfinite(latitude)
    cell = np.floor(np.where(known, latitude, -90) / width) * 1000 + np.floor(
        np.where(known, longitude, -180) / width
    )
    return np.asarray(pd.factorize(cell)[0], dtype=np.int64)


def _backfit(design: list[Ints], y: Floats, fit: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Explain y by shrunk effects of groups, from the rows of `fit`; give guess and spread for every row."""
    # Winsorised, so that what is odd does not teach what is usual.
    middle = np.median(y[fit])
    wide = 1.4826 * np.median(np.abs(y[fit] - middle)) + 1e-6
    target = np.clip(y, middle - 4 * wide, middle + 4 * wide)
    guess = _explain(design, target, fit, SHRINK)
    left = target - guess
    # Spread by how long it usually takes: short journeys vary more on the log scale.
    cuts = np.unique(np.quantile(guess[fit], np.linspace(0, 1, 7)[1:-1]))
    band = np.searchsorted(cuts, guess)
    whole = 1.4826 * np.median(np.abs(left[fit]))
    by_band = np.full(len(cuts) + 1, whole)
    for b in range(len(cuts) + 1):
        if (inside := fit & (band == b)).sum() >= 10:
            by_band[b] = 1.4826 * np.median(np.abs(left[inside]))
    # And by everything else: some lanes and some weeks are steadier than others.
    noise = _explain(design, np.log(np.abs(left) + NOISE_FLOOR), fit, SHRINK_NOISE)
    spread = by_band[band] * np.exp(NOISE_POWER * (noise - np.median(noise[fit])))
    return guess, np.maximum(spread, 1e-3)


def _explain(design: list[Ints], target: Floats, fit: npt.NDArray[np.bool_], shrink: float) -> Floats:
    """Add up the effects of all groups, each found from what the others leave over."""
    guess = np.full(len(target), float(np.mean(target[fit])))
    effects = [np.zeros(int(group.max()) + 1) for group in design]
    for _ in range(ROUNDS):
        for number, group in enumerate(design):
            left = target - guess + effects[number][group]
            total = np.bincount(group[fit], weights=left[fit], minlength=len(effects[number]))
            count = np.bincount(group[fit], minlength=len(effects[number]))
            fresh = total / (count + shrink)
            guess += (fresh - effects[number])[group]
            effects[number] = fresh
    return guess
