"""What is asked about the program itself: help in any spelling, commands that are misspelt, the end of a help."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Iterable
from typing import Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

EXIT_CODES: Final = (
    "Exit codes: 0 ok, 1 failure, 2 usage, 3 not verified, 4 not found, 5 refused, 6 ledger unavailable, "
    "7 no key, 130 interrupted."
)
# What people type who know other programs, or say it in their own words.
_MEANT: Final = {
    "add": "record",
    "block": "hold",
    "delete": "erase",
    "destroy": "dispose",
    "events": "log",
    "list": "log",
    "make": "commission",
    "new": "init",
    "predict": "forecast",
    "quarantine": "hold",
    "revert": "undo",
    "search": "query",
    "send": "ship",
    "status": "doctor",
    "track": "history",
    "unblock": "release",
    "validate": "verify",
    "version": "--version",
    "where": "history",
}
_NEAR: Final = 0.6
_SHORT: Final = 60


def asked_for_help(arguments: list[str]) -> list[str]:
    """Write `trace`, `trace help` and `trace help COMMAND` as the help that they ask for."""
    if arguments[:1] == ["help"]:
        return [*arguments[1:], "--help"]
    return arguments


def refuse_unknown(arguments: list[str], known: Iterable[str]) -> None:
    """Refuse a command that there is not, with the line that was meant, to be pasted.

    Raises:
        CommandError: There is no such command.
    """
    from difflib import get_close_matches

    names = sorted(known)
    if not arguments or arguments[0].startswith("-") or arguments[0] in names:
        return
    typed, rest = arguments[0], arguments[1:]
    near = get_close_matches(typed.lower(), names, n=1, cutoff=_NEAR)
    meant = _MEANT.get(typed.lower()) or (near[0] if near else None)
    remedy = "trace --help" if meant is None else shlex.join(["trace", meant, *rest])
    raise CommandError(ExitCode.USAGE, f"there is no command {typed!r}", remedy=remedy)


def finish_help(command: Any) -> None:
    """Give each group the examples of its commands, and every help the exit codes.

    Args:
        command: A command or group as the parser holds it.
    """
    children = getattr(command, "commands", {})
    for child in children.values():
        finish_help(child)
        child.short_help = _short(child.help or "")
    if children and command.help and "\b" not in command.help:
        firsts = [line for child in children.values() for line in examples_of(child)[:1]]
        command.help = "\n\n".join([command.help, "\b\nExamples:\n" + "\n".join(f"  {one}" for one in firsts)])
    if command.help and "Exit codes:" not in command.help:
        command.epilog = EXIT_CODES


def examples_of(command: Any) -> list[str]:
    """List the examples in a help; those that go over several lines are joined."""
    _, found, text = inspect.cleandoc(getattr(command, "help", None) or "").partition("\b\nExample")
    lines = text.partition("\n")[2].partition("\n\n")[0].replace("\\\n", " ").splitlines() if found else []
    return [" ".join(line.split()) for line in lines if line.strip()]


def _short(text: str) -> str:
    """Give the first words of a help, cut where a clause ends and not within one."""
    sentence = " ".join(inspect.cleandoc(text).partition("\n\n")[0].split()).rstrip(".")
    if len(sentence) <= _SHORT:
        return sentence
    ends = [
        at
        for mark in (": ", "; ", ", ", ". ", " (", " and ")
        if 12 < (at := sentence.rfind(mark, 0, _SHORT)) < _SHORT
    ]
    return sentence[: max(ends)] if ends else sentence
