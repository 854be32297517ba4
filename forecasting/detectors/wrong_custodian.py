# SPDX-License-Identifier: Apache-2.0
"""Somebody ships an item that another party has at that very place, and never handed over."""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings
from forecasting.detectors.history import History

HABIT = 0.10  # of the shipments; where more differ, a carrier or an agent signs them as a rule


def _find(history: History) -> Findings:
    party, place = history.rows["party"].to_numpy(), history.rows["place"].to_numpy()
    known = history.rows["party"].notna().to_numpy()
    rows = np.flatnonzero(history.left & known & ~history.first)
    before = rows - 1
    rows, before = rows[known[before]], before[known[before]]
    same_place = place[rows] == place[before]
    rows, before = rows[same_place], before[same_place]
    if not len(rows):
        return Findings(blind="no shipment names its party and the party that had the item before")
    other = party[rows] != party[before]
    if other.mean() > HABIT:
        return Findings(blind="shipments are signed by others than the holder as a rule")
    at, had = rows[other], before[other]
    return findings(
        history,
        at,
        others=[had],
        expected=lambda k: f"shipped by {party[had[k]]}, who has it",
        seen=lambda k: f"shipped by {party[at[k]]}",
    )


DETECTOR = Detector("wrong_custodian", _find)
