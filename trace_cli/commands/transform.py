"""`trace transform`: some goods became others."""

from __future__ import annotations

from typing import Annotated

import typer

from trace_cli import options
from trace_cli.completion import complete_steps


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("transform")(transform)


def transform(
    inputs: Annotated[list[str], typer.Option("--input", help="What went in; PRODUCT:LOT=12.5kg; repeat.")],
    outputs: Annotated[list[str], typer.Option("--out", help="What came out; repeat.")],
    step: Annotated[
        str, typer.Option("--step", help="What happens.", autocompletion=complete_steps)
    ] = "creating_class_instance",
    place: options.Place = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record that inputs became outputs: mixing, packing anew, cutting, cooking.

    \b
    Example:
      trace transform --input ROMAINE:Y26029=58kg --input SPINACH:Y26029=37kg \\
                      --out MIX:P26030=93kg --place PACK-YUMA
    """
    from trace_cli.capture import Circumstances, make_event, make_statement, one_saying, read_thing
    from trace_cli.commands.record import record_and_tell
    from trace_cli.context import find_site

    site = find_site(ledger)
    said = Circumstances(step=step, place=place, document=document, at=at, anyway=anyway)
    went_in = [read_thing(site.codes, text, said) for text in inputs]
    came_out = [read_thing(site.codes, text, said) for text in outputs]
    more = one_saying([*went_in, *came_out])
    statement = make_statement(
        site.codes,
        said,
        [thing for thing, _ in went_in],
        outputs=[thing for thing, _ in came_out],
        extensions=more,
    )
    judged = () if anyway else (statement,)
    event = make_event(statement)
    return record_and_tell(site, [event], by, step, statements=judged, dry_run=dry_run, as_json=as_json)
