# SPDX-License-Identifier: Apache-2.0
"""More items of a lot go round than were made: the ones that came last, or that copy another one, are not real.

A ghost, a whole plausible chain of events for a serial number that somebody made up, breaks no rule by itself.
Only the mass balance of its lot gives it away, so where nobody declares how large lots are, it cannot be seen.
"""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, Bools, History
from forecasting.detectors.shifted_copy import copies_of

TOGETHER = 0.2  # [h]


def _find(history: History) -> Findings:
    if not history.lot_sizes:
        return Findings(blind="no lot sizes are declared, so an item too many in a lot cannot be seen")
    first = np.flatnonzero(history.first)
    lot = history.rows["lot"].to_numpy(dtype=object)[first]
    members: dict[str, list[int]] = {}
    for item, name in enumerate(lot):
        if name in history.lot_sizes:
            members.setdefault(name, []).append(item)
    copied = copies_of(history)
    followed = _routes_again(history)
    made = history.count(history.created) > 0
    rows: list[int] = []
    for name, items in members.items():
        excess = len(items) - int(history.lot_sizes[name])
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
    at = np.asarray(rows, dtype=np.int64)
    names = history.rows["lot"].to_numpy(dtype=object)
    return findings(
        history,
        at,
        expected=lambda k: f"{history.lot_sizes[names[at[k]]]:g} items in lot {names[at[k]]}",
        seen=lambda k: f"{len(members[names[at[k]]])} items, this one among those too many",
    )


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
