"""The journal of a session: what it is about and what it refused. What was accepted is in the ledger alone.

One file of JSON lines a session, beside the ledger. Its lock says that the session is alive; a journal without an
end that nobody holds is a session that was cut off, and can be continued. Each line is on disk before anybody is
told.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

FOLDER: Final = "sessions"


@dataclass
class Journal:
    """An open journal. `facts` is what its lines say, the newest counts; `tray` the codes that were refused."""

    path: Path
    handle: int
    facts: dict[str, Any] = field(default_factory=dict)
    tray: list[dict[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name the session."""
        return self.path.stem

    def write(self, **facts: object) -> None:
        """Write a line, durably."""
        os.write(self.handle, (json.dumps(facts, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape"))
        os.fsync(self.handle)
        self._take(facts)

    def refuse(self, raw: bytes, reason: str) -> None:
        """Keep a code that was refused, for somebody to look at later."""
        self.write(refused={"raw_hex": raw.hex(), "reason": reason})

    def close(self) -> None:
        """Let go of the file and its lock."""
        os.close(self.handle)

    def _take(self, facts: dict[str, Any]) -> None:
        if "refused" in facts:
            self.tray.append(facts["refused"])
        else:
            self.facts |= facts


def begin(folder: Path, moment: datetime, **facts: object) -> Journal:
    """Begin a session.

    Raises:
        CommandError: Its journal cannot be written.
    """
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
        for number in range(1, 1000):
            path = folder / FOLDER / f"{moment:%Y%m%d-%H%M%S}-{number}.jsonl"
            try:
                handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                continue
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            journal = Journal(path, handle)
            journal.write(**facts)
            return journal
    except OSError as error:
        raise CommandError(
            ExitCode.UNAVAILABLE, f"the journal of the session cannot be written: {error.strerror} ({folder})"
        ) from None
    raise CommandError(ExitCode.UNAVAILABLE, f"there is no free name for a session in {folder / FOLDER}")


def find_open(folder: Path) -> Iterator[Journal]:
    """Open, the newest first, the sessions that were cut off and that nobody has open; each must be closed."""
    for path in sorted((folder / FOLDER).glob("*.jsonl"), reverse=True):
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        journal = Journal(path, handle)
        for line in path.read_bytes().split(b"\n"):
            try:
                journal._take(json.loads(line))
            except ValueError:
                continue  # the last line, cut off by a power cut before anybody was told of it
        if "end" in journal.facts or "first_seq" not in journal.facts:
            journal.close()
            continue
        yield journal
