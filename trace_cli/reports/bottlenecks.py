"""The answer of `bottlenecks`: JSON for programs, a table with reasons for planners, rows for spreadsheets."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from trace_cli.formats.answer import say
from trace_cli.formats.chart import draw_bar, is_rich
from trace_cli.formats.csv_text import csv_text
from trace_cli.formats.fitted import draw_fitted, fit_name, shown_width
from trace_cli.prediction import number
from trace_cli.site_time import duration, likelihood, percent

if TYPE_CHECKING:
    from forecasting.flow.cause_evidence import Shown
    from ledger.custody.codes import Codes

SCHEMA: Final = "trace.bottlenecks/1"
_NUMBERS: Final = (
    "queue_hours", "share", "forecast_queue_hours", "expected_queue_hours", "alarm_probability", "utilisation",
    "arrivals", "departures", "open_visits", "free_flow_hours", "usual_queue_hours", "hours_at_stake",
    "expected_arrivals", "capacity", "relief_units", "relief_hours", "relief_replayed_hours",
)  # fmt: skip
_COUNTS: Final = frozenset(("arrivals", "departures", "open_visits", "relief_units"))
_BAR: Final = 8
_NAME_WIDTH: Final = 18
_LEAST_CAUSE: Final = 12
_SHOWN_ENTRIES: Final = 3
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


def evidence_answers(
    sites: Sequence[Mapping[str, Any]],
    shown: Mapping[str, Shown],
    event_ids: Callable[[Collection[int]], Mapping[int, str]],
    *,
    by: str,
) -> list[dict[str, Any]]:
    """Build the list `evidence` of the JSON answer: the entries that show each cause, and what to release by when.

    Args:
        sites: of the JSON answer.
        shown: by place, from `forecasting.flow.cause_evidence`.
        event_ids: gives the identifiers of events by the numbers of entries.
        by: when the period ahead begins.
    """
    found = [(site, shown[site["place"]]) for site in sites if site["place"] in shown]
    named = {seq for _, one in found for seqs in one.entries for seq in seqs}
    names = event_ids(named | {seq for site, _ in found for seq in site["events"]})
    return [
        {
            "place": site["place"],
            "event_ids": [names[seq] for seq in site["events"]],
            "causes": [
                {"cause": cause, "events": seqs, "event_ids": [names[seq] for seq in seqs]}
                for cause, seqs in zip(site["causes"], one.entries, strict=True)
            ],
            "relief": _relief_answer(site, one, by) if one.release else None,
        }
        for site, one in found
    ]


def _relief_answer(site: Mapping[str, Any], one: Shown, by: str) -> dict[str, Any]:
    return {
        "release": list(dict.fromkeys(item for item, _ in one.release)),
        "events": list(dict.fromkeys(seq for _, seq in one.release)),
        "by": by,
        "units": site["relief_units"],
        "saves_hours": site["relief_hours"],
        "replayed_hours": site["relief_replayed_hours"],
    }


def named_entries(evidence: Collection[Mapping[str, Any]]) -> set[int]:
    """List the entries that evidence names."""
    return {seq for one in evidence for cause in one["causes"] for seq in cause["events"]} | {
        seq for one in evidence if one["relief"] for seq in one["relief"]["events"]
    }


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
    sites, width = answer["sites"], shown_width()
    say(textwrap.fill(_MEASURED.format(days=longest_days), width))
    say()
    say(_table(sites, codes, width))
    first = sites[0]
    if not first["queue_hours"]:
        say("\nNothing waited in this period.")
        return
    say(f"\nWhy {codes.short(first['place'])} is first:")
    for line in _reasons(first, codes, answer):
        say(textwrap.fill(line, width, initial_indent="  - ", subsequent_indent="    "))
    if first["events"]:
        seqs = " ".join(map(str, first["events"]))
        say(textwrap.fill(f"Entries that began the longest waits: {seqs}", width, subsequent_indent="  "))
        say(f"Look at one: trace show {first['events'][0]}")
    sinks = sum(any(cause.startswith("end of the line") for cause in site["causes"]) for site in sites)
    if sinks and not answer["through_only"]:
        told = "1 of the places shown is the end" if sinks == 1 else f"{sinks} of the places shown are ends"
        say(
            "\n"
            + textwrap.fill(f"{told} of the line, where nothing ever left; --through-only leaves such out.", width)
        )


def _reasons(site: Mapping[str, Any], codes: Codes, answer: Mapping[str, Any]) -> list[str]:
    """Say why goods wait at a place, how sure what comes is, and what would relieve it."""
    shown = next((one for one in answer["evidence"] if one["place"] == site["place"]), None)
    evidence = {one["cause"]: one["events"] for one in shown["causes"]} if shown else {}
    lines = []
    for cause in site["causes"]:
        seqs = evidence.get(cause, [])[:_SHOWN_ENTRIES]
        word = "entry" if len(seqs) == 1 else "entries"
        where = f" ({word} {', '.join(map(str, seqs))})" if seqs else ""
        lines.append(short_cause(cause, codes.short) + where)
    moved = f"{site['arrivals']} came, {site['departures']} left, {site['open_visits']} are there"
    lines = [
        *(lines or ["no single cause stands out"]),
        f"{moved}; free flow is {duration(site['free_flow_hours'])}",
    ]
    ahead = f"from {day_of(answer['forecast_start'])} to {day_of(answer['forecast_end'])}"
    if (alarm := site["alarm_probability"]) is not None:
        lines.append(
            f"{ahead}: an unusually long median stay is {likelihood(alarm)} ({alarm * 100:.0f} %); "
            f"{hours_text(site['expected_queue_hours'])} of waiting are expected, "
            f"{hours_text(site['usual_queue_hours'])} are usual"
        )
    if shown and (relief := shown["relief"]):
        lines.append(f"to relieve it: {relief_words(relief, codes, site)}")
    return lines


def relief_words(relief: Mapping[str, Any], codes: Codes, site: Mapping[str, Any]) -> str:
    """Say what to release by when, and what that is worth."""
    items, units = relief["release"], relief["units"]
    what = "the oldest thing" if units == 1 else f"the {units} oldest things"
    some = ", ".join(codes.short(item) for item in items[:_SHOWN_ENTRIES])
    more = ", ..." if len(items) > _SHOWN_ENTRIES else ""
    share = relief["saves_hours"] / site["expected_queue_hours"] if site["expected_queue_hours"] else 0.0
    words = (
        f"release {what} by {day_of(relief['by'])}: {some}{more}; that saves about "
        f"{hours_text(relief['saves_hours'])} of waiting in the period ahead, {share * 100:.0f} % of it"
    )
    if relief["replayed_hours"] is not None:
        words += (
            f"; replayed on the last eight periods it would have saved {hours_text(relief['replayed_hours'])} each"
        )
    return words


def hours_text(hours: float) -> str:
    """Write hours of waiting, which add up over things, so they stay hours: ``1,150 h``, ``40 min``."""
    return f"{hours:,.0f} h" if hours >= 10 else duration(hours)


def day_of(moment: str) -> str:
    """Write the UTC moment at which a period begins: its day, with the hour where it is not midnight."""
    read = datetime.fromisoformat(moment)
    return f"{read:%a %Y-%m-%d}" if read.hour == read.minute == 0 else f"{read:%a %Y-%m-%d %H:%M} UTC"


def _table(sites: Sequence[Mapping[str, Any]], codes: Codes, width: int) -> str:
    rich = is_rich()
    head = ["", "place", "hours", "share", "", "next", "alarm", "why"]
    rows = [
        [
            f"{site['rank']}.",
            fit_name(codes.short(site["place"]), _NAME_WIDTH),
            f"{site['queue_hours']:,.0f}",
            percent(site["share"]),
            draw_bar(site["share"], _BAR, rich=rich),
            f"{site['expected_queue_hours']:,.0f}",
            percent(site["alarm_probability"]),
            "",
        ]
        for site in sites
    ]
    taken = sum(max(len(str(row[at])) for row in [head, *rows]) + 2 for at in range(len(head) - 1))
    room = max(width - taken, _LEAST_CAUSE)
    for row, site in zip(rows, sites, strict=True):
        row[-1] = _cut(short_cause(site["causes"][0], codes.short) if site["causes"] else "", room)
    right = (0, 2, 3, 5, 6)
    return draw_fitted(head, rows, width=width, names=(1,), spare=(4, 3, 7), least=10, right=right)[0]


def _cut(cause: str, room: int) -> str:
    """Shorten a cause to the words before its colon, then to what fits."""
    if len(cause) <= room:
        return cause
    words = cause.partition(":")[0]
    return words if len(words) <= room else f"{words[: room - 3].rstrip()}..."
