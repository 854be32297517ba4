# SPDX-License-Identifier: Apache-2.0
"""How many alarms are false: over many honest histories, and where an injector gives itself away."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.detectors.dwell import find_dwell
from forecasting.detectors.history import read_history
from forecasting.detectors.rarity import conformal

sys.path.insert(0, str(Path(__file__).parent))
from journeys import make_journeys, renumber

SETS = 200
ALPHA = 0.1


def test_false_discovery_rate_on_honest_histories():
    # Where nothing is wrong every alarm is false, and the rate is the share of histories with any alarm.
    wrong = sum(
        not forecasting.anomalies(make_journeys(130, seed=seed), alpha=ALPHA).empty for seed in range(SETS)
    )
    error = np.sqrt(ALPHA * (1 - ALPHA) / SETS)
    assert wrong / SETS <= ALPHA + 2 * error


@pytest.mark.parametrize("make", ["normal", "logistic", "exponential"])
def test_p_values_are_honest_in_the_tail(make):
    rng = np.random.default_rng(3)
    level, runs, size = 0.002, 400, 500
    hits = 0
    for _ in range(runs):
        score = getattr(rng, make)(size=size)
        hits += np.count_nonzero(conformal(score, np.arange(size) < 400) <= level)
    share = hits / (runs * size)
    assert share <= level + 3 * np.sqrt(level / (runs * size)) + level * 0.1


def test_p_values_agree_with_counting():
    rng = np.random.default_rng(0)
    score, good = rng.normal(size=60), rng.random(60) < 0.7
    score[5] = np.nan
    found = conformal(score, good)
    for k in range(60):
        others = [score[j] for j in range(60) if good[j] and j != k and not np.isnan(score[j])]
        naive = 1.0 if k == 5 else (1 + sum(other >= score[k] for other in others)) / (1 + len(others))
        assert found[k] == pytest.approx(naive)


def held(events, items, factor, *, record_follows):
    """Make journeys longer by a factor: the goods were held on the way."""
    events = events.copy()
    shipped = events[events["step"] == "shipping"].set_index("item")["event_time"]
    rows = events.index[events["item"].isin(items) & (events["step"] == "receiving")]
    start = events.loc[rows, "item"].map(shipped)
    longer = (events.loc[rows, "event_time"] - start) * (factor - 1)
    events.loc[rows, "event_time"] += longer
    if record_follows:
        events.loc[rows, "record_time"] += longer
    return events


def test_an_injector_that_leaves_the_record_time_does_not_make_dwell_easier():
    """Moving the event time alone hands the answer to whoever looks at the lag between event and record."""
    honest = make_journeys(400, seed=2)
    items = {f"BOX-{one:04}" for one in range(360, 380)}
    found, lags = [], []
    for follows in (True, False):
        events = renumber(held(honest, items, 4.0, record_follows=follows))
        history = read_history(events)
        dwell = find_dwell(history, slow=True, journeys=True)
        found.append(dict(zip(history.items[dwell.item], dwell.p_value, strict=True)))
        lags.append((events["record_time"] - events["event_time"]).min())
    assert found[0] == found[1]
    # The fair one leaves no trace in the lag; the trap does, and whoever is scored on it is scored on that.
    assert lags[0] > pd.Timedelta(0) > lags[1]
    assert np.median([found[0][item] for item in items]) < 0.1
