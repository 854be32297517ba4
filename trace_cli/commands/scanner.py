"""`trace scanner`: what a scanner sends, without a ledger."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ledger.custody.gs1.scan import Scan

_READ = 65536


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Look at what a scanner sends; nothing is recorded.")
    group.command("parse")(parse)
    group.callback()(_scanner)
    app.add_typer(group, name="scanner")


def _scanner() -> None:
    """Look at what a scanner sends; nothing is recorded."""


def parse(
    codes: Annotated[
        list[str], typer.Argument(metavar="CODE...", help="Codes as the scanner sends them, or - to read lines.")
    ],
) -> int:
    """Read codes as a scanner sends them and say what they hold: a JSON line each. No ledger is needed.

    The status is ok, refused (malformed) or ask: it can be read, and a person must say whether it was meant
    so, for example because a group separator seems to be lost. Then `readings` has every way to read it. Exit
    code 5 where any was refused.

    \b
    Examples:
      trace scanner parse ']C10109521234543213'
      trace scanner parse '(01)09521234543213(10)ABC' https://id.gs1.org/00/106141412345678908
      trace scanner parse - < scans.txt
    """
    from ledger.custody.gs1.scan import LONGEST, read_scan
    from trace_cli.exit_codes import ExitCode

    refused = False
    lines = _lines(sys.stdin.fileno(), LONGEST) if codes == ["-"] else map(os.fsencode, codes)
    for raw in lines:
        scan = read_scan(raw)
        refused |= scan.status == "refused"
        sys.stdout.write(json.dumps(scan_line(scan), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return int(ExitCode.REFUSED if refused else ExitCode.OK)


def scan_line(scan: Scan) -> dict[str, Any]:
    """Write a scan as a line of `trace.scan/1`."""
    return {
        "schema": "trace.scan/1",
        "raw_hex": scan.raw.hex(),
        "status": scan.status,
        "symbology": scan.symbology,
        "carrier": scan.carrier,
        "elements": [{"ai": ai, "value": value} for ai, value in scan.elements],
        "uri": scan.uri,
        "reason": scan.reason,
        "readings": [[{"ai": ai, "value": value} for ai, value in reading] for reading in scan.readings],
    }


def _lines(handle: int, longest: int) -> Iterator[bytes]:
    """Cut standard input on CR and LF only; other control bytes are data. Empty lines are nothing."""
    held = b""
    while data := os.read(handle, _READ):
        *whole, held = (held + data).replace(b"\r", b"\n").split(b"\n")
        yield from (line for line in whole if line)
        held = held[: longest + 1]  # what is longer is refused, however long it gets
    if held:
        yield held
