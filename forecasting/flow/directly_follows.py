# SPDX-License-Identifier: Apache-2.0
"""Directly-follows performance: how often one step follows another for the same item, and after how long.

Rows are numbers of the narrowest type from the start, and each array is let go as soon as the next one is made.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.tables.events import microseconds, require_columns
from forecasting.tables.journeys import NO_TIME

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.signedinteger]
Integers = npt.NDArray[np.int64]

FOLLOWS_COLUMNS = ("before", "after", "count", "mean", "median", "low", "high", "total", "deviation")
_HOUR = 3_600_000_000
_UNITS = (1_000_000, 1_000)  # whole seconds, whole milliseconds [us]


def directly_follows(events: pd.DataFrame, *, step: str = "step") -> pd.DataFrame:
    """Measure the gap between each event of an item and its next one, by pair of steps.

    Events of an item are in the order of time, then seq (van der Aalst 2016, section 5.2). The order of the rows
    changes no digit.

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
    seq = events["seq"].to_numpy(dtype=np.int64)
    item, _ = _numbered(events["item"])
    code, names = _numbered(events[step])
    known = (item >= 0) & (code >= 0) & (time != NO_TIME)
    if not known.all():
        item, code, time, seq = item[known], code[known], time[known], seq[known]
    unit = next((unit for unit in _UNITS if not (time % unit).any()), 1)
    time //= unit
    order = _order(item, time, seq)
    if order is not None:
        item, code, time = item[order], code[order], time[order]
    del order, known, seq
    same = item[1:] == item[:-1]
    gap = np.diff(time)[same]
    gap *= unit
    del item, time
    pair = code[:-1][same].astype(np.min_scalar_type(-(max(len(names), 1) ** 2)))
    pair *= len(names)
    pair += code[1:][same]
    del code, same
    edges, place = _occurring(pair, len(names) ** 2)
    del pair
    return _table(edges, _ascending(place, gap), np.bincount(place, minlength=len(edges)), names)


def _numbered(column: "pd.Series[str]") -> tuple[Indices, npt.NDArray[np.object_]]:
    """Number the values in the order in which they occur, and give them; -1 is a row without one."""
    codes, values = pd.factorize(column)
    return codes.astype(np.min_scalar_type(-len(values) - 1)), np.asarray(values, dtype=object)


def _order(item: Indices, time: Integers, seq: Integers) -> Integers | None:
    """Give the order by item, time and seq; None where the rows come in it."""
    if len(item) == 0:
        return None
    first = int(time.min())
    span = int(time.max()) - first + 1
    if (int(item.max()) + 1) * span >= 2**63:
        return np.lexsort((seq, time, item))
    # one number for item and time: it sorts several times faster than the two
    key = item.astype(np.int64)
    key *= span
    key += time
    key -= first
    rises = key[1:] > key[:-1]
    if rises.all() or (rises | (key[1:] == key[:-1]) & (seq[1:] >= seq[:-1])).all():
        return None
    order = np.argsort(key)
    key.sort()
    _settle_ties(order, key, seq)
    return order


def _settle_ties(order: Integers, key: Integers, seq: Integers) -> None:
    """Put rows of one key in the order of seq, then in the one they came in; `key` is sorted."""
    equal = key[1:] == key[:-1]
    tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
    rows = order[tied]
    order[tied] = rows[np.lexsort((rows, seq[rows], key[tied]))]


def _occurring(pair: Indices, pairs: int) -> tuple[Integers, Indices]:
    """Give the pairs that occur, ascending, and which of them each row has."""
    if pairs <= max(4 * len(pair), 1024):
        occurs = np.bincount(pair, minlength=pairs) > 0
        edges = np.flatnonzero(occurs)
        return edges, (np.cumsum(occurs) - 1).astype(np.min_scalar_type(-len(edges) - 1))[pair]
    edges, place = np.unique(pair, return_inverse=True)
    return edges.astype(np.int64), place.astype(np.min_scalar_type(-len(edges) - 1))


def _ascending(place: Indices, gap: Integers) -> Floats:
    """Give the gaps [hours] of the first pair, ascending, then those of the second, and so on."""
    span = int(gap.max(initial=0)) + 1
    if (int(place.max(initial=0)) + 1) * span < 2**63:
        gap += place * np.int64(span)
        gap.sort()
        gap %= span
    else:
        gap = gap[np.lexsort((gap, place))]
    return gap / _HOUR


def _table(edges: Integers, hours: Floats, count: Integers, names: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Lay out what the gaps of each pair say; they are sorted, so that sums hang on no order of rows."""
    end = np.cumsum(count)
    first = end - count
    low, high = hours[first + (count - 1) // 2], hours[first + count // 2]
    total = np.add.reduceat(hours, first) if len(first) else np.zeros(0)
    away = np.repeat(total / count, count)
    away -= hours
    away *= away
    square = np.add.reduceat(away, first) if len(first) else np.zeros(0)
    table = pd.DataFrame(
        {
            "before": pd.Series(names[edges // max(len(names), 1)], dtype=object),
            "after": pd.Series(names[edges % max(len(names), 1)], dtype=object),
            "count": count,
            "mean": total / count,
            "median": low + 0.5 * (high - low),
            "low": hours[first],
            "high": hours[end - 1],
            "total": total,
            "deviation": np.sqrt(square / count),
        },
        columns=list(FOLLOWS_COLUMNS),
    )
    return table.sort_values(["count", "before", "after"], ascending=[False, True, True], ignore_index=True)
