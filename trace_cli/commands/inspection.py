"""`trace inspect`, `dispose`: look at goods, and end them."""

from __future__ import annotations

from typing import Annotated

import typer

from trace_cli import options
from trace_cli.commands.move import Things


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("inspect")(inspect)
    app.command("dispose")(dispose)


def inspect(
    things: Things = None,
    disposition: Annotated[
        str, typer.Option("--disposition", help="What was found: conformant, non_conformant, damaged, expired...")
    ] = "conformant",
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in your words.")] = None,
    place: options.Place = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    no_input: options.NoInput = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods were looked at, and what was found: non_conformant holds them, conformant releases them.

    \b
    Examples:
      trace inspect BASKET-0205 --place DC-DALLAS
      trace inspect 9521234000037:P26030-MIX --disposition non_conformant --reason "seal broken"
    """
    from trace_cli.capture import Circumstances
    from trace_cli.commands.move import record_things

    said = Circumstances(
        step="inspecting",
        place=place,
        document=document,
        disposition=disposition,
        at=at,
        anyway=anyway,
        extensions={"trace:reason": reason} if reason else {},
    )
    return record_things(
        said, things, by, ledger, verb="inspect", dry_run=dry_run, no_input=no_input, as_json=as_json
    )


def dispose(
    things: Things = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in your words.")] = None,
    place: options.Place = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    no_input: options.NoInput = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods were destroyed; nothing can happen to them afterwards.

    \b
    Example:
      trace dispose BASKET-0205 --place DC-DALLAS --reason "cold chain broken"
    """
    from trace_cli.capture import Circumstances
    from trace_cli.commands.move import record_things

    said = Circumstances(
        step="destroying",
        place=place,
        document=document,
        disposition="destroyed",
        at=at,
        anyway=anyway,
        extensions={"trace:reason": reason} if reason else {},
    )
    return record_things(
        said, things, by, ledger, verb="dispose", dry_run=dry_run, no_input=no_input, as_json=as_json
    )
