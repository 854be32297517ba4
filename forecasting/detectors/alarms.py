# SPDX-License-Identifier: Apache-2.0
"""Anomalies: what the detectors find, with a bounded share of false alarms over all items.

1. Rules find what an honest history cannot hold.
2. Graded detectors give every item a p-value, against the items that break no rule.
3. An item's p-value is the smallest of those, each divided by the weight of its detector (weighted Bonferroni).
4. Benjamini and Hochberg (1995) over all items: the expected share of false ones among the alarms is at most
   alpha.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from forecasting.detectors.base import Findings
from forecasting.detectors.dwell import find_dwell
from forecasting.detectors.finding import Judged, Leaves, finding_id, numbered_leaf
from forecasting.detectors.history import Floats, History, read_history
from forecasting.detectors.registry import RULES
from forecasting.errors import BadArgument

COLUMNS = ("kind", "item", "seqs", "p_value", "severity", "expected", "seen", "explanation", "finding")
GRADED = (
    ("slow_journey", True, True),
    ("fast_journey", False, True),
    ("long_stay", True, False),
    ("short_stay", False, False),
)
# Where fraud shows more: goods held on the way, not waiting in a queue; what is too fast is far out anyway. They
# add up to 1.
WEIGHTS = {"slow_journey": 0.94, "fast_journey": 0.04, "long_stay": 0.01, "short_stay": 0.01}
USUAL_ITEMS = 30
USUAL_SHARE = 0.2
_SEVERE = 1e-6


def anomalies(
    events: pd.DataFrame,
    *,
    as_of: object = None,
    places: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None,
    alpha: float = 0.01,
    leaves: Leaves | None = None,
    dismissed: Collection[str] = (),
    confirmed: Collection[str] = (),
) -> pd.DataFrame:
    """Find what looks wrong.

    Args:
        events: the events table; columns beyond ``seq, event_time, record_time, step, place, item`` help.
        as_of: use only what was recorded by then; None: everything.
        places: place, latitude, longitude [degrees]; without it distances are not known.
        products: lot and lot_size; without it a lot with too many items cannot be seen.
        alpha: bound of the expected share of false alarms, above 0, at most 1; 1 gives every item that was judged.
        leaves: gives the leaf hash of an entry, by which findings are named; None: their numbers stand in.
        dismissed: names of findings that were looked at and are nothing; they raise no alarm any more.
        confirmed: names of findings that were looked at and are true; they teach what to look for.

    Returns:
        One row for each alarm, most certain first: kind, item, seqs (tuple), p_value (with the weight of its
        detector), severity (0 to 1), expected, seen, explanation, finding (its name, `finding_id`).
        ``attrs["checked"]`` counts the items, ``attrs["detectors"]`` lists the detectors with what each could not
        see.

    Raises:
        BadTable: a column is missing.
        BadArgument: alpha is not in (0, 1].
    """
    if not isinstance(alpha, int | float) or isinstance(alpha, bool) or not 0 < alpha <= 1:
        raise BadArgument(f"alpha: expected a share above 0 and at most 1, got {alpha!r}")
    history = read_history(events, as_of=as_of, places=places, products=products)
    judged = Judged.of(dismissed, confirmed)
    rules = [(rule.kind, _unless_usual(rule.find(history), history.size)) for rule in RULES]
    cleared: set[tuple[str, int]] = set()
    guilty: set[int] = set()
    while True:
        found = _grade(history, rules, judged, cleared, guilty)
        p_item = np.ones(history.size)
        for _, one in found:
            np.minimum.at(p_item, one.item, one.p_value)
        table = _table(history, found, _benjamini_hochberg(p_item, float(alpha)), leaves or numbered_leaf)
        known = len(cleared) + len(guilty)
        for kind, item, name in zip(table["kind"], table.pop("code"), table["finding"], strict=True):
            if name in judged.dismissed:
                cleared.add((kind, item))
            elif name in judged.confirmed:
                guilty.add(item)
        if len(cleared) + len(guilty) == known:
            return table


def _grade(
    history: History,
    rules: list[tuple[str, Findings]],
    judged: Judged,
    cleared: set[tuple[str, int]],
    guilty: set[int],
) -> list[tuple[str, Findings]]:
    """Give what was found by rules and by measuring, each p-value with the weight of its detector."""
    broken = [(kind, _without(one, kind, cleared)) for kind, one in rules]
    suspects = np.zeros(history.size, dtype=bool)
    suspects[list(guilty)] = True
    for _, one in broken:
        suspects[one.item] = True
    found = [(kind, replace(one, p_value=judged.rule_p(kind, one.p_value, history.size))) for kind, one in broken]
    weights = judged.weights(WEIGHTS)
    for kind, slow, journeys in GRADED:
        one = _without(find_dwell(history, suspects, slow=slow, journeys=journeys), kind, cleared)
        found.append((kind, replace(one, p_value=np.minimum(one.p_value / weights[kind], 1.0))))
    return found


def _without(found: Findings, kind: str, cleared: set[tuple[str, int]]) -> Findings:
    """Leave out what was dismissed."""
    keep = [k for k, item in enumerate(found.item) if (kind, int(item)) not in cleared]
    if len(keep) == len(found.item):
        return found
    return Findings(
        item=found.item[keep],
        p_value=found.p_value[keep],
        seqs=[found.seqs[k] for k in keep],
        expected=[found.expected[k] for k in keep],
        seen=[found.seen[k] for k in keep],
        blind=found.blind,
    )


def _unless_usual(found: Findings, items: int) -> Findings:
    """Keep quiet about what very many items do: that is how this history is written, not fraud."""
    if len(found.item) < USUAL_ITEMS or len(found.item) <= USUAL_SHARE * items:
        return found
    return Findings(
        blind=f"{len(found.item)} of {items} items do so: it is usual in this history, e.g. {found.seen[0]}"
    )


def _benjamini_hochberg(p: Floats, alpha: float) -> float:
    """Give the largest p-value that is rejected, 0 where none is."""
    if not len(p):
        return 0.0
    ordered = np.sort(p)
    below = np.flatnonzero(ordered <= alpha * np.arange(1, len(p) + 1) / len(p))
    return float(ordered[below[-1]]) if len(below) else 0.0


def _table(history: History, found: list[tuple[str, Findings]], limit: float, leaves: Leaves) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for kind, one in found:
        for k in np.flatnonzero(one.p_value <= limit).tolist():
            p, item = float(one.p_value[k]), int(one.item[k])
            name = str(history.items[item])
            rows.append(
                {
                    "kind": kind,
                    "item": name,
                    "seqs": one.seqs[k],
                    "p_value": p,
                    "severity": _severity(p),
                    "expected": one.expected[k],
                    "seen": one.seen[k],
                    "explanation": f"{name}: {kind.replace('_', ' ')}; expected {one.expected[k]}, "
                    f"seen {one.seen[k]}",
                    "finding": finding_id(kind, name, [leaves(seq) for seq in one.seqs[k]]),
                    "code": item,
                }
            )
    table = pd.DataFrame(rows, columns=[*COLUMNS, "code"])
    table = table.sort_values(["p_value", "item", "kind"], kind="stable", ignore_index=True)
    table.attrs["checked"] = history.size
    table.attrs["detectors"] = [
        {"kind": kind, "found": len(one.item), "cannot_see": one.blind} for kind, one in found
    ]
    return table


def _severity(p: float) -> float:
    """Put a p-value on a scale of 0 to 1, where 1 is one in a million or less."""
    return float(min(1.0, np.log(max(p, 1e-300)) / np.log(_SEVERE)))
