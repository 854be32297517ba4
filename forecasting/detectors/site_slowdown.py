# SPDX-License-Identifier: Apache-2.0
"""For a while everything at a site takes longer: stays there, or the journeys from it or to it.

What a single item is measured against leaves out how the site is doing. So the surprises of all durations at a
site are looked at in order of time, and where a stretch of them is higher than the rest, the site is told and the
items in it are not.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.detectors.base import Findings, findings_about
from forecasting.detectors.dwell import Durations
from forecasting.detectors.history import History, Ints
from forecasting.detectors.level_shift import FEWEST, LevelShift, find_rise

KIND = "site_slowdown"
LEAST_RATIO = 1.3  # of typical durations; less is no slow-down that anybody would act on
CLIP = 3.0  # units of spread; one odd item is no slow-down of a site
MEND = "record when goods arrive at the site and when they leave it"


def find_slow_sites(
    history: History, stays: Durations, journeys: Durations
) -> tuple[Findings, list[tuple[bool, Ints]]]:
    """Find sites that were slow for a while.

    Returns:
        The findings, about places; and for each whether it is of journeys, and which durations it explains.
    """
    told: list[tuple[float, str, str, str, Ints, Durations, bool]] = []
    judged = 0
    for what, durations, at, journey in (
        ("stays at {}", stays, stays.later, False),
        ("journeys from {}", journeys, journeys.earlier, True),
        ("journeys to {}", journeys, journeys.later, True),
    ):
        for name, rows in _by_place(history, durations, at):
            shift = _clearest(history, durations, rows)
            judged += 1
            if shift is None or shift[0].rise < np.log(LEAST_RATIO):
                continue
            run, kept = shift
            begin, end = history.time[durations.earlier[kept[[run.start, run.end - 1]]]]
            began = history.time[durations.earlier[rows]]
            mine, other = rows[(began >= begin) & (began <= end)], rows[(began < begin) | (began > end)]
            told.append(
                (
                    run.p_value,
                    name,
                    f"{what.format(name)} as long as before and after, about "
                    f"{np.median(durations.hours[other]):.1f} h",
                    f"about {np.median(durations.hours[mine]):.1f} h from {_day(begin)} to {_day(end)}, "
                    f"{np.exp(run.rise):.1f} times as long as usual, {len(mine)} of them",
                    mine,
                    durations,
                    journey,
                )
            )
    if not judged:
        return Findings(
            blind=f"no place has {FEWEST} durations that can be compared", mend=MEND, about="place"
        ), []
    # A site is told once, by what shows it best; that it was looked at in three ways is paid for in its p-value.
    best: dict[str, int] = {}
    for k in sorted(range(len(told)), key=lambda k: (told[k][0], k)):
        best.setdefault(told[k][1], k)
    chosen = sorted(best.values())
    seq = history.rows["seq"].to_numpy()
    seqs = [tuple(sorted({int(one) for one in seq[told[k][5].later[told[k][4]]]})) for k in chosen]
    found = findings_about(
        "place",
        [told[k][1] for k in chosen],
        p_value=[min(1.0, 3 * told[k][0]) for k in chosen],
        seqs=seqs,
        expected=[told[k][2] for k in chosen],
        seen=[told[k][3] for k in chosen],
        judged=judged,
        named_by=[one[:1] for one in seqs],
    )
    return found, [(told[k][6], told[k][4]) for k in chosen]


def _by_place(history: History, durations: Durations, at: Ints) -> list[tuple[str, Ints]]:
    """Group the durations that could be measured by place, those with enough of them."""
    known = np.flatnonzero(np.isfinite(durations.surprise) & history.rows["place"].notna().to_numpy()[at])
    name = history.rows["place"].to_numpy(dtype=object)[at]
    code = pd.factorize(pd.Series(name[known], dtype=object), sort=True)[0]
    order = np.lexsort((history.time[durations.earlier[known]], code))
    groups = np.split(known[order], np.flatnonzero(np.diff(code[order])) + 1)
    return [(str(name[group[0]]), group) for group in groups if len(group) >= FEWEST]


def _clearest(history: History, durations: Durations, rows: Ints) -> tuple[LevelShift, Ints] | None:
    """Find the stretch; what begins and ends together counts once."""
    moments = np.stack([history.time[durations.earlier[rows]], history.time[durations.later[rows]]])
    _, alone = np.unique(moments, axis=1, return_index=True)
    kept = rows[np.sort(alone)]
    surprise: npt.NDArray[np.float64] = durations.surprise[kept]
    middle = float(np.median(surprise))
    wide = 1.4826 * float(np.median(np.abs(surprise - middle))) + 1e-9
    shift = find_rise(np.clip(surprise, middle - CLIP * wide, middle + CLIP * wide))
    return None if shift is None else (shift, kept)


def _day(time: np.int64) -> str:
    return str(np.datetime64(int(time), "us").astype("datetime64[D]"))
