# SPDX-License-Identifier: Apache-2.0
"""What a general detector of outliers may look at: a row of numbers for each item."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.detectors.history import great_circle

STEPS = ("commissioning", "shipping", "receiving")


def item_features(log: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Describe each item: times between its steps, distance, counts, lags, amounts, places and parties.

    Signed logarithms; what is not known is -9.
    """
    first = {step: log[log["step"] == step].drop_duplicates("item").set_index("item") for step in STEPS}
    items = pd.Index(sorted(log["item"].unique()))
    time = {step: table["event_time"].reindex(items) for step, table in first.items()}
    at = places.set_index("place")
    ends = [
        first[step]["place"].reindex(items).map(at[name]).to_numpy(dtype=float)
        for step in ("shipping", "receiving")
        for name in ("latitude", "longitude")
    ]
    lag = (log["record_time"] - log["event_time"]).dt.total_seconds()
    by_item = log.assign(lag=lag).groupby("item")
    found = pd.DataFrame(
        {
            "transit": (time["receiving"] - time["shipping"]).dt.total_seconds() / 3600,
            "handling": (time["shipping"] - time["commissioning"]).dt.total_seconds() / 3600,
            "km": great_circle(*ends),
            **{step: log[log["step"] == step].groupby("item").size().reindex(items).fillna(0) for step in STEPS},
            "events": by_item.size().reindex(items),
            "least_lag": by_item["lag"].min().reindex(items),
            "most_lag": by_item["lag"].max().reindex(items),
            "least_quantity": by_item["quantity"].min().reindex(items),
            "most_quantity": by_item["quantity"].max().reindex(items),
            "places": by_item["place"].nunique().reindex(items),
            "parties": by_item["party"].nunique().reindex(items),
        },
        index=items,
    ).astype(float)
    return (np.sign(found) * np.log1p(found.abs())).fillna(-9)
