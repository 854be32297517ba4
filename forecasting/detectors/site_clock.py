# SPDX-License-Identifier: Apache-2.0
"""For a while the clock of a site is off: its events lie earlier or later, against their records, than they did.

How long a record takes varies, but never by less than nothing: the smallest lag of a few events in a row shows the
clock (the minimum filter of clock synchronisation, RFC 5905 section 10). Where a stretch of those differs from the
rest, the site is told, and the items that it handled are not.
"""

import numpy as np
import pandas as pd

from forecasting.detectors.base import CONTRADICTION, Findings, findings_about
from forecasting.detectors.history import HOUR, Bools, Floats, History, Ints
from forecasting.detectors.level_shift import FEWEST_BLOCKS, find_rise

KIND = "site_clock"
IN_A_ROW = 3
LEAST = 0.1  # [h]; what clocks may differ by
CLIP = 10.0  # units of spread
FINEST = 1 / 60  # [h]; a spread below a minute is none


def find_site_clocks(history: History) -> tuple[Findings, Bools]:
    """Find sites whose clock was off for a while.

    Returns:
        The findings, about places; and the rows of the history that the certain ones answer for, shape (n,).
    """
    explained = np.zeros(len(history.item), dtype=bool)
    lag = (history.recorded - history.time) / HOUR
    if not lag.any():
        mend = "state when events were recorded (recordTime, or the column recorded)"
        return Findings(blind="records claim the very time of their events", mend=mend, about="place"), explained
    place = history.rows["place"].to_numpy(dtype=object)
    told: list[tuple[str, float, tuple[int, ...], str, str]] = []
    judged = 0
    for rows in _by_place(history):
        smallest, first = _smallest(lag[rows])
        if len(smallest) < FEWEST_BLOCKS:
            continue
        judged += 1
        middle = float(np.median(smallest))
        wide = max(FINEST, 1.4826 * float(np.median(np.abs(smallest - middle))))
        kept = np.clip(smallest, middle - CLIP * wide, middle + CLIP * wide)
        runs = [(run, way) for way in (-1, 1) if (run := find_rise(way * kept, of_block=1)) is not None]
        if not runs:
            continue
        run, way = min(runs, key=lambda one: (one[0].p_value, one[1]))
        inside = np.zeros(len(smallest), dtype=bool)
        inside[run.start : run.end] = True
        off = float(np.median(smallest[inside]) - np.median(smallest[~inside]))
        if abs(off) < LEAST or off * way < 0:
            continue
        begin, end = first[run.start], first[run.end] if run.end < len(first) else len(rows)
        mine = rows[begin:end]
        p_value = min(1.0, 2 * run.p_value)
        if p_value <= CONTRADICTION:
            explained |= (place == place[mine[0]]) & _between(history, mine)
        days = [str(np.datetime64(int(history.time[one]), "us").astype("datetime64[D]")) for one in mine[[0, -1]]]
        seqs = tuple(sorted({int(one) for one in history.rows["seq"].to_numpy()[mine]}))
        ahead = "ahead" if off < 0 else "behind (or it was written up later)"
        told.append(
            (
                str(place[mine[0]]),
                p_value,
                seqs,
                f"records at least {np.median(smallest[~inside]):.2f} h after their events, as before and after",
                f"{np.median(smallest[inside]):.2f} h from {days[0]} to {days[1]}: the clock of {place[mine[0]]} "
                f"is {abs(off):.1f} h {ahead}, in {len(mine)} events",
            )
        )
    if not judged:
        few = f"no place has {FEWEST_BLOCKS * IN_A_ROW} events whose records can be compared"
        return Findings(blind=few, about="place"), explained
    found = findings_about(
        "place",
        [one[0] for one in told],
        p_value=[one[1] for one in told],
        seqs=[one[2] for one in told],
        expected=[one[3] for one in told],
        seen=[one[4] for one in told],
        judged=judged,
        named_by=[one[2][:1] for one in told],
    )
    return found, explained


def _by_place(history: History) -> list[Ints]:
    """Group the events by place in the order in which they were recorded, an event of many items once."""
    rows = np.flatnonzero(history.rows["place"].notna().to_numpy() & ~history.rows["seq"].duplicated().to_numpy())
    code = pd.factorize(history.rows["place"].iloc[rows], sort=True)[0]
    order = np.lexsort((history.rows["seq"].to_numpy()[rows], history.recorded[rows], code))
    return np.split(rows[order], np.flatnonzero(np.diff(code[order])) + 1) if len(rows) else []


def _smallest(lag: Floats) -> tuple[Floats, Ints]:
    """Give the smallest of every few lags in a row, and where the few begin."""
    first = np.arange(0, len(lag) - len(lag) % IN_A_ROW, IN_A_ROW)
    if not len(first):
        return np.zeros(0), first
    return np.asarray(np.minimum.reduceat(lag[: first[-1] + IN_A_ROW], first)), first


def _between(history: History, rows: Ints) -> Bools:
    recorded = history.recorded
    return np.asarray((recorded >= recorded[rows].min()) & (recorded <= recorded[rows].max()))
