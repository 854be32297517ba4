# SPDX-License-Identifier: Apache-2.0
"""How many trees each level gets and how wide the band must be, told by legs that were not fitted."""

import numpy as np
import pytest
from scipy.special import ndtri

from forecasting.flow.lead_time_model import LEVELS
from forecasting.flow.leg_calibration import choose_stages, part_errors, pick_stages, widen

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


def moments(middles, count, seed=2, spread=0.4):
    """Errors of each moment against levels that have the right width and do not know of the moment."""
    rng = np.random.default_rng(seed)
    told = spread * ndtri(LEVELS)
    errors = [rng.normal(middle, spread, count)[:, None] - told for middle in middles]
    return errors, [np.ones(count) for _ in middles]


def test_moments_that_are_alike_show_no_variance_between():
    shown = [part_errors(*moments([0.0] * 3, 200, seed=seed))[1] for seed in range(40)]
    # what chance makes of medians of 200 is taken off
    assert np.median(shown) < 0.0005
    shifts, _ = part_errors(*moments([0.0] * 3, 5_000))
    assert shifts == pytest.approx(np.zeros(len(LEVELS)), abs=0.03)


def test_what_moves_from_moment_to_moment_is_parted_from_what_varies_within():
    shifts, between = part_errors(*moments([-0.3, 0.0, 0.3], 5_000))
    assert between == pytest.approx(0.09, rel=0.1)
    # the width within is right already, and the moments cancel out
    assert shifts == pytest.approx(np.zeros(len(LEVELS)), abs=0.03)


def test_half_of_the_usual_error_of_the_middle_is_believed_to_last():
    shifts, between = part_errors(*moments([0.4] * 3, 5_000))
    assert shifts == pytest.approx(np.full(len(LEVELS), 0.2), abs=0.03)
    assert between < 0.002


def test_a_band_too_narrow_is_widened_in_full_and_one_too_wide_narrowed_by_half():
    errors, weights = moments([0.0] * 3, 20_000)
    told = 0.4 * ndtri(LEVELS)
    narrow, _ = part_errors([one + told / 2 for one in errors], weights)
    wide, _ = part_errors([one - told for one in errors], weights)
    assert narrow == pytest.approx(told / 2, abs=0.03)
    assert wide == pytest.approx(-told / 2, abs=0.03)


def test_one_moment_tells_nothing_of_others():
    _, between = part_errors(*moments([0.5], 500))
    assert between == 0.0


def test_moments_count_by_the_legs_that_their_weights_are_worth():
    errors, weights = moments([0.0, 0.1, -0.1], 300)
    most = [np.where(np.arange(300) < 150, weight, 0.0) for weight in weights]
    few = [(error[:150], np.ones(150)) for error in errors]
    told, between = part_errors(errors, most)
    alone, alone_between = part_errors(*zip(*few, strict=True))
    assert told == pytest.approx(alone, abs=0.005)
    assert between == pytest.approx(alone_between, rel=0.05)


def test_widening_adds_variances_and_keeps_the_middle():
    told = 2.0 + 0.3 * np.tile(ndtri(LEVELS), (4, 1))
    wider = widen(told, 0.16)
    assert wider[:, MIDDLE] == pytest.approx(np.full(4, 2.0))
    assert wider == pytest.approx(2.0 + 0.5 * np.tile(ndtri(LEVELS), (4, 1)))
    assert widen(told, 0.0) == pytest.approx(told)


def test_a_band_learnt_from_moments_holds_what_comes_from_a_new_one():
    """Levels move by .3 from moment to moment: bands that know the width within alone hold too little."""
    rng = np.random.default_rng(11)
    told = 0.4 * ndtri(LEVELS)[None, :]
    held, held_within = [], []
    for _ in range(300):
        seen = rng.normal(0, 0.3, 3)
        errors = [rng.normal(middle, 0.4, 150)[:, None] - told for middle in seen]
        shifts, between = part_errors(errors, [np.ones(150)] * 3)
        come = rng.normal(rng.normal(0, 0.3), 0.4, 200)
        for band, kept in ((widen(told + shifts, between), held), (told, held_within)):
            kept.append(np.mean((come >= band[0, 1]) & (come <= band[0, -2])))
    assert np.mean(held_within) < 0.71
    assert 0.76 < np.mean(held) < 0.84
