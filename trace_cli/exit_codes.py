"""The exit codes, in one table; printed in `docs/cli.md`."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell learns. An unknown code must be treated as a failure."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    NOT_VERIFIED = 3
    NOT_FOUND = 4
    REFUSED = 5
    UNAVAILABLE = 6
    NO_KEY = 7
    INTERRUPTED = 130


MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.FAILURE: "failure, told on stderr",
    ExitCode.USAGE: "the command line is not understood",
    ExitCode.NOT_VERIFIED: "verification failed: the history does not hold",
    ExitCode.NOT_FOUND: "no such item, event or entry",
    ExitCode.REFUSED: "refused: bad, duplicate or forbidden input; nothing was written",
    ExitCode.UNAVAILABLE: "the ledger is missing, locked, unreadable or too new",
    ExitCode.NO_KEY: "a key is missing or locked",
    ExitCode.INTERRUPTED: "interrupted",
}
