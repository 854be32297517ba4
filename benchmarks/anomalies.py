# SPDX-License-Identifier: Apache-2.0
"""Of the fraud put into a real log, how much is found, and how many alarms are false?

The log is cut in time: the first half is the history, fraud goes into the second. Skipped, and said so, where the
test data are not there (``$TRACE_TEST_DATA``, or ``../shared/data``). Two general detectors look at the same logs
in the same run, where an interpreter with scikit-learn is named by ``$TRACE_PEERS_PYTHON``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.anomaly_features import item_features
from benchmarks.anomaly_injection import Injector, read_log
from benchmarks.measure import Result
from benchmarks.site import Bench
from forecasting.detectors.alarms import anomalies

DATA = Path(os.environ.get("TRACE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
TABLE = DATA / "events" / "olist_items.csv.gz"
SEEDS = (1, 2, 3)
PEERS = os.environ.get("TRACE_PEERS_PYTHON", "")
PEER_SCRIPT = str(Path(__file__).with_name("anomaly_peers.py"))
SHARE = 0.01  # of the items, for each kind
RECALL, PRECISION, FALSE_ALARMS, SLOW, GHOSTS, AVERAGE = 0.85, 0.95, 8.0, 0.45, 0.9, 0.9


def measure(bench: Bench) -> Iterator[Result]:  # noqa: ARG001 (the table of benchmarks gives every question a bench)
    """Give the table, each line the mean over the seeds."""
    if not TABLE.exists():
        print(f"skipped: {TABLE} is not here; set TRACE_TEST_DATA to the folder of the test data", file=sys.stderr)
        return
    table = _read()
    scores = [_score(table, seed) for seed in SEEDS]
    told = {name: float(np.mean([one[name] for one in scores])) for name in scores[0]}
    for name, goal, at_least in (
        ("recall", RECALL, True),
        ("precision", PRECISION, True),
        ("false alarms per 1,000 clean items", FALSE_ALARMS, False),
        ("journey x4, recall at 1 % false alarms", SLOW, True),
        ("ghost chain, lot sizes declared", GHOSTS, True),
        ("average precision", AVERAGE, True),
    ):
        value = told.pop(name)
        yield Result(f"anomalies: {name}", f"{value:.3f}", f"{goal:g}  goal", value / goal, 1, at_least)
    for name, value in told.items():
        yield Result(f"anomalies: {name}", f"{value:.3f}", "told", value)
    if not PEERS:
        print("skipped: no scikit-learn; set TRACE_PEERS_PYTHON to an interpreter that has it", file=sys.stderr)
        return
    ours = float(np.mean([one["average precision"] for one in scores]))
    theirs = [_peers(table, seed) for seed in SEEDS]
    for name in theirs[0]:
        value = float(np.mean([one[name] for one in theirs]))
        yield Result(f"anomalies: {name}", f"{value:.3f}", f"{ours:.3f}  ours", value / ours)


def _injected(table: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, Injector]:
    """Give the history, the log with fraud in it, and what was put in."""
    rng = np.random.default_rng(seed)
    half = len(table) // 2
    before, after = read_log(table[:half], rng), read_log(table[half:], rng)
    injector = Injector(after, rng, max(5, int(SHARE * (len(table) - half))))
    return before, injector.run(), injector


def _peers(table: pd.DataFrame, seed: int) -> dict[str, float]:
    """Let scikit-learn rank the items by their features, in an interpreter of its own."""
    before, judged, injector = _injected(table, seed)
    bad = set().union(*injector.labels.values())
    places = _places(table)
    clean, asked = item_features(before, places), item_features(judged, places)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/in.npz", clean=clean.to_numpy(), asked=asked.to_numpy())
        subprocess.run([PEERS, PEER_SCRIPT, folder], check=True)
        with np.load(f"{folder}/out.npz") as ranked:
            return {
                f"average precision of {name}": _average_precision(asked.index.isin(bad), ranked[name])
                for name in ranked.files
            }


def _read() -> pd.DataFrame:
    zips = {"seller_zip": str, "customer_zip": str}
    table = pd.read_csv(TABLE, dtype=zips).drop_duplicates("item_id")
    times = ["approved_at", "carrier_at", "delivered_at"]
    table = table[(table["order_status"] == "delivered") & table[times].notna().all(axis=1)]
    return table.sort_values("purchased_at", ignore_index=True)


def _score(table: pd.DataFrame, seed: int) -> dict[str, float]:
    half = len(table) // 2
    before, judged, injector = _injected(table, seed)
    log = _number(pd.concat([before, judged], ignore_index=True))
    places, lots = _places(table), _lots(table)
    found = anomalies(log, places=places, products=lots)
    blind = anomalies(log, places=places)
    everything = anomalies(log, places=places, products=lots, alpha=1.0)
    ranked = everything[everything["about"] == "item"].groupby("item")["p_value"].min()
    bad = set().union(*injector.labels.values())
    items = sorted(set(judged["item"]) | bad)
    clean = [item for item in items if item not in bad]
    alarmed = set(found["item"]) & set(items)
    score = ranked.reindex(items).fillna(1.0)
    threshold = float(np.quantile(score[clean], 0.01))
    slow = sorted(injector.labels["journey x4"])
    ghosts = injector.labels["ghost chain"]
    untouched = _number(pd.concat([before, read_log(table[half:], np.random.default_rng(seed))]))
    alone = anomalies(untouched, places=places, products=lots)
    new = anomalies(_number(judged), places=places, alpha=1.0)
    fresh = new[new["about"] == "item"].groupby("item")["p_value"].min().reindex(items).fillna(1.0)
    wider = anomalies(log, places=places, products=lots, alpha=0.05)
    wide = set(wider["item"]) & set(items)
    return {
        "recall": len(alarmed & bad) / len(bad),
        "precision": len(alarmed & bad) / max(1, len(alarmed)),
        "false alarms per 1,000 clean items": 1000 * len(alarmed - bad) / len(clean),
        "journey x4, recall at 1 % false alarms": float((score[slow] <= threshold).mean()),
        "ghost chain, lot sizes declared": len(alarmed & ghosts) / len(ghosts),
        "average precision": _average_precision(np.isin(items, list(bad)), -score.to_numpy()),
        "journey x4, recall at 1 % false alarms, no history": float(
            (fresh[slow] <= float(np.quantile(fresh[clean], 0.01))).mean()
        ),
        "recall at alpha .05": len(wide & bad) / len(bad),
        "precision at alpha .05": len(wide & bad) / max(1, len(wide)),
        "false alarms per 1,000 clean items at alpha .05": 1000 * len(wide - bad) / len(clean),
        "ghost chain, lot sizes not declared": len(set(blind["item"]) & ghosts) / len(ghosts),
        "alarms per 1,000 items of the untouched log": 1000 * alone["item"].nunique() / alone.attrs["checked"],
        **{f"recall of {kind}": len(alarmed & its) / len(its) for kind, its in injector.labels.items()},
    }


def _number(log: pd.DataFrame) -> pd.DataFrame:
    log = log.sort_values("record_time", kind="stable", ignore_index=True)
    return log.assign(seq=np.arange(len(log)))


def _places(table: pd.DataFrame) -> pd.DataFrame:
    parts = [
        table[[f"{who}_zip", f"{who}_lat", f"{who}_lng"]].set_axis(["place", "latitude", "longitude"], axis=1)
        for who in ("seller", "customer")
    ]
    return pd.concat(parts).dropna().drop_duplicates("place")


def _lots(table: pd.DataFrame) -> pd.DataFrame:
    sizes = (table["seller"] + ":" + table["sku"]).value_counts()
    return pd.DataFrame({"lot": sizes.index, "lot_size": sizes.to_numpy()})


def _average_precision(bad: np.ndarray, score: np.ndarray) -> float:
    """Average precision over the thresholds of a score, ties taken together."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(bad[order])
    last = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    gained = np.diff(np.r_[0, hits[last]])
    return float(np.sum(gained / hits[-1] * hits[last] / (last + 1)))
