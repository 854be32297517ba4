# SPDX-License-Identifier: Apache-2.0
"""Honest journeys by the hundred, for the tests of detectors: made, shipped and received, nothing wrong."""

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-05T06:00Z")
MAKERS, SHOPS = 6, 12


def make_journeys(items: int = 300, *, seed: int = 0, days: float = 90.0) -> pd.DataFrame:
    """Make an events table of exchangeable items; columns as in the events table, one product, lots of ten."""
    rng = np.random.default_rng(seed)
    made = START + pd.to_timedelta(np.sort(rng.uniform(0, days * 24, items)), unit="h")
    shipped = made + pd.to_timedelta(rng.gamma(2.0, 12.0, items), unit="h")
    received = shipped + pd.to_timedelta(rng.lognormal(4.0, 0.5, items), unit="h")
    maker, shop = rng.integers(0, MAKERS, items), rng.integers(0, SHOPS, items)
    parts = []
    for step, times, place in (
        ("commissioning", made, maker),
        ("shipping", shipped, maker),
        ("receiving", received, shop),
    ):
        kind = "SHOP" if step == "receiving" else "MAKER"
        parts.append(
            pd.DataFrame(
                {
                    "event_time": times,
                    "record_time": times + pd.to_timedelta(rng.gamma(1.5, 300, items), unit="s"),
                    "step": step,
                    "place": [f"{kind}-{one}" for one in place],
                    "item": [f"BOX-{one:04}" for one in range(items)],
                    "product": "tea",
                    "lot": [f"LOT-{one // 10}" for one in range(items)],
                    "quantity": 1.0,
                    "destination": [f"SHOP-{one}" for one in shop],
                    "party": [f"{kind}-{one}" for one in place],
                    "corrected": False,
                }
            )
        )
    return renumber(pd.concat(parts, ignore_index=True))


def make_places() -> pd.DataFrame:
    """Give every place coordinates, all within a day's drive."""
    names = [f"MAKER-{one}" for one in range(MAKERS)] + [f"SHOP-{one}" for one in range(SHOPS)]
    at = np.arange(len(names))
    return pd.DataFrame({"place": names, "latitude": 50 + at * 0.2, "longitude": 8 + (at % 5) * 0.3})


def make_products(events: pd.DataFrame) -> pd.DataFrame:
    """Declare the size of each lot as what it has."""
    sizes = events.groupby("lot")["item"].nunique()
    return pd.DataFrame({"lot": sizes.index, "lot_size": sizes.to_numpy()})


def renumber(events: pd.DataFrame) -> pd.DataFrame:
    """Put events in the order in which they were recorded and number them."""
    events = events.sort_values("record_time", kind="stable", ignore_index=True)
    return events.assign(seq=np.arange(len(events)))
