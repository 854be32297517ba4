# SPDX-License-Identifier: Apache-2.0
"""How many things arrive at a place on each day, for planning its docks.

Things come in loads: what left together arrives together. So the number of a day is a sum of loads, each of which
comes or does not come (under way), and of a Poisson number of loads that have not left yet, each as large as loads
lately were. Its distribution is that sum's own, from its characteristic function.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.arguments import quantile_columns, read_levels
from forecasting.errors import BadArgument
from forecasting.flow.stays import MICROSECONDS_IN_HOUR, read_moment
from forecasting.flow.under_way import GRID, journey_legs, shipments_under_way
from forecasting.tables.events import microseconds, utc_timestamps
from forecasting.tables.visits import visits_table

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

LOOK_BACK_DAYS = 56
"""Days from which rates and sizes of loads are taken."""

_DAY = 24 * MICROSECONDS_IN_HOUR
_MOST_COUNTED = 4_096
"""Four times the mean beyond which the law is not counted out thing by thing."""

_LEAST_SHARE = 1e-12


def arrivals_by_day(
    events: pd.DataFrame,
    *,
    as_of: object,
    places: Sequence[str],
    days: int,
    levels: Sequence[float],
    timezone: str = "UTC",
    told: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Forecast how many things arrive at places on each day.

    Shipments under way to a place arrive by their lead times; what is missing (`shipments_under_way`) is expected
    no more. Those not yet under way come at the rate at which shipments to the place started in the last eight
    weeks, as far as the lead times to the place that are known reach into the middle of the day; things that
    arrived without having been under way are counted at the rate of those weeks.

    Args:
        events: an events table of what was known at `as_of`.
        as_of: the moment, UTC where it has no zone.
        places: where; lead times are fitted once for all.
        days: how many, the first being the one in which `as_of` lies.
        levels: quantile levels.
        timezone: in which days begin and end, an IANA name.
        told: what `shipments_under_way` gives for the same events and moment at the levels of `GRID`; None: it is
            asked here.

    Returns:
        For each place one row per day: ``ds`` (the day, as midnight UTC), ``mean``, ``under_way`` (the part of the
        mean that is under way), ``loads`` (the mean number of loads), and quantiles ``q0.1``..., whole numbers:
        the least that is not exceeded with at least that probability.

    Raises:
        BadArgument: there is no such time zone.
        NotEnoughHistory: as `shipments_under_way`.
    """
    moment, asked = read_moment(as_of), read_levels(levels)
    labels, edges = _days(moment, days, timezone)
    if told is None:
        told = shipments_under_way(events, as_of=as_of, quantiles=GRID)
    told = told[~told["missing"]]
    known = events[microseconds(events["event_time"], "events column event_time") <= moment]
    visits, legs = visits_table(known), journey_legs(known)
    began = microseconds(known["event_time"], "events column event_time")
    span = min(LOOK_BACK_DAYS * _DAY, max(moment - int(began.min()), _DAY)) if len(began) else _DAY
    answer = {}
    for place in places:
        share, size = _loads(told[told["destination"] == place], edges)
        came = microseconds(visits["arrive"], "visits column arrive")
        recent = np.sort(came[(visits["place"] == place).to_numpy() & (came <= moment) & (came > moment - span)])
        new = _new_arrivals(legs, place, len(recent), moment, span, edges)
        under_way = (share * size[:, None]).sum(axis=0)
        sizes, times = np.unique(np.unique(recent, return_counts=True)[1], return_counts=True)
        usual = float(sizes @ times / times.sum()) if len(sizes) else 1.0
        table = pd.DataFrame({"ds": labels, "mean": under_way + new, "under_way": under_way})
        table["loads"] = share.sum(axis=0) + new / usual
        counts = np.array(
            [count_quantiles(asked, share[:, day], size, new[day], sizes, times) for day in range(days)]
        )
        for at, name in enumerate(quantile_columns(asked)):
            table[name] = counts[:, at] if days else np.empty(0)
        answer[place] = table
    return answer


