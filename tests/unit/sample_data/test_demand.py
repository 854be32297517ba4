# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from statistics import fmean

import pytest

from sample_data.demand import WEEK, Demand, is_closed, plan_promotions
from sample_data.goods import PRODUCTS
from sample_data.sizes import SIZES

STORE = "STORE-AUSTIN"


def test_the_week_has_mean_one() -> None:
    assert fmean(WEEK) == pytest.approx(1)


def test_strawberries_sell_best_in_spring_and_every_product_best_on_saturday() -> None:
    demand = Demand(7, SIZES["full"])
    assert demand.expected(STORE, "STR", date(2025, 5, 15), foreseen=0) > 2 * demand.expected(
        STORE, "STR", date(2025, 11, 13), foreseen=0
    )
    for code in PRODUCTS:
        if 8 in PRODUCTS[code].months:
            week = [
                demand.expected(STORE, code, date(2025, 8, 4) + timedelta(days=day), foreseen=0)
                for day in range(7)
            ]
            assert max(week) == week[5]


def test_promotions_lift_demand_by_what_they_say() -> None:
    demand = Demand(7, SIZES["small"])
    deal = demand.promotions["STR"][0]
    lifted = demand.expected(STORE, "STR", deal.start)
    assert lifted == pytest.approx(deal.uplift * demand.expected(STORE, "STR", deal.start, foreseen=0), abs=1e-4)


@pytest.mark.parametrize("code", sorted(PRODUCTS))
def test_promotions_never_overlap(code: str) -> None:
    deals = plan_promotions(3, code)
    assert len(deals) > 6
    for earlier, later in pairwise(deals):
        assert earlier.end < later.start
        assert (earlier.end - earlier.start).days == 6


def test_nothing_is_wanted_when_stores_are_closed_or_out_of_season() -> None:
    demand = Demand(7, SIZES["full"])
    assert is_closed(date(2025, 12, 25))
    assert demand.draw(STORE, "ROM", date(2025, 12, 25)) == 0
    assert demand.draw(STORE, "PEA", date(2025, 1, 15)) == 0
