"""The answers of `decision list` and `decision show`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.formats.answer import say
from trace_cli.formats.table import draw_table

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from ledger.custody.codes import Codes

LIST_SCHEMA: Final = "trace.decision-list/1"
SCHEMA: Final = "trace.decision/1"


def list_row(entry: Entry) -> dict[str, Any]:
    """Build one element of `decisions`; null where a decision says nothing of it."""
    body = _mapping(entry.body)
    return {
        "seq": entry.seq,
        "recorded": entry.rec,
        "by": entry.by,
        "command": plain(body.get("command")),
        "model": plain(body.get("model")),
        "as_of": plain(_mapping(body.get("selection")).get("as_of")),
        "size": plain(_mapping(body.get("checkpoint")).get("size")),
    }


def write_list(rows: list[dict[str, Any]]) -> None:
    """Tell people which decisions there are."""
    if not rows:
        say("No decision is recorded; every forecast records one unless it is asked not to.")
        return
    head = ["seq", "recorded", "by", "command", "as of", "entries"]
    cells = [
        [row["seq"], _minute(row["recorded"]), row["by"], row["command"], _minute(row["as_of"]), row["size"]]
        for row in rows
    ]
    say(draw_table(head, cells, right=(0, 5)))


def write_decision(answer: Mapping[str, Any]) -> None:
    """Tell people what one decision says."""
    say(f"Decision {answer['seq']}, recorded {answer['recorded']} by {answer['by']}")
    _write_part(answer["body"], "  ")


def write_replay(answer: Mapping[str, Any]) -> None:
    """Tell people whether a decision came out the same."""
    size, present = answer["checkpoint"]["size"], answer["present_size"]
    say(f"Decision {answer['seq']} ({answer['command']}): {answer['outcome']}")
    say(f"History: its first {size:,} of {counted(present, 'entry')}, verified, as the decision states them.")
    if not answer["data_same"]:
        say("The table built from this history is another than the one that was recorded.")
    gap = answer["difference"]
    if answer["outcome"] == "same":
        say("Every digit of the result is as it was recorded.")
    elif gap is None:
        say("By how much cannot be told: the entry keeps only the digest of its result.")
    elif gap["column"] is None:
        say(
            f"{gap['cells_different']} of {counted(gap['cells'], 'cell')} differ; none of them is a "
            f"number on both sides."
        )
    else:
        say(f"{gap['cells_different']} of {counted(gap['cells'], 'cell')} differ beyond {answer['tolerance']:g}.")
        say(f"Largest difference: {gap['largest_relative']:.3g} relative, in {gap['column']}")
        if gap["row"]:
            say(f"  of {gap['row']}")
        say(f"Largest absolute difference of any number: {gap['largest_absolute']:.6g}")
    for one in answer["changed"]:
        say(f"Changed since: {one['what']}: {one['recorded']} -> {one['present']}")


def write_score(answer: Mapping[str, Any], codes: Codes, *, top: int) -> None:
    """Tell people how good a forecast was."""
    say(f"Decision {answer['seq']}: {answer['periods']} of {answer['horizon']} periods are complete")
    mean = answer["mean"]
    say(f"MASE {_figure(mean['mase'])}, seasonal naive {_figure(mean['naive_mase'])} (below 1 beats repeating)")
    say(f"Pinball loss over the usual change: {_figure(mean['scaled_pinball'])}")
    nominal = _figure(answer["nominal_coverage"])
    say(f"Inside the band: {_figure(mean['coverage'])} of the periods; {nominal} was promised")
    say(f"Bias: {_figure(mean['bias'])} of mean demand (above 0: too high)\n")
    head = ["series", "periods", "MASE", "naive", "coverage", "bias"]
    cells = [
        [
            "|".join(map(codes.short, row["unique_id"].split("|"))),
            row["periods"],
            *(_figure(row[name]) for name in ("mase", "naive_mase", "coverage", "bias")),
        ]
        for row in answer["series"][:top]
    ]
    say(draw_table(head, cells, right=(1, 2, 3, 4, 5)))
    if len(answer["series"]) > top:
        say(f"\nThe first {top} of {counted(len(answer['series']), 'series')} (--top shows more).")
    if (seq := answer["decision_seq"]) is not None:
        say(f"\nRecorded as decision {seq}: trace decision replay {seq}")


def plain(value: Any) -> Any:
    """Give a canonical value as JSON takes it: a decimal number becomes the nearest float."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def _write_part(value: Any, indent: str) -> None:
    if not isinstance(value, dict):
        say(f"{indent}{value}")
        return
    for key, one in value.items():
        if isinstance(one, dict) and one:
            say(f"{indent}{key}:")
            _write_part(one, indent + "  ")
        else:
            say(f"{indent}{key}: {_one_line(one)}")


def _one_line(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None or value == {} else str(value)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _minute(moment: Any) -> str:
    return str(moment)[:16].replace("T", " ") if moment else ""
