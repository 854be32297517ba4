"""The outermost frame: run a command, turn faults into messages and exit codes. Never a traceback by itself."""

from __future__ import annotations

import gc
import io
import os
import sys

from trace_cli.version import __version__


def run(argv: list[str] | None = None) -> None:
    """Run `trace` and leave the process with its exit code."""
    # To start makes many objects and hardly a cycle, so looking for cycles every 700 objects is in vain.
    gc.set_threshold(50_000)
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        sys.stdout.write(f"trace {__version__}\n")
        sys.exit(0)
    code = _run(arguments)
    # Nor are cycles looked for at the end: all that is left goes with the process, whose files are closed.
    gc.freeze()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    from trace_cli.exit_codes import ExitCode
    from trace_cli.faults import report

    debug = "--debug" in arguments or os.environ.get("TRACE_DEBUG") == "1"
    as_json = "--json" in arguments
    _prepare_streams(as_json=as_json)
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        if arguments in (["--help"], ["-h"]):
            from trace_cli.overview import overview

            sys.stdout.write(overview())
            sys.stdout.flush()
            return int(ExitCode.OK)
        from trace_cli.app import invoke

        if "trace_cli.passphrase" in sys.modules or any("passphrase-f" in argument for argument in arguments):
            from trace_cli.passphrase import take

            arguments = take(arguments)
        code = invoke(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`| head`).
        _let_go_of_stdout()
        return int(ExitCode.FAILURE)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return int(ExitCode.INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        try:
            fault = report(error, as_json=as_json)
            sys.stdout.flush()
        except OSError:
            _let_go_of_stdout()
            fault = report(error, as_json=False)
        return int(fault)
    return code


def _prepare_streams(*, as_json: bool) -> None:
    """See to it that whatever is written can be written: JSON is UTF-8, and a closed stream takes nothing down."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as we do
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A lone surrogate (an argument that is no UTF-8) is written as JSON escapes it.
        sys.stdout.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")


def _let_go_of_stdout() -> None:
    """Point stdout elsewhere, so that closing it raises no second fault."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
