"""Ask what a command still needs: only on a terminal, never with --no-input, byte for byte: people scan here."""

from __future__ import annotations

import sys

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode


def may_ask(*, no_input: bool) -> bool:
    """Tell whether there is somebody to ask."""
    return not no_input and sys.stdin.isatty() and sys.stderr.isatty()


def ask_line(question: str) -> str:
    """Ask for one line; empty: nothing was said.

    Raises:
        KeyboardInterrupt: The user left.
        CommandError: The terminal was closed.
    """
    from trace_cli.dock.profile import load_profile
    from trace_cli.dock.reader import edit
    from trace_cli.dock.terminal import Ended, open_terminal
    from trace_cli.formats.answer import safe

    profile = load_profile()
    with open_terminal(sys.stdin.fileno(), suffix=profile.suffix, empty_lines=True) as terminal:
        while True:
            sys.stderr.write(f"\r\x1b[K{question}: {safe(terminal.pending.decode('utf-8', 'replace'))}")
            sys.stderr.flush()
            found = terminal.next()
            if found is None:
                continue
            sys.stderr.write("\n")
            if isinstance(found, Ended):
                if found.why == "closed":
                    raise CommandError(ExitCode.USAGE, f"{question}: the terminal was closed")
                raise KeyboardInterrupt
            raw = edit(found.raw) if found.entry == "typed" else profile.mend(found.raw)
            return raw.decode("utf-8", "surrogateescape").strip(" ")


def need_things(things: list[str] | None, verb: str, *, no_input: bool) -> list[str]:
    """Give the things that were named, or ask for them, one a line, until an empty line.

    Raises:
        CommandError: None was named, and nobody is there to ask.
    """
    found = list(things or [])
    if not found and may_ask(no_input=no_input):
        while text := ask_line(f"{verb} what (Enter: no more)"):
            found.append(text)
    if not found:
        raise CommandError(
            ExitCode.USAGE,
            f"{verb} needs at least one thing: a code, or PRODUCT:LOT=12.5kg",
            remedy=f"trace {verb} -h",
        )
    return found
