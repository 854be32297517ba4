"""`trace report`: a recall, where a thing comes from or went, how operations stand: to print or as a workbook."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things


class Direction(StrEnum):
    """Which way to look."""

    BACK = "back"
    FORWARD = "forward"


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Write reports to print or to file.")
    group.command("recall")(recall)
    group.command("provenance")(provenance)
    group.command("operations")(operations)
    app.add_typer(group, name="report")


def recall(
    lots: Annotated[
        list[str],
        typer.Argument(metavar="LOT...", help="PRODUCT:LOT, codes, or URIs.", autocompletion=complete_things),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.html or FILE.xlsx.")],
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write a recall to act on: whom to call, what is affected, where it is, how much, what is not on hold.

    With a picture of the spread, the gaps, the mock recalls on record, and the signed head that proves it. What
    holds several of the lots is listed and counted once.

    \b
    Examples:
      trace report recall 99521234009019:Y26029-ROM -o recall.html
      trace report recall 99521234009019:Y26029-ROM 9521234000037:P26030-MIX -o recall.xlsx
    """
    from trace_cli.recall_report import report_recall

    return report_recall(lots, output=output, ledger=ledger, as_json=as_json)


def provenance(
    item: Annotated[str, typer.Argument(help="A code, PRODUCT:LOT, or a URI.", autocompletion=complete_things)],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.html or FILE.xlsx.")],
    direction: Annotated[Direction, typer.Option("--direction", help="Which way to look.")] = Direction.BACK,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write what `trace back` or `trace forward` finds as a page that prints well, or as a workbook.

    Things, links, mass balance, and every gap with what mends it. It is a report: whoever does not trust you needs
    evidence instead, see `trace passport`.

    \b
    Examples:
      trace report provenance 9521234000037:P26030-MIX -o lot.html
      trace report provenance 99521234009019:Y26029-ROM --direction forward -o lot.xlsx
    """
    from ledger.custody.master import MasterData, named
    from ledger.custody.provenance.answer import make_answer
    from ledger.custody.provenance.graph import trace
    from trace_cli.asking import asking
    from trace_cli.context import now
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_file, write_json
    from trace_cli.formats.report_page import report_page
    from trace_cli.formats.workbook import write_workbook
    from trace_cli.reports.provenance_tables import provenance_tables, with_symbols

    if output.suffix not in (".html", ".xlsx"):
        raise CommandError(
            ExitCode.USAGE, f"-o takes .html or .xlsx, got {output.name!r}", remedy="-o report.html"
        )
    with asking(ledger) as asked:
        uri = asked.find(item, "trace.report.provenance/1")
        master = MasterData(asked.lookup)
        answer = make_answer(trace(asked.lookup, uri, direction.value), master.tolerance, master.unit)
        names = master.names(
            told for node in answer.nodes for told in (node.uri, node.product, node.place, node.holder)
        )
        head = asked.lookup.reader.head
    verdict = asked.verdict(len(answer.graph.source.records), answer.graph.elsewhere)
    warnings = asked.warnings(answer.graph.elsewhere)
    codes = named(asked.site.codes, names)
    tables = provenance_tables(answer, codes.short)
    about = [
        f"Written {now():%Y-%m-%d %H:%M} UTC from the ledger {head.origin}, {counted(head.size, 'entry')}, root "
        f"{head.root.hex()} ({verdict['anchor']}); {counted(verdict['entries_proven'], 'event')} proven first.",
        *(["Complete: history supports every link."] if answer.complete else []),
    ]
    alert = (
        None if answer.complete else f"NOT COMPLETE: {counted(len(answer.gaps), 'gap')} in history, named below."
    )
    if output.suffix == ".xlsx":
        write_workbook(output, tables)
    else:
        word = "Trace back" if direction is Direction.BACK else "Trace forward"
        title, told = f"{word}: {codes.short(uri)}", with_symbols(tables)
        write_file(output, report_page(title, [*about, *warnings], told, alert=alert))
    if as_json:
        found = {"schema": "trace.report.provenance/1", "item": uri, "file": str(output), "verdict": verdict}
        write_json({**found, "complete": answer.complete, "gaps": len(answer.gaps), "warnings": warnings})
    else:
        counts = ((len(answer.nodes), "thing"), (len(answer.links), "link"), (len(answer.gaps), "gap"))
        said = (f"{count} {word}" if count == 1 else f"{count} {word}s" for count, word in counts)
        say(f"{', '.join(said)}: {output}")
    return int(ExitCode.OK)


def operations(
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.html or FILE.xlsx.")],
    period: Annotated[str, typer.Option("--period", help="Period to compare: h, D, W, M, Q or Y.")] = "W",
    as_of: options.AsOf = None,
    unverified: options.Unverified = False,
    full: options.Full = False,
    no_record: options.NoRecord = False,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write how operations stand: a flow map, the waiting at each place, alarms, what is under way and likely
    late.

    It names the checkpoint that it rests on and the decision entry in which it was recorded.

    \b
    Examples:
      trace report operations -o operations.html
      trace report operations --period D --as-of 2026-02-01 -o operations.xlsx
    """
    from trace_cli.operations import report_operations

    return report_operations(
        output=output,
        period=period,
        as_of=as_of,
        unverified=unverified,
        full=full,
        no_record=no_record,
        ledger=ledger,
        as_json=as_json,
    )
