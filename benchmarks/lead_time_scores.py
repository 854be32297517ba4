"""``python -m benchmarks.lead_time_scores [DATA]``: lead times scored on real logs, later rows than were fitted.

Mean absolute error of the median, pinball loss over the levels .1 .25 .5 .75 .9 .95, coverage of the band from 10
to 90 %, AUC and Brier score of "late against the promise".
"""

from __future__ import annotations

import sys
import time

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

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
LEG = ["item", "product", "origin", "destination", "mode", "start", "end", "promised"]
CASES = ("olist", "scms", "cargo", "journey")


def area_under_curve(hit: np.ndarray, score: np.ndarray) -> float:
    """Give the area under the receiver operating characteristic, by ranks (Mann and Whitney)."""
    hit = np.asarray(hit, dtype=bool)
    ranks = pd.Series(score).rank().to_numpy()
    positive, negative = hit.sum(), (~hit).sum()
    return float((ranks[hit].sum() - positive * (positive + 1) / 2) / max(positive * negative, 1))


def measure(answer: pd.DataFrame, truth: np.ndarray, due: np.ndarray | None, unit: float) -> dict[str, float]:
    """Score one answer; `unit` is the hours in the unit that is printed."""
    table = answer[[f"q{level}" for level in LEVELS]].to_numpy() / unit
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
        late, told = truth > due, answer["late_probability"].to_numpy()
        scores |= {"AUC": area_under_curve(late, told), "Brier": float(np.mean((late - told) ** 2))}
    return scores


def ask(legs: pd.DataFrame, queries: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Ask for lead times with what was known at a moment."""
    known = legs[legs.start < as_of]
    known = known.assign(end=known.end.where(known.end < as_of))
    return forecasting.lead_times(known, queries.drop(columns="end"), as_of=as_of, quantiles=LEVELS)


def score_olist(folder, first: str, last: str) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Refit every four weeks, ask for the orders of the next four."""
    orders = olist_orders(folder)
    legs = orders[LEG + OLIST_COVARIATES]
    answers, rows = [], []
    for origin in pd.date_range(first, last, freq="28D"):
        queries = legs[(legs.start >= origin) & (legs.start < origin + pd.Timedelta(days=28))]
        if len(queries) >= 10:
            answers.append(ask(legs, queries, origin))
            rows.append(queries)
    asked = pd.concat(rows)
    truth = (asked.end - asked.start).dt.total_seconds().to_numpy() / 86400
    due = (asked.promised - asked.start).dt.total_seconds().to_numpy() / 86400
    return measure(pd.concat(answers), truth, due, 24)


def score_scms(folder, cut: str) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Fit once before the cut, ask for all lines scheduled after it."""
    lines = scms_lines(folder)
    more = ["Product Group", "Manufacturing Site", "qty", "val", "month"]
    moment = pd.Timestamp(cut)
    legs = lines[[name for name in LEG if name != "promised"] + more]
    later = (lines.scheduled >= moment).to_numpy()
    queries = legs[later]
    answer = ask(legs, queries, moment)
    return measure(answer, (queries.end - queries.start).dt.days.to_numpy(dtype=float), None, 24)


def score_cargo(table: pd.DataFrame, covariates: list[str]) -> dict[str, float]:
    """Fit two cases of three, ask for the third."""
    legs = table[LEG + covariates]
    held = table.nr.to_numpy() * 2654435761 % 2**32 % 3 == 0
    as_of = pd.Timestamp("2021-01-01")
    queries = legs[held].assign(start=as_of, promised=as_of + (legs.promised - legs.start)[held])
    answer = ask(legs[~held], queries, as_of)
    return measure(
        answer,
        table.hours[held].to_numpy(),
        (legs.promised - legs.start)[held].dt.total_seconds().to_numpy() / 3600,
        1,
    )


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
            scored = {"olist 2017-06..2018-02 [days]": score_olist(folder, "2017-06-01", "2018-02-25")}
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
            print(case, {key: round(value, 4) for key, value in scores.items()})
        print(f"  {time.process_time() - begun:.1f} s of CPU")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
