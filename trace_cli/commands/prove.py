"""`trace prove`: a receipt that anybody can check without this ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("prove")(prove)


def prove(
    event: Annotated[str, typer.Argument(help="The number of an entry, or an eventID.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it (default: standard output).")
    ] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Write a receipt (C2SP tlog-proof): the entry, its inclusion proof, the signed checkpoint.

    The checkpoint that it holds is kept in the ledger for ever, because it has left the house.

    \b
    Examples:
      trace prove 17 -o delivery.tlog-proof
      trace verify delivery.tlog-proof
    """
    from ledger.chain.reader import AuthenticReader
    from ledger.chain.receipt import make_receipt
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_file, write_json
    from trace_cli.reports.entry import find_entry

    site = find_site(ledger)
    policy = site.believed_policy()
    with site.reading() as (view, pin):
        reader = AuthenticReader(view, origin=site.origin, policy=policy, pin=pin, key_seqs=site.key_seqs(view))
        seq = find_entry(view, reader, event)
        text = make_receipt(reader, seq)
        signed = reader.signed
    if site.has_key():
        with site.recording() as recorder:
            recorder.log.keep_checkpoint(signed)
    if output is not None:
        write_file(output, text)
    if as_json:
        answer = {
            "schema": "trace.prove/1",
            "seq": seq,
            "size": signed.head.size,
            "file": str(output) if output else None,
        }
        write_json(answer if output else {**answer, "receipt": text})
    elif output is None:
        say(text.rstrip("\n"))
    else:
        say(f"Receipt of entry {seq} under {signed.head.size:,} entries: {output}")
        say(f"Whoever knows the verifier key checks it with: trace verify {output} --key VKEY")
    return int(ExitCode.OK)
