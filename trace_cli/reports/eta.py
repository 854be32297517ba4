"""The answer of `eta`: JSON for programs, a table or sentences for people, rows for spreadsheets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from trace_cli.formats.answer import say
from trace_cli.formats.csv_text import csv_text
from trace_cli.formats.fitted import draw_fitted, shown_width
from trace_cli.prediction import number
from trace_cli.site_time import duration, likelihood, percent

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from trace_cli.site_time import SiteTime

SCHEMA: Final = "trace.eta/1"
_HEAD: Final = (
    "item", "product", "origin", "destination", "started", "promised", "p10", "p50", "p90", "late_probability",
    "expected_late_hours", "state", "seq",
)  # fmt: skip
_MOST_TOLD: Final = 3
"""Things that are told in sentences where they were asked for by name; more are a table."""


def shipment_answers(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Build the list `shipments` of the JSON answer.

    What is expected to be late by most hours comes first, then the likelier late, then the earlier arrival; what
    is missing comes last.
    """
    shipments = [
        {
            "item": row["item"],
            "product": _text(row["product"]),
            "origin": _text(row["origin"]),
            "destination": _text(row["destination"]),
            "started": _moment(row["start"]),
            "eta": {"p10": _moment(row["eta0.1"]), "p50": _moment(row["eta0.5"]), "p90": _moment(row["eta0.9"])},
            "late_probability": number(row["late_probability"]),
            "expected_late_hours": number(row["expected_late_hours"]),
            "promised": _moment(row["promised"]),
            "state": "missing" if row["missing"] else "under way",
            "seq": int(row["start_seq"]),
        }
        for row in rows
    ]
    shipments.sort(key=_urgency)
    return shipments


def _urgency(one: Mapping[str, Any]) -> tuple[object, ...]:
    late = -round(one["expected_late_hours"] or 0, 6), -(one["late_probability"] or 0)
    return one["state"] == "missing", *late, one["eta"]["p50"], one["item"], one["seq"]


def eta_csv(answer: Mapping[str, Any]) -> str:
    """Write all shipments as rows."""
    warned = () if answer["verified"] else (False,)
    rows = (
        (
            *(one[name] for name in _HEAD[:6]),
            *(one["eta"][name] for name in _HEAD[6:9]),
            *(one[name] for name in _HEAD[9:]),
            *warned,
        )
        for one in answer["shipments"]
    )
    return csv_text([*_HEAD, "verified"] if warned else _HEAD, rows)


def write_eta(answer: Mapping[str, Any], codes: Codes, time: SiteTime, *, by_name: bool) -> None:
    """Tell people.

    Args:
        answer: The JSON answer, cut to what is shown.
        codes: How URIs are shortened.
        time: The zone in which times are shown.
        by_name: Whether things were asked for by name.
    """
    for item in answer["not_under_way"]:
        say(f"{codes.short(item)} is not under way: trace history {codes.short(item)}")
    shipments = answer["shipments"]
    if not shipments:
        say("Nothing that was asked for is under way." if by_name else "Nothing of the kind is under way.")
    elif by_name and len(shipments) <= _MOST_TOLD:
        for one in shipments:
            _tell(one, answer["as_of"], codes, time)
    else:
        _write_table(shipments, answer["as_of"], codes, time)


def _tell(one: Mapping[str, Any], as_of: str, codes: Codes, time: SiteTime) -> None:
    """Tell one shipment in sentences."""
    now = time.local(as_of)
    age = duration((now - time.local(one["started"])).total_seconds() / 3600)
    way = f"from {_short(one['origin'], codes)} to {_short(one['destination'], codes)}"
    say(f"{codes.short(one['item'])}, {way}, under way since {time.minute(one['started'])} ({age})")
    if one["state"] == "missing":
        lines = [
            "not expected any more: it has been under way for more than three times as long as anything that ever "
            f"arrived. Find it, or record what became of it: trace history {codes.short(one['item'])}"
        ]
    else:
        p10, p50, p90 = (time.local(one["eta"][name]) for name in ("p10", "p50", "p90"))
        ahead = duration((p50 - now).total_seconds() / 3600)
        lines = [
            f"expected  {p50:%a %Y-%m-%d %H:%M} {time.name}, in {ahead}",
            f"band      {p10:%Y-%m-%d %H:%M} to {p90:%Y-%m-%d %H:%M}, in 8 of 10 cases",
            f"promised  {_promise(one, time)}",
        ]
    for line in [*lines, f"entry     {one['seq']}: trace show {one['seq']}"]:
        say(textwrap.fill(line, shown_width(), initial_indent="  ", subsequent_indent="            "))


def _promise(one: Mapping[str, Any], time: SiteTime) -> str:
    if one["promised"] is None:
        return "nothing, so it cannot be late"
    late = one["late_probability"]
    words = f"{time.minute(one['promised'])}; being late is {likelihood(late)} ({percent(late)})"
    if one["expected_late_hours"] and round(late, 2):
        words += f", by {duration(one['expected_late_hours'])} on average"
    return words


def _write_table(shipments: Sequence[Mapping[str, Any]], as_of: str, codes: Codes, time: SiteTime) -> None:
    year = time.local(as_of).year
    head = ["item", "from", "to", "expected", "8 of 10", "promised", "late", "by"]
    rows = [
        [
            codes.short(one["item"]),
            _short(one["origin"], codes),
            _short(one["destination"], codes),
            "missing" if one["state"] == "missing" else time.short(one["eta"]["p50"], year),
            "-" if one["state"] == "missing" else _band(one["eta"], time, year),
            "-" if one["promised"] is None else time.short(one["promised"], year),
            "-" if one["late_probability"] is None else percent(one["late_probability"]),
            "-" if one["expected_late_hours"] is None else duration(one["expected_late_hours"]),
        ]
        for one in shipments
    ]
    width = shown_width()
    # columns in which nothing stands say nothing: no promise, no place that anything goes to
    bare = [at for at in (2, 5, 6, 7) if all(row[at] in ("-", "?") for row in rows)]
    kept = [at for at in range(len(head)) if at not in bare]
    drawn, left = draw_fitted(
        [head[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
        width=width,
        names=[kept.index(at) for at in (0, 1, 2) if at in kept],
        spare=[kept.index(at) for at in (1, 4, 7, 5) if at in kept],
        ends=(0,),
        least=9,
        right=[kept.index(at) for at in (6, 7) if at in kept],
    )
    say(drawn)
    shown = [kept[at] for at in left]
    words = f"Times are {time.name}. Expected is the middle"
    words += "; in 8 of 10 cases the arrival lies between the two times of that column." if 4 in shown else "."
    if 6 in shown:
        words += " Late is how likely it comes after the promise (-: nothing was promised)"
        words += ", by how much is the mean of all cases." if 7 in shown else "."
    say("\n" + textwrap.fill(words, width))


def _band(eta: Mapping[str, str], time: SiteTime, year: int) -> str:
    """Write a band: clock times within one day, else days."""
    low, high = time.local(eta["p10"]), time.local(eta["p90"])
    if low.date() == high.date():
        return f"{low:%H:%M}-{high:%H:%M}"
    if low.year == high.year == year:
        return f"{low:%m-%d} to {high:%m-%d}"
    return f"{low:%y-%m-%d} to {high:%y-%m-%d}"


def _short(uri: str | None, codes: Codes) -> str:
    return "?" if uri is None else codes.short(uri)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> str | None:
    """Write a time to the second, None for none."""
    if value is None or value != value or not isinstance(value, datetime):
        return None
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")
