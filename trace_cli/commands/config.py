"""`trace config show`: every setting and where it comes from."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Settings.", no_args_is_help=True, rich_markup_mode=None)
    group.command("show")(show)
    app.add_typer(group, name="config")


def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Show every setting.

    \b
    Example:
      trace config show --origin
    """
    from trace_cli.context import find_site
    from trace_cli.formats.answer import say, write_json
    from trace_cli.settings import FILE

    site = find_site(ledger)
    file = str(site.settings.folder / FILE)
    home = next(
        (f"environment {name}" for name in ("TRACE_HOME", "XDG_DATA_HOME") if os.environ.get(name)), "default"
    )
    rows: list[tuple[str, object, str]] = [
        ("origin", site.origin, file),
        ("ledger", str(site.path), file),
        ("home", str(site.home), home),
        (
            "operator",
            site.operator(None),
            "environment TRACE_BY" if os.environ.get("TRACE_BY") else "file or login",
        ),
        ("timezone", site.time.name, "environment TRACE_TIMEZONE, file or default"),
        ("private", sorted(site.privacy.names), f"default and {file}"),
        ("demand.steps", site.settings.strings("demand", "steps"), file),
        ("codes.domain", site.codes.domain, file),
        ("codes.plain", sorted(site.codes.plain), file),
    ]
    if as_json:
        values = [{"name": name, "value": value, "origin": source} for name, value, source in rows]
        write_json({"schema": "trace.config/1", "settings": values})
        return
    for name, value, source in rows:
        say(f"{name} = {value}" + (f"   ({source})" if origin else ""))
