# SPDX-License-Identifier: Apache-2.0
"""An events table without the rows that are in doubt."""

from collections.abc import Collection

import pandas as pd


def without_rows(events: pd.DataFrame, rows: Collection[tuple[int, str]]) -> pd.DataFrame:
    """Drop rows.

    Args:
        events: an events table.
        rows: those to drop, as (entry, item).

    Returns:
        The others in their order, numbered from 0.
    """
    if not rows:
        return events
    pairs = zip(events["seq"].tolist(), events["item"].tolist(), strict=True)
    kept = events[[pair not in rows for pair in pairs]].reset_index(drop=True)
    kept.attrs = dict(events.attrs)
    return kept
