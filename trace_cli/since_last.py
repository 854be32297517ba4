"""What changed since the last recorded answer to the same question: beside the answer, never part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from trace_cli.site_time import LIKELY

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from trace_cli.prediction import Prediction
    from trace_cli.site_time import SiteTime

_LOOKED_AT: Final = 50
"""Recorded decisions, the newest first, among which the last answer is looked for."""

_MOVED_HOURS: Final = 1.0
"""Hours by which the middle of an arrival must move to be told."""

_KEYS: Final = {
    "eta": ("item", "start_seq", "eta0.5", "late_probability"),
    "bottlenecks": ("place", "rank", "alarm_probability"),
}
"""Columns of a result that are compared."""

_WORST: Final = 5
"""Places that count as the worst, as many as `forecasting.flow.leaning` names."""

_NAMED: Final = 3
"""Places that a sentence names."""


@dataclass(frozen=True)
class Earlier:
    """An answer that was recorded: its entry, its moment (UTC), and its rows."""

    seq: int
    as_of: datetime
    rows: Sequence[Mapping[str, Any]]


def find_earlier(
    prediction: Prediction, command: str, selection: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Earlier | None:
    """Find the newest decision that answered the same question for an earlier moment and kept its rows.

    Args:
        prediction: the present one.
        command: what was asked.
        selection: what cut the history; its as-of time does not count.
        parameters: that must be the same.
    """
    from ledger.chain.entry import parse_entry
    from ledger.custody.index.coverage import listed_seqs
    from ledger.custody.privacy import reveal

    if not prediction.history.verified or prediction.site.policy is None:
        return None
    with prediction.site.proving() as (view, reader):
        for seq in reversed(listed_seqs(view, "decision")[-_LOOKED_AT:]):
            if seq >= reader.size:
                continue
            body = reveal(parse_entry(reader.proven_bytes(seq)).body, view)
            if not isinstance(body, dict) or body.get("command") != command:
                continue
            moment = _asked_before(body, selection, parameters)
            if moment is None or moment >= prediction.moment:
                continue
            if (rows := _rows(body.get("output"), _KEYS[command])) is not None:
                return Earlier(seq, moment, rows)
    return None


def _rows(output: object, keys: Sequence[str]) -> list[dict[str, Any]] | None:
    """Give the rows that a decision kept; None: it kept only totals, or what it kept is no such table."""
    columns = output.get("columns") if isinstance(output, dict) else None
    if not isinstance(columns, dict) or not all(isinstance(cells, list) for cells in columns.values()):
        return None
    if not set(keys) <= columns.keys() or len({len(cells) for cells in columns.values()}) > 1:
        return None
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _asked_before(
    body: Mapping[str, Any], selection: Mapping[str, Any], parameters: Mapping[str, Any]
) -> datetime | None:
    """Give the moment of a decision on the same question; None: it was on another."""
    asked, told = body.get("selection"), body.get("parameters")
    if not isinstance(asked, dict) or not isinstance(told, dict) or not isinstance(asked.get("as_of"), str):
        return None
    same = {name: value for name, value in asked.items() if name != "as_of"} == dict(selection)
    if not same or any(told.get(name) != value for name, value in parameters.items()):
        return None
    return _moment(asked["as_of"])


def _moment(value: object) -> datetime | None:
    """Read a moment with its zone; None: it is none."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if read is None or read.tzinfo is None else read


