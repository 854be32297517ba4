"""`trace export epcis`: events as an EPCIS document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from ledger.chain.reader import AuthenticReader
    from ledger.chain.storage.sqlite import SqliteView
    from ledger.custody.exchange.epcis_document import VocabularyElement
    from ledger.custody.exchange.epcis_xml_writer import Unsayable
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import Site

_SHOWN = 5


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("epcis")(export_epcis)


def export_epcis(
    form: Annotated[str, typer.Option("--format", help="json (JSON-LD) or xml.")] = "json",
    version: Annotated[str, typer.Option("--version", help="2.0, or 1.2 as XML.")] = "2.0",
    items: Annotated[
        list[str] | None, typer.Option("--item", help="Only events that name this thing; may be repeated.")
    ] = None,
    no_master: Annotated[
        bool, typer.Option("--no-master-data", help="Leave out names and addresses of what the events name.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Leave out what the format cannot say.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it (default: standard output).")
    ] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write recorded events as an EPCIS document, each proven against the signed head.

    The header holds the master data of the places, parties and products that the events name, without contacts.
    Private values stand in the document as far as this ledger holds them. What XML or EPCIS 1.2 has no place for
    is named, and nothing is written unless --drop is given.

    \b
    Examples:
      trace export epcis -o events.jsonld
      trace export epcis --format xml --version 1.2 -o events.xml
      trace export epcis --item 9521321123458:24A --format xml
    """
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import find_site, now
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_file, write_json

    if form not in ("json", "xml") or version not in ("1.2", "2.0"):
        raise CommandError(
            ExitCode.USAGE,
            f"--format is json or xml and --version 2.0 or 1.2, got {form!r} and {version!r}",
            remedy="trace export epcis --format xml --version 2.0",
        )
    if (form, version) == ("json", "1.2"):
        raise CommandError(
            ExitCode.USAGE, "EPCIS 1.2 has no JSON", remedy="trace export epcis --format xml --version 1.2"
        )
    site = find_site(ledger)
    withheld: list[int] = []
    left: list[Unsayable] = []
    created = now().strftime("%Y-%m-%dT%H:%M:%SZ")
    with site.proving() as (view, reader):
        events = [
            event
            for seq in _wanted(site, view, reader, items or [])
            if (event := _event(view, reader, seq, withheld)) is not None
        ]
        master = [] if no_master else _master(Lookup(view, reader), events)
    text = "".join(_write(events, form, version, created, left, master, site.origin))
    if left and not drop:
        shown = "; ".join(f"{one.event_id} {one.field}: {one.reason}" for one in left[:_SHOWN])
        more = f"; and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        raise CommandError(
            ExitCode.REFUSED,
            f"{form} {version} cannot say all of it, so nothing was written: {shown}{more}",
            remedy="leave it out with --drop, or export EPCIS 2.0 in JSON: trace export epcis -o FILE.jsonld",
        )
    if output is not None:
        write_file(output, text)
    if withheld:
        note(
            f"warning: left out, as this ledger does not hold them: {counted(len(withheld), 'value')}, "
            f"as in entry {withheld[0]}"
        )
    if left:
        note(f"warning: dropped, as {form} {version} cannot say them: {counted(len(left), 'field')}")
    answer = {
        "schema": "trace.export/1",
        "format": form,
        "version": version,
        "events": len(events),
        "master": len(master),
        "file": str(output) if output else None,
        "dropped": [{"event_id": one.event_id, "field": one.field, "reason": one.reason} for one in left],
        "withheld": len(withheld),
    }
    if as_json:
        write_json(answer if output else {**answer, "document": text})
    elif output is None:
        say(text.rstrip("\n"))
    else:
        say(f"Wrote {counted(len(events), 'event')}, EPCIS {version}: {output}")
    return int(ExitCode.OK)


def _wanted(site: Site, view: SqliteView, reader: AuthenticReader, items: list[str]) -> Iterable[int]:
    """List the entries that are asked for: all, or those that name an item."""
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.item_history import NotFoundError, resolve
    from trace_cli.completion import what_was_meant
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.reports.entry import tell_index

    if not items:
        return range(reader.size)
    lookup = Lookup(view, reader)
    seqs: set[int] = set()
    for item in items:
        try:
            seqs.update(entry.seq for entry in lookup.entries_naming(resolve(lookup, site.codes, item)))
        except NotFoundError:
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"no event names {item!r}",
                remedy=what_was_meant(view.connection, site.codes.domain, item),
            ) from None
    tell_index(lookup)
    return sorted(seqs)


def _event(view: SqliteView, reader: AuthenticReader, seq: int, withheld: list[int]) -> dict[str, Any] | None:
    """Give the event of an entry with its private values; those that are gone are left out and counted."""
    from ledger.custody.index.rebuild import row_of
    from ledger.custody.privacy import reveal
    from trace_cli.formats.answer import note

    entry = reader.entry(seq)
    if entry.kind != "event":
        return None
    if row_of(entry) is None:
        note(f"warning: entry {seq} is signed but is no event, and was left out")
        return None
    event: dict[str, Any] = _without_gone(reveal(entry.body, view), seq, withheld)
    return event


def _without_gone(value: Any, seq: int, withheld: list[int]) -> Any:
    from ledger.chain.commitment import is_commitment

    if isinstance(value, dict):
        kept = {}
        for key, item in value.items():
            if is_commitment(item):
                withheld.append(seq)
            else:
                kept[key] = _without_gone(item, seq, withheld)
        return kept
    if isinstance(value, list):
        return [_without_gone(item, seq, withheld) for item in value]
    return value


def _master(lookup: Lookup, events: Iterable[dict[str, Any]]) -> list[VocabularyElement]:
    """Give the master data of what the events name, each record proven."""
    from ledger.custody.codes import product_of
    from ledger.custody.exchange.epcis_vocabulary import element_of
    from ledger.custody.facts import read_facts
    from ledger.custody.master import MasterData

    known = MasterData(lookup)
    if known.is_empty:
        return []
    uris: dict[str | None, None] = {}
    for event in events:
        facts = read_facts(event)
        named: list[str | None] = [facts.place, facts.source, facts.destination, facts.container]
        named += [uri for _, uri in facts.parties]
        named += [one for mention in facts.mentions for one in (mention.uri, product_of(mention.uri))]
        named += [
            point.get("id") for key in ("readPoint", "bizLocation") if isinstance(point := event.get(key), dict)
        ]
        uris |= dict.fromkeys(named)
    found = (known.record(uri) for uri in uris if isinstance(uri, str))
    return [element_of(one) for one in {one.uri: one for one in found if one is not None}.values()]


def _write(
    events: list[dict[str, Any]],
    form: str,
    version: str,
    created: str,
    left: list[Unsayable],
    master: list[VocabularyElement],
    sender: str,
) -> Iterator[str]:
    if form == "json":
        from ledger.custody.exchange.epcis_json_writer import write_json

        return write_json(events, created=created, master=master)
    from ledger.custody.exchange.epcis_xml_writer import write_xml

    return write_xml(
        events,
        created=created,
        version="1.2" if version == "1.2" else "2.0",
        tell=left.append,
        master=master,
        sender=sender,
    )
