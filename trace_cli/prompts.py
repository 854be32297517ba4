"""Ask what a command still needs: only on a terminal, never with --no-input, byte for byte: people scan here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from trace_cli.dock.profile import Profile
    from trace_cli.dock.terminal import Terminal


def may_ask(*, no_input: bool) -> bool:
    """Tell whether there is somebody to ask."""
    return not no_input and sys.stdin.isatty() and sys.stderr.isatty()


def need_things(
    things: list[str] | None, place: str | None, verb: str, *, no_input: bool
) -> tuple[list[str], str | None]:
    """Give the things that were named and the place, or ask for them: things one a line, until an empty line.

    Raises:
        CommandError: No thing was named, and nobody is there to ask.
        KeyboardInterrupt: The user left.
    """
    found = list(things or [])
    if not found and may_ask(no_input=no_input):
        from trace_cli.dock.profile import load_profile
        from trace_cli.dock.terminal import open_terminal

        profile = load_profile()
        # One terminal for all questions: what is scanned between two of them is not lost.
        with open_terminal(sys.stdin.fileno(), suffix=profile.suffix, empty_lines=True) as terminal:
            place = place or _ask(terminal, profile, "where (Enter: not said)") or None
            while text := _ask(terminal, profile, f"{verb} what (Enter: no more)"):
                found.append(text)
    if not found:
        raise CommandError(
            ExitCode.USAGE,
            f"{verb} needs at least one thing: a code, or PRODUCT:LOT=12.5kg",
            remedy=f"trace {verb} -h",
        )
    return found, place


def _ask(terminal: Terminal, profile: Profile, question: str) -> str:
    """Ask for one line; empty: nothing was said."""
    from trace_cli.dock.reader import edit
    from trace_cli.dock.terminal import Ended
    from trace_cli.formats.answer import safe

    while True:
        sys.stderr.write(f"\r\x1b[K{question}: {safe(terminal.pending.decode('utf-8', 'replace'))}")
        sys.stderr.flush()
        found = terminal.next()
        if found is None:
            continue
        if isinstance(found, Ended):
            sys.stderr.write("\n")
            if found.why == "closed":
                raise CommandError(ExitCode.USAGE, f"{question}: the terminal was closed")
            raise KeyboardInterrupt
        if found.end != "line":
            sys.stderr.write("\nscan again: the scanner sent no Enter, or two scans ran together\n")
            continue
        raw = edit(found.raw) if found.entry == "typed" else profile.mend(found.raw)
        text = raw.decode("utf-8", "surrogateescape").strip(" ")
        sys.stderr.write(f"\r\x1b[K{question}: {safe(text)}\n")
        return text
