# SPDX-License-Identifier: Apache-2.0
"""How many trees each level gets, told by legs that were not fitted."""

import numpy as np
import pytest

from forecasting.flow.lead_time_model import LEVELS
from forecasting.flow.leg_calibration import choose_stages, pick_stages

MIDDLE = len(LEVELS) // 2


def staged(count, seed=1):
    """Three stages: the first has the right tails and a coarse middle, the last a better middle and thin tails."""
    rng = np.random.default_rng(seed)
    known, noise = rng.normal(0, 0.15, count), rng.normal(0, 0.4, count)
    tails = np.quantile(rng.normal(0, 0.43, 100_000), LEVELS)
    first = np.tile(tails, (count, 1))
    last = known[:, None] + 0.25 * tails
    return 3 + known + noise, 3 + np.stack([first, 3 * first, last])


def test_the_middle_may_take_more_trees_than_the_tails():
    truth, told = staged(20_000)
    stages = choose_stages(truth, told, np.ones(len(truth)), float(len(truth)))
    assert stages[MIDDLE] == 2
    assert stages[0] == stages[-1] == 0
    picked = pick_stages(told, stages)
    assert picked.shape == (20_000, len(LEVELS))
    assert (np.diff(picked, axis=1) >= 0).all()
    below = (truth[:, None] <= picked).mean(axis=0)
    assert below[[0, -1]] == pytest.approx(LEVELS[[0, -1]], abs=0.02)


def test_few_legs_choose_one_stage_for_all_levels():
    truth, told = staged(40)
    stages = choose_stages(truth, told, np.ones(40), 40.0)
    assert len(set(stages.tolist())) == 1


def test_legs_without_weight_choose_nothing():
    truth, told = staged(2_000)
    wrong = truth + np.random.default_rng(3).normal(0, 2, len(truth))
    both, shared = np.concatenate((truth, wrong)), np.concatenate((told, told), axis=1)
    weight = np.repeat((1.0, 0.0), len(truth))
    alone = choose_stages(truth, told, np.ones(len(truth)), float(len(truth)))
    assert choose_stages(both, shared, weight, float(len(truth))).tolist() == alone.tolist()
