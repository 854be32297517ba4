"""The answer of `recall`: as JSON keys, as a table for people, as CSV and as a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.chain.counting import counted
from trace_cli.reports.provenance import gap_keys, number
from trace_cli.reports.recall_words import HEAD, PLACES, STATES

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.recall import Recall, There


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
