"""The outermost frame: run a command, turn faults into messages and exit codes. Never a traceback by itself."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys

from trace_cli.version import __version__

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
    try:
        return _run_told(arguments)
    except KeyboardInterrupt:
        # Also where it comes while modules are loaded, so nothing of the program may be needed here.
        sys.stderr.write("\ninterrupted\n")
        return 130


def _run_told(arguments: list[str]) -> int:
    from trace_cli.exit_codes import ExitCode
    from trace_cli.faults import report
    from trace_cli.help_pages import asked_for_help

    debug = "--debug" in arguments or os.environ.get("TRACE_DEBUG") == "1"
    as_json = "--json" in arguments
    _prepare_streams(as_json=as_json)
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        arguments = asked_for_help(arguments)
        if arguments in (["--help"], ["-h"], []) and "_TRACE_COMPLETE" not in os.environ:
            from trace_cli.overview import overview

            # Who asked for help gets it as the result; who typed nothing is told what is missing.
            told = sys.stdout if arguments else sys.stderr
            told.write(overview())
            told.flush()
            return int(ExitCode.OK if arguments else ExitCode.USAGE)
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
    except Exception as error:
        if debug:
            raise
        try:
            fault = report(_unwritten(error), as_json=as_json)
            sys.stdout.flush()
        except OSError as unwritten:
            _let_go_of_stdout()
            fault = report(_unwritten(unwritten), as_json=False)
        return int(fault)
    return code


def _prepare_streams(*, as_json: bool) -> None:
    """See to it that whatever is written can be written: JSON is UTF-8, and a closed stream takes nothing down."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            # A stream that was closed leaves its number free, and the next file that is opened, such as a ledger,
            # would get it: what is written to the stream would go into that file.
            handle = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115 - lives as long as we do
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A lone surrogate (an argument that is no UTF-8) is written as JSON escapes it.
        sys.stdout.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")


def _unwritten(error: Exception) -> Exception:
    """Give the fault to tell where the answer cannot be written: that, and not a fault of this program."""
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if not isinstance(error, OSError) or error.errno not in _FULL or error.filename is not None:
        return error
    return CommandError(
        ExitCode.FAILURE,
        f"the answer cannot be written to standard output: {error.strerror}",
        remedy="free some space, or write it to another place",
    )


def _let_go_of_stdout() -> None:
    """Point stdout elsewhere, so that closing it raises no second fault."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
