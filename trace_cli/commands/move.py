"""`trace ship`, `receive`, `pack`, `unpack`: the daily moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trace_cli import options

if TYPE_CHECKING:
    from trace_cli.capture import Circumstances

Things = Annotated[
    list[str], typer.Argument(metavar="THING...", help="Items, or PRODUCT:LOT=12.5kg for some of a lot.")
]
Promised = Annotated[str | None, typer.Option("--promised", help="When the goods are promised to arrive.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("ship")(ship)
    app.command("receive")(receive)
    app.command("pack")(pack)
    app.command("unpack")(unpack)


def ship(
    things: Things,
    place: options.Place = None,
    destination: options.Destination = None,
    promised: Promised = None,
    party: options.Party = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
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
    )
    return _record(said, things, by, ledger, as_json=as_json)


def receive(
    things: Things,
    place: options.Place = None,
    source: options.Source = None,
    party: options.Party = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods arrive at a place.

    \b
    Example:
      trace receive 952132112345678902 --place STORE-WICHITA --from DC-DALLAS --document DN-77
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
    )
    return _record(said, things, by, ledger, as_json=as_json)


def pack(
    things: Things,
    container: Annotated[str, typer.Option("--into", help="The pallet, crate or box.")],
    place: options.Place = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods go into a container.

    \b
    Example:
      trace pack BASKET-0205 BASKET-0206 --into 952132112345678902 --place DC-DALLAS
    """
    from trace_cli.capture import Circumstances

    said = Circumstances(step="packing", place=place, container=container, at=at)
    return _record(said, things, by, ledger, as_json=as_json)


def unpack(
    container: Annotated[str, typer.Argument(help="The pallet, crate or box.")],
    things: Annotated[
        list[str] | None, typer.Argument(metavar="THING...", help="What comes out (default: everything).")
    ] = None,
    place: options.Place = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods come out of a container: those named, or all that is in it.

    \b
    Examples:
      trace unpack 952132112345678902 --place STORE-WICHITA
      trace unpack 952132112345678902 BASKET-0205 --place STORE-WICHITA
    """
    from trace_cli.capture import Circumstances

    said = Circumstances(step="unpacking", place=place, container=container, at=at)
    return _record(said, things or [], by, ledger, as_json=as_json)


def _record(said: Circumstances, things: list[str], by: str | None, ledger: Path | None, *, as_json: bool) -> int:
    from trace_cli.capture import make_event, make_statement, one_saying, read_thing
    from trace_cli.commands.record import record_and_tell
    from trace_cli.context import find_site
    from trace_cli.food import warn_of_absent

    site = find_site(ledger)
    read = [read_thing(site.codes, text, said) for text in things]
    statement = make_statement(site.codes, said, [thing for thing, _ in read], extensions=one_saying(read))
    event = make_event(statement)
    if said.step in ("shipping", "receiving"):
        warn_of_absent(site, event)
    return record_and_tell(site, [event], by, said.step, as_json=as_json)
