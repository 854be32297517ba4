"""Tell a fault: what, why, and how to mend it; as JSON where JSON was asked for."""

from __future__ import annotations

import json
import sys
from typing import Any

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.answer import note, to_json


def exit_code_of(error: Exception) -> ExitCode:
    """Choose the exit code of a fault."""
    from ledger.chain import errors

    if isinstance(error, CommandError):
        return error.code
    table: tuple[tuple[type[Exception], ExitCode], ...] = (
        (errors.Refused, ExitCode.REFUSED),
        (errors.Unavailable, ExitCode.UNAVAILABLE),
        (errors.KeyUnavailable, ExitCode.NO_KEY),
        (errors.Untrue, ExitCode.NOT_VERIFIED),
    )
    return next((code for kind, code in table if isinstance(error, kind)), ExitCode.FAILURE)


def report(error: Exception, *, as_json: bool) -> ExitCode:
    """Write a fault to stderr (and, with JSON, an answer to stdout); give the exit code."""
    if hasattr(error, "format_message"):
        # What the parser raises has no public root in typer; it is known by how it says what is wrong.
        return _report_usage(error, as_json=as_json)
    code = exit_code_of(error)
    message = getattr(error, "message", None) or str(error) or type(error).__name__
    remedy = getattr(error, "remedy", "")
    if code is ExitCode.FAILURE and not isinstance(error, CommandError):
        message = f"{type(error).__name__}: {message}"
        remedy = remedy or "run it again with --debug and report what it prints"
    if as_json:
        fault: dict[str, Any] = {"code": int(code), "message": message, "remedy": remedy}
        answer = getattr(error, "answer", None) or {"schema": "trace.error/1"}
        seq = getattr(error, "seq", None)
        if seq is not None:
            fault["first_bad_seq"] = seq
        sys.stdout.write(to_json({**answer, "error": fault}) + "\n")
    else:
        sys.stdout.flush()
        note(f"trace: {message}")
        if remedy:
            note(f"  mend: {remedy}")
    return code


def _report_usage(error: Any, *, as_json: bool) -> ExitCode:
    message: str = error.format_message()
    is_help = type(error).__name__ == "NoArgsIsHelpError"  # called without arguments: the message is the help
    path = getattr(getattr(error, "ctx", None), "command_path", "trace")
    if as_json:
        fault = {"code": int(ExitCode.USAGE), "message": message, "remedy": f"{path} --help"}
        sys.stdout.write(json.dumps({"schema": "trace.error/1", "error": fault}, ensure_ascii=False) + "\n")
    else:
        from trace_cli.help_pages import examples_of

        examples = examples_of(getattr(getattr(error, "ctx", None), "command", None))
        more = f"; for example: {examples[0]}" if examples else ""
        sys.stderr.write(f"{message}\n" if is_help else f"trace: {message}\n  mend: {path} --help{more}\n")
    return ExitCode.USAGE
