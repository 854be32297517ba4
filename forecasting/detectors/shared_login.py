# SPDX-License-Identifier: Apache-2.0
"""One operator records at two places sooner than anybody could go from one to the other: a login is shared.

Only what was scanned or typed says where somebody was; who imported a file may sit anywhere.
"""

import numpy as np
import pandas as pd

from forecasting.detectors.base import CONTRADICTION, Detector, Findings, findings_about
from forecasting.detectors.history import HOUR, Floats, History

ROAD = 130.0  # [km/h], door to door
FLIGHT = 900.0  # [km/h]
BY_ROAD = 300.0  # [km]; what is further is flown to
NEAR = 2.0  # [km]; coordinates of places are no finer
CLOCKS = 0.1  # [h]; two clocks may differ by this
MOST_CITED = 20  # pairs of events


def _find(history: History) -> Findings:
    operator = history.operators
    if operator is None or not pd.notna(operator).any():
        why = "nothing here was scanned or typed by an operator"
        return Findings(blind=why, mend="scan with --by, or TRACE_BY, one name for each person", about="operator")
    if not history.has_places:
        mend = "trace place import FILE with latitude and longitude, or --places FILE"
        return Findings(blind="no place has coordinates", mend=mend, about="operator")
    rows = np.flatnonzero(pd.notna(operator) & np.isfinite(history.latitude))
    code, names = pd.factorize(operator[rows], sort=True)
    seq = history.rows["seq"].to_numpy()
    order = np.lexsort((seq[rows], history.time[rows], code))
    rows, code = rows[order], code[order]
    one, other = rows[:-1], rows[1:]
    km = history.kilometres(one, other)
    hours = (history.time[other] - history.time[one]) / HOUR
    odd = np.flatnonzero((code[1:] == code[:-1]) & (km > NEAR) & (hours + CLOCKS < _needed(km)))
    place = history.rows["place"].to_numpy()
    who, first, times = np.unique(code[odd], return_index=True, return_counts=True)
    seqs = []
    for start, count in zip(first, times, strict=True):
        cited = odd[start : start + min(count, MOST_CITED)]
        seqs.append(tuple(sorted({int(seq[row]) for row in (*one[cited], *other[cited])})))
    at = odd[first]
    return findings_about(
        "operator",
        [str(names[k]) for k in who],
        p_value=[CONTRADICTION] * len(who),
        seqs=seqs,
        expected=[
            f"at least {_needed(km[k : k + 1])[0]:.1f} h from {place[one[k]]} to {place[other[k]]}" for k in at
        ],
        seen=[
            f"{km[k]:,.0f} km in {hours[k]:.2f} h" + (f", {count} such moves" if count > 1 else "")
            for k, count in zip(at, times, strict=True)
        ],
        judged=len(names),
        named_by=[(int(seq[one[k]]), int(seq[other[k]])) for k in at],
    )


def _needed(km: Floats) -> Floats:
    """Give the hours that somebody needs at least."""
    return np.asarray(np.minimum(km, BY_ROAD) / ROAD + np.maximum(km - BY_ROAD, 0) / FLIGHT)


DETECTOR = Detector("shared_login", _find)
