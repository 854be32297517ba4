# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.lead_time_scores [DATA]``: lead times scored on real logs, later rows than were fitted.

Mean absolute error of the median, pinball loss over the levels .1 .25 .5 .75 .9 .95, coverage of the band from 10
to 90 %, AUC and Brier score of "late against the promise". Beside ours the peers of `lead_time_peers`, fitted to
the same legs; LightGBM where the interpreter that runs this has it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import forecasting
from benchmarks.flow_data import (
    OLIST_COVARIATES,
    cargo_bookings,
    cargo_states,
    find_logs,
    olist_orders,
    scms_lines,
)
from benchmarks.lead_time_peers import predict_peers

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
LEG = ["item", "product", "origin", "destination", "mode", "start", "end", "promised"]
OLIST_SPANS = (("2017-06-01", "2017-11-15"), ("2017-11-16", "2018-02-25"))
"""Before the great sale of November 2017, and from the week before it; settings were chosen over cuts of both."""

CASES = ("olist", "scms", "cargo", "journey")


def area_under_curve(hit: np.ndarray, score: np.ndarray) -> float:
    """Give the area under the receiver operating characteristic, by ranks (Mann and Whitney)."""
    hit = np.asarray(hit, dtype=bool)
    ranks = pd.Series(score).rank().to_numpy()
    positive, negative = hit.sum(), (~hit).sum()
    return float((ranks[hit].sum() - positive * (positive + 1) / 2) / max(positive * negative, 1))


def measure(table: np.ndarray, late: np.ndarray, truth: np.ndarray, due: np.ndarray | None) -> dict[str, float]:
    """Score quantiles and the probability of being late, all in the unit that is printed."""
    loss = [
        np.mean(np.maximum(q * (truth - x), (q - 1) * (truth - x))) for q, x in zip(LEVELS, table.T, strict=True)
    ]
    scores = {
        "rows": len(truth),
        "MAE": float(np.mean(abs(truth - table[:, 2]))),
        "pinball": float(np.mean(loss)),
        "cover80": float(np.mean((truth >= table[:, 0]) & (truth <= table[:, 4]))),
        "width80": float(np.mean(table[:, 4] - table[:, 0])),
    }
    if due is not None:
        happened = truth > due
        scores |= {"AUC": area_under_curve(happened, late), "Brier": float(np.mean((happened - late) ** 2))}
    return scores


Told = dict[str, tuple[np.ndarray, np.ndarray]]


def ask(legs: pd.DataFrame, queries: pd.DataFrame, as_of: pd.Timestamp) -> Told:
    """Ask everybody for quantiles [hours] and late probabilities with what was known at a moment."""
    known = legs[legs.start < as_of]
    known = known.assign(end=known.end.where(known.end < as_of))
    asked = queries.drop(columns="end")
    answer = forecasting.lead_times(known, asked, as_of=as_of, quantiles=LEVELS)
    told = {"ours": (answer[[f"q{q}" for q in LEVELS]].to_numpy(), answer["late_probability"].to_numpy())}
    for name, table in predict_peers(known, asked, as_of, LEVELS).items():
        late = np.full(len(table), np.nan)
        if "promised" in queries.columns:
            due = (queries.promised - queries.start).dt.total_seconds().to_numpy() / 3600
            late = np.array(
                [
                    1 - np.interp(one, row, LEVELS, left=0.02, right=0.98)
                    for one, row in zip(due, table, strict=True)
                ]
            )
        told[name] = table, late
    return told


def compare(told: list[Told], truth: np.ndarray, due: np.ndarray | None, unit: float) -> pd.DataFrame:
    """Score every method over several moments; `unit` is the hours in the unit that is printed."""
    rows = {}
    for name in told[0]:
        table = np.concatenate([one[name][0] for one in told]) / unit
        rows[name] = measure(table, np.concatenate([one[name][1] for one in told]), truth, due)
    return pd.DataFrame(rows).T


def score_olist(folder: Path, first: str, last: str) -> pd.DataFrame:
    """Refit every four weeks, ask for the orders of the next four."""
    orders = olist_orders(folder)
    legs = orders[LEG + OLIST_COVARIATES]
    told, rows = [], []
    for origin in pd.date_range(first, last, freq="28D"):
        queries = legs[(legs.start >= origin) & (legs.start < origin + pd.Timedelta(days=28))]
        if len(queries) >= 10:
            told.append(ask(legs, queries, origin))
            rows.append(queries)
    asked = pd.concat(rows)
    truth = (asked.end - asked.start).dt.total_seconds().to_numpy() / 86400
    due = (asked.promised - asked.start).dt.total_seconds().to_numpy() / 86400
    return compare(told, truth, due, 24)


def score_scms(folder: Path, cut: str) -> pd.DataFrame:
    """Fit once before the cut, ask for all lines scheduled after it."""
    lines = scms_lines(folder)
    more = ["Product Group", "Manufacturing Site", "qty", "val", "month"]
    moment = pd.Timestamp(cut)
    legs = lines[[name for name in LEG if name != "promised"] + more]
    queries = legs[(lines.scheduled >= moment).to_numpy()]
    return compare(
        [ask(legs, queries, moment)], (queries.end - queries.start).dt.days.to_numpy(dtype=float), None, 24
    )


def score_cargo(table: pd.DataFrame, covariates: list[str]) -> pd.DataFrame:
    """Fit two cases of three, ask for the third."""
    legs = table[LEG + covariates]
    held = table.nr.to_numpy() * 2654435761 % 2**32 % 3 == 0
    as_of = pd.Timestamp("2021-01-01")
    queries = legs[held].assign(start=as_of, promised=as_of + (legs.promised - legs.start)[held])
    due = (legs.promised - legs.start)[held].dt.total_seconds().to_numpy() / 3600
    return compare([ask(legs[~held], queries, as_of)], table.hours[held].to_numpy(), due, 1)


def main(arguments: list[str]) -> int:
    """Score what was asked for and print it."""
    names = [name for name in arguments if name in CASES] or list(CASES)
    folder = find_logs(next((name for name in arguments if name not in CASES), None))
    if folder is None:
        print("skipped: no event logs (give their folder, or set TRACE_TEST_DATA)")
        return 0
    for name in names:
        begun = time.process_time()
        if name == "olist":
            scored = {
                f"olist {first}..{last} [days]": score_olist(folder, first, last) for first, last in OLIST_SPANS
            }
        elif name == "scms":
            scored = {
                f"scms {cut} [days]": score_scms(folder, cut) for cut in ("2010-01-01", "2011-01-01", "2012-01-01")
            }
        elif name == "cargo":
            scored = {"cargo at booking [h]": score_cargo(cargo_bookings(folder), ["due", "n", "rcs_p"])}
        else:
            states = cargo_states(folder)
            scored = {"cargo in journey [h]": score_cargo(states, ["k", "remp", "cp", "ca", "left", "nxt", "np1"])}
        for case, scores in scored.items():
            print(f"{case}\n{scores.round(3).to_string()}\n", flush=True)
        print(f"  {time.process_time() - begun:.1f} s of CPU")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
