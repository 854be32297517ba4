"""`trace export fsma`: the electronic sortable spreadsheet of 21 CFR 1.1455(c)(3)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from ledger.custody.fsma.sheets import Scope, Workbook

_SUFFIXES = (".xlsx", ".csv")
_SHOWN = 6


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("fsma")(fsma)


def fsma(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="FILE.xlsx, or FILE.csv (and FILE-missing.csv ...).")
    ],
    product: Annotated[
        list[str] | None, typer.Option("--product", help="Only this product; may be repeated.")
    ] = None,
    lot: Annotated[
        list[str] | None, typer.Option("--lot", help="Only this traceability lot code; may be repeated.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First day of the events.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day of the events.")] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write the records of the food traceability rule (FSMA 204): a sheet for each critical tracking event.

    The key data elements of 21 CFR 1.1325 to 1.1350, sheets for locations, products and the glossary, and a sheet
    that lists each missing element with its record and section. The whole history is verified first.

    \b
    Examples:
      trace export fsma -o fsma.xlsx
      trace export fsma --lot P26030-MIX -o lot.xlsx
      trace export fsma --product 9521234000037 --from 2026-01-01 --to 2026-01-31 -o january.csv
    """
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.food import make_scope, read_workbook
    from trace_cli.formats.answer import write_json
    from trace_cli.formats.workbook import write_workbook

    begun = time.monotonic()
    if output.suffix not in _SUFFIXES:
        raise CommandError(ExitCode.USAGE, f"-o takes .xlsx or .csv, got {output.name!r}", remedy="-o fsma.xlsx")
    site = find_site(ledger)
    scope = make_scope(site, product or [], lot or [], first, last)
    book, head = read_workbook(site, scope)
    if output.suffix == ".xlsx":
        write_workbook(output, book.sheets)
        files = [output]
    else:
        files = _write_tables(output, book)
    answer = {
        "schema": "trace.export.fsma/1",
        "files": [str(path) for path in files],
        "rows": {key: len(sheet.rows) for key, sheet in book.events.items()},
        "missing": len(book.missing.rows),
        "left_out": book.unnamed,
        "checkpoint": head,
        "seconds": round(time.monotonic() - begun, 3),
    }
    if as_json:
        write_json(answer)
    else:
        _tell(answer, book, scope)
    return int(ExitCode.OK)


def _write_tables(output: Path, book: Workbook) -> list[Path]:
    """Write all events as one table, to be sorted as a whole, and a file for each further sheet beside it."""
    from trace_cli.formats.answer import write_file
    from trace_cli.formats.csv_text import csv_text

    columns = list(dict.fromkeys(name for sheet in book.events.values() for name in sheet.head))
    rows = []
    for sheet in book.events.values():
        at = {name: number for number, name in enumerate(sheet.head)}
        for row in sheet.rows:
            rows.append([sheet.title, *(row[at[name]] if name in at else None for name in columns)])
    write_file(output, csv_text(["Critical tracking event", *columns], rows))
    files = [output]
    for sheet in (book.locations, book.products, book.missing, book.glossary):
        path = output.with_name(f"{output.stem}-{sheet.title.lower()}.csv")
        write_file(path, csv_text(sheet.head, sheet.rows))
        files.append(path)
    return files


def _tell(answer: dict[str, Any], book: Workbook, scope: Scope) -> None:
    from trace_cli.formats.answer import note, say

    said = ", ".join(f"{len(sheet.rows)} {sheet.title.lower()}" for sheet in book.events.values() if sheet.rows)
    say(f"{counted(book.count, 'row')} ({said or 'none'}) of verified history: {answer['files'][0]}")
    if not book.count and (scope.lots or scope.products):
        note("nothing of that product or lot in those days; trace log shows what is there")
    if book.unnamed:
        say(f"Left out: {counted(book.unnamed, 'event')} of things of no known product or lot")
    if book.missing.rows:
        _tell_missing(book, answer["files"])
    else:
        say("No element is missing.")


def _tell_missing(book: Workbook, files: list[str]) -> None:
    """Tell what is missing, the element that is missing most often first, and where all of it is listed."""
    from trace_cli.formats.answer import say

    entries: dict[str, list[str]] = {}
    for row in book.missing.rows:
        entries.setdefault(f"{row[3]} ({row[4]})", []).append(str(row[0]))
    ranked = sorted(entries.items(), key=lambda one: -len(one[1]))
    shown = ranked[:_SHOWN]
    say(
        f"Missing: {counted(len(book.missing.rows), 'element')}, each named with its record and "
        f"section. Most often:"
    )
    for element, named in shown:
        say(f"  {len(named):>5,} x {element}, first in {named[0]}")
    left = sum(len(named) for _, named in ranked[_SHOWN:])
    where = next((name for name in files if name.endswith("-missing.csv")), None)
    listed = where or f"the sheet {book.missing.title} of {files[0]}"
    say((f"  and {left:,} more; all of them: " if left else "  all of them: ") + listed)
