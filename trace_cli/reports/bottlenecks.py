"""The answer of `bottlenecks`: JSON for programs, a table with reasons for planners, rows for spreadsheets."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from trace_cli.formats.answer import say
from trace_cli.formats.chart import draw_bar, is_rich
from trace_cli.formats.csv_text import csv_text
from trace_cli.formats.table import draw_table
from trace_cli.prediction import number

if TYPE_CHECKING:
    from ledger.custody.codes import Codes

SCHEMA: Final = "trace.bottlenecks/1"
_NUMBERS: Final = (
    "queue_hours", "share", "forecast_queue_hours", "expected_queue_hours", "alarm_probability", "utilisation",
    "arrivals", "departures", "open_visits", "free_flow_hours", "usual_queue_hours", "hours_at_stake",
    "expected_arrivals", "capacity", "relief_units", "relief_hours", "relief_replayed_hours",
)  # fmt: skip
_COUNTS: Final = frozenset(("arrivals", "departures", "open_visits", "relief_units"))
_WIDTH: Final = 80
_BAR: Final = 8
_NAME_WIDTH: Final = 18
_LEAST_CAUSE: Final = 12
_URI: Final = re.compile(r"(?:https?://|urn:)\S+?(?=[:;,]?(?:\s|$))")
_MEASURED: Final = """\
Queue hours are the hours that goods stood at a place beyond its free flow (the time within which the quickest
fifth of stays ends), summed over stays, each for {days:g} days at most. Share is of all queue hours; next is what
to expect, and alarm how likely the median stay then is unusually long."""


def site_answers(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Build the list `sites` of the JSON answer from the rows of `forecasting.bottlenecks`."""
    return [
        {
            "place": row["place"],
            "rank": int(row["rank"]),
            **{name: int(row[name]) if name in _COUNTS else number(row[name]) for name in _NUMBERS},
            "causes": list(row["causes"]),
            # Several things that one event brought wait as several visits.
            "events": list(dict.fromkeys(row["events"])),
        }
        for row in rows
    ]


def short_cause(cause: str, short: Callable[[str], str]) -> str:
    """Shorten the URIs that a cause names."""
    return _URI.sub(lambda found: short(found.group()), cause)


def bottlenecks_csv(answer: Mapping[str, Any]) -> str:
    """Write all places as rows, causes and events in one cell each."""
    warned = () if answer["verified"] else (False,)
    head = ["place", "rank", *_NUMBERS, "causes", "events"]
    rows = (
        (
            *(site["place"], site["rank"]),
            *(site[name] for name in _NUMBERS),
            *("; ".join(site["causes"]), " ".join(map(str, site["events"])), *warned),
        )
        for site in answer["sites"]
    )
    return csv_text([*head, "verified"] if warned else head, rows)


def write_bottlenecks(answer: Mapping[str, Any], codes: Codes, *, longest_days: float) -> None:
    """Tell people: what is measured, the places by rank, and the causes at the first.

    Args:
        answer: The JSON answer, cut to what is shown.
        codes: How URIs are shortened.
        longest_days: For how long a stay counts [days].
    """
    sites = answer["sites"]
    say(textwrap.fill(_MEASURED.format(days=longest_days), _WIDTH))
    say()
    say(_table(sites, codes))
    first = sites[0]
    if not first["queue_hours"]:
        say("\nNothing waited in this period.")
        return
    say(f"\nWhy {codes.short(first['place'])} is first:")
    for cause in first["causes"] or ["no single cause stands out"]:
        say(
            textwrap.fill(short_cause(cause, codes.short), _WIDTH, initial_indent="  - ", subsequent_indent="    ")
        )
    free = first["free_flow_hours"]
    moved = f"{first['arrivals']} came, {first['departures']} left, {first['open_visits']} are there"
    say(f"  - {moved}; free flow is {free:.1f} h")
    if first["relief_units"]:
        replayed = first["relief_replayed_hours"]
        past = (
            "" if replayed is None else f"; in past periods the same would have saved {replayed:,.0f} h on average"
        )
        units, saved = first["relief_units"], first["relief_hours"]
        relief = (
            f"to relieve it: release the {units} oldest before the next period, saving about {saved:,.0f} h{past}"
        )
        say(textwrap.fill(relief, _WIDTH, initial_indent="  - ", subsequent_indent="    "))
    if first["events"]:
        seqs = " ".join(map(str, first["events"]))
        say(textwrap.fill(f"Events that began the longest waits: {seqs}", _WIDTH, subsequent_indent="  "))
        say(f"Look at one: trace show {first['events'][0]}")


def _table(sites: Sequence[Mapping[str, Any]], codes: Codes) -> str:
    rich = is_rich()
    head = ["", "place", "hours", "share", "", "next", "alarm", "why"]
    rows = [
        [
            f"{site['rank']}.",
            _fit(codes.short(site["place"]), _NAME_WIDTH),
            f"{site['queue_hours']:,.0f}",
            f"{site['share'] * 100:.0f} %",
            draw_bar(site["share"], _BAR, rich=rich),
            f"{site['expected_queue_hours']:,.0f}",
            "-" if site["alarm_probability"] is None else f"{site['alarm_probability'] * 100:.0f} %",
            "",
        ]
        for site in sites
    ]
    taken = sum(max(len(str(row[at])) for row in [head, *rows]) + 2 for at in range(len(head) - 1))
    room = max(_WIDTH - taken, _LEAST_CAUSE)
    for row, site in zip(rows, sites, strict=True):
        row[-1] = _cut(short_cause(site["causes"][0], codes.short) if site["causes"] else "", room)
    return draw_table(head, rows, right=(0, 2, 3, 5, 6))


def _cut(cause: str, room: int) -> str:
    """Shorten a cause to the words before its colon, then to what fits."""
    if len(cause) <= room:
        return cause
    words = cause.partition(":")[0]
    return words if len(words) <= room else f"{words[: room - 3].rstrip()}..."


def _fit(name: str, width: int) -> str:
    if len(name) <= width:
        return name
    half = (width - 3) // 2
    return f"{name[:half]}...{name[-half:]}"
