"""A small CSV file that a command names beside the ledger: coordinates, lot sizes, what documents declare."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode


def read_csv_file(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """Read the rows of a file with a head line.

    Args:
        path: UTF-8, with or without BOM.
        needed: Columns that must be there; others are kept.

    Raises:
        CommandError: It is not there (exit 4), cannot be read, or lacks a column (exit 5).
    """
    from ledger.custody.exchange.plain_file import open_plain

    try:
        with open_plain(path) as file:
            rows = list(csv.DictReader(StringIO(file.read().decode("utf-8-sig"), newline="")))
    except FileNotFoundError as error:
        raise CommandError(ExitCode.NOT_FOUND, f"{path} cannot be read: {error.strerror}") from None
    except OSError as error:
        raise CommandError(ExitCode.REFUSED, f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandError(ExitCode.REFUSED, f"{path} cannot be read: {error}") from None
    missing = [name for name in needed if not rows or name not in rows[0]]
    if missing:
        raise CommandError(
            ExitCode.REFUSED,
            f"{path}: expected the columns {', '.join(needed)}; missing {', '.join(missing)}",
        )
    return rows
