# SPDX-License-Identifier: Apache-2.0
"""Visits and queue hours read slowly from their definitions, with plain loops over plain values.

The definitions: DESIGN section 5 (visits), docs/adr/0006 and the docstring of `forecasting.flow.bottlenecks`.
"""

from datetime import timedelta

HOUR = timedelta(hours=1)
CAP = timedelta(days=60)


def percentile_20(values):
    ordered = sorted(values)
    position = 0.2 * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def last_complete_week(as_of):
    monday = (as_of - timedelta(days=as_of.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    return monday - timedelta(days=7), monday


def last_complete_month(as_of):
    end = as_of.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (end - timedelta(days=1)).replace(day=1), end


def last_complete_day(as_of):
    end = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    return end - timedelta(days=1), end


PERIODS = {"W": last_complete_week, "M": last_complete_month, "D": last_complete_day}


def slow_bottlenecks(visits, as_of, start, end):
    """Read the definition: visits are (place, arrive, depart or None, seq); the answer is by place."""
    known = [
        (place, arrive, depart if depart is not None and depart <= as_of else None, seq)
        for place, arrive, depart, seq in visits
        if arrive <= as_of
    ]
    finished = {}
    for place, arrive, depart, _ in known:
        if depart is not None:
            finished.setdefault(place, []).append((depart - arrive) / HOUR)
    everything = [stay for stays in finished.values() for stay in stays]
    pooled = percentile_20(everything) if everything else 0.0
    answer = {}
    for place in {visit[0] for visit in known}:
        own = finished.get(place, [])
        free = percentile_20(own) if len(own) >= 20 else pooled
        one = {"free": free, "queue": 0.0, "arrivals": 0, "departures": 0, "open": 0, "waits": []}
        answer[place] = one
    for place, arrive, depart, seq in known:
        one = answer[place]
        begin = arrive + one["free"] * HOUR
        finish = min(as_of if depart is None else depart, arrive + CAP)
        wait = (min(finish, end) - max(begin, start)) / HOUR
        if wait > 0:
            one["queue"] += wait
            one["waits"].append((wait, seq))
        one["arrivals"] += start <= arrive < end
        one["departures"] += depart is not None and start <= depart < end
        one["open"] += depart is None
    return answer


def slow_visits(rows):
    visits, current, seen = [], {}, set()
    for time, seq, item, _, step, place in sorted(rows):
        here = current.get(item)
        if here is not None and here[0] != place:
            here[2] = time
            here = current[item] = None
        leaves = step == "shipping"
        if here is None and not (leaves and (item, place) in seen):
            here = current[item] = [place, time, None, seq]
            visits.append(here)
        if leaves and here is not None:
            here[2] = time
            current[item] = None
        seen.add((item, place))
    return [tuple(visit) for visit in visits]
