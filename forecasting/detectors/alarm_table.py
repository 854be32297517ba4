# SPDX-License-Identifier: Apache-2.0
"""Findings as a table of alarms."""

import numpy as np
import pandas as pd

from forecasting.detectors.base import Findings
from forecasting.detectors.finding import Leaves, finding_id
from forecasting.detectors.history import History

COLUMNS = (
    "kind",
    "item",
    "seqs",
    "p_value",
    "severity",
    "expected",
    "seen",
    "explanation",
    "finding",
    "about",
)
_SEVERE = 1e-6

Cited = tuple[str, str, tuple[int, ...]]
"""Kind, subject and entries of a finding."""


def alarm_table(
    history: History, found: list[tuple[str, Findings]], limit: float, leaves: Leaves, cleared: set[Cited]
) -> pd.DataFrame:
    """List the findings up to a p-value, of each kind the clearest of a subject that was not dismissed."""
    rows: list[dict[str, object]] = []
    for kind, one in found:
        told: set[str] = set()
        for k in np.flatnonzero(one.p_value <= limit).tolist():
            p, name = float(one.p_value[k]), one.name(history, k)
            if name in told or (kind, name, one.seqs[k]) in cleared:
                continue
            told.add(name)
            named_by = one.seqs if one.named_by is None else one.named_by
            expected, seen = one.expected[k], one.seen[k]
            rows.append(
                {
                    "kind": kind,
                    "item": name,
                    "seqs": one.seqs[k],
                    "p_value": p,
                    "severity": severity(p),
                    "expected": expected,
                    "seen": seen,
                    "explanation": f"{name}: {kind.replace('_', ' ')}; expected {expected}, seen {seen}",
                    "finding": finding_id(kind, name, [leaves(seq) for seq in named_by[k]]),
                    "about": one.about,
                }
            )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.sort_values(["p_value", "item", "kind"], kind="stable", ignore_index=True)
    table.attrs["checked"] = history.size
    table.attrs["detectors"] = [
        {"kind": kind, "found": one.items(), "cannot_see": one.blind, "mend": one.mend} for kind, one in found
    ]
    return table


def severity(p: float) -> float:
    """Put a p-value on a scale of 0 to 1, where 1 is one in a million or less."""
    return float(min(1.0, np.log(max(p, 1e-300)) / np.log(_SEVERE)))
