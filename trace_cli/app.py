"""The command line: which commands there are. Nothing heavy is imported here; commands import what they need."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from trace_cli.exit_codes import ExitCode
from trace_cli.help_pages import EXIT_CODES, finish_help, refuse_unknown
from trace_cli.named_files import guard_files
from trace_cli.version import __version__

_HELP: Final = frozenset({"-h", "--help"})
COMPLETING: Final = "_TRACE_COMPLETE"

# The modules in `trace_cli.commands` and what each brings: begin, record, ask, prove, predict, as help lists them.
COMMANDS: Final = {
    "init": ("init",),
    "demo": ("demo",),
    "key": ("key",),
    "config": ("config",),
    "doctor": ("doctor",),
    "backup": ("backup",),
    "recover": ("recover",),
    "scan": ("scan",),
    "scanner": ("scanner",),
    "label": ("label",),
    "move": ("ship", "receive", "pack", "unpack"),
    "transform": ("transform",),
    "inspection": ("inspect", "dispose"),
    "commission": ("commission",),
    "record": ("record",),
    "import_files": ("import",),
    "master": ("place", "product", "partner"),
    "correct": ("correct", "undo"),
    "erase": ("erase",),
    "check": ("check",),
    "show": ("show",),
    "history": ("history",),
    "query": ("query",),
    "back": ("back", "forward"),
    "contents": ("contents",),
    "balance": ("balance",),
    "recall": ("recall",),
    "hold": ("hold", "release"),
    "suspect": ("suspect", "confirm", "dismiss"),
    "case": ("case",),
    "log": ("log",),
    "quality": ("quality",),
    "report": ("report",),
    "hash": ("hash",),
    "verify": ("verify",),
    "prove": ("prove",),
    "passport": ("passport",),
    "checkpoint": ("checkpoint",),
    "export": ("export",),
    "fsma": ("fsma",),
    "index": ("index",),
    "forecast": ("forecast",),
    "backtest": ("backtest",),
    "eta": ("eta",),
    "bottlenecks": ("bottlenecks",),
    "anomalies": ("anomalies",),
    "watch": ("watch",),
    "decision": ("decision",),
}


def make_app(only: str | None = None) -> typer.Typer:
    """Build the application.

    Args:
        only: The one command that is going to be run, so that it need not wait for the options of all others to be
            built; where there is none of that name, every command is there, for help and for "did you mean".
    """
    app = typer.Typer(
        name="trace",
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=(
            "Record who had which item, where, when and why; prove it; forecast from it.\n\n"
            "\b\nExamples:\n"
            "  trace init --org acme.example --site dc1\n"
            "  trace scan 952132112345678902 --step receiving --place DOCK-3\n"
            "  trace verify\n\n"
            f"{EXIT_CODES} Add --debug to see a traceback."
        ),
    )
    app.callback()(_root)
    wanted = [module for module, names in COMMANDS.items() if only in names] or list(COMMANDS)
    for module in wanted:
        import_module(f"trace_cli.commands.{module}").register(app)
    return app


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        typer.echo(f"trace {__version__}")
        raise typer.Exit


def _wanted(arguments: list[str]) -> str | None:
    """Name the command that is run, or that a shell is completing: it alone need be built."""
    if COMPLETING in os.environ:
        arguments = (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()[1:]
        return arguments[0] if len(arguments) > 1 else None
    return arguments[0] if arguments else None


def invoke(arguments: list[str]) -> int:
    """Parse the arguments and run one command; give its exit code.

    Raises:
        KeyboardInterrupt: The user left a prompt.
        Exception: What the command or the parser raised; `trace_cli.faults` tells it.
    """
    if COMPLETING not in os.environ:
        refuse_unknown(arguments, (name for names in COMMANDS.values() for name in names))
    command = typer.main.get_command(make_app(_wanted(arguments)))
    guard_files(command)
    if not _HELP.isdisjoint(arguments) or len(arguments) < 2:
        finish_help(command)
    try:
        outcome: Any = command.main(args=arguments, prog_name="trace", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    return outcome if isinstance(outcome, int) else int(ExitCode.OK)
