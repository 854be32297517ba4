"""The tables of `report operations`, and what they say in a few sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from trace_cli.formats.tabular import Table
from trace_cli.reports.bottlenecks import hours_text, relief_words, short_cause
from trace_cli.site_time import LIKELY, duration, likelihood

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from trace_cli.site_time import SiteTime

_NAMED: Final = 3


def summary_lines(found: Mapping[str, Any], codes: Codes, time: SiteTime) -> list[str]:
    """Say in a few sentences what matters: alarms, what to release, what is late, what is missing."""
    lines = []
    alarms = _alarms(found["sites"])
    for site in alarms[:_NAMED]:
        relief = _relief(found, site)
        words = f"; {relief_words(relief, codes, site)}" if relief else ""
        sure = likelihood(site["alarm_probability"])
        lines.append(
            f"{codes.short(site['place'])}: unusually long stays are {sure} in the period ahead, "
            f"{hours_text(site['hours_at_stake'])} of waiting beyond the usual{words}."
        )
    if not alarms:
        lines.append("No place is likely to have unusually long stays in the period ahead.")
    shipments = found["shipments"]
    going = [one for one in shipments if one["state"] != "missing"]
    late = [one for one in going if (one["late_probability"] or 0) >= LIKELY]
    if late:
        worst = late[0]
        lines.append(
            f"{len(late):,} of {len(shipments):,} shipments under way are likely late; most of all "
            f"{codes.short(worst['item'])} to {_short(worst['destination'], codes)}, expected "
            f"{time.minute(worst['eta']['p50'])}, late by "
            f"{duration(worst['expected_late_hours'] or 0)}."
        )
    elif shipments:
        promised = any(one["promised"] for one in shipments)
        lines.append(
            f"{len(shipments):,} shipments are under way; "
            + ("none is likely late." if promised else "nothing was promised of them, so none can be late.")
        )
    if missing := sum(one["state"] == "missing" for one in shipments):
        lines.append(
            f"{missing:,} of them are missing: under way three times as long as anything that ever arrived."
        )
    return lines


def operations_tables(found: Mapping[str, Any], codes: Codes, time: SiteTime) -> list[Table]:
    """Build the tables: alarms, what is likely late, arrivals, places, what is under way, flows."""
    shipments = found["shipments"]
    likely = [one for one in shipments if (one["late_probability"] or 0) >= LIKELY]
    return [
        Table("Alarms", _PLACE_HEAD, [_place(found, site, codes) for site in _alarms(found["sites"])]),
        Table("Likely late", _LATE_HEAD, [_shipment(one, codes, time) for one in likely]),
        Table("Arrivals of the next days", _DAY_HEAD, _days(found["arrivals"], codes)),
        Table("Places", _PLACE_HEAD, [_place(found, site, codes) for site in found["sites"]]),
        Table("Under way", _LATE_HEAD, [_shipment(one, codes, time) for one in shipments]),
        Table("Flows", ("from", "to", "legs", "median hours"), [_flow(one, codes) for one in found["flows"]]),
    ]


_PLACE_HEAD: Final = (
    "place", "alarm %", "why", "to relieve it", "waited hours", "expected hours", "hours at stake",
    "utilisation %", "rank", "entries",
)  # fmt: skip
_LATE_HEAD: Final = (
    "item", "to", "late %", "late by hours", "expected", "10 %", "90 %", "promised", "from", "started", "state",
    "entry",
)  # fmt: skip
_DAY_HEAD: Final = ("place", "day", "expected", "under way", "loads", "10 %", "90 %")


def _alarms(sites: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Take the places with an alarm, most hours at stake first."""
    found = [site for site in sites if (site["alarm_probability"] or 0) >= LIKELY]
    return sorted(found, key=lambda site: (-(site["hours_at_stake"] or 0), -site["alarm_probability"]))


def _relief(found: Mapping[str, Any], site: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give what would relieve a place; None: nothing waits there, or it is not among the first."""
    shown = found["evidence"].get(site["place"])
    return shown["relief"] if shown else None


def _place(found: Mapping[str, Any], site: Mapping[str, Any], codes: Codes) -> tuple[Any, ...]:
    relief = _relief(found, site)
    return (
        codes.short(site["place"]),
        _percent(site["alarm_probability"]),
        "; ".join(short_cause(cause, codes.short) for cause in site["causes"]),
        relief_words(relief, codes, site) if relief else None,
        *(_round(site[name]) for name in ("queue_hours", "expected_queue_hours", "hours_at_stake")),
        _percent(site["utilisation"]),
        site["rank"],
        " ".join(map(str, site["events"])),
    )


def _shipment(one: Mapping[str, Any], codes: Codes, time: SiteTime) -> tuple[Any, ...]:
    known = one["state"] != "missing"
    p10, p50, p90 = (time.minute(moment) if known else None for moment in one["eta"].values())
    return (
        codes.short(one["item"]),
        _short(one["destination"], codes),
        _percent(one["late_probability"]),
        _round(one["expected_late_hours"]),
        *(p50, p10, p90),
        None if one["promised"] is None else time.minute(one["promised"]),
        _short(one["origin"], codes),
        time.minute(one["started"]),
        one["state"],
        one["seq"],
    )


def _days(arrivals: Mapping[str, Sequence[Mapping[str, Any]]], codes: Codes) -> list[tuple[Any, ...]]:
    return [
        (
            codes.short(place),
            f"{day['ds']:%a %Y-%m-%d}",
            *(_round(day[name]) for name in ("mean", "under_way", "loads")),
            *(round(day[name]) for name in ("q0.1", "q0.9")),
        )
        for place, days in arrivals.items()
        for day in days
    ]


def _flow(one: Mapping[str, Any], codes: Codes) -> tuple[Any, ...]:
    return (
        codes.short(one["origin"]),
        codes.short(one["destination"]),
        int(one["legs"]),
        _round(one["median_hours"]),
    )


def _short(uri: str | None, codes: Codes) -> str | None:
    return None if uri is None else codes.short(uri)


def _round(value: float | None) -> float | None:
    return None if value is None or value != value else round(float(value), 1)


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)
