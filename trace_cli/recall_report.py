"""`trace report recall`: a recall on paper, or as a workbook, for those who must act on it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.custody.codes import Codes
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.provenance.recall import Recall, United
    from trace_cli.asking import Asking
    from trace_cli.reports.recall_tables import Mock

SCHEMA: Final = "trace.report.recall/1"


def report_recall(lots: Sequence[str], *, output: Path, ledger: Path | None, as_json: bool) -> int:
    """Write the report; the options are those of `trace report recall`.

    Raises:
        CommandError: The suffix is another, or no event names a lot.
        Untrue: An event that the report needs does not hold.
    """
    from ledger.custody.master import MasterData, named
    from ledger.custody.provenance.recall import find_recall, unite
    from trace_cli.asking import asking
    from trace_cli.evidence import keep_checkpoint
    from trace_cli.formats.answer import say, write_json
    from trace_cli.recall_hold import held_now

    if output.suffix not in (".html", ".xlsx"):
        raise CommandError(
            ExitCode.USAGE, f"-o takes .html or .xlsx, got {output.name!r}", remedy="-o recall.html"
        )
    begun = time.monotonic()
    with asking(ledger) as asked:
        lookup = asked.lookup
        uris = list(dict.fromkeys(asked.find(lot, SCHEMA) for lot in lots))
        master = MasterData(lookup)
        recalls = [
            find_recall(lookup, uri, contact=master.contact, tolerance=master.tolerance, unit_of=master.unit)
            for uri in uris
        ]
        united = unite(recalls)
        held, mocks = held_now(lookup), _mocks(lookup, set(uris))
        names = master.names(_named_uris(recalls, united))
        signed = lookup.reader.signed
    seconds = round(time.monotonic() - begun, 3)
    sources = {seq for found in recalls for seq in found.answer.graph.source.records}
    elsewhere = recalls[0].answer.graph.elsewhere
    verdict, warnings = asked.verdict(len(sources), elsewhere), asked.warnings(elsewhere)
    codes = named(asked.site.codes, names)
    keep_checkpoint(asked.site, signed)
    _write(output, asked, recalls, united, (held, mocks), codes, signed, verdict, warnings)
    if as_json:
        answer = {
            "schema": SCHEMA,
            "lots": uris,
            "file": str(output),
            "affected": len(united.affected),
            "complete": united.complete,
            "gaps": len(united.gaps),
            "mock_recalls": [mock.seq for mock in mocks],
            "seconds": seconds,
            "verdict": verdict,
            "checkpoint": {"size": signed.head.size, "root": signed.head.root.hex()},
            "warnings": warnings,
        }
        write_json(answer)
    else:
        state = "complete" if united.complete else f"NOT COMPLETE, {counted(len(united.gaps), 'gap')}"
        say(f"{counted(len(united.affected), 'line')}, {state}: {output}")
    return int(ExitCode.OK)


def _named_uris(recalls: Sequence[Recall], united: United) -> Iterator[str | None]:
    for found in recalls:
        for node in found.answer.nodes:
            yield from (node.uri, node.product, node.place, node.holder)
    for line in united.affected:
        yield from (line.part.place, line.part.holder, line.part.container)


def _mocks(lookup: Lookup, lots: set[str]) -> list[Mock]:
    """List the exercises on these lots, newest first."""
    from ledger.custody.provenance.recall import MOCK_KIND
    from trace_cli.reports.recall_tables import Mock

    found = []
    for entry in lookup.entries_of_kind(MOCK_KIND):
        body = entry.body
        if isinstance(body, Mapping) and body.get("lot") in lots and body.get("mock") is True:
            found.append(Mock(entry.seq, entry.rec, body["lot"], body))
    return found[::-1]


def _write(
    output: Path,
    asked: Asking,
    recalls: Sequence[Recall],
    united: United,
    beside: tuple[dict[str, int], list[Mock]],
    codes: Codes,
    signed: SignedCheckpoint,
    verdict: dict[str, Any],
    warnings: list[str],
) -> None:
    from trace_cli.context import now
    from trace_cli.formats.answer import write_file
    from trace_cli.formats.report_page import report_page
    from trace_cli.formats.tabular import Table
    from trace_cli.formats.workbook import write_workbook
    from trace_cli.reports.provenance_tables import with_symbols
    from trace_cli.reports.recall_spread import draw_spread
    from trace_cli.reports.recall_tables import recall_tables

    tables = recall_tables(united, *beside, codes, several=len(recalls) > 1)
    loose = sum(row[9] == "NO" for row in next(table for table in tables if table.title == "Affected").rows)
    plain = asked.site.codes.short
    more = "More may be affected than is listed."
    block = " and ".join(f"trace hold --recall {shlex.quote(plain(found.lot))}" for found in recalls)
    alert = None if united.complete else f"NOT COMPLETE: {_gaps(len(united.gaps))}. {more}"
    about = [
        f"{asked.site.origin}: {', '.join(codes.short(found.lot) for found in recalls)}",
        f"Written {now():%Y-%m-%d %H:%M} UTC. {counted(verdict['entries_proven'], 'event')} proven "
        f"first, against the "
        f"signed head of {counted(verdict['size'], 'entry')} ({verdict['anchor']}), which stands at the end.",
        *(["Complete: history supports every link."] if united.complete else []),
        *([f"Still there and not on hold: {counted(loose, 'line')} of goods. Block: {block}"] if loose else []),
        *warnings,
    ]
    if output.suffix == ".xlsx":
        proof = Table("Proof", ("What",), [*((line,) for line in signed.note.rstrip("\n").split("\n"))])
        summary = Table("Summary", ("What",), [(line,) for line in [*([alert] if alert else []), *about]])
        write_workbook(output, [summary, *tables, proof])
        return
    title = "Recall: " + ", ".join(codes.short(found.lot) for found in recalls)
    picture = draw_spread(recalls, united.affected, codes)
    quoted = [("The signed head that proves it (trace verify LEDGER --against FILE)", signed.note)]
    told = with_symbols(tables)
    write_file(output, report_page(title, about, told, pictures=[picture], alert=alert, quoted=quoted))


def _gaps(count: int) -> str:
    return f"{counted(count, 'gap')} in history, named below with what mends each"
