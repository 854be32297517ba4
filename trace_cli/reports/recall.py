"""The answer of `recall`: as JSON keys, as a table for people, as CSV and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.chain.counting import counted
from trace_cli.reports.provenance import amount, gap_keys, gap_lines, number
from trace_cli.reports.recall_words import HEAD, PLACES, STATES

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.recall import Affected, Recall, There


def recall_answer(found: Recall, seconds: float, verdict: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Write the keys of `trace.recall/1`."""
    return {
        "schema": "trace.recall/1",
        "lot": found.lot,
        "affected": [
            {
                "id": line.part.uri,
                "kind": line.kind,
                "state": line.part.state,
                "place": line.part.place,
                "container": line.part.container,
                "holder": line.part.holder,
                "quantity": number(line.part.quantity),
                "unit": line.part.unit,
                "last_seq": line.part.last_seq,
                "contact": line.contact,
            }
            for line in found.affected
        ],
        "where": [_there(there) for there in found.where],
        "sold": [_there(there) for there in found.sold],
        "seconds": round(seconds, 3),
        "complete": found.complete,
        "gaps": [gap_keys(gap) for gap in found.gaps],
        "verdict": verdict,
        "warnings": warnings,
    }


def _there(there: There) -> dict[str, Any]:
    return {"place": there.place, "quantity": number(there.quantity), "unit": there.unit, "items": there.items}


def recall_lines(found: Recall, answer: dict[str, Any], codes: Codes) -> list[str]:
    """Tell a recall to people: the list, the places, whom to call, what to block, the gaps, what it rests on."""
    from trace_cli.reports.recall_tables import call_lines

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
            named = [_short(codes, one) for one in (part.place, part.holder, part.container)]
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


def check_suffix(path: Path) -> None:
    """Refuse a file of another format, before anything is recorded.

    Raises:
        CommandError: There is no such format.
    """
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if path.suffix not in (".json", ".csv", ".xlsx"):
        raise CommandError(
            ExitCode.USAGE,
            f"{path}: a recall is written as .xlsx, .csv or .json",
            remedy=f"-o {path.stem}.xlsx; a page to print: trace report recall LOT -o {path.stem}.html",
        )


def write_recall(path: Path, found: Recall, answer: dict[str, Any], codes: Codes) -> None:
    """Write the list to a file, with the format of its suffix.

    Raises:
        CommandError: The file cannot be written.
    """
    from trace_cli.formats.answer import to_json, write_file

    if path.suffix == ".json":
        write_file(path, to_json(answer, indent=2) + "\n")
    elif path.suffix == ".csv":
        from trace_cli.formats.csv_text import csv_text

        write_file(path, csv_text(HEAD, _rows(found, codes)))
    elif path.suffix == ".xlsx":
        from trace_cli.formats.tabular import Table
        from trace_cli.formats.workbook import write_workbook

        places = [(_short(codes, at.place), number(at.quantity), at.unit, at.items) for at in found.where]
        sold = [(_short(codes, at.place), number(at.quantity), at.unit, at.items) for at in found.sold]
        gaps = [
            (gap.kind, codes.short(gap.item), ", ".join(map(str, gap.seqs)), gap.message, gap.remedy)
            for gap in found.gaps
        ]
        write_workbook(
            path,
            [
                Table("recall", HEAD, _rows(found, codes)),
                Table("now at", PLACES, places),
                Table("sold at", PLACES, sold),
                Table("gaps", ("kind", "item", "entries", "what", "record that would mend it"), gaps),
                Table("proof", ("what", "value"), _proof(found, answer)),
            ],
        )


def _proof(found: Recall, answer: dict[str, Any]) -> list[tuple[object, ...]]:
    verdict = answer["verdict"]
    return [
        ("lot", found.lot),
        ("complete", "yes" if answer["complete"] else f"NO: {counted(len(found.gaps), 'gap')}, see the sheet"),
        ("events proven", str(verdict["entries_proven"])),
        ("signed head, entries", str(verdict["size"])),
        ("anchor", verdict["anchor"]),
        ("seconds", str(answer["seconds"])),
    ]


def _rows(found: Recall, codes: Codes) -> list[tuple[object, ...]]:
    return [
        (
            codes.short(line.part.uri),
            STATES.get(line.part.state, line.part.state),
            _short(codes, line.part.place),
            _short(codes, line.part.container),
            _short(codes, line.part.holder),
            number(line.part.quantity),
            line.part.unit,
            line.contact,
            line.part.last_seq,
        )
        for line in found.affected
    ]


def _short(codes: Codes, uri: str | None) -> str:
    return "" if uri is None else codes.short(uri)
