"""`trace commission`: a thing comes into being."""

from __future__ import annotations

from typing import Annotated

import typer

from trace_cli import options
from trace_cli.commands.move import Things


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("commission")(commission)


def commission(
    things: Things = None,
    product: options.Product = None,
    lot: options.Lot = None,
    expiry: Annotated[str | None, typer.Option("--expiry", help="Expiry date, YYYY-MM-DD.")] = None,
    quantity: options.Quantity = None,
    unit: options.Unit = None,
    place: options.Place = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    no_input: options.NoInput = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record that goods come into being here: made, harvested, or labelled for the first time.

    \b
    Examples:
      trace commission LETTUCE:24A=40kg --place FARM-YUMA --expiry 2026-04-30
      trace commission BASKET-0205 --product LETTUCE --lot 24A --place FARM-YUMA
    """
    from datetime import date

    from trace_cli.capture import Circumstances
    from trace_cli.commands.move import record_things
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    ilmd: dict[str, str] = {}
    if lot:
        ilmd["cbvmda:lotNumber"] = lot
    if expiry:
        try:
            ilmd["cbvmda:itemExpirationDate"] = date.fromisoformat(expiry).isoformat()
        except ValueError:
            raise CommandError(ExitCode.USAGE, f"--expiry is a date like 2026-04-30, got {expiry!r}") from None
    said = Circumstances(
        step="commissioning",
        place=place,
        disposition="active",
        product=product,
        lot=lot,
        quantity=quantity,
        unit=unit,
        at=at,
        anyway=anyway,
        ilmd=ilmd,
    )
    return record_things(
        said, things, by, ledger, verb="commission", dry_run=dry_run, no_input=no_input, as_json=as_json
    )
