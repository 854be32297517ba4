"""`trace show`: one entry in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from ledger.custody.corrections import Declaration
    from ledger.custody.index.lookup import Lookup


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show")(show)


def show(
    event: Annotated[str, typer.Argument(help="The number of an entry, or an eventID.")],
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Show one entry in full, proven first; private values where this ledger still holds them.

    \b
    Examples:
      trace show 17
      trace show urn:uuid:5f0d... --json
    """
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.privacy import reveal
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, to_json, write_json
    from trace_cli.reports.correction import correction, dispute, remark_on
    from trace_cli.reports.entry import find_entry, withheld_fields

    site = find_site(ledger)
    with site.proving() as (view, reader):
        seq = find_entry(view, reader, event)
        entry = reader.entry(seq)
        body = reveal(entry.body, view)
        withheld = withheld_fields(view, reader, entry)
        declaration, disputed = _declarations(Lookup(view, reader), entry)

    answer = {
        "schema": "trace.show/1",
        "seq": entry.seq,
        "recorded": entry.rec,
        "kind": entry.kind,
        "by": entry.by,
        "via": entry.via,
        "body": body,
        "withheld": withheld,
        "correction": correction(declaration),
        "disputed": correction(disputed),
        "proven": {"origin": site.origin, "size": reader.size, "root": reader.head.root.hex()},
    }
    if as_json:
        write_json(answer)
        return int(ExitCode.OK)
    say(f"entry {entry.seq}  {entry.kind}  recorded {entry.rec} by {entry.by} ({entry.via})")
    if declaration is not None:
        remark = remark_on(declaration, declaration.seq == entry.seq)
        instead = f"; in its place: {', '.join(declaration.corrective)}" if declaration.corrective else ""
        say(f"{remark}{instead}")
    if disputed is not None:
        say(dispute(disputed))
    say(to_json(body, indent=2))
    for item in withheld:
        say(f"withheld: {item['field']}, {item['why']}")
    say(f"Proven against the signed head of {site.origin}, {counted(reader.size, 'entry')}.")
    return int(ExitCode.OK)


def _declarations(lookup: Lookup, entry: Entry) -> tuple[Declaration | None, Declaration | None]:
    """Find what withdraws an event, and what only disputes it."""
    from ledger.custody.corrections import find_corrections
    from ledger.custody.facts import NoEventError, read_facts
    from ledger.custody.index.rebuild import row_of
    from trace_cli.reports.entry import tell_index

    if row_of(entry) is None:
        return None, None
    try:
        facts = read_facts(entry.body, entry.seq)
    except NoEventError:
        return None, None  # what is there is shown all the same
    found = find_corrections(lookup, [facts.event_id])
    tell_index(lookup)
    return found.of(facts, entry.via), found.disputing(facts, entry.via)
