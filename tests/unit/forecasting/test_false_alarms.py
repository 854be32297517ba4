# SPDX-License-Identifier: Apache-2.0
"""How many alarms are false: over many honest histories, and where an injector gives itself away."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.detectors.dwell import find_dwell, measure_durations
from forecasting.detectors.false_discovery import largest_rejected
from forecasting.detectors.history import read_history
from forecasting.detectors.rarity import conformal

sys.path.insert(0, str(Path(__file__).parent))
from journeys import make_journeys, renumber

SETS = 200
ALPHAS = (0.1, 0.05, 0.01)


@pytest.fixture(scope="module")
def wrong():
    """For each alpha the share of honest histories with any alarm."""
    counts = dict.fromkeys(ALPHAS, 0)
    for seed in range(SETS):
        events = make_journeys(130, seed=seed)
        # What raises no alarm at a larger alpha raises none at a smaller one.
        for alpha in ALPHAS:
            if forecasting.anomalies(events, alpha=alpha).empty:
                break
            counts[alpha] += 1
    return {alpha: count / SETS for alpha, count in counts.items()}


@pytest.mark.parametrize("alpha", ALPHAS)
def test_false_discovery_rate_on_honest_histories(wrong, alpha):
    # Where nothing is wrong every alarm is false, and the rate is the share of histories with any alarm.
    assert wrong[alpha] <= alpha + 2 * np.sqrt(alpha * (1 - alpha) / SETS)


def test_no_alarm_at_a_larger_alpha_is_none_at_a_smaller():
    rng = np.random.default_rng(1)
    for _ in range(200):
        p = rng.beta(0.2, 1.0, size=rng.integers(1, 30))
        limits = [largest_rejected(p, alpha) for alpha in sorted(ALPHAS)]
        assert limits == sorted(limits)


def test_the_share_of_false_ones_among_alarms_is_held_where_some_are_true():
    shares = []
    for seed in range(25):
        events = make_journeys(130, seed=1000 + seed)
        guilty = {f"BOX-{one:04}" for one in range(5, 130, 12)}
        found = forecasting.anomalies(renumber(held(events, guilty, 40.0, record_follows=True)), alpha=0.1)
        shares.append(np.mean(~found["item"].isin(guilty)) if len(found) else 0.0)
    assert np.mean(shares) <= 0.1 + 2 * np.std(shares) / np.sqrt(len(shares))


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
        dwell = find_dwell(history, measure_durations(history, journeys=True), slow=True)
        found.append(dict(zip(history.items[dwell.item], dwell.p_value, strict=True)))
        lags.append((events["record_time"] - events["event_time"]).min())
    assert found[0] == found[1]
    # The fair one leaves no trace in the lag; the trap does, and whoever is scored on it is scored on that.
    assert lags[0] > pd.Timedelta(0) > lags[1]
    assert np.median([found[0][item] for item in items]) < 0.1
