"""The command line: which commands there are. Nothing heavy is imported here; commands import what they need."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trace_cli.commands import (
    bottlenecks,
    checkpoint,
    config,
    decision,
    demo,
    forecast,
    history,
    import_files,
    init,
    log,
    move,
    prove,
    record,
    scan,
    show,
    transform,
    verify,
)
from trace_cli.exit_codes import ExitCode
from trace_cli.version import __version__

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
        "Exit codes: 0 ok, 1 failure, 2 usage, 3 not verified, 4 not found, 5 refused, 6 ledger unavailable, "
        "7 no key, 130 interrupted. Add --debug to see a traceback."
    ),
)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        typer.echo(f"trace {__version__}")
        raise typer.Exit


# Begin, record, ask, prove, predict: the order in which help lists them.
init.register(app)
demo.register(app)
config.register(app)
scan.register(app)
move.register(app)
transform.register(app)
record.register(app)
import_files.register(app)
show.register(app)
history.register(app)
log.register(app)
verify.register(app)
prove.register(app)
checkpoint.register(app)
forecast.register(app)
bottlenecks.register(app)
decision.register(app)


def invoke(arguments: list[str]) -> int:
    """Parse the arguments and run one command; give its exit code.

    Raises:
        KeyboardInterrupt: The user left a prompt.
        Exception: What the command or the parser raised; `trace_cli.faults` tells it.
    """
    command = typer.main.get_command(app)
    try:
        outcome: Any = command.main(args=arguments, prog_name="trace", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    return outcome if isinstance(outcome, int) else int(ExitCode.OK)
