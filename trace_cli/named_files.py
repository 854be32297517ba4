"""What every command asks of the files that it is given, before it begins: is it there, may it be written over?

A file that is there and cannot be used is told by whoever reads it. Where they have no better remedy, one is given
here: a command to paste that makes a small file as it should be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final, NamedTuple

from typer.models import TyperPath

from ledger.chain.errors import LedgerError
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.own_files import refuse_own

OUTPUT: Final = "--output"
# Options that name a file to be read, and how a small one is made; checked by a test, which pastes each of them.
EXAMPLES: Final = {
    "--map": r"""printf "[columns]\ntime = 'event_time'\n" > map.toml""",
    "--series": r"printf 'unique_id,ds,y\nSALAD,2026-03-02,12\n' > demand.csv",
    "--future": r"printf 'unique_id,ds,price\nSALAD,2026-03-09,1.99\n' > prices.csv",
    "--expect": r"printf 'item,quantity\n952132112345678902,1\n' > packing-list.csv",
    "--against": r"printf 'item,lot,expiry\nBASKET-0205,Y26029,2026-04-30\n' > delivery.csv",
    "--places": r"printf 'place,latitude,longitude\nDC-DALLAS,32.78,-96.80\n' > places.csv",
    "--lots": r"printf 'lot,lot_size\nY26029,400\n' > lots.csv",
    "--scanner": "trace scanner test -o scanner.toml",
    "--replay": "trace scanner record -o bursts.tsv",
}
_REQUIRED: Final = (*EXAMPLES, "--policy")
# What another command reads under the same name: a ledger, a receipt or a checkpoint.
_ELSEWHERE: Final = {("verify", "--against")}
_NEAR: Final = 0.75


class _Read(NamedTuple):
    """An option that names a file to be read: its name in the code, and on the command line."""

    name: str
    option: str


def guard_files(command: Any, words: tuple[str, ...] = ()) -> None:
    """Let a command, and each below it, look at the files that it is given before it begins.

    Args:
        command: A command or group as the parser holds it.
        words: How it is called.
    """
    for word, below in getattr(command, "commands", {}).items():
        guard_files(below, (*words, word))
    files = [one for one in command.params if isinstance(one.type, TyperPath)]
    outputs = [one.name for one in files if OUTPUT in one.opts]
    others = [one.name for one in files if one.name not in outputs]
    read = [
        _Read(one.name, option)
        for one in files
        for option in one.opts
        if option in _REQUIRED and (*words[-1:], option) not in _ELSEWHERE
    ]
    if (outputs or read) and command.callback is not None:
        command.callback = _guarded(command.callback, outputs, others, read)


def _guarded(
    callback: Callable[..., Any], outputs: Sequence[str], others: Sequence[str], read: Sequence[_Read]
) -> Callable[..., Any]:
    @wraps(callback)
    def run(**said: Any) -> Any:
        given = [(one, Path(said[one.name])) for one in read if said.get(one.name) is not None]
        for one, path in given:
            require(path, one.option)
        for name in outputs:
            if said.get(name) is not None:
                refuse_own(Path(said[name]), _paths(said, others), os.environ)
        try:
            return callback(**said)
        except (CommandError, LedgerError) as error:
            _add_remedy(error, given)
            raise

    return run


def _paths(said: dict[str, Any], names: Sequence[str]) -> list[Path]:
    values = [said.get(name) for name in names]
    flat = [one for value in values for one in (value if isinstance(value, list | tuple) else [value])]
    return [Path(one) for one in flat if one is not None]


def require(path: Path, option: str) -> None:
    """Refuse a file that is not there, with the name that was meant where one is near.

    Raises:
        CommandError: It is not there (exit 4).
    """
    if os.path.lexists(path) or path.exists():
        return
    raise CommandError(
        ExitCode.NOT_FOUND, f"{option} {path}: there is no such file", remedy=remedy_for_missing(path, option)
    )


def remedy_for_missing(path: Path, option: str = "") -> str:
    """Say what may have been meant: a name in the same folder that is near, else how to list the folder."""
    from difflib import get_close_matches

    folder = path.parent
    try:
        names = [one.name for one in folder.iterdir()]
    except OSError:
        return f"the folder {folder} is not there either: ls {folder.parent}"
    near = get_close_matches(path.name, names, n=1, cutoff=_NEAR)
    if near:
        return f"did you mean {option + ' ' if option else ''}{folder / near[0]}"
    return f"look at what is there: ls {folder}"


def _add_remedy(error: CommandError | LedgerError, given: Sequence[tuple[_Read, Path]]) -> None:
    """Give the remedy to a fault of a file that has none; the fault names the file."""
    blamed = [one.option for one, path in given if str(path) in error.message]
    if blamed and not error.remedy and blamed[0] in EXAMPLES:
        error.remedy = f"a right one is made by: {EXAMPLES[blamed[0]]}"
