# SPDX-License-Identifier: Apache-2.0
"""Two items go on as each other: each turns up where the other one should be.

An item strays where it is received elsewhere than where it was sent, or is seen elsewhere with no shipment. Two
that stray the opposite ways at the same time, of one product where products are known, have each other's label.
"""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import HOUR, History, Ints
from forecasting.detectors.runs import previous_marked

HABIT = 0.10  # of the moves
TOGETHER = 14 * 24 * HOUR  # [us]; between the two, and between the last sight of both


def _find(history: History) -> Findings:
    place = history.rows["place"].to_numpy(dtype=object)
    should, at, said = _strays(history)
    moves = np.count_nonzero(~history.first[1:] & (place[1:] != place[:-1])) if len(place) else 0
    if len(at) > max(HABIT * moves, 4):
        return Findings(blind="goods turn up elsewhere than they were sent as a rule")
    product = history.rows["product"].fillna("").to_numpy(dtype=object)
    waiting: dict[tuple[object, ...], list[int]] = {}
    pairs: list[tuple[int, int]] = []
    for k in np.argsort(history.time[at], kind="stable").tolist():
        row = at[k]
        mirrored = waiting.get((place[row], should[k], product[row]), [])
        match = next(
            (
                other
                for other in mirrored
                if history.item[at[other]] != history.item[row]
                and history.time[row] - history.time[at[other]] <= TOGETHER
            ),
            None,
        )
        if match is None:
            waiting.setdefault((should[k], place[row], product[row]), []).append(k)
            continue
        mirrored.remove(match)
        pairs += [(k, match), (match, k)]
    mine = np.asarray([one for one, _ in pairs], dtype=np.int64)
    theirs = np.asarray([other for _, other in pairs], dtype=np.int64)
    return findings(
        history,
        at[mine],
        others=[said[mine], at[theirs], said[theirs]],
        expected=lambda k: f"at {should[mine[k]]}, where {history.items[history.item[at[theirs[k]]]]} was seen",
        seen=lambda k: f"at {place[at[mine[k]]]}, where that one should be: the two go on as each other",
    )


def _strays(history: History) -> tuple[np.ndarray[tuple[int], np.dtype[np.object_]], Ints, Ints]:
    """Give where items should be, the rows at which they are elsewhere, and those that say where they should."""
    place = history.rows["place"].to_numpy(dtype=object)
    named = history.rows["place"].notna().to_numpy()
    destination = history.rows["destination"].to_numpy(dtype=object)
    stated = history.rows["destination"].notna().to_numpy()
    sent = previous_marked(history, history.left & stated)
    diverted = np.flatnonzero(history.received & named & (sent >= 0))
    diverted = diverted[place[diverted] != destination[sent[diverted]]]
    seen = previous_marked(history, named & ~history.left)
    left = previous_marked(history, history.left)
    jumped = np.flatnonzero(named & ~history.left & (seen >= 0))
    jumped = jumped[(left[jumped] < seen[jumped]) & (place[jumped] != place[seen[jumped]])]
    should = np.concatenate([destination[sent[diverted]], place[seen[jumped]]])
    return should, np.concatenate([diverted, jumped]), np.concatenate([sent[diverted], seen[jumped]])


DETECTOR = Detector("swapped_labels", _find)
