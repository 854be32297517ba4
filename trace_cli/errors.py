"""What a command gives up with: an exit code, what happened, and how to mend it."""

from __future__ import annotations

from typing import Any

from trace_cli.exit_codes import ExitCode


class CommandError(Exception):
    """A command cannot go on.

    Args:
        code: The exit code.
        message: What happened and why.
        remedy: A command to paste, or what else to do.
        answer: The JSON answer, where the command has one even so.
    """

    def __init__(
        self, code: ExitCode, message: str, *, remedy: str = "", answer: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.answer = answer
