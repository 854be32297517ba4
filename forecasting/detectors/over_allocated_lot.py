# SPDX-License-Identifier: Apache-2.0
"""More items of a lot go round than were made: the ones that came last, or that copy another one, are not real.

A ghost, a whole plausible chain of events for a serial number that somebody made up, breaks no rule by itself.
Only the mass balance of its lot gives it away, so where nobody declares how large lots are, it cannot be seen.
"""

from collections.abc import Mapping

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, Bools, History, Ints
from forecasting.detectors.lot_sizes import Key, LotSizes
from forecasting.detectors.shifted_copy import copies_of

TOGETHER = 0.2  # [h]
USUAL = 0.2  # of a product's lots; where more have too many, its size is one for ordering, or a part is counted


def _find(history: History) -> Findings:
    if not history.lot_sizes:
        return Findings(
            blind="no lot sizes are declared, so an item too many in a lot cannot be seen",
            mend="create lots as a whole with their quantity, declare lot_size of each lot "
            "(trace product import FILE), or give --lots FILE",
        )
    first = np.flatnonzero(history.first)
    members: dict[Key, list[int]] = {}
    for item, key in enumerate(_lots(history, first)):
        if key is not None:
            members.setdefault(key, []).append(item)
    declared = _declared(history.lot_sizes, members)
    if not declared:
        return Findings(blind="no lot of these items has a declared size", mend="declare lot_size of these lots")
    copied = copies_of(history)
    followed = _routes_again(history)
    made = history.count(history.created) > 0
    rows: list[int] = []
    lots: list[Key] = []
    for key, size in declared.items():
        items = members[key]
        excess = len(items) - int(size)
        if excess > 0:
            # First those that nobody made or that copy another one, then those that take the way of another one at
            # another time, then the ones that became known last.
            ranked = sorted(
                items,
                key=lambda one: (
                    made[one] and copied[one] < 0,
                    not followed[one],
                    -int(history.recorded[first[one]]),
                ),
            )
            rows += [int(first[one]) for one in ranked[:excess]]
            lots += [key] * excess
    at = np.asarray(rows, dtype=np.int64)
    return findings(
        history,
        at,
        expected=lambda k: f"{declared[lots[k]]:g} items in lot {lots[k][1]}",
        seen=lambda k: f"{len(members[lots[k]])} items, this one among those too many",
    )


def _lots(history: History, first: Ints) -> list[Key | None]:
    """Give product and lot of each item."""
    lot = history.rows["lot"].to_numpy(dtype=object)[first]
    product = history.rows["product"].to_numpy(dtype=object)[first]
    return [
        (one if isinstance(one, str) else None, name) if isinstance(name, str) else None
        for one, name in zip(product, lot, strict=True)
    ]


def _declared(sizes: LotSizes, members: Mapping[Key, list[int]]) -> dict[Key, float]:
    """Give the declared size of each lot that has one."""
    found: dict[Key, float] = {}
    of_products: dict[str | None, dict[Key, float]] = {}
    for key in members:
        if (size := sizes.of_lot(*key)) is not None:
            found[key] = size
        elif (size := sizes.created.get(key, sizes.products.get(key[0] or ""))) is not None:
            of_products.setdefault(key[0], {})[key] = size
    for lots in of_products.values():
        if sum(len(members[key]) > size for key, size in lots.items()) <= max(1, USUAL * len(lots)):
            found |= lots
    return found


def _routes_again(history: History) -> Bools:
    """Mark items that take every step at the places of an earlier one of their lot, at another time."""
    first = np.flatnonzero(history.first)
    lengths = np.diff(np.r_[first, len(history.item)])
    lot = history.rows["lot"].to_numpy(dtype=object)
    place, step = history.rows["place"].to_numpy(dtype=object), history.rows["step"].to_numpy(dtype=object)
    known: dict[tuple[object, ...], int] = {}
    again = np.zeros(history.size, dtype=bool)
    for item in np.argsort(history.recorded[first], kind="stable"):
        rows = slice(first[item], first[item] + lengths[item])
        key = (lot[first[item]], tuple(place[rows]), tuple(step[rows]))
        start = int(history.time[first[item]])
        # What is sent together begins together.
        again[item] = abs(start - known.setdefault(key, start)) > TOGETHER * HOUR
    return again


DETECTOR = Detector("over_allocated_lot", _find)
