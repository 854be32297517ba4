"""How cases are shown: as JSON, as text, as a page to hand out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.chain.counting import counted
from trace_cli.formats.answer import say
from trace_cli.formats.tabular import Table

if TYPE_CHECKING:
    from ledger.custody.cases import Case
    from ledger.custody.codes import Codes
    from ledger.custody.item_history import ItemHistory


def case_answer(case: Case) -> dict[str, Any]:
    """Write a case for programs."""
    closing = case.closing
    return {
        "case": case.seq,
        "state": case.state,
        "item": case.item,
        "code": case.code,
        "reason": case.reason,
        "by": case.by,
        "opened": case.opened,
        "hold": case.hold,
        "findings": list(case.findings),
        "events": list(case.events),
        "decided": None
        if closing is None
        else {
            "seq": closing.seq,
            "recorded": closing.recorded,
            "by": closing.by,
            "reason": closing.reason,
            "release": closing.release,
        },
    }


def event_answers(history: ItemHistory) -> list[dict[str, Any]]:
    """Write what happened to the thing, oldest first."""
    from ledger.custody.times import utc_text

    return [
        {
            "seq": line.event.seq,
            "time": utc_text(line.event.facts.time),
            "step": line.event.facts.step,
            "place": line.event.facts.place,
            "via": line.event.via,
            "by": line.event.by,
            "corrected": line.corrected,
        }
        for line in history.lines
    ]


def write_list(cases: list[dict[str, Any]], codes: Codes, *, closed: int) -> None:
    """Show cases, one a line."""
    from trace_cli.formats.table import draw_table

    rows = [
        (one["case"], one["state"], codes.short(one["item"]), one["opened"][:16], one["by"], one["reason"][:60])
        for one in cases
    ]
    if rows:
        say(draw_table(("case", "state", "item", "opened", "by", "reason"), rows, right=(0,)))
    else:
        say("There is no open case." if closed else "There is no case.")
    if closed:
        say(f"{closed} closed: trace case list --all")


def write_case(answer: dict[str, Any], codes: Codes) -> None:
    """Show one case."""
    for line in _about(answer, codes):
        say(line)
    say("History:")
    for one in answer["history"]:
        say("  " + "  ".join(str(cell) for cell in _row(one, codes) if cell is not None))


def case_page(answer: dict[str, Any], codes: Codes) -> str:
    """Write one case as a page: what a trading partner or an authority asks for first."""
    from trace_cli.formats.report_page import report_page

    head = ("entry", "time", "step", "place", "recorded by", "how", "remark")
    history = Table("History", head, [_row(one, codes) for one in answer["history"]])
    return report_page(f"Case {answer['case']}: {codes.short(answer['item'])}", _about(answer, codes), [history])


def _about(answer: dict[str, Any], codes: Codes) -> list[str]:
    decided, evidence, proven = answer["decided"], answer["evidence"], answer["proven"]
    lines = [
        f"Case {answer['case']}, {answer['state']}: {codes.short(answer['item'])} ({answer['item']})",
        f"Opened {answer['opened']} by {answer['by']}: {answer['reason']}",
    ]
    if answer["findings"]:
        lines.append(f"Findings: {', '.join(answer['findings'])}")
    if decided is not None:
        what = f"{answer['state'].capitalize()} {decided['recorded']} by {decided['by']} (entry {decided['seq']})"
        lines.append(f"{what}: {decided['reason']}")
    held = "; ".join(f"{word} since entry {min(seqs)}" for word, seqs in answer["held"].items())
    lines.append(f"On hold: {held}" if held else "Not on hold")
    if evidence["sha256"]:
        lines.append(f"Evidence: {evidence['file']} ({evidence['state']}), SHA-256 {evidence['sha256']}")
    else:
        lines.append("Evidence: none, no event named it when the case was opened")
    lines.append(f"Proven against the signed head of {proven['origin']}, {counted(proven['size'], 'entry')}")
    return lines


def _row(one: dict[str, Any], codes: Codes) -> tuple[Any, ...]:
    place = None if one["place"] is None else codes.short(one["place"])
    step = (one["step"] or "").rsplit("/", 1)[-1]
    return one["seq"], one["time"], step, place, one["by"], one["via"], "withdrawn" if one["corrected"] else None
