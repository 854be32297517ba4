"""The answer of `eta`: JSON for programs, a table for people, rows for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from trace_cli.formats.answer import say
from trace_cli.formats.csv_text import csv_text
from trace_cli.formats.table import draw_table
from trace_cli.prediction import number

if TYPE_CHECKING:
    from ledger.custody.codes import Codes

SCHEMA: Final = "trace.eta/1"
_NAME_WIDTH: Final = 9
_ITEM_WIDTH: Final = 12
_HEAD: Final = (
    "item", "product", "origin", "destination", "started", "promised", "p10", "p50", "p90", "late_probability",
    "seq",
)  # fmt: skip


def shipment_answers(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Build the list `shipments` of the JSON answer: the likeliest late first, then by the middle arrival."""
    shipments = [
        {
            "item": row["item"],
            "product": _text(row["product"]),
            "origin": _text(row["origin"]),
            "destination": _text(row["destination"]),
            "started": _moment(row["start"]),
            "eta": {"p10": _moment(row["eta0.1"]), "p50": _moment(row["eta0.5"]), "p90": _moment(row["eta0.9"])},
            "late_probability": number(row["late_probability"]),
            "promised": _moment(row["promised"]),
            "seq": int(row["start_seq"]),
        }
        for row in rows
    ]
    shipments.sort(key=lambda one: (-(one["late_probability"] or 0), one["eta"]["p50"], one["item"], one["seq"]))
    return shipments


def eta_csv(answer: Mapping[str, Any]) -> str:
    """Write all shipments as rows."""
    warned = () if answer["verified"] else (False,)
    rows = (
        (
            *(one[name] for name in _HEAD[:6]),
            *(one["eta"][name] for name in _HEAD[6:9]),
            *(one["late_probability"], one["seq"], *warned),
        )
        for one in answer["shipments"]
    )
    return csv_text([*_HEAD, "verified"] if warned else _HEAD, rows)


def write_eta(answer: Mapping[str, Any], codes: Codes) -> None:
    """Tell people.

    Args:
        answer: The JSON answer, cut to what is shown.
        codes: How URIs are shortened.
    """
    for item in answer["not_under_way"]:
        say(f"{codes.short(item)} is not under way: trace history {codes.short(item)}")
    if not answer["shipments"]:
        say("Nothing that was asked for is under way.")
        return
    head = ["item", "from", "to", "from (10 %)", "middle", "to (90 %)", "late"]
    rows = [
        [
            _last(one["item"], codes),
            *(_short(one[name], codes) for name in ("origin", "destination")),
            *(one["eta"][name][5:16].replace("T", " ") for name in ("p10", "p50", "p90")),
            "-" if one["late_probability"] is None else f"{one['late_probability'] * 100:.0f} %",
        ]
        for one in answer["shipments"]
    ]
    say(draw_table(head, rows, right=(6,)))
    say(
        "\nMonth, day and hour are UTC; late is the probability of arriving after the\npromise (-: none was made)."
    )


def _last(uri: str, codes: Codes) -> str:
    """Cut a long code from its front: what tells things apart, lot or serial number, stands at its end."""
    name = codes.short(uri)
    return name if len(name) <= _ITEM_WIDTH else f"...{name[3 - _ITEM_WIDTH :]}"


def _short(uri: str | None, codes: Codes) -> str:
    name = "?" if uri is None else codes.short(uri)
    half = (_NAME_WIDTH - 3) // 2
    return name if len(name) <= _NAME_WIDTH else f"{name[:half]}...{name[-half:]}"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> str | None:
    """Write a time to the second, None for none."""
    if value is None or value != value or not isinstance(value, datetime):
        return None
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")
