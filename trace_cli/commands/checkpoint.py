"""`trace checkpoint`: the signed head, to hand out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.chain.counting import counted
from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("checkpoint")(checkpoint)


def checkpoint(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it (default: standard output).")
    ] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Give the signed head of the ledger (C2SP tlog-checkpoint). Whoever keeps it can catch a rewritten history.

    \b
    Example:
      trace checkpoint -o head.txt
    """
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_file, write_json

    site = find_site(ledger)
    with site.proving() as (_, reader):
        signed = reader.signed
    if site.has_key():
        with site.recording() as recorder:
            recorder.log.keep_checkpoint(signed)
    if output is not None:
        write_file(output, signed.note)
    if as_json:
        head = signed.head
        answer = {"origin": head.origin, "size": head.size, "root": head.root.hex(), "note": signed.note}
        write_json({"schema": "trace.checkpoint/1", **answer})
    elif output is None:
        say(signed.note.rstrip("\n"))
    else:
        say(f"Head of {counted(signed.head.size, 'entry')}: {output}")
    return int(ExitCode.OK)
