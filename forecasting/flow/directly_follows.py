# SPDX-License-Identifier: Apache-2.0
"""Directly-follows performance: how often one step follows another for the same item, and after how long."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.flow.grouped import grouped_quantile
from forecasting.tables.events import microseconds, require_columns
from forecasting.tables.journeys import NO_TIME

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

FOLLOWS_COLUMNS = ("before", "after", "count", "mean", "median", "low", "high", "total", "deviation")
_HOUR = 3_600_000_000


def directly_follows(events: pd.DataFrame, *, step: str = "step") -> pd.DataFrame:
    """Measure the gap between each event of an item and its next one, by pair of steps.

    Events of an item are in the order of time, then seq (van der Aalst 2016, section 5.2).

    Args:
        events: columns ``item, event_time, seq`` and the one that `step` names; rows without an item, a time or a
            step are left out.
        step: the column whose values follow each other, such as ``step`` or ``place``.

    Returns:
        A row for each pair that occurs, the most frequent first, ties by name: ``before, after, count, mean,
        median, low, high, total, deviation`` [hours]; the deviation is that of the population.

    Raises:
        BadTable: a column is missing or of the wrong kind.
    """
    require_columns(events, ("item", "event_time", "seq", step), "events")
    time = microseconds(events["event_time"], "events column event_time")
    item, _ = pd.factorize(events["item"])
    code, names = pd.factorize(events[step])
    known = (item >= 0) & (code >= 0) & (time != NO_TIME)
    seq = events["seq"].to_numpy(dtype=np.int64)
    if not known.all():
        item, code, time, seq = item[known], code[known], time[known], seq[known]
    order = _order(np.asarray(item), time, seq)
    item, code, time = item[order], code[order].astype(np.int32), time[order]
    same = np.flatnonzero(item[1:] == item[:-1])
    gap = (time[same + 1] - time[same]) / _HOUR
    pair = code[same].astype(np.int64) * len(names) + code[same + 1]
    edges, place = _number(pair, len(names) ** 2)
    return _table(edges, place, gap, np.asarray(names, dtype=object))


def _order(item: Indices, time: Indices, seq: Indices) -> Indices:
    """Give the order by item, time and seq; nothing is sorted where rows come in it."""
    ahead = (item[1:] > item[:-1]) | (
        (item[1:] == item[:-1]) & ((time[1:] > time[:-1]) | ((time[1:] == time[:-1]) & (seq[1:] >= seq[:-1])))
    )
    if ahead.all():
        return np.arange(len(item))
    # one key of item and time where both fit in 63 bits sorts faster than two; seq decides among equals
    if (seq[1:] < seq[:-1]).any():
        by_seq = np.argsort(seq, kind="stable")
        return by_seq[_order_of_pairs(item[by_seq], time[by_seq])]
    return _order_of_pairs(item, time)


def _order_of_pairs(item: Indices, time: Indices) -> Indices:
    span = int(time.max()) - int(time.min()) + 1
    if int(item.max()) + 1 < 2**62 // span:
        return np.argsort(item * span + (time - time.min()), kind="stable")
    return np.lexsort((time, item))


def _number(pair: Indices, pairs: int) -> tuple[Indices, Indices]:
    """Number the pairs that occur, ascending."""
    if pairs <= max(4 * len(pair), 1024):
        occurs = np.bincount(pair, minlength=pairs) > 0
        edges = np.flatnonzero(occurs)
        rank = np.cumsum(occurs) - 1
        return edges, np.asarray(rank[pair], dtype=np.int64)
    edges, place = np.unique(pair, return_inverse=True)
    return edges, np.asarray(place, dtype=np.int64)


def _table(edges: Indices, place: Indices, gap: Floats, names: npt.NDArray[np.object_]) -> pd.DataFrame:
    size = len(edges)
    count = np.bincount(place, minlength=size)
    total = np.bincount(place, weights=gap, minlength=size)
    mean = total / np.maximum(count, 1)
    low, middle, high = _extremes(place, gap, size)
    square = np.bincount(place, weights=(gap - mean[place]) ** 2, minlength=size)
    before, after = (names[edges // len(names)], names[edges % len(names)]) if size else (names[:0], names[:0])
    table = pd.DataFrame(
        {
            "before": pd.Series(before, dtype=object),
            "after": pd.Series(after, dtype=object),
            "count": count,
            "mean": mean,
            "median": middle,
            "low": low,
            "high": high,
            "total": total,
            "deviation": np.sqrt(square / np.maximum(count, 1)),
        },
        columns=list(FOLLOWS_COLUMNS),
    )
    return table.sort_values(["count", "before", "after"], ascending=[False, True, True], ignore_index=True)


def _extremes(place: Indices, gap: Floats, size: int) -> tuple[Floats, Floats, Floats]:
    """Give the least, the median and the greatest gap of each pair."""
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, place, gap)
    np.maximum.at(high, place, gap)
    return low, grouped_quantile(place, gap, 0.5, size), high
