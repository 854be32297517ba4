"""`trace ship`, `receive`, `pack`, `unpack`: the daily moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from trace_cli.capture import Circumstances

Things = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="THING...",
        help="Items, or PRODUCT:LOT=12.5kg for some of a lot.",
        autocompletion=complete_things,
    ),
]
Promised = Annotated[str | None, typer.Option("--promised", help="When the goods are promised to arrive.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("ship")(ship)
    app.command("receive")(receive)
    app.command("pack")(pack)
    app.command("unpack")(unpack)


def ship(
    things: Things = None,
    place: options.Place = None,
    destination: options.Destination = None,
    promised: Promised = None,
    party: options.Party = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    no_input: options.NoInput = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods leave a place.

    \b
    Examples:
      trace ship 952132112345678902 --place DC-DALLAS --to STORE-WICHITA --document DN-77
      trace ship 9521234000037:P26030-MIX=40kg --place PACK-YUMA --to DC-DALLAS
    """
    from trace_cli.capture import Circumstances

    said = Circumstances(
        step="shipping",
        place=place,
        destination=destination,
        party=party,
        document=document,
        promised=promised,
        at=at,
        disposition="in_transit",
        anyway=anyway,
    )
    return record_things(
        said, things, by, ledger, verb="ship", dry_run=dry_run, no_input=no_input, as_json=as_json
    )


def receive(
    things: Things = None,
    place: options.Place = None,
    source: options.Source = None,
    expect: Annotated[
        Path | None,
        typer.Option("--expect", help="What was announced: EPCIS (.xml), or a packing list, CSV or JSON."),
    ] = None,
    party: options.Party = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    no_input: options.NoInput = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods arrive at a place.

    With --expect they are matched with what the sender declares (DSCSA: transaction information) first: what is
    not expected, comes twice, or has another lot or expiry is refused. A scanned container stands for what the
    sender packed into it. Nobody signed the document, so nothing in it is verified.

    \b
    Examples:
      trace receive 952132112345678902 --place STORE-WICHITA --from DC-DALLAS --document DN-77
      trace receive 952132112345678902 --place DOCK-3 --expect shipment.xml
    """
    from trace_cli.capture import Circumstances

    said = Circumstances(
        step="receiving",
        place=place,
        source=source,
        party=party,
        document=document,
        at=at,
        disposition="in_progress",
        anyway=anyway,
    )
    if expect is not None:
        from trace_cli.context import find_site
        from trace_cli.prompts import need_things
        from trace_cli.receiving import receive_expected

        named, where = need_things(things, place, "receive", no_input=no_input)
        said = said._replace(place=where)
        return receive_expected(find_site(ledger), said, named, expect, by, dry_run=dry_run, as_json=as_json)
    return record_things(
        said, things, by, ledger, verb="receive", dry_run=dry_run, no_input=no_input, as_json=as_json
    )


def pack(
    container: Annotated[
        str, typer.Option("--into", help="The pallet, crate or box.", autocompletion=complete_things)
    ],
    things: Things = None,
    place: options.Place = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    no_input: options.NoInput = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods go into a container.

    \b
    Example:
      trace pack BASKET-0205 BASKET-0206 --into 952132112345678902 --place DC-DALLAS
    """
    from trace_cli.capture import Circumstances

    said = Circumstances(step="packing", place=place, container=container, at=at, anyway=anyway)
    return record_things(
        said, things, by, ledger, verb="pack", dry_run=dry_run, no_input=no_input, as_json=as_json
    )


def unpack(
    container: Annotated[str, typer.Argument(help="The pallet, crate or box.", autocompletion=complete_things)],
    things: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="THING...", help="What comes out (default: everything).", autocompletion=complete_things
        ),
    ] = None,
    place: options.Place = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    no_input: options.NoInput = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods come out of a container: those named, or all that is in it.

    \b
    Examples:
      trace unpack 952132112345678902 --place STORE-WICHITA
      trace unpack 952132112345678902 BASKET-0205 --place STORE-WICHITA
    """
    from trace_cli.capture import Circumstances

    said = Circumstances(step="unpacking", place=place, container=container, at=at, anyway=anyway)
    return record_things(
        said, things or [], by, ledger, verb="", dry_run=dry_run, no_input=no_input, as_json=as_json
    )


def record_things(
    said: Circumstances,
    things: list[str] | None,
    by: str | None,
    ledger: Path | None,
    *,
    verb: str,
    dry_run: bool,
    no_input: bool,
    as_json: bool,
) -> int:
    """Record one event about things that were named, or that are asked for (where `verb` is not empty)."""

    from trace_cli.capture import make_event, make_statement, one_saying, read_thing
    from trace_cli.commands.record import record_and_tell
    from trace_cli.context import find_site
    from trace_cli.food import warn_of_absent
    from trace_cli.prompts import need_things

    site = find_site(ledger)
    named = things or []
    if verb:
        named, place = need_things(things, said.place, verb, no_input=no_input)
        said = said._replace(place=place)
    read = [read_thing(site.codes, text, said) for text in named]
    statement = make_statement(site.codes, said, [thing for thing, _ in read], extensions=one_saying(read))
    event = make_event(statement)
    if said.step in ("shipping", "receiving"):
        warn_of_absent(site, event)
    return record_and_tell(
        site,
        [event],
        by,
        said.step,
        statements=() if said.anyway else (statement,),
        dry_run=dry_run,
        as_json=as_json,
    )
