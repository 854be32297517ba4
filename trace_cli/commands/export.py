"""`trace export`: what is recorded, in the forms that others ask for; each form is a file of its own."""

from __future__ import annotations

import typer

from trace_cli.commands import export_fsma


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Write what is recorded in the forms that others ask for.")
    export_fsma.register(group)
    app.add_typer(group, name="export")
