"""`trace scanner`: what a scanner sends and how it misbehaves; without a ledger."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options

if TYPE_CHECKING:
    from ledger.custody.gs1.scan import Scan
    from trace_cli.dock.calibration import Diagnosis
    from trace_cli.dock.reader import Read

_PATIENCE = 120.0
_READ = 65536


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Set up and test a scanner.")
    group.command("test")(judge)
    group.command("parse")(parse)
    group.command("record")(record)
    group.command("sheet")(sheet)
    app.add_typer(group, name="scanner")


def judge(
    replay: Annotated[
        Path | None, typer.Option("--replay", help="Judge recorded bursts instead of listening.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the profile goes (default: this computer's).")
    ] = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> int:
    """Scan the calibration label (trace scanner sheet) and be told what is wrong with the scanner.

    What can be mended safely is written to a profile that sessions use; the rest is told, with what to set at the
    scanner.

    \b
    Examples:
      trace scanner sheet -o sheet.html
      trace scanner test
      trace scanner test --replay bursts.txt --json
    """
    from trace_cli.dock.calibration import diagnose
    from trace_cli.dock.profile import profile_path
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, write_file

    read = _first_read(replay)
    if read is None:
        raise CommandError(ExitCode.FAILURE, "nothing was scanned", remedy="trace scanner sheet -o sheet.html")
    found = diagnose(read)
    path = output or profile_path(os.environ)
    saved = found.recognised and not dry_run
    if saved:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(ExitCode.FAILURE, f"{path.parent} cannot be made: {error.strerror}") from None
        write_file(path, found.profile.toml())
    _tell(found, read, path if saved else None, as_json=as_json)
    if saved and not as_json:
        note(f"the profile is in {path}; sessions use it from now on")
    return int(ExitCode.OK if found.is_usable else ExitCode.REFUSED)


def record(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Stop after so long without a byte.")] = 10.0,
) -> int:
    """Record what the scanner sends, with its times, until Ctrl-C or until nothing comes any more.

    The file shows a misbehaviour to somebody else, and becomes a test case.

    \b
    Example:
      trace scanner record -o bursts.txt
    """
    from trace_cli.dock.bursts import write_bursts
    from trace_cli.dock.terminal import Ended, open_terminal
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, write_file

    note(f"scan now; it ends after {seconds:g} s without a scan, or with Ctrl-C")
    with open_terminal(sys.stdin.fileno()) as terminal:
        terminal.bursts = []
        while not isinstance(terminal.next(seconds), Ended):
            continue
        terminal.stop()
        terminal.rest()
    bursts = terminal.bursts
    if bursts and bursts[-1][1] == b"\x03":
        bursts.pop()
    write_file(output, write_bursts(bursts))
    note(f"{sum(len(data) for _, data in bursts)} bytes in {output}")
    return int(ExitCode.OK)


def sheet(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: .html or .svg.")],
    places: Annotated[list[str] | None, typer.Option("--place", help="A place to scan; may be repeated.")] = None,
    operators: Annotated[
        list[str] | None, typer.Option("--operator", help="A badge to scan; may be repeated.")
    ] = None,
    counts: Annotated[
        list[int] | None, typer.Option("--count", min=2, help="A number to scan; may be repeated.")
    ] = None,
) -> int:
    """Print the sheet of a dock: orders such as UNDO and DONE, places, badges, numbers, and the calibration label.

    \b
    Example:
      trace scanner sheet -o dock.html --place DOCK-3 --operator jo --operator kim
    """
    from trace_cli.dock.sheet import as_html, make_sheet
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, write_file

    if output.suffix not in (".svg", ".html"):
        raise CommandError(ExitCode.USAGE, f"a sheet is .html or .svg, got {output}")
    svg = make_sheet(places or [], operators or [], counts or [2, 5, 10])
    write_file(output, svg if output.suffix == ".svg" else as_html(svg, "trace: the sheet of a dock"))
    note(f"print {output} at full size")
    return int(ExitCode.OK)


def _first_read(replay_of: Path | None) -> Read | None:
    from trace_cli.dock.bursts import read_bursts, replay
    from trace_cli.dock.terminal import Ended, open_terminal
    from trace_cli.formats.answer import note

    if replay_of is not None:
        reads = replay(read_bursts(replay_of))
        return max(reads, key=lambda read: len(read.raw), default=None)
    note("scan the calibration label (print it: trace scanner sheet -o sheet.html); Ctrl-C leaves")
    with open_terminal(sys.stdin.fileno()) as terminal:
        while True:
            found = terminal.next(_PATIENCE)
            if isinstance(found, Ended):
                if found.why in ("interrupt", "signal"):
                    raise KeyboardInterrupt
                return None
            if found is not None:
                return found


def _tell(found: Diagnosis, read: Read, path: Path | None, *, as_json: bool) -> None:
    from trace_cli.formats.answer import say, write_json

    if as_json:
        findings = [
            {"kind": one.kind, "message": one.message, "remedy": one.remedy, "mended": one.mended}
            for one in found.findings
        ]
        write_json(
            {
                "schema": "trace.scanner/1",
                "good": found.is_good,
                "usable": found.is_usable,
                "findings": findings,
                "profile": None if path is None else str(path),
                "raw_hex": read.raw.hex(),
            }
        )
        return
    if found.is_good:
        say("+ GOOD      every character and the group separator arrive as they should")
    for one in found.findings:
        say(f"{'= MENDED' if one.mended else '! WRONG '}  {one.message}")
        say(f"            {one.remedy}")


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
