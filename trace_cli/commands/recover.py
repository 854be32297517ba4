"""`trace recover`: go on after a backup was restored or a key was lost, and say so for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recover")(recover)


def recover(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the log for ever.")],
    new_key: Annotated[
        bool, typer.Option("--new-key", help="The key is lost: make another one, and believe it here.")
    ] = False,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Seal the new key with a passphrase.")] = False,
    old: Annotated[
        Path | None,
        typer.Option("--old", help="The damaged ledger file, to list what it still tells of the lost entries."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Believe the old head by this verifier key; $TRACE_HOME is lost.")
    ] = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Begin a new epoch with what is here, after a restored backup or a lost key.

    First put a copy that verifies in place of the ledger file. The first entry of the epoch quotes the old head,
    counts what is lost and gives the reason; every verdict says so from then on. Nobody is made to forget: whoever
    saw the lost entries is told ROLLED BACK or FORKED with your reason, and may accept it (trace verify
    --accept-epoch). A new key is believed by others only when they add it to their policy.

    \b
    Examples:
      trace recover --reason "disk failed on 3 March, backup of 2 March restored"
      trace recover --reason "disk failed" --old /mnt/rescue/ledger.db
      trace recover --new-key --reason "laptop with the key was stolen"
    """
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_json
    from trace_cli.recovery import recover as begin

    site = find_site(ledger)
    done = begin(site, reason, site.operator(by), believe=key, old_file=old, new_key=new_key, sealed=passphrase)
    lost = done.old.head.size - done.seq
    if as_json:
        write_json(
            {
                "schema": "trace.recover/1",
                "origin": site.origin,
                "epoch": done.number,
                "seq": done.seq,
                "size": done.size,
                "old": {"size": done.old.head.size, "root": done.old.head.root.hex()},
                "lost": {
                    "first": done.seq,
                    "count": lost,
                    "known": [{"seq": one.seq, "leaf": one.leaf, "event": one.event} for one in done.known],
                },
                "keys": list(done.keys),
                "replaces": list(done.replaces),
            }
        )
        return int(ExitCode.OK)
    say(f"Epoch {done.number} of {site.origin} begins with entry {done.seq}.")
    if lost:
        say(
            f"Given up: entries {done.seq} to {done.old.head.size - 1} ({lost:,}), known by number and leaf hash: "
            f"{len(done.known):,}. Record again what you know of them."
        )
    else:
        say("No entry is given up.")
    for name in done.replaces:
        say(f"No longer signs: {name}")
    if done.replaces:
        for name in done.keys:
            say(f"Signs from here on: {name}")
        note("Give the new verifier key to all who verify this ledger: they believe it only by their own policy.")
    say("Next: trace verify, trace backup FILE, and tell your partners: they will be asked to accept this epoch.")
    return int(ExitCode.OK)
