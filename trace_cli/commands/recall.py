"""`trace recall`: everything that holds a lot, where it is now, who has it, how much, and whom to call."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from ledger.custody.provenance.recall import Recall
    from trace_cli.asking import Asking


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recall")(recall)


def recall(
    lot: Annotated[str, typer.Argument(help="PRODUCT:LOT, a code, or a URI.", autocompletion=complete_things)],
    mock: Annotated[
        bool, typer.Option("--mock", help="An exercise: time it, and record that and how it went.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the list to a file: .xlsx, .csv or .json.")
    ] = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """List everything that holds a lot at any depth, where that is now, who has it, how much, and whom to call.

    Every event that the list rests on is proven first. With --mock the exercise is timed and an entry of it
    recorded.

    \b
    Examples:
      trace recall 99521234009019:Y26029-ROM
      trace recall 99521234009019:Y26029-ROM -o recall.xlsx
      trace recall 99521234009019:Y26029-ROM --mock
    """
    from ledger.custody.master import MasterData, named
    from ledger.custody.provenance.recall import find_recall
    from trace_cli.asking import asking
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.recall_hold import held_now, hold_answer
    from trace_cli.reports.recall import check_suffix, recall_answer, write_recall
    from trace_cli.reports.recall_screen import recall_lines

    if output is not None:
        check_suffix(output)
    begun = time.monotonic()
    with asking(ledger) as asked:
        uri = asked.find(lot, "trace.recall/1")
        master = MasterData(asked.lookup)
        found = find_recall(
            asked.lookup, uri, contact=master.contact, tolerance=master.tolerance, unit_of=master.unit
        )
        parts = [line.part for line in found.affected]
        held = held_now(asked.lookup)
        names = master.names(uri for part in parts for uri in (part.uri, part.place, part.holder))
    seconds = time.monotonic() - begun
    graph = found.answer.graph
    warnings = asked.warnings(graph.elsewhere)
    verdict = asked.verdict(len(graph.source.records), graph.elsewhere)
    hold = hold_answer(found.lot, found.affected, held, asked.site.codes)
    answer = {**recall_answer(found, seconds, verdict, warnings), "hold": hold, "names": names}
    codes = named(asked.site.codes, names)
    if mock:
        answer["mock"] = _record_mock(asked, found, answer, by)
    if output is not None:
        write_recall(output, found, answer, codes)
    if as_json:
        write_json(answer)
        return int(ExitCode.OK)
    for line in recall_lines(found, answer, codes):
        say(line)
    if output is not None:
        say(f"Written: {output}")
    if mock:
        say(f"OK  mock recall  entry {answer['mock']['seq']} keeps it: {seconds:.2f} s, signed with the head.")
    return int(ExitCode.OK)


def _record_mock(asked: Asking, found: Recall, answer: dict[str, Any], by: str | None) -> dict[str, Any]:
    """Record the exercise as an entry: what was asked, on which head, what was found, how long it took."""
    from decimal import Decimal

    from ledger.custody.provenance.recall import MOCK_KIND

    head = asked.lookup.reader.head
    body = {
        "lot": found.lot,
        "mock": True,
        "checkpoint": {"size": head.size, "root": head.root.hex()},
        "affected": len(found.affected),
        "places": [
            {"place": there.place, "quantity": there.quantity, "unit": there.unit} for there in found.where
        ],
        "gaps": len(found.gaps),
        "complete": found.complete,
        "entries_proven": answer["verdict"]["entries_proven"],
        "seconds": Decimal(str(answer["seconds"])),
    }
    with asked.site.recording() as recorder:
        done = recorder.record_other(MOCK_KIND, body, by=asked.site.operator(by), via="typed")
    return {"seq": done.first, "size": done.head.size, "seconds": answer["seconds"]}