def eta_changes(earlier: Earlier, shipments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Compare shipments under way with those of an earlier answer.

    Returns:
        ``decision_seq, as_of``, and items: ``ended`` (under way then and not now), ``began``, ``newly_late``
        (likelier late than not now, not then), ``later`` and ``sooner`` (`{item, seq, hours}`, the middle moved by
        an hour or more, the farthest first).
    """
    before = {(str(row["item"]), int(_number(row["start_seq"]))): row for row in earlier.rows}
    present = {(one["item"], one["seq"]): one for one in shipments}
    moved, newly_late = [], []
    for key, one in present.items():
        row = before.get(key)
        if row is None or one["state"] == "missing":
            continue
        if (one["late_probability"] or 0) >= LIKELY > _number(row.get("late_probability")):
            newly_late.append(one["item"])
        if (past := _moment(row.get("eta0.5"))) is not None:
            hours = (datetime.fromisoformat(one["eta"]["p50"]) - past).total_seconds() / 3600
            moved.append({"item": one["item"], "seq": one["seq"], "hours": round(hours, 2)})
    return {
        **_basis(earlier),
        "ended": sorted({item for item, _ in before.keys() - present.keys()}),
        "began": sorted({item for item, _ in present.keys() - before.keys()}),
        "newly_late": sorted(newly_late),
        "later": sorted((one for one in moved if one["hours"] >= _MOVED_HOURS), key=lambda one: -one["hours"]),
        "sooner": sorted((one for one in moved if one["hours"] <= -_MOVED_HOURS), key=lambda one: one["hours"]),
    }


def place_changes(earlier: Earlier, sites: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Compare places with those of an earlier answer.

    Returns:
        ``decision_seq, as_of``, and places: ``new_alarms, gone_alarms`` (likelier than not), ``new_worst`` (among
        the five with most queue hours now, not then).
    """
    then = {str(row["place"]) for row in earlier.rows if _number(row.get("alarm_probability")) >= LIKELY}
    now = {site["place"] for site in sites if (site["alarm_probability"] or 0) >= LIKELY}
    worst_then = {str(row["place"]) for row in earlier.rows if _number(row.get("rank")) <= _WORST}
    worst = [site["place"] for site in sites if site["rank"] <= _WORST and site["queue_hours"] > 0]
    return {
        **_basis(earlier),
        "new_alarms": sorted(now - then),
        "gone_alarms": sorted(then - now),
        "new_worst": [place for place in worst if place not in worst_then],
    }


def tell_eta_changes(since: Mapping[str, Any], codes: Codes, time: SiteTime) -> str:
    """Say in a sentence what changed among shipments."""
    from ledger.chain.counting import counted

    parts = [
        f"{counted(len(since[name]), 'shipment')} {words}"
        for name, words in (("ended", "ended"), ("began", "began"), ("newly_late", "became likely late"))
        if since[name]
    ]
    for name, words in (("later", "later"), ("sooner", "sooner")):
        if moved := since[name]:
            far = moved[0]
            parts.append(
                f"{len(moved):,} expected an hour or more {words}, most of all {codes.short(far['item'])} by "
                f"{abs(far['hours']):,.1f} h"
            )
    return _sentence(since, parts, time)


def tell_place_changes(since: Mapping[str, Any], codes: Codes, time: SiteTime) -> str:
    """Say in a sentence what changed among places."""
    parts = []
    for name, words in (
        ("new_alarms", "new alarm at"),
        ("gone_alarms", "no alarm any more at"),
        ("new_worst", "new among the five worst:"),
    ):
        if places := since[name]:
            more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
            parts.append(f"{words} {', '.join(map(codes.short, places[:_NAMED]))}{more}")
    return _sentence(since, parts, time)


def _sentence(since: Mapping[str, Any], parts: Sequence[str], time: SiteTime) -> str:
    told = "; ".join(parts) if parts else "nothing that matters changed"
    return f"Since decision {since['decision_seq']} (as of {time.minute(since['as_of'])}): {told}."


def _basis(earlier: Earlier) -> dict[str, Any]:
    from trace_cli.prediction import moment_text

    return {"decision_seq": earlier.seq, "as_of": moment_text(earlier.as_of)}


def _number(value: object) -> float:
    """Give a number of a record, where floats are decimal text; what is not known is 0."""
    if not isinstance(value, int | float | str):
        return 0.0
    try:
        return float(value)
    except ValueError:
        return 0.0
