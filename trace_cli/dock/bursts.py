"""Recorded bursts: what a scanner sent and when, as text (`milliseconds TAB hex` a line), to be played again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from trace_cli.dock.reader import Read, Splitter
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

Burst = tuple[float, bytes]


def write_bursts(bursts: Sequence[Burst]) -> str:
    """Write bursts as text; times count from the first."""
    start = bursts[0][0] if bursts else 0.0
    head = "# trace scanner record: milliseconds, TAB, bytes in hex\n"
    return head + "".join(f"{(at - start) * 1000:.0f}\t{data.hex()}\n" for at, data in bursts)


def read_bursts(path: Path) -> list[Burst]:
    """Read bursts from a file.

    Raises:
        CommandError: It is none.
    """
    from ledger.custody.exchange.plain_file import open_plain

    found: list[Burst] = []
    number = 0
    try:
        with open_plain(path) as file:
            text = file.read().decode("ascii")
        for line in text.splitlines():
            number += 1
            if line and not line.startswith("#"):
                at, _, data = line.partition("\t")
                found.append((float(at) / 1000, bytes.fromhex(data)))
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, f"{path}:{number}: no recorded burst: {error}") from None
    return found


def replay(bursts: Iterable[Burst], *, suffix: bool = True) -> list[Read]:
    """Cut recorded bursts as the session would have."""
    splitter, reads = Splitter(suffix=suffix), list[Read]()
    for at, data in bursts:
        while (due := splitter.deadline()) is not None and due <= at:
            reads += splitter.tick(due)
        reads += splitter.feed(data, at)
    while (due := splitter.deadline()) is not None:
        reads += splitter.tick(due)
    return [*reads, *splitter.close()]
