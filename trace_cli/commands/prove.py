"""`trace prove`: evidence, of one entry or of an item, that anybody can check without this ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from ledger.chain.reader import AuthenticReader
    from ledger.chain.storage.sqlite import SqliteView

_BUNDLE = ".bundle"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("prove")(prove)


def prove(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ITEM|EVENT",
            help="An item; or the number of an entry, or an eventID.",
            autocompletion=complete_things,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write it (default: standard output); .bundle: of an item."),
    ] = None,
    withhold: options.Withhold = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write evidence that `trace verify FILE` checks without this ledger.

    Of an item: a bundle with every event of its history, the inclusion proof of each, one signed checkpoint, and
    the private values, less those of --withhold. Of an entry: a receipt (C2SP tlog-proof). The checkpoint is kept
    in the ledger for ever, because it has left the house.

    \b
    Examples:
      trace prove BASKET-0205 -o basket.bundle
      trace prove 9521234000037:P26030-MIX -o lot.bundle --withhold contact
      trace prove 17 -o delivery.tlog-proof
      trace verify delivery.tlog-proof
    """
    from ledger.chain.bundle import write_bundle
    from ledger.chain.receipt import make_receipt
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import find_site
    from trace_cli.evidence import find_item, gather, keep_checkpoint
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_file, write_json
    from trace_cli.reports.entry import tell_index

    site = find_site(ledger)
    with site.proving() as (view, reader):
        signed = reader.signed
        answer: dict[str, object] = {"schema": "trace.prove/1", "size": signed.head.size}
        seq = None if output is not None and output.suffix == _BUNDLE else _entry_named(view, reader, what)
        if seq is None:
            lookup = Lookup(view, reader)
            uri = find_item(lookup, site.codes, what)
            bundle, found = gather(lookup, uri, withhold or ())
            text, name = write_bundle(bundle), "bundle"
            told = f"Bundle of {counted(len(found.lines), 'event')} of {site.codes.short(uri)}"
            answer |= {"item": uri, "events": [line.event.seq for line in found.lines]}
            answer |= {"values": len(bundle.values), "warnings": tell_index(lookup)}
        else:
            _refuse_withhold(withhold, seq)
            text, name = make_receipt(reader, seq), "receipt"
            told = f"Receipt of entry {seq}"
            answer |= {"seq": seq}
    keep_checkpoint(site, signed)
    if output is not None:
        write_file(output, text)
    if as_json:
        write_json({**answer, "file": str(output)} if output else {**answer, "file": None, name: text})
    elif output is None:
        say(text.rstrip("\n"))
    else:
        say(f"{told} under {counted(signed.head.size, 'entry')}: {output}")
        say(f"Whoever knows the verifier key checks it with: trace verify {output} --key VKEY")
    return int(ExitCode.OK)


def _entry_named(view: SqliteView, reader: AuthenticReader, typed: str) -> int | None:
    """Find the entry that somebody typed; None: it is no number and no eventID of this log."""
    from ledger.custody.index.lookup import Lookup
    from trace_cli.reports.entry import tell_index

    if typed.isascii() and typed.isdigit():
        return int(typed) if len(typed) < 20 and int(typed) < reader.size else None
    lookup = Lookup(view, reader)
    seq = lookup.seq_of(typed)
    tell_index(lookup)
    return seq


def _refuse_withhold(withhold: list[str] | None, seq: int) -> None:
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if withhold:
        raise CommandError(
            ExitCode.USAGE,
            f"--withhold is for items: the receipt of entry {seq} holds no private value at all",
            remedy=f"trace prove {seq} -o entry-{seq}.tlog-proof",
        )
