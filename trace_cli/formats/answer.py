"""Write an answer: JSON for programs, text for people, a file where one was named."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

# Embeddings, overrides and isolates (UAX 9, section 2): after them a text reads otherwise than it is.
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MARKED: Final = re.compile(r'"\\u0000(-?[0-9.]+)"')


def write_json(answer: dict[str, Any]) -> None:
    """Write one answer to stdout, as one line where it goes to a program."""
    sys.stdout.write(to_json(answer, indent=2 if sys.stdout.isatty() else None) + "\n")


def to_json(answer: object, *, indent: int | None = None) -> str:
    """Write JSON in which every number keeps its exact decimal value, whatever its length."""
    text = json.dumps(answer, ensure_ascii=False, indent=indent, allow_nan=False, default=_mark_number)
    return _MARKED.sub(r"\1", text)


def _mark_number(value: object) -> str:
    from decimal import Decimal

    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return f"\0{value:f}"  # NUL cannot stand in an entry, so nothing else looks like this


def say(text: str = "") -> None:
    """Write a line of the result."""
    sys.stdout.write(safe(text) + "\n")


def write_text(text: str) -> None:
    """Write a result that is text of some other language (a graph, a table) to stdout."""
    sys.stdout.write(text)


def note(text: str) -> None:
    """Write a line of talk to stderr."""
    sys.stderr.write(safe(text) + "\n")


def visible(text: str) -> str:
    """Make text fit to be read: no control or direction-changing characters but the end of a line."""
    return "".join(
        char if char == "\n" or (char.isprintable() or char == " ") else f"\\u{ord(char):04x}" for char in text
    )


def unturned(text: str) -> str:
    """Write out what turns the direction of reading, and leave all else as it is, for cells of tables."""
    return _TURNS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def safe(text: str) -> str:
    """Make text fit for the terminal: visible, and only what stdout can encode."""
    encoding = sys.stdout.encoding or "utf-8"
    return visible(text).encode(encoding, "backslashreplace").decode(encoding)


def write_answer_file(path: Path, answer: dict[str, Any], as_csv: Callable[[dict[str, Any]], str]) -> None:
    """Write a whole answer to a file: JSON where the suffix says so, else a table.

    Raises:
        CommandError: As `write_file`.
    """
    write_file(path, to_json(answer) + "\n" if path.suffix.lower() == ".json" else as_csv(answer))


def write_file(path: Path, text: str) -> None:
    """Write a file whole, or not at all.

    Raises:
        CommandError: It cannot be written, or is what must stay: a ledger, a key, no plain file.
    """
    from ledger.chain.replacing import replacing

    try:
        with replacing(path) as file:
            file.write(text.encode("utf-8"))
    except OSError as error:
        raise CommandError(ExitCode.FAILURE, f"{path} cannot be written: {error.strerror}") from None
