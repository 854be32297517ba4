"""Keep -o off what nobody can make again: the files of a site, trust, and what the same command reads.

It is asked before a command begins, so that nothing is computed, and no prediction recorded, for a file that
cannot be written. What begins like a ledger or a key is refused once more at the moment of writing
(`ledger.chain.replacing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

# What a site keeps beside its settings: evidence of cases, journals of sessions.
_ROOMS: Final = {"cases": "it is evidence of a case", "sessions": "it is the journal of a session"}
_BESIDE: Final = ("-wal", "-shm", "-journal")


def refuse_own(output: Path, read: Iterable[Path], environ: Mapping[str, str]) -> None:
    """Refuse an output that would take the place of a file that is no output.

    Args:
        output: Where a command is to write.
        read: The files that it reads.
        environ: The environment, which says where trust and the settings of the user are.

    Raises:
        CommandError: It would; or there is no directory to write it to.
    """
    if (why := _reason(output, environ)) is not None:
        raise CommandError(
            ExitCode.FAILURE, f"{output} cannot be written: {why}, and stays", remedy="name another file with -o"
        )
    if any(_same(output, one) for one in read):
        raise CommandError(
            ExitCode.FAILURE,
            f"{output} cannot be written: this command reads it",
            remedy=f"-o {output.with_stem(output.stem + '-result')}",
        )
    folder = output.parent
    if output.is_dir():
        raise CommandError(
            ExitCode.FAILURE, f"{output} cannot be written: it is a folder", remedy=f"-o {output / 'FILE'}"
        )
    if not folder.is_dir():
        what = "is none" if folder.exists() else "is not there"
        raise CommandError(
            ExitCode.FAILURE,
            f"{output} cannot be written: the folder {folder} {what}",
            remedy=f"mkdir -p {folder}",
        )


def _reason(output: Path, environ: Mapping[str, str]) -> str | None:
    """Say what a file is that must stay; None: it may be replaced."""
    from ledger.chain.home import find_home
    from ledger.chain.replacing import lasting
    from trace_cli.settings import FILE, user_file

    place = _place(output)
    if place.name == FILE:
        return "it is the settings of a site"
    if _same(place, user_file(environ)):
        return "it is your settings"
    if (why := lasting(place)) is not None:
        return why
    for end in _BESIDE:
        if place.name.endswith(end) and lasting(place.with_name(place.name.removesuffix(end))) == "it is a ledger":
            return "it belongs to a ledger"
    if place.is_relative_to(find_home(environ).absolute().resolve()):
        return "it lies in the folder of keys and trust"
    if place.parent.name in _ROOMS and place.exists() and (place.parent.parent / FILE).is_file():
        return _ROOMS[place.parent.name]
    return None


def _place(path: Path) -> Path:
    """Give where a file is put: links on the way are followed, the last name is not."""
    return path.absolute().parent.resolve() / path.name


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
