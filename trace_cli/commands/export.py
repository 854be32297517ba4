"""`trace export`: what the ledger holds, in the formats of others. One file in `trace_cli/exports` a format."""

from __future__ import annotations

import typer

from trace_cli.exports import epcis, fsma

# To add a format: one file in `trace_cli/exports` with a `register`, one name here.
FORMATS = (epcis, fsma)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Write what the ledger holds in the formats of others.", no_args_is_help=True, rich_markup_mode=None
    )
    # A callback keeps `export` a group while there is only one format.
    group.callback()(_group)
    for found in FORMATS:
        found.register(group)
    app.add_typer(group, name="export")


def _group() -> None:
    """Write what the ledger holds in the formats of others."""
