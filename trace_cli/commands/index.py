"""`trace index`: the tables that say where to look, held against the log or made anew from it."""

from __future__ import annotations

import typer

from ledger.chain.counting import counted
from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The tables that say where to look.", no_args_is_help=True, rich_markup_mode=None)
    group.command("check")(check)
    group.command("rebuild")(rebuild)
    app.add_typer(group, name="index")


def check(ledger: options.Ledger = None, as_json: options.Json = False) -> int:
    """Compare every row of the index with the log, and list the differences. It writes nothing.

    \b
    Examples:
      trace index check
      trace index check --json
    """
    from ledger.custody.index.check import check_index
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.progress import Progress

    site = find_site(ledger)
    with site.proving() as (view, reader), Progress("comparing", quiet=as_json) as progress:
        size = reader.size
        found = check_index(view, lambda done: progress.step(done, size))
    if as_json:
        differences = [{"kind": item.kind, "seq": item.seq, "message": item.message} for item in found]
        verdict = "tampered" if found else "ok"
        write_json({"schema": "trace.index/1", "verdict": verdict, "size": size, "differences": differences})
    elif found:
        say(f"WRONG  the index is not what the log of {counted(size, 'entry')} gives")
        for item in found:
            say(f"  {item.kind}: {item.message}")
        say("    mend: trace index rebuild")
    else:
        say(f"OK  the index is what the log of {counted(size, 'entry')} gives")
    return int(ExitCode.NOT_VERIFIED if found else ExitCode.OK)


def rebuild(ledger: options.Ledger = None, as_json: options.Json = False) -> int:
    """Make the index anew from the log, in one transaction. The log itself is not changed.

    \b
    Examples:
      trace index rebuild
      trace index rebuild --ledger /srv/trace/dc1
    """
    from ledger.chain.reader import AuthenticReader
    from ledger.chain.storage.sqlite import SqliteStorage
    from ledger.custody.index.rebuild import rebuild as make_anew
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.progress import Progress

    site = find_site(ledger)
    policy, pin = site.believed_policy(), site.pin()
    storage = SqliteStorage(site.path, writable=True)
    try:
        with storage.begin() as transaction, Progress("indexing", quiet=as_json) as progress:
            reader = AuthenticReader(transaction, origin=site.origin, policy=policy, pin=pin)
            size = make_anew(transaction, lambda done: progress.step(done, reader.size))
    finally:
        storage.close()
    if as_json:
        write_json({"schema": "trace.index/1", "verdict": "ok", "size": size, "differences": []})
    else:
        say(f"OK  the index was made anew from {counted(size, 'entry')}")
    return int(ExitCode.OK)
