"""What `recall` prints: the list, the places, whom to call, what to block, the gaps, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ledger.chain.counting import counted
from trace_cli.reports.provenance import amount, gap_lines
from trace_cli.reports.recall_tables import calls_table
from trace_cli.reports.recall_words import STATES

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.recall import Affected, Recall


def recall_lines(found: Recall, answer: dict[str, Any], codes: Codes) -> list[str]:
    """Tell a recall to people: the list, the places, whom to call, what to block, the gaps, what it rests on."""
    lines = [f"RECALL {codes.short(found.lot)}   {counted(len(found.affected), 'line')}"]
    lines += _grouped(found.affected, codes)
    for head, places in (("Now at", found.where), ("Sold at", found.sold)):
        told = [
            f"{codes.short(at.place) if at.place else 'place unknown'} "
            f"{amount(at.quantity, at.unit) or counted(at.items, 'thing')}"
            for at in places
        ]
        lines.append(f"{head}: {', '.join(told) or 'nowhere'}")
    lines += call_lines(found.affected, codes)
    lines.append(_hold_line(answer["hold"], found.lot))
    lines += gap_lines(found.gaps, codes)
    verdict = answer["verdict"]
    count = len(found.gaps)
    lines.append(
        "Complete: history supports every link."
        if answer["complete"]
        else f"NOT COMPLETE: {counted(count, 'gap')} in history, named above."
    )
    lines.append(
        f"{answer['seconds']:.2f} s; {counted(verdict['entries_proven'], 'event')} proven against the "
        f"signed head of "
        f"{counted(verdict['size'], 'entry')} ({verdict['anchor']})."
    )
    return lines


def _grouped(affected: Sequence[Affected], codes: Codes) -> list[str]:
    """Draw the list, what is of one thing together under its name, which is long and the same for all of it."""
    from trace_cli.formats.table import draw_table

    groups: dict[str, list[Affected]] = {}
    for line in affected:
        groups.setdefault(line.part.uri, []).append(line)
    titles: dict[int, str] = {}
    rows: list[tuple[object, ...]] = []
    for uri, lines in groups.items():
        titles[len(rows)] = codes.short(uri)
        for part in (line.part for line in lines):
            state = STATES.get(part.state, part.state)
            named = [codes.short(one) if one else "" for one in (part.place, part.holder, part.container)]
            rows.append((state, amount(part.quantity, part.unit), *named, f"entry {part.last_seq}"))
    head: tuple[str, ...] = ("state", "quantity", "place", "holder", "container", "last")
    if not any(row[4] for row in rows):
        head, rows = (*head[:4], head[5]), [(*row[:4], row[5]) for row in rows]
    return draw_table(head, rows, right=(1,), indent="  ", titles=titles).splitlines() if rows else []


def _hold_line(hold: dict[str, Any], lot: str) -> str:
    """Say what may still be passed on, and the one command that blocks it."""
    free = [uri for uri in hold["free"] if uri != lot]
    if not hold["free"]:
        return "On hold: the lot, and all that is still there of what holds it."
    what = [*(["the lot itself"] if lot in hold["free"] else []), *([counted(len(free), "thing")] if free else [])]
    told = " and ".join(what) + (" that hold it" if len(free) > 1 else " that holds it" if free else "")
    return f"NOT ON HOLD: {told}. Block: {hold['command']}"


def call_lines(affected: Sequence[Affected], codes: Codes) -> list[str]:
    """Tell whom to call, a line each."""
    return [
        f"Call {'whoever is there' if row[0] == 'unknown' else row[0]}: {row[1]}; "
        + "; ".join(f"{word} {amounts}" for word, amounts in (("has", row[2]), ("sold", row[3])) if amounts)
        + f" at {row[4]}"
        for row in calls_table(affected, codes).rows
    ]
