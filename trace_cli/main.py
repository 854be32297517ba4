"""The outermost frame: run a command, turn faults into messages and exit codes. Never a traceback by itself."""

from __future__ import annotations

import os
import sys

from trace_cli.version import __version__


def run(argv: list[str] | None = None) -> None:
    """Run `trace` and leave the process with its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        sys.stdout.write(f"trace {__version__}\n")
        sys.exit(0)
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    from trace_cli.exit_codes import ExitCode
    from trace_cli.faults import report

    debug = "--debug" in arguments or os.environ.get("TRACE_DEBUG") == "1"
    as_json = "--json" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        from trace_cli.app import invoke

        code = invoke(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`| head`). Point stdout elsewhere, so that closing it raises no second fault.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.FAILURE)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return int(ExitCode.INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        return int(report(error, as_json=as_json))
    return code
