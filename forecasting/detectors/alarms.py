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

from forecasting.detectors.alarm_table import Cited, alarm_table
from forecasting.detectors.base import Findings
from forecasting.detectors.collusion import KIND as COLLUSION
from forecasting.detectors.collusion import find_collusion
from forecasting.detectors.dwell import Durations, find_dwell, measure_durations
from forecasting.detectors.false_discovery import largest_rejected, p_values
from forecasting.detectors.finding import Judged, Leaves, numbered_leaf
from forecasting.detectors.history import Bools, History, Ints, read_history
from forecasting.detectors.registry import RULES
from forecasting.detectors.site_clock import KIND as SITE_CLOCK
from forecasting.detectors.site_clock import find_site_clocks
from forecasting.detectors.site_slowdown import KIND as SITE_SLOWDOWN
from forecasting.detectors.site_slowdown import find_slow_sites
from forecasting.errors import BadArgument

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


def anomalies(
    events: pd.DataFrame,
    *,
    as_of: object = None,
    places: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None,
    entries: pd.DataFrame | None = None,
    readings: pd.DataFrame | None = None,
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
        products: lot and lot_size, and product where lots of several have one number; a row with a product and no
            lot states the size of all its lots. Without it, and without events that create a lot as a whole, a lot
            with too many items cannot be seen.
        entries: seq and operator, who scanned or typed an entry; None: it is not known.
        readings: of sensors: seq, time, sensor, item (may be None), place, type, value.
        alpha: bound of the expected share of false alarms, above 0, at most 1; 1 gives every item that was judged.
        leaves: gives the leaf hash of an entry, by which findings are named; None: their numbers stand in.
        dismissed: names of findings that were looked at and are nothing; they raise no alarm any more.
        confirmed: names of findings that were looked at and are true; they teach what to look for.

    Returns:
        One row for each alarm, most certain first: kind, item (or the other subject that it is about), seqs
        (tuple), p_value (with the weight of its detector), severity (0 to 1), expected, seen, explanation, finding
        (its name, `finding_id`), about (item, place, pair, sensor, operator). ``attrs["checked"]`` counts the
        items, ``attrs["detectors"]`` lists the detectors, with what each could not see and what would mend that.

    Raises:
        BadTable: a column is missing.
        BadArgument: alpha is not in (0, 1].
    """
    if not isinstance(alpha, int | float) or isinstance(alpha, bool) or not 0 < alpha <= 1:
        raise BadArgument(f"alpha: expected a share above 0 and at most 1, got {alpha!r}")
    history = read_history(
        events, as_of=as_of, places=places, products=products, entries=entries, readings=readings
    )
    judged = Judged.of(dismissed, confirmed)
    rules = [(rule.kind, _unless_usual(rule.find(history), history.size)) for rule in RULES]
    cleared: set[Cited] = set()
    guilty: set[str] = set()
    while True:
        found = _grade(history, rules, judged, cleared, guilty, float(alpha))
        limit = largest_rejected(p_values((one for _, one in found), history.size), float(alpha))
        found.append((COLLUSION, find_collusion(history, _cited(history, found, limit, cleared))))
        limit = largest_rejected(p_values((one for _, one in found), history.size), float(alpha))
        table = alarm_table(history, found, limit, leaves or numbered_leaf, cleared)
        known = len(cleared) + len(guilty)
        for kind, name, seqs, finding in zip(
            *(table[one] for one in ("kind", "item", "seqs", "finding")), strict=True
        ):
            if finding in judged.dismissed:
                cleared.add((kind, name, seqs))
            elif finding in judged.confirmed:
                guilty.add(name)
        if len(cleared) + len(guilty) == known:
            return table


def _grade(
    history: History,
    rules: list[tuple[str, Findings]],
    judged: Judged,
    cleared: set[Cited],
    guilty: set[str],
    alpha: float,
) -> list[tuple[str, Findings]]:
    """Give what was found by rules and by measuring, each p-value with the weight of its detector."""
    broken = [(kind, _without(history, one, kind, cleared)) for kind, one in rules]
    suspects = np.isin(history.items.astype(str), sorted(guilty)) if guilty else np.zeros(history.size, dtype=bool)
    for _, one in broken:
        suspects[one.item[one.item >= 0]] = True
    found = [(kind, replace(one, p_value=judged.rule_p(kind, one.p_value, history.size))) for kind, one in broken]
    durations = {journeys: measure_durations(history, suspects, journeys=journeys) for journeys in (False, True)}
    slow, explains = find_slow_sites(history, durations[False], durations[True])
    explained = _explained(durations, slow, explains, alpha / max(1, history.size + slow.judged))
    weights = judged.weights(WEIGHTS)
    for kind, late, journeys in GRADED:
        one = find_dwell(history, durations[journeys], suspects, explained[journeys], slow=late)
        one = _without(history, one, kind, cleared)
        found.append((kind, replace(one, p_value=np.minimum(one.p_value / weights[kind], 1.0))))
    found.append((SITE_SLOWDOWN, _without(history, slow, SITE_SLOWDOWN, cleared)))
    found.append((SITE_CLOCK, _without(history, find_site_clocks(history)[0], SITE_CLOCK, cleared)))
    return found


def _explained(
    durations: dict[bool, Durations], slow: Findings, explains: list[tuple[bool, Ints]], certain: float
) -> dict[bool, Bools]:
    """Mark durations that a slow site answers for, where it is told at any rate."""
    marked = {journeys: np.zeros(len(one.later), dtype=bool) for journeys, one in durations.items()}
    for p_value, (journeys, rows) in zip(slow.p_value, explains, strict=True):
        if p_value <= certain:
            marked[journeys][rows] = True
    return marked


def _cited(history: History, found: list[tuple[str, Findings]], limit: float, cleared: set[Cited]) -> Bools:
    """Mark the rows of items that alarms cite."""
    pairs = set()
    for kind, one in found:
        if one.subject is None:
            for k in np.flatnonzero(one.p_value <= limit).tolist():
                if (kind, one.name(history, k), one.seqs[k]) not in cleared:
                    pairs |= {(int(one.item[k]), seq) for seq in one.seqs[k]}
    seqs = history.rows["seq"].to_numpy()
    return np.fromiter(
        ((int(item), int(seq)) in pairs for item, seq in zip(history.item, seqs, strict=True)), bool, len(seqs)
    )


def _without(history: History, found: Findings, kind: str, cleared: set[Cited]) -> Findings:
    """Leave out what was dismissed."""
    names = {name for one, name, _ in cleared if one == kind}
    if not names:
        return found
    keep = [
        k
        for k in range(len(found.item))
        if (name := found.name(history, k)) not in names or (kind, name, found.seqs[k]) not in cleared
    ]
    return found.only(np.asarray(keep, dtype=np.int64))


def _unless_usual(found: Findings, items: int) -> Findings:
    """Keep quiet about what very many items do: that is how this history is written, not fraud."""
    count = found.items()
    if found.subject is not None or count < USUAL_ITEMS or count <= USUAL_SHARE * items:
        return found
    return Findings(blind=f"{count} of {items} items do so: it is usual in this history, e.g. {found.seen[0]}")
