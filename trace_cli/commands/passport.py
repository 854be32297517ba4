"""`trace passport`: the history of an item as one page that checks itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("passport")(passport)


def passport(
    item: Annotated[str, typer.Argument(help="A code, PRODUCT:LOT, or a URI.", autocompletion=complete_things)],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")],
    withhold: options.Withhold = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write one page with the whole history of an item, which checks itself in any browser and asks no network.

    It says INTACT under which key, with the fingerprint to compare, or BROKEN and which event. Private values are
    in it unless they are withheld; their commitments stand in the signed bytes either way.

    \b
    Examples:
      trace passport BASKET-0205 -o basket.html
      trace passport 9521234000037:P26030-MIX -o lot.html --withhold contact
      trace verify basket.html
    """
    from ledger.chain.bundle import write_bundle
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import find_site
    from trace_cli.evidence import find_item, fingerprint, gather, keep_checkpoint
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_file, write_json
    from trace_cli.passport import write_page
    from trace_cli.reports.entry import tell_index

    site = find_site(ledger)
    with site.proving() as (view, reader):
        lookup = Lookup(view, reader)
        uri = find_item(lookup, site.codes, item)
        bundle, found = gather(lookup, uri, withhold or ())
    warnings = tell_index(lookup)
    keep_checkpoint(site, reader.signed)
    page = write_page(write_bundle(bundle))
    write_file(output, page)
    key = bundle.keys[0]
    if as_json:
        answer = {"schema": "trace.passport/1", "item": uri, "file": str(output), "size": reader.size}
        seqs = [line.event.seq for line in found.lines]
        proof = {"events": seqs, "key": str(key), "fingerprint": fingerprint(key)}
        write_json({**answer, **proof, "bytes": len(page.encode()), "warnings": warnings})
        return int(ExitCode.OK)
    size = len(page.encode()) // 1024
    say(f"Passport of {site.codes.short(uri)}, {counted(len(found.lines), 'event')}, {size:,} KB: {output}")
    say(f"Key {key.key_id.hex()} of {key.name}; its fingerprint, for others to compare:")
    say(f"  {fingerprint(key)}")
    return int(ExitCode.OK)