def count_quantiles(
    levels: Floats, share: Floats, size: Indices, new: float, sizes: Indices, times: Indices
) -> Floats:
    """Give quantiles of how many things come on a day.

    The characteristic function of the sum is the product of 1 - p + p e^(i t n) over loads under way, times
    exp(l (f(t) - 1)) for the Poisson number of those that have not left, f being that of the size of a load
    (Feller 1968, XII.2). Where the mean is beyond `_MOST_COUNTED` / 4, the normal law takes its place.

    Args:
        levels: shape (k,).
        share: probability of each load under way to come on this day, shape (loads,).
        size: things in each, shape (loads,).
        new: mean number of things that come of what has not left.
        sizes: sizes of loads lately, shape (m,); none: one thing each.
        times: how often each, shape (m,).

    Returns:
        Whole numbers, shape (k,).

    Example:
        >>> none = np.empty(0, dtype=np.int64)
        >>> count_quantiles(np.array([0.1, 0.9]), np.array([0.5]), np.array([7]), 0.0, none, none).tolist()
        [0.0, 7.0]
    """
    from scipy.special import ndtri

    some = share > _LEAST_SHARE
    share, size = np.minimum(share[some], 1.0), size[some]
    if not len(sizes):
        sizes, times = np.ones(1, dtype=np.int64), np.ones(1, dtype=np.int64)
    weight = times / times.sum()
    loads = new / float(weight @ sizes)
    mean = float(share @ size) + new
    spread = float(np.sqrt((share * (1 - share)) @ size.astype(np.float64) ** 2 + loads * (weight @ sizes**2)))
    most = 2 ** int(np.ceil(np.log2(mean + 12 * spread + 4 * float(sizes.max()) + 16)))
    if mean > _MOST_COUNTED / 4 or most > 4 * _MOST_COUNTED:
        return np.asarray(np.maximum(np.ceil(mean + ndtri(levels) * spread - 0.5), 0.0))
    angle = np.exp(-2j * np.pi * np.arange(most) / most)
    law = np.exp(loads * (weight @ angle[None, :] ** sizes[:, None] - 1))
    for p, n in zip(share.tolist(), size.tolist(), strict=True):
        law *= 1 - p + p * angle**n
    below = np.cumsum(np.fft.ifft(law).real)
    return np.searchsorted(below, levels - 1e-9, side="left").astype(np.float64)


def _days(moment: int, days: int, timezone: str) -> tuple[pd.DatetimeIndex, Indices]:
    """Give the days as they are called, and the moments between which they lie, shape (days + 1,)."""
    try:
        now = pd.Timestamp(moment, unit="us", tz="UTC").tz_convert(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise BadArgument(f"timezone: expected an IANA name such as Europe/Berlin, got {timezone!r}") from error
    first = now.tz_localize(None).floor("D")
    names = pd.date_range(first, periods=days + 1, freq="D")
    # where a day begins twice, or at no time at all, the later of the two is meant
    starts = names.tz_localize(timezone, ambiguous=np.zeros(days + 1, dtype=bool), nonexistent="shift_forward")
    edges = microseconds(pd.Series(starts.tz_convert("UTC")), "days")
    labels = utc_timestamps(microseconds(pd.Series(names[:-1].tz_localize("UTC")), "days"))
    return labels, edges


def _loads(here: pd.DataFrame, edges: Indices) -> tuple[Floats, Indices]:
    """Give the probability of each load to come on each day, shape (loads, days), and how many things it holds."""
    days = len(edges) - 1
    share = np.zeros((len(here), days))
    for level in GRID:
        times = microseconds(here[f"eta{level!r}"], "eta")
        column = np.searchsorted(edges, times, side="right") - 1
        inside = (column >= 0) & (column < days)
        # each of the equally likely arrivals of a shipment carries an equal share of it
        share[np.flatnonzero(inside), column[inside]] += 1 / len(GRID)
    start = microseconds(here["start"], "legs column start")
    origin = pd.factorize(here["origin"].astype(str))[0]
    _, load = np.unique(np.column_stack((start, origin)), axis=0, return_inverse=True)
    load = np.asarray(load).reshape(-1)
    size = np.bincount(load)
    total = np.zeros((len(size), days))
    np.add.at(total, load, share)
    return total / np.maximum(size, 1)[:, None], size.astype(np.int64)


def _new_arrivals(legs: pd.DataFrame, place: str, recent: int, moment: int, span: int, edges: Indices) -> Floats:
    """Give for each day the arrivals of what is not under way yet, at the rates of the last eight weeks."""
    to_place = (legs["destination"] == place).to_numpy()
    begun = microseconds(legs["start"], "legs column start")
    ended = microseconds(legs["end"], "legs column end")
    arriving = to_place & legs["end"].notna().to_numpy()
    lead = np.sort((ended - begun)[arriving])
    by_leg = int((arriving & (ended > moment - span)).sum())
    without = max(recent - by_leg, 0) / span
    started = int((to_place & (begun > moment - span)).sum()) / span
    size = np.maximum(edges[1:] - np.maximum(edges[:-1], moment), 0)
    since = np.maximum((edges[1:] + np.maximum(edges[:-1], moment)) / 2 - moment, 0)
    done = np.searchsorted(lead, since, side="right") / max(len(lead), 1)
    return np.asarray(size * (without + started * done), dtype=np.float64)
