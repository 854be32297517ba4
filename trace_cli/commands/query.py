"""`trace query`: events by the parameters of the EPCIS query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from ledger.custody.master import MasterData
    from ledger.custody.query import Query
    from trace_cli.asking import Asking

_SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("query")(query)


def query(
    parameters: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE...", help="EPCIS parameters; A|B is one or the other.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write an EPCIS query document: .json or .jsonld.")
    ] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Find events by the standard EPCIS query parameters; each event shown is proven first.

    All parameters must hold. Values may be plain codes, GS1 keys or URIs. What was corrected is marked.

    \b
    Examples:
      trace query EQ_bizStep=shipping GE_eventTime=2026-01-01
      trace query 'MATCH_anyEPCClass=9521321123458:24A' orderBy=eventTime eventCountLimit=10 --json
      trace query 'EQ_bizLocation=DOCK-3|DOCK-4' -o events.json
    """
    from ledger.custody.corrections import find_corrections
    from ledger.custody.facts import read_facts
    from ledger.custody.master import MasterData
    from ledger.custody.query import parse_query
    from trace_cli.asking import asking
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_json
    from trace_cli.reports.entry import summary, tell_index

    pairs = []
    for text in parameters:
        name, equals, value = text.partition("=")
        if not equals:
            raise CommandError(
                ExitCode.USAGE,
                f"a parameter reads NAME=VALUE, got {text!r}",
                remedy="trace query EQ_bizStep=shipping",
            )
        pairs.append((name, value))
    if output is not None and output.suffix not in (".json", ".jsonld"):
        raise CommandError(
            ExitCode.USAGE, f"{output}: a query document is written as .json or .jsonld", remedy="-o events.json"
        )
    with asking(ledger) as asked:
        master = MasterData(asked.lookup)
        wanted = parse_query(pairs, asked.site.codes, below=_below(master), attributes=_attributes(master))
        page, following = wanted.arrange(_find(asked, wanted))
        entries = {seq: asked.lookup.reader.entry(seq) for seq, _ in page}
        corrections = find_corrections(asked.lookup, [str(event["eventID"]) for _, event in page])
        gone = {seq for seq, event in page if corrections.of(read_facts(event, seq), entries[seq].via) is not None}
    warnings = tell_index(asked.lookup)
    if output is not None:
        _write_document(output, [event for _, event in page])
    if as_json:
        write_json(
            {
                "schema": "trace.query/1",
                "events": [
                    {
                        "seq": seq,
                        "recorded": entries[seq].rec,
                        "corrected": seq in gone,
                        "event": event,
                    }
                    for seq, event in page
                ],
                "next_page_token": None if following is None else str(following),
                "verdict": {"word": "ok", "anchor": asked.anchor, "size": asked.lookup.reader.size},
                "warnings": warnings,
            }
        )
        return int(ExitCode.OK)
    for seq, event in page[:_SHOWN]:
        mark = "  (corrected)" if seq in gone else ""
        say(f"{seq:>8}  {event['eventTime']}  {summary(entries[seq], asked.site.codes)}{mark}")
    if len(page) > _SHOWN:
        note(f"... and {len(page) - _SHOWN:,} more (--json or -o has them)")
    if following is not None:
        note(f"there are more: nextPageToken={following}")
    if not page:
        _doubt_words(pairs)
    size = asked.lookup.reader.size
    say(
        f"{counted(len(page), 'event')}, each proven against the signed head of "
        f"{counted(size, 'entry')} ({asked.anchor})."
    )
    if output is not None:
        say(f"Written: {output}")
    return int(ExitCode.OK)


def _doubt_words(pairs: Sequence[tuple[str, str]]) -> None:
    """Where nothing was found, say which words are none of the CBV's, and which may have been meant."""
    from difflib import get_close_matches

    from ledger.custody.vocabulary import DISPOSITIONS, STEPS
    from trace_cli.formats.answer import note

    known = {"EQ_bizStep": STEPS, "EQ_disposition": DISPOSITIONS}
    for name, values in pairs:
        for value in values.split("|"):
            if name in known and value.isidentifier() and value not in known[name]:
                near = get_close_matches(value, sorted(known[name]), n=1)
                note(f"{value!r} is no word of the CBV" + (f"; did you mean {near[0]}?" if near else ""))


def _find(asked: Asking, wanted: Query) -> list[tuple[int, Mapping[str, Any]]]:
    """Read what may fit, proven: the entries that name what was asked for, else all."""
    from ledger.custody.privacy import reveal

    reader = asked.lookup.reader
    if wanted.uris is None:
        seqs = list(range(reader.size))
    else:
        seqs = sorted({entry.seq for uri in wanted.uris for entry in asked.lookup.entries_naming(uri)})
    found: list[tuple[int, Mapping[str, Any]]] = []
    for seq in seqs:
        entry = reader.entry(seq)
        if entry.kind != "event":
            continue
        event = reveal(entry.body, asked.lookup.view)
        # The record time of the source counts, else the ledger's own.
        if wanted.fits({"recordTime": entry.rec, **event}):
            found.append((seq, {"recordTime": entry.rec, **event}))
    return found


def _below(master: MasterData) -> Callable[[str], set[str]]:
    def below(uri: str) -> set[str]:
        from ledger.custody.kinds.base import thing_uri

        found: set[str] = set()
        waiting = [uri]
        while waiting:
            place = waiting.pop()
            if place in found:
                continue
            found.add(place)
            record = None if master.is_empty else master.record(place)
            waiting += [thing_uri(child) for child in (record.body.get("children", ()) if record else ())]
        return found

    return below


def _attributes(master: MasterData) -> Callable[[str], Mapping[str, Any]]:
    def attributes(uri: str) -> Mapping[str, Any]:
        record = None if master.is_empty else master.record(uri)
        if record is None:
            return {}
        own = {key: value for key, value in record.body.items() if key not in ("id", "type", "attributes")}
        named = record.body.get("attributes", {})
        return {**own, **{key.rsplit("#", 1)[-1]: value for key, value in named.items()}, **named}

    return attributes


def _write_document(path: Path, events: list[Mapping[str, Any]]) -> None:
    """Write an EPCIS query document (EPCIS 2.0 section 9.7)."""
    from ledger.chain import canonical
    from ledger.custody.exchange.epcis_json_writer import with_context
    from ledger.custody.json_context import STANDARD_ADDRESS
    from trace_cli.context import now
    from trace_cli.formats.answer import write_file

    document = {
        "@context": [STANDARD_ADDRESS],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "epcisBody": {
            "queryResults": {
                "queryName": "SimpleEventQuery",
                "resultsBody": {"eventList": [with_context(event) for event in events]},
            }
        },
    }
    write_file(path, canonical.encode(document).decode("utf-8") + "\n")
