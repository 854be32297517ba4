# SPDX-License-Identifier: Apache-2.0
"""What covariates say together: means of pairs of groups, and sums and differences of numbers.

A tree of few splits finds what two covariates say together only where one of them says something alone. Where legs
have no calendar there is no recent level to learn from, and what else is known of a leg must tell.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt

from forecasting.flow.covariates import Covariates
from forecasting.flow.encodings import Clock, group_means
from forecasting.flow.known_legs import KnownLegs

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Sides = tuple[Floats, Floats]
"""Of legs and of queries."""

MOST_CODES = 24
"""Different values that a number may have to be the code of something, such as the stage of a journey."""

MOST_PAIRS = 12
"""Pairs of groups that are kept, those whose means tell most; and pairs of numbers, by the order of columns."""

WORTH = 15.0
"""Legs of a pair that weigh as much as what its two parts say."""

ALIKE = 30.0
"""Numbers whose medians differ by no more than this factor may be of one unit."""


def find_interplay(
    known: KnownLegs, covariates: Covariates, outcome: Floats, clock: Clock, base: Sides
) -> dict[str, Sides]:
    """Give the columns that covariates make together, of legs and of queries, by name.

    Args:
        known: legs and queries.
        covariates: of both.
        outcome: logarithm of the lead time, NaN where open, shape (n,).
        clock: when outcomes were known.
        base: mean outcome of all.
    """
    groups = covariates.groups | code_groups(covariates)
    columns = pair_means(groups, outcome, clock, base)
    numbers = covariates.numbers | {"window": (known.window, known.asked_window)}
    columns |= sums_and_differences(numbers)
    over = outcome - np.log(known.window + 1)
    if np.isfinite(over).any():
        usual = float(np.nanmean(over))
        sides = np.full(len(known.start), usual), np.full(len(known.asked_start), usual)
        for name, (rows, asked) in groups.items():
            columns[f"over window of {name}"] = group_means(rows, asked, over, clock, worth=WORTH, parent=sides)[
                :2
            ]
        columns |= {f"over window, {name}": pair for name, pair in pair_means(groups, over, clock, sides).items()}
    return columns


def code_groups(covariates: Covariates) -> dict[str, tuple[Indices, Indices]]:
    """Take numbers of few different values as groups; a value that no leg has is none."""
    codes = {}
    for name, (rows, asked) in covariates.numbers.items():
        values = np.unique(rows[np.isfinite(rows)])
        if name in covariates.groups or not 2 <= len(values) <= MOST_CODES:
            continue
        place, asked_place = (np.minimum(np.searchsorted(values, side), len(values) - 1) for side in (rows, asked))
        of_rows = np.where(np.isfinite(rows), place, len(values))
        codes[name] = of_rows, np.where(values[asked_place] == asked, asked_place, -1)
    return codes


def pair_means(
    groups: dict[str, tuple[Indices, Indices]], outcome: Floats, clock: Clock, base: Sides
) -> dict[str, Sides]:
    """Give the means of the pairs of groups that tell most.

    Args:
        groups: of every leg and of every query, by name.
        outcome: NaN where there is none, shape (n,).
        clock: when outcomes were known.
        base: mean of all.

    Returns:
        By the name of the pair; each is shrunk to what its two groups say one by one, added.
    """
    single = {
        name: group_means(rows, asked, outcome, clock, worth=WORTH, parent=base)[:2]
        for name, (rows, asked) in groups.items()
    }
    told: list[tuple[float, str, Sides]] = []
    for one, other in combinations(groups, 2):
        (rows, asked), (other_rows, other_asked) = groups[one], groups[other]
        size = int(other_rows.max(initial=0)) + 1
        cells, both = np.unique(rows * size + other_rows, return_inverse=True)
        if len(cells) == max(int(rows.max(initial=0)) + 1, size):
            continue
        wanted = asked * size + other_asked
        place = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
        known = (asked >= 0) & (other_asked >= 0) & (cells[place] == wanted)
        parent = tuple(single[one][side] + single[other][side] - base[side] for side in (0, 1))
        mean, asked_mean, _ = group_means(
            both, np.where(known, place, -1), outcome, clock, worth=WORTH, parent=(parent[0], parent[1])
        )
        left = float(np.nanmean(np.abs(outcome - mean)))
        told.append((left, f"mean of {one} and {other}", (mean, asked_mean)))
    told.sort(key=lambda one: one[:2])
    return {name: sides for _, name, sides in told[:MOST_PAIRS]}


def sums_and_differences(numbers: dict[str, Sides]) -> dict[str, Sides]:
    """Give sums and differences of numbers that may be of one unit, such as the plan so far and what came of it.

    Args:
        numbers: of every leg and of every query, by name.
    """
    kept: dict[str, Sides] = {}
    usual: dict[str, float] = {}
    for name, (rows, asked) in numbers.items():
        values = rows[np.isfinite(rows)]
        known = len(np.unique(values)) > MOST_CODES
        if known and not any(np.array_equal(rows, other, equal_nan=True) for other, _ in kept.values()):
            kept[name], usual[name] = (rows, asked), float(np.median(np.abs(values)))
    pairs = [
        (one, other)
        for one, other in combinations(kept, 2)
        if max(usual[one], usual[other]) <= ALIKE * min(usual[one], usual[other])
    ]
    answer = {}
    for one, other in pairs[:MOST_PAIRS]:
        answer[f"{one} less {other}"] = kept[one][0] - kept[other][0], kept[one][1] - kept[other][1]
        answer[f"{one} and {other}"] = kept[one][0] + kept[other][0], kept[one][1] + kept[other][1]
    return answer
