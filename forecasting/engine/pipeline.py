# SPDX-License-Identifier: Apache-2.0
"""From histories to forecasts with quantiles: members, combination, spread.

histories -> classes and seasons -> blocks -> members -> combination -> quantiles

Every series is forecast from its own history and the learnt constants alone: no other series of the call, no
order of
the table and no number of workers can change it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.engine.block import Block, Floats, Ints, make_block
from forecasting.engine.classes import LONGEST, series_class
from forecasting.engine.combination import describe, member_weights
from forecasting.engine.count_members import count_members
from forecasting.engine.count_quantiles import count_quantiles
from forecasting.engine.learnt import Learnt
from forecasting.engine.members import run_members
from forecasting.engine.season import find_season
from forecasting.engine.spread import error_quantiles, movement, scale_terms, scales, step_bucket

_FEW = 5
_FEW_VARIATION = 0.5
_CLOSED_SHARE, _CLOSED_SEASONS = 0.9, 13
_SEASON_STEPS = (1, 2, 8)


@dataclass(frozen=True)
class Prepared:
    """What the members say of the series of one class and season.

    Attributes:
        kind: the class.
        rows: places of the series among the histories, shape (S,).
        block: histories.
        season_length: periods in a season.
        names: of the members.
        forecasts: over the scale of the block, shape (S, K, H).
        features: shape (S, F).
        sigma: one-step error over the scale, shape (S,).
        strength: of the season, 0 to 1, shape (S,).
        slope: of the line through the history, over the scale, shape (S,).
        open_steps: 0 where the phase is one without trade (closed on Sundays), else 1; shape (S, H).
    """

    kind: str
    rows: Ints
    block: Block
    season_length: int
    names: tuple[str, ...]
    forecasts: Floats
    features: Floats
    sigma: Floats
    strength: Floats
    slope: Floats
    open_steps: Floats

    def faded_dispersion(self, memory: float) -> Floats:
        """Give variance over mean with weights that fade by `memory` a period, over the scale, shape (S,)."""
        z, width = self.block.z, self.block.z.shape[1]
        weights = np.where(self.block.known, memory ** np.arange(width)[::-1], 0.0)
        weights = weights / weights.sum(axis=1, keepdims=True)
        mean = (weights * z).sum(axis=1)
        variance = (weights * (z - mean[:, None]) ** 2).sum(axis=1)
        return np.where(mean > 1e-12, variance / np.maximum(mean, 1e-12), 0.0)


@dataclass(frozen=True)
class Finished:
    """Forecasts of all histories of a call.

    Attributes:
        mean: units/period, shape (N, H).
        quantiles: shape (N, H, levels).
        kinds: class of each.
        parts: level, trend per period and strength of the season of each, shape (N, 3).
        seasons: season length used for each.
    """

    mean: Floats
    quantiles: Floats
    kinds: tuple[str, ...]
    parts: Floats
    seasons: tuple[int, ...]


def run(
    histories: Sequence[Floats],
    base: str,
    season_length: int | None,
    horizon: int,
    levels: Floats,
    learnt: Mapping[str, Learnt],
) -> Finished:
    """Forecast every history.

    Args:
        histories: demand [units/period], finite, each of shape (n,) with n at least 1.
        base: base frequency, one of ``h D W M Q Y``.
        season_length: periods in a season, or None for what the frequency implies and the history shows.
        horizon: H, periods ahead.
        levels: of the quantiles, ascending, shape (q,).
        learnt: constants by class.
    """
    count = len(histories)
    mean, quantiles = np.zeros((count, horizon)), np.zeros((count, horizon, len(levels)))
    parts, kinds, seasons = np.zeros((count, 3)), [""] * count, [1] * count
    for prepared in prepare(histories, base, season_length, horizon):
        rows = prepared.rows
        mean[rows], quantiles[rows] = finish(prepared, learnt[prepared.kind], levels)
        scale = prepared.block.scale
        parts[rows] = np.stack(
            (prepared.block.z[:, -1] * scale, prepared.slope * scale, prepared.strength), axis=1
        )
        for row in rows.tolist():
            kinds[row], seasons[row] = prepared.kind, prepared.season_length
    return Finished(mean, quantiles, tuple(kinds), parts, tuple(seasons))


def prepare(histories: Sequence[Floats], base: str, season_length: int | None, horizon: int) -> list[Prepared]:
    """Sort histories into classes and seasons, and let the members forecast.

    Args and shapes as `run`.
    """
    groups: dict[tuple[str, int, int], list[int]] = {}
    trimmed = [_from_first_demand(history) for history in histories]
    for row, history in enumerate(trimmed):
        season = find_season(history, base) if season_length is None else season_length
        kind = series_class(history, base)
        n = min(len(history if kind.endswith("count") else histories[row]), LONGEST[base])
        # Which members there are depends on how many seasons a block holds, so rows of a block hold alike many.
        seasons = sum(n >= count * season for count in _SEASON_STEPS)
        groups.setdefault((kind, season, seasons), []).append(row)
    return [
        _prepare_group(kind, season, rows, histories, trimmed, horizon, LONGEST[base])
        for (kind, season, _), rows in groups.items()
    ]


def _prepare_group(
    kind: str,
    season: int,
    rows: list[int],
    histories: Sequence[Floats],
    trimmed: Sequence[Floats],
    horizon: int,
    longest: int,
) -> Prepared:
    counted = kind.endswith("count")
    block = make_block([(trimmed if counted else histories)[row] for row in rows], longest)
    short = season if season <= 7 or not counted else 1
    members = run_members(block, short, horizon)
    found, strength, sigma = members.forecasts, members.strength, members.sigma
    if counted:
        z, known = block.z, block.known
        found = {**count_members(block, season, horizon), **found}
        strength = 1 - (known & (z > 0)).sum(axis=1) / block.lengths
        sigma = np.sqrt(
            np.where(known, (z - (known * z).sum(axis=1, keepdims=True) / block.lengths[:, None]) ** 2, 0).sum(
                axis=1
            )
            / block.lengths
        )
    names = tuple(found)
    forecasts = np.maximum(np.stack([found[name] for name in names], axis=1), 0.0)
    everything = np.ones((len(rows), horizon))
    open_steps = _open_steps(block, season, horizon) if kind == "day" else everything
    return Prepared(
        kind,
        np.array(rows),
        block,
        season,
        names,
        forecasts,
        np.empty((len(rows), 0)),
        sigma,
        strength,
        members.slope,
        open_steps,
    )


def choose_members(prepared: Prepared, names: Sequence[str]) -> tuple[Floats, Floats]:
    """Give the forecasts of the members named, shape (S, K, H), and the features that go with them, shape (S, F).

    A member that a short history could not have gives its place to the level.
    """
    place = {name: column for column, name in enumerate(prepared.names)}
    picked = prepared.forecasts[:, [place.get(name, place["level"]) for name in names]]
    features = describe(prepared.block.lengths, prepared.strength, prepared.sigma, picked)
    return picked, features


def finish(prepared: Prepared, learnt: Learnt, levels: Floats) -> tuple[Floats, Floats]:
    """Combine the members and put quantiles around.

    Returns:
        Mean, shape (S, H), and quantiles, shape (S, H, q), in units/period, at least 0.
    """
    picked, features = choose_members(prepared, learnt.members)
    horizon = picked.shape[2]
    weights = member_weights(learnt.coefficients, features, horizon, learnt.longest)
    mean = (weights * picked).sum(axis=1)
    block = prepared.block
    constant = np.where(block.known, block.z, block.z[:, -1:]).std(axis=1) < 1e-12
    mean = np.where(constant[:, None], np.maximum(block.z[:, -1:], 0.0), mean) * prepared.open_steps
    if learnt.counted:
        around = member_weights(learnt.centre, features, horizon, learnt.longest)
        centre = (around * picked).sum(axis=1) * prepared.open_steps
        quantiles = _counted(prepared, learnt, mean, centre, levels)
    else:
        moved = movement(block, prepared.season_length)
        terms = scale_terms(block.lengths, _sure_sigma(prepared), mean, picked.std(axis=1), moved)
        scale = scales(terms, learnt.scale) * prepared.open_steps
        errors = error_quantiles(learnt.table, levels)[step_bucket(horizon, learnt.edges)]
        quantiles = mean[:, :, None] + scale[:, :, None] * errors[None]
    sure = constant & (block.lengths >= _FEW)
    quantiles = np.where(sure[:, None, None], mean[:, :, None], quantiles)
    unit = block.scale[:, None]
    return mean * unit, np.maximum(np.sort(quantiles, axis=2), 0.0) * unit[:, :, None]


def _sure_sigma(prepared: Prepared) -> Floats:
    """Pool the error of very short histories with half their mean: they cannot show any."""
    n = prepared.block.lengths
    pooled = np.sqrt((n * prepared.sigma**2 + 2 * _FEW_VARIATION**2) / (n + 2))
    return np.where(n < _FEW, pooled, prepared.sigma)


def _counted(prepared: Prepared, learnt: Learnt, mean: Floats, centre: Floats, levels: Floats) -> Floats:
    """Give quantiles of counts over the scale of the block, shape (S, H, q)."""
    block, said = prepared.block, learnt.dispersion
    unit = _unit(block)
    own = prepared.faded_dispersion(said["memory"]) * (block.scale / unit)
    # The mean forecast is tuned by the root of squared errors, which a few large demands do not move; a
    # distribution lies around a centre that is tuned by the squares themselves.
    centre = (1 - said["steady"]) * mean + said["steady"] * centre
    n = block.lengths
    dispersion = said["factor"] * (n * own + said["worth"] * said["prior"]) / (n + said["worth"])
    over = block.scale / unit
    flat = (centre * over[:, None]).ravel()
    counts = count_quantiles(flat, np.repeat(dispersion, mean.shape[1]), levels)
    quantiles = counts.reshape((*mean.shape, len(levels))) / over[:, None, None]
    if said["empirical"] > 0:
        quantiles = (1 - said["empirical"]) * quantiles + said["empirical"] * _decayed(block, levels)[:, None, :]
    return quantiles


def _unit(block: Block) -> Floats:
    """Give the unit that is counted: 1 for whole numbers, else a tenth of the median demand, shape (S,)."""
    units = block.z * block.scale[:, None]
    whole = (np.abs(units - np.round(units)) < 1e-6).all(axis=1)
    some = np.where(block.known & (block.z > 0), block.z, np.nan)
    some[:, -1] = np.where(np.isnan(some).all(axis=1), 1.0, some[:, -1])
    # Never so small a unit, beside the mean, that counting in it overflows.
    return np.where(whole, 1.0, np.maximum(np.nanmedian(some, axis=1), 1e-6) * block.scale / 10)


def _decayed(block: Block, levels: Floats, memory: float = 0.97) -> Floats:
    """Give quantiles of the history with weights that fade, over the scale of the block, shape (S, q)."""
    width = block.z.shape[1]
    weights = np.where(block.known, memory ** np.arange(width)[::-1], 0.0)
    order = np.argsort(block.z, axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    reached = reached / reached[:, -1:]
    sizes = np.take_along_axis(block.z, order, axis=1)
    place = (reached[:, None, :] < levels[None, :, None] - 1e-12).sum(axis=2)
    return np.take_along_axis(sizes, np.minimum(place, width - 1), axis=1)


def _open_steps(block: Block, season: int, horizon: int) -> Floats:
    """Find phases that have been without demand in nearly all of the last seasons: shops that close, shape (S,
    H)."""
    seasons = min(_CLOSED_SEASONS, block.z.shape[1] // season)
    if seasons < 4 or season < 2:
        return np.ones((len(block.z), horizon))
    last = slice(block.z.shape[1] - seasons * season, None)
    shape = (len(block.z), seasons, season)
    known = block.known[:, last].reshape(shape)
    without = (known & (block.z[:, last].reshape(shape) == 0)).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    closed = (without >= _CLOSED_SHARE) & (block.lengths >= 4 * season)[:, None]
    return np.where(closed, 0.0, 1.0)[:, np.arange(horizon) % season]


def _from_first_demand(history: Floats) -> Floats:
    demands = np.flatnonzero(history)
    return history[demands[0] :] if len(demands) else history
