"""`trace backup`: a copy of the ledger that is consistent and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.chain.counting import counted
from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backup")(backup)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the copy; nothing may be there yet.")],
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Copy the ledger while it may be in use, and verify the whole copy before saying that it is one.

    The copy is of one moment, with all that was committed by then. Keys are not in it: copy $TRACE_HOME, too.

    \b
    Examples:
      trace backup /mnt/stick/dc1-2026-03-01.db
      trace verify /mnt/stick/dc1-2026-03-01.db
    """
    from ledger.chain.storage.backup import fresh_copy
    from ledger.chain.storage.sqlite import SqliteStorage
    from ledger.chain.verify import verify
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.progress import Progress

    site = find_site(ledger)
    target = file / site.path.name if file.is_dir() else file
    with site.reading() as (view, pin), fresh_copy(view, target) as (copy, place):
        storage = SqliteStorage(copy, writable=False)
        try:
            with Progress("verifying the copy", quiet=as_json) as progress, storage.snapshot() as copied:
                verdict = verify(copied, origin=site.origin, policy=site.policy, pin=pin, progress=progress.step)
        finally:
            storage.close()
        if verdict.word != "ok":
            raise CommandError(
                ExitCode.UNAVAILABLE if verdict.word == "corrupt" else ExitCode.NOT_VERIFIED,
                f"{site.path} does not verify ({verdict.word}), so it makes no backup; nothing was written",
                remedy=f"trace verify {site.path}",
            )
        place()
    size = target.stat().st_size
    if as_json:
        head = {"origin": verdict.origin, "size": verdict.size, "root": verdict.root.hex()}
        anchor = {"kind": verdict.anchor.kind, "size": verdict.anchor.size, "root": verdict.anchor.root.hex()}
        answer = {"file": str(target), "bytes": size, **head, "verdict": verdict.word, "anchor": anchor}
        write_json({"schema": "trace.backup/1", **answer})
    else:
        say(f"Backup of {verdict.origin}, {counted(verdict.size, 'entry')}, {counted(size, 'byte')}: {target}")
        say(f"All of it is verified; the verdict rests on: {verdict.anchor.kind}.")
    return int(ExitCode.OK)
