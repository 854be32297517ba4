"""`trace hash`: the event hash of every event in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("hash")(hash_file)


def hash_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="EPCIS: XML 1.x or 2.0, JSON-LD, plain or gzipped.")
    ],
    cbv: Annotated[str, typer.Option("--cbv", help="Rules of CBV 2.0, or of the draft of 2.1.")] = "2.0",
    prehash: Annotated[bool, typer.Option("--prehash", help="Show the string that is hashed, too.")] = False,
    as_json: options.Json = False,
) -> int:
    """Give the event hash (CBV 2.0 section 8.9) of each event in a file. Needs no ledger and no network.

    The same event has the same hash as XML and as JSON, with URNs and with Digital Links.

    \b
    Examples:
      trace hash shipment.xml
      trace hash shipment.jsonld --cbv 2.1 --json
    """
    from ledger.custody.event_hash import Cbv, event_hash
    from ledger.custody.event_hash import prehash as prehash_of
    from ledger.custody.exchange.epcis_document import MasterData
    from ledger.custody.exchange.epcis_file import read_epcis
    from ledger.custody.exchange.plain_file import open_plain
    from ledger.custody.problems import Problem
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json

    if cbv not in ("2.0", "2.1"):
        raise CommandError(ExitCode.USAGE, f"--cbv is 2.0 or 2.1, got {cbv!r}", remedy="trace hash FILE --cbv 2.0")
    version: Cbv = "2.1" if cbv == "2.1" else "2.0"
    hashes = []
    try:
        with open_plain(file) as stream:
            for index, found in enumerate(read_epcis(stream, str(file), MasterData(), strict=False)):
                if isinstance(found, Problem):
                    where = f" {found.field}" if found.field else ""
                    raise CommandError(
                        ExitCode.REFUSED,
                        f"{file}{where}: {found.reason}",
                        remedy=found.remedy or "correct the file",
                    )
                hashes.append(
                    {"index": index, "type": str(found.body.get("type")), "hash": event_hash(found.body, version)}
                    | ({"prehash": prehash_of(found.body, version)} if prehash else {})
                )
    except OSError as error:
        raise CommandError(ExitCode.NOT_FOUND, f"{file} cannot be read: {error.strerror}") from None
    if as_json:
        write_json({"schema": "trace.hash/1", "cbv": version, "hashes": hashes})
        return int(ExitCode.OK)
    for one in hashes:
        say(f"{one['index']:>4}  {one['type']:<19}  {one['hash']}")
        if prehash:
            say(f"      {one['prehash']}")
    return int(ExitCode.OK)
