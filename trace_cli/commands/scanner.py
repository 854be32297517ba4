"""`trace scanner`: find out how a scanner misbehaves, record what it sends, print what it can scan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trace_cli import options

if TYPE_CHECKING:
    from trace_cli.dock.calibration import Diagnosis
    from trace_cli.dock.reader import Read

_PATIENCE = 120.0


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Set up and test a scanner.")
    group.command("test")(judge)
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
    import os

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
