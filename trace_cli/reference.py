"""Write `docs/cli.md` from the commands themselves: ``python -m trace_cli.reference > docs/cli.md``."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

from trace_cli.exit_codes import MEANING


def reference() -> str:
    """Write the reference of all commands in Markdown."""
    import typer

    from trace_cli.app import make_app

    root: Any = typer.main.get_command(make_app())
    parts = [
        "# Command reference",
        "",
        "Made by `python -m trace_cli.reference`; do not edit by hand.",
        "",
        "stdout is the result, stderr is talk. `--json` answers with one object that names its `schema`; errors "
        "are JSON then too. `--debug` (anywhere) shows a traceback. The passphrase of a sealed key is asked for "
        "at the terminal, or read from `--passphrase-file FILE` (mode 0600; also `TRACE_PASSPHRASE_FILE`) or "
        "`--passphrase-fd N`, anywhere on the line.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        *(f"| {int(code)} | {meaning} |" for code, meaning in MEANING.items()),
        "",
    ]
    for name, command in root.commands.items():
        parts.extend(_command(f"trace {name}", command))
    return "\n".join(parts).rstrip() + "\n"


def _command(path: str, command: Any) -> list[str]:
    if children := getattr(command, "commands", None):
        return [line for name, child in children.items() for line in _command(f"{path} {name}", child)]
    parts = [f"## {path}", ""]
    text = inspect.cleandoc(command.help or "")
    for block in text.split("\n\n"):
        if block.startswith("\b"):
            title, _, examples = block.removeprefix("\b").lstrip("\n").partition("\n")
            parts += [title, "", "```", inspect.cleandoc(examples), "```", ""]
        else:
            parts += [re.sub(r"\s*\n\s*", " ", block), ""]
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        parts += ["| argument or option | what |", "|---|---|", *rows, ""]
    return parts


def _row(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar or parameter.name.upper()}`"
    what = (parameter.help or "").replace("|", "\\|")
    if parameter.required:
        what += " Required."
    return f"| {names} | {what.strip()} |"


if __name__ == "__main__":
    sys.stdout.write(reference())
